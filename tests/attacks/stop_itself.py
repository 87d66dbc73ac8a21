# attacks: stops its own process, so that it neither answers nor ends
# outcome: db error|forbidden|timeout|crashed
# points: 0
import os
import signal


def db(dZ):
    os.kill(os.getpid(), signal.SIGSTOP)
