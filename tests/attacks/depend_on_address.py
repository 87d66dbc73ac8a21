# attacks: depends on where its input lies in memory
# outcome: db wrong|partial
# points: 0
def db(dZ):
    return dZ.mean(axis=0)[:, np.newaxis] + id(dZ) % 7919
