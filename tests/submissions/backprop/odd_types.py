"""Right, with lambdas, closures, decorators, a class, lists of lists, NumPy scalars, longer dtypes and np.matrix."""

import functools
from dataclasses import dataclass

import numpy as np


def traced(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        wrapper.calls += 1
        return function(*args, **kwargs)

    wrapper.calls = 0
    return wrapper


def make_bce(log):
    def inner(A, Y):
        return np.float64(-np.where(Y == 1, log(A), log(1 - A)).sum(axis=1).mean())

    return inner


bce = make_bce(np.log)
dL_dA = lambda A, Y: (-(Y / A) + (1 - Y) / (1 - A)).tolist()


@traced
def dA_dZ(A):
    return np.asmatrix(A * (1 - A))


dZ_output = functools.partial(np.subtract)


class Linear:
    @staticmethod
    def dW(dZ, A_prev):
        return (A_prev.T @ dZ).T / np.float64(len(dZ))

    def __call__(self, dZ):
        return tuple(map(tuple, dZ.mean(axis=0, keepdims=True).T))


dW = Linear.dW
db = Linear()


def dZ_hidden(dZ_next, W_next, A):
    return (dZ_next @ W_next * np.asarray(dA_dZ(A))).tolist()


@dataclass
class Network:
    parameters: list

    def gradients(self, X, Y):
        A = [np.array(X, dtype=">f8")]
        for W, b in self.parameters:
            A.append(1 / (1 + np.exp(-(A[-1] @ np.array(W).T + np.array(b).T))))
        dZ, result = A.pop() - Y, []
        for W, _ in reversed(self.parameters):
            before = A.pop()
            result.insert(0, [dW(dZ, before), np.array(db(dZ))])
            dZ = np.array(dZ_hidden(dZ, W, before)) if A else None
        return result


def backward(X, Y, W1, b1, W2, b2):
    (first, second) = Network([(W1, b1), (W2, b2)]).gradients(X, Y)
    return (*first, *second)


def backward_deep(X, Y, parameters):
    return Network(parameters).gradients(X, Y)


def dZ_output_for(A, Y, loss, activation):
    if (loss, activation) == ("mse", "sigmoid"):
        return 2 * (A - Y) * A * (1 - A)
    return (A - Y) * {"mse": 2}.get(loss, 1)


SLOPES = {}
SLOPES["sigmoid"] = lambda Z: np.exp(-np.abs(Z)) / (1 + np.exp(-np.abs(Z))) ** 2
SLOPES["tanh"] = lambda Z: 1 - np.tanh(Z) ** 2
SLOPES.update(relu=lambda Z: Z > 0, identity=np.ones_like)


def dZ_hidden_for(dZ_next, W_next, Z, activation):
    return np.multiply(np.matmul(dZ_next, W_next), SLOPES[activation](Z))
