# attacks: is right at random
# outcome: db wrong|partial
# points: 0
import os


def db(dZ):
    return dZ.mean(axis=0)[:, np.newaxis] * (os.urandom(1)[0] > 100)
