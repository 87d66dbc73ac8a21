# attacks: replaces the hooks that run at exceptions and at the end
# outcome: db error
# points: 0
import sys

def hook():
    sys.excepthook = sys.unraisablehook = lambda *rest: open("/tmp/autograder-left-behind", "w")
    return "hooked"


HOOKED = hook()


def db(dZ):
    raise ValueError(HOOKED)
