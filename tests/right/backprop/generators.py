# Generators and coroutines: the way back is a generator to which gradients are sent.
# Defines: dA_dZ, dZ_output, dW, db, dZ_hidden, backward, backward_deep
from collections import deque
from itertools import islice

import numpy as np


def dA_dZ(A):
    return A * (1.0 - A)


def dZ_output(A, Y):
    return A - Y


def dW(dZ, A_prev):
    return np.tensordot(dZ, A_prev, axes=(0, 0)) / len(A_prev)


def db(dZ):
    return np.ones((1, len(dZ))).dot(dZ).T / len(dZ)


def dZ_hidden(dZ_next, W_next, A):
    return dZ_next @ W_next * dA_dZ(A)


def going_forward(X, parameters):
    yield X
    for W, b in parameters:
        Z = X @ W.T + b.T
        X = np.exp(-np.logaddexp(0, -Z))
        yield X


def going_back(parameters, activations):
    """Yields gradients from the last layer to the first; waits for ∂_Z of the output."""
    dZ = yield
    for (W, _), A in zip(reversed(parameters), islice(reversed(activations), 1, None)):
        yield dW(dZ, A), db(dZ)
        dZ = dZ_hidden(dZ, W, A)


def backward_deep(X, Y, parameters):
    activations = list(going_forward(X, parameters))
    back = going_back(parameters, activations)
    next(back)
    gradients = deque([back.send(dZ_output(activations[-1], Y))])
    gradients.extendleft(back)
    return list(gradients)


def backward(X, Y, W1, b1, W2, b2):
    return sum(backward_deep(X, Y, [(W1, b1), (W2, b2)]), ())
