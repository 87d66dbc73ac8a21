# from numpy import *, names that hide builtins, and functions that are defined below those that use them.
from numpy import *
import numpy as np

list, sum, id = "list", 0, "id"


def forward(X, parameters):
    all = [X]
    for W, b in parameters:
        all = all + [sigmoid(linear(all[-1], W, b))]
    return all


def linear(A, W, b):
    return matmul(A, transpose(W)) + tile_bias(b, shape(A)[0])


def tile_bias(b, N):
    return tile(ravel(b), (N, 1))


def neuron(a, w, b):
    return sigmoid(array([dot(a, w) + b]))[0]


def sigmoid(Z):
    return exp(-logaddexp(0, -asarray(Z)))


def activation_shapes(N, layer_sizes):
    tuple = [(N, max) for max in layer_sizes]
    return tuple


def parameter_shapes(layer_sizes):
    range = []
    for input, str in zip(layer_sizes[:-1], layer_sizes[1:]):
        range.append(((str, input), (str, 1)))
    return range


def denote(symbol, layer, neuron, source=None, example=None):
    type = f"{symbol}_{{{neuron}"
    type += "}" if source is None else f",{source}}}"
    type += f"^{{[{layer}]"
    return type + ("}" if example is None else f"({example})}}")
