# Scalar functions with if and else, turned into functions of arrays by np.vectorize and a decorator around it.
# Defines: relu, leaky_relu, tanh, d_relu, d_leaky_relu, d_tanh, softmax, softmax_backward, collapse, sawtooth
import math
from functools import wraps

import numpy as np


def entrywise(function):
    each = np.vectorize(function, otypes=[float])

    @wraps(function)
    def whole(Z, *rest, **named):
        return each(Z, *rest, **named)

    return whole


def rowwise(function):
    @wraps(function)
    def whole(*arrays):
        return np.array([function(*rows) for rows in zip(*arrays)])

    return whole


@entrywise
def relu(Z):
    if Z > 0:
        return Z
    else:
        return 0.0


@entrywise
def leaky_relu(Z, slope=0.01):
    return Z if Z > 0 else slope * Z


tanh = entrywise(math.tanh)


@entrywise
def d_relu(Z):
    return 1.0 if Z > 0 else 0.0


@entrywise
def d_leaky_relu(Z, slope=0.01):
    if Z > 0:
        return 1.0
    return slope


@entrywise
def d_tanh(Z):
    return 1 - math.tanh(Z) ** 2


@rowwise
def softmax(z):
    top = max(z)
    e = [math.exp(entry - top) for entry in z]
    total = math.fsum(e)
    return [entry / total for entry in e]


@rowwise
def softmax_backward(a, da):
    mean = math.fsum(x * g for x, g in zip(a, da))
    return [x * (g - mean) for x, g in zip(a, da)]


def collapse(parameters):
    *before, (W, b) = parameters
    if not before:
        return W.copy(), b.copy()
    U, c = collapse(before)
    return W @ U, W @ c + b


def sawtooth(k):
    if k == 1:
        return [(np.array([[2.0], [4.0]]), np.array([[0.0], [-2.0]])), (np.array([[1.0, -1.0]]), np.zeros((1, 1)))]
    *hidden, (V, c) = sawtooth(k - 1)
    (W, b), out = sawtooth(1)
    return [*hidden, (W @ V, W @ c + b), out]
