# attacks: forks when the notebook is loaded
# outcome: db error|forbidden
# points: 0
import os

PID = os.fork()


def db(dZ):
    return PID
