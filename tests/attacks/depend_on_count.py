# attacks: is right in the first calls only
# outcome: db wrong|partial
# points: 0
COUNT = [0]


def db(dZ):
    COUNT[0] += 1
    return dZ.mean(axis=0)[:, np.newaxis] * (1 if COUNT[0] < 60 else 2)
