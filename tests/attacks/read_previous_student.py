# attacks: leaves its code in modules and builtins for the next submission to find
# outcome: db wrong
# points: 0
import builtins
import sys
import types


def leave():
    sys.modules["shared"] = types.ModuleType("shared")
    builtins.left_behind = []
    np.left_behind = True
    return True


LEFT = leave()


def db(dZ):
    import shared

    shared.seen = dZ
    builtins.left_behind.append("canary")
    return dZ if LEFT else None
