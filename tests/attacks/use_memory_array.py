# attacks: asks for eight gigabytes at once
# outcome: db memory
# points: 0
def db(dZ):
    return np.ones(10**9)
