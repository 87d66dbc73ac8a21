# attacks: returns an array of objects with code in them
# outcome: db error|wrong
# points: 0
class Evil:
    def __reduce__(self):
        return (print, ("owned",))

    def __float__(self):
        return 0.0


def db(dZ):
    result = np.empty((dZ.shape[1], 1), dtype=object)
    result[:] = Evil()
    return result
