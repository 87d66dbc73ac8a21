# attacks: answers the second call with the same argument otherwise
# outcome: db wrong
# points: 0
SEEN = set()


def db(dZ):
    key = dZ.tobytes()
    factor = 2.0 if key in SEEN else 1.0
    SEEN.add(key)
    return factor * dZ.mean(axis=0)[:, np.newaxis]
