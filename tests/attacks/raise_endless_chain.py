# attacks: raises an exception that is its own cause
# outcome: db error
# points: 0
def db(dZ):
    error = ValueError("chain")
    error.__cause__ = error
    error.__context__ = error
    raise error
