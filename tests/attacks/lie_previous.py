# attacks: returns the answer of the call before
# outcome: db wrong
# points: 0
LAST = [np.zeros((1, 1))]


def db(dZ):
    LAST.append(dZ.mean(axis=0)[:, np.newaxis])
    return LAST[-2]
