# Subclasses sign themselves in with __init_subclass__ and an abstract base class; nobody names them again.
# Defines: sigmoid, neuron, linear, forward
from abc import ABC, abstractmethod

import numpy as np


class Part(ABC):
    known: dict[str, "Part"] = {}

    def __init_subclass__(cls, /, name=None, **options):
        super().__init_subclass__(**options)
        Part.known[name or cls.__name__.lower()] = cls()

    @abstractmethod
    def __call__(self, *arrays): ...


class Affine(Part):
    def __call__(self, A, W, b):
        return (W @ A.T + b).T


class Logistic(Part, name="sigma"):
    def __call__(self, Z):
        Z = np.asarray(Z, dtype=float)
        out = np.empty_like(Z)
        right = Z >= 0
        out[right] = 1 / (1 + np.exp(-Z[right]))
        small = np.exp(Z[~right])
        out[~right] = small / (1 + small)
        return out


def sigmoid(Z):
    return Part.known["sigma"](Z)


def linear(A, W, b):
    return Part.known["affine"](A, W, b)


def neuron(a, w, b):
    return Part.known["sigma"]([a @ w + b])[0]


def forward(X, parameters):
    layers = [X]
    for pair in parameters:
        layers += [sigmoid(linear(layers[-1], *pair))]
    return layers
