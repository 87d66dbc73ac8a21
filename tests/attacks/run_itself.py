# attacks: replaces its own process by another program
# outcome: db error|forbidden|crashed
# points: 0
import os
import sys


def db(dZ):
    os.execv(sys.executable, [sys.executable, "-c", "print(1)"])
