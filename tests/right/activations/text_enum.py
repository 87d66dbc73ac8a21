# Names of activations are members of a StrEnum, tasks are an Enum with aliases, tables go from one to the other.
# Defines: relu, leaky_relu, tanh, d_relu, d_leaky_relu, d_tanh, softmax, output_activation, gradient_norms
from enum import Enum, StrEnum, unique

import numpy as np


@unique
class Kind(StrEnum):
    SIGMOID = "sigmoid"
    TANH = "tanh"
    RELU = "relu"
    SOFTMAX = "softmax"
    IDENTITY = "identity"


class Task(Enum):
    binary = Kind.SIGMOID
    multi_label = Kind.SIGMOID
    multi_class = Kind.SOFTMAX
    regression = Kind.IDENTITY

    @classmethod
    def _missing_(cls, value):
        return cls[value.replace("-", "_")]


def output_activation(task):
    return Task(task).value


def relu(Z):
    return Z * (Z > 0)


def leaky_relu(Z, slope=0.01):
    return np.maximum(Z, 0) + slope * np.minimum(Z, 0)


def tanh(Z):
    return np.tanh(Z)


def softmax(Z):
    shifted = Z - np.max(Z, axis=1)[:, None]
    return np.exp(shifted - np.log(np.exp(shifted).sum(axis=1))[:, None])


def d_relu(Z):
    return np.where(Z > 0, 1.0, 0.0)


def d_leaky_relu(Z, slope=0.01):
    return d_relu(Z) + slope * (1 - d_relu(Z))


def d_tanh(Z):
    return 1 - tanh(Z) ** 2


FORWARD = {Kind.SIGMOID: lambda Z: np.exp(-np.logaddexp(0, -Z)), Kind.TANH: tanh, Kind.RELU: relu}
SLOPE = {
    Kind.SIGMOID: lambda Z: FORWARD["sigmoid"](Z) * FORWARD["sigmoid"](-Z),
    Kind.TANH: d_tanh,
    Kind.RELU: d_relu,
}


def gradient_norms(X, Y, parameters, activation):
    kinds = [Kind(activation)] * (len(parameters) - 1) + [Kind.SIGMOID]
    A, Z = [X], []
    for kind, (W, b) in zip(kinds, parameters):
        Z.append(A[-1] @ W.T + b.T)
        A.append(FORWARD[kind](Z[-1]))
    G = A.pop() - Y
    norms = []
    while A:
        norms.append(np.sqrt(np.sum((G.T @ A.pop() / len(X)) ** 2)))
        if A:
            G = G @ parameters[len(A)][0] * SLOPE[Kind(activation)](Z[len(A) - 1])
    return norms[::-1]
