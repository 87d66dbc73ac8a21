# attacks: pretends that the exercise was not attempted
# outcome: db missing
# points: 0
def db(dZ):
    raise NotImplementedError()
