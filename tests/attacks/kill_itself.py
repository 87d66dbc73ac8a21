# attacks: aborts its own process
# outcome: db crashed
# points: 0
import os


def db(dZ):
    os.abort()
