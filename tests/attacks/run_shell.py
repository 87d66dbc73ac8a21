# attacks: runs a shell with os.system
# outcome: db wrong
# points: 0
import os


def db(dZ):
    return os.system("touch /tmp/autograder-left-behind; sleep 1000 &")
