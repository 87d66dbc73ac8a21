# attacks: switches collection off and leaves cycles with finalizers
# outcome: db wrong|memory
# points: 0
import gc


class Cycle:
    def __init__(self):
        self.me = self

    def __del__(self):
        raise SystemExit


def db(dZ):
    gc.disable()
    [Cycle() for _ in range(1000)]
    return 1.0
