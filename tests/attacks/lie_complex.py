# attacks: returns complex numbers with the right real part
# outcome: db wrong|error
# points: 0
def db(dZ):
    return dZ.mean(axis=0)[:, np.newaxis] + 0j
