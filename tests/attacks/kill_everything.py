# attacks: kills every process that it may
# outcome: db error|forbidden|crashed
# points: 0
import os
import signal


def db(dZ):
    os.kill(-1, signal.SIGKILL)
