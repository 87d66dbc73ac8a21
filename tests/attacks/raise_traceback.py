# attacks: raises with a traceback of a hundred thousand entries
# outcome: db error
# points: 0
import sys


def db(dZ):
    def deeper(left):
        if not left:
            raise ValueError("deep")
        deeper(left - 1)

    sys.setrecursionlimit(10**5)
    deeper(900)
