# attacks: closes every descriptor
# outcome: db crashed
# points: 0
import os


def db(dZ):
    os.closerange(0, 100)
    return 1.0
