# attacks: returns infinities
# outcome: db wrong
# points: 0
def db(dZ):
    return np.full((dZ.shape[1], 1), np.inf)
