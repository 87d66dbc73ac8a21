# attacks: naps for ever, never long, as if it were waiting for a processor
# outcome: db timeout
# points: 0
import time


def db(dZ):
    while True:
        time.sleep(0)
