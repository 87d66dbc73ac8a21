# attacks: returns a view that reads beyond its own memory
# outcome: db wrong|error|crashed
# points: 0
def db(dZ):
    return np.lib.stride_tricks.as_strided(dZ, (dZ.shape[1], 1), (1 << 40, 8))
