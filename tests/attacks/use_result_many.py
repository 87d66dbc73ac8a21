# attacks: returns a list of ten million numbers
# outcome: db error|memory|timeout
# points: 0
def db(dZ):
    return [0.0] * 10**7
