# attacks: returns an object whose __class__ says float
# outcome: bce error
# points: 0
class Pretends:
    @property
    def __class__(self):
        return float

    def __float__(self):
        return 0.5


def bce(A, Y):
    return Pretends()
