# attacks: leaves work for the end of the process
# outcome: db error
# points: 0
import atexit


@atexit.register
def last():
    open("/tmp/autograder-left-behind", "w")


def db(dZ):
    last
    raise SystemExit(0)
