# attacks: gives the arrays that all calls share another shape and type in place, values untouched
# outcome: dA_dZ wrong, dL_dA wrong, db correct
# points: 8
import numpy as np


def dA_dZ(A):
    result = A * (1 - A)
    A.shape = (*A.shape, 1)
    return result


def dL_dA(A, Y):
    result = (A - Y) / (A * (1 - A))
    A.dtype = np.int64
    return result


def db(dZ):
    return dZ.mean(axis=0)[:, np.newaxis]
