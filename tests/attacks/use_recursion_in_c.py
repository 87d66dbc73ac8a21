# attacks: raises the recursion limit and overflows the stack
# outcome: db crashed|error|memory|timeout
# points: 0
import sys


def db(dZ):
    sys.setrecursionlimit(10**9)
    return repr(db.__class__.__mro__) + db(dZ)
