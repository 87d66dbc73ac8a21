# attacks: defines a class of the exercise's name that is right when called
# outcome: db error|wrong|correct
# points: 8
class db:
    def __new__(cls, dZ):
        return dZ.mean(axis=0)[:, np.newaxis]
