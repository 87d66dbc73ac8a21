# attacks: returns an object that changes each time it is looked at
# outcome: bce error
# points: 0
class Changing:
    seen = 0

    def __getattribute__(self, name):
        raise SystemExit

    def __float__(self):
        return 1.0


def bce(A, Y):
    return Changing()
