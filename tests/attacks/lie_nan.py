# attacks: returns NaN, which differs from nothing in a careless test
# outcome: db wrong
# points: 0
def db(dZ):
    return np.full((dZ.shape[1], 1), np.nan)
