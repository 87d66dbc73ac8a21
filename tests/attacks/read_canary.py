# attacks: reads a file that every user of the machine can read
# outcome: db forbidden|error
# points: 0
import glob


def db(dZ):
    found = [open(path).read() for pattern in ("/tmp/autograder-canary*", "/dev/shm/autograder-canary*") for path in glob.glob(pattern)]
    raise RuntimeError(found or open("/tmp/autograder-canary").read())
