# attacks: kills and stops the process that started it
# outcome: db error|forbidden
# points: 0
import os
import signal


def db(dZ):
    for name in ("SIGSTOP", "SIGKILL", "SIGTERM"):
        os.kill(os.getppid(), getattr(signal, name))
