# attacks: returns an object that pretends to be an array
# outcome: db error
# points: 0
class Pretends:
    shape = (1, 1)
    dtype = np.dtype(float)

    def __array__(self, *rest, **named):
        return np.zeros((1, 1))

    __array_interface__ = {"shape": (1, 1), "typestr": "<f8", "data": (0, False), "version": 3}


def db(dZ):
    return Pretends()
