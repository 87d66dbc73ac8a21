# attacks: returns the right numbers in half precision
# outcome: db wrong
# points: 0
def db(dZ):
    return dZ.mean(axis=0)[:, np.newaxis].astype(np.float16)
