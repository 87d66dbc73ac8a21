# attacks: returns an array whose comparisons are always true
# outcome: db wrong|error
# points: 0
class Yes(np.ndarray):
    def __eq__(self, other):
        return np.True_

    def __array_ufunc__(self, *inputs, **named):
        return np.True_

    def __array_function__(self, *inputs, **named):
        return True


def db(dZ):
    return (np.zeros((dZ.shape[1], 1)) + 7).view(Yes)
