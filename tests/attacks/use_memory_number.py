# attacks: returns a whole number of a hundred million digits
# outcome: db error|memory|wrong|timeout
# points: 0
def db(dZ):
    return 1 << (3 * 10**8)
