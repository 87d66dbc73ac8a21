# attacks: returns a masked array with everything masked
# outcome: db wrong|error
# points: 0
def db(dZ):
    return np.ma.masked_all((dZ.shape[1], 1))
