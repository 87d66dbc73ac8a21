# attacks: leaves a child behind that outlives it
# outcome: db error|forbidden
# points: 0
import os
import time


def db(dZ):
    if os.fork() == 0:
        os.setsid()
        time.sleep(1000)
