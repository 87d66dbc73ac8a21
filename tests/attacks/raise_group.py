# attacks: raises a group of a thousand exceptions
# outcome: db error
# points: 0
def db(dZ):
    raise ExceptionGroup("many", [ValueError("x" * 1000) for _ in range(1000)])
