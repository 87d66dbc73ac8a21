# attacks: hooks imports, to change modules as they are loaded
# outcome: db wrong|error
# points: 0
import builtins
import sys

ORIGINAL = builtins.__import__


def hook():
    builtins.__import__ = lambda name, *rest, **named: ORIGINAL("math")
    sys.meta_path.insert(0, None)
    sys.path.insert(0, "/tmp")
    return 1.0


HOOKED = hook()


def db(dZ):
    return dZ * HOOKED
