# attacks: opens files until none are left
# outcome: db error|forbidden|wrong
# points: 0
import os


def db(dZ):
    opened = []
    try:
        while True:
            opened.append(os.dup(0))
    except OSError:
        return float(len(opened))
