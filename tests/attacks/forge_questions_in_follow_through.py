# attacks: uses right results given for a wrong helper to answer for the helper itself
# outcome: db wrong, backward wrong|error|crashed
# points: 0
KNOWN = []


def db(dZ):
    return KNOWN[0](dZ) if KNOWN else dZ


def backward(X, Y, W1, b1, W2, b2):
    KNOWN.append(db)
    return None
