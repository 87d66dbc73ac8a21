# attacks: becomes root again
# outcome: db error|forbidden
# points: 0
import os


def db(dZ):
    os.setresuid(0, 0, 0)
