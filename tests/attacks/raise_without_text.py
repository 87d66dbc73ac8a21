# attacks: raises an exception that raises when it is looked at
# outcome: db error|crashed
# points: 0
class Evil(Exception):
    def __str__(self):
        raise Evil

    __repr__ = __str__

    def __getattribute__(self, name):
        raise SystemExit


def db(dZ):
    raise Evil
