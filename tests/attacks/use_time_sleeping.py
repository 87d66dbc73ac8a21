# attacks: sleeps for days
# outcome: db timeout
# points: 0
import time


def db(dZ):
    time.sleep(10**6)
