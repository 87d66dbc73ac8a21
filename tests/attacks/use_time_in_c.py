# attacks: spends its time inside one call of compiled code
# outcome: db timeout|memory|error
# points: 0
def db(dZ):
    return pow(3, 10**9)
