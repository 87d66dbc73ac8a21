# Loops over Python floats with math alone; NumPy only packs what comes out.
import math

import numpy


def denote(symbol, layer, neuron, source=None, example=None):
    low = [neuron]
    if source is not None:
        low.append(source)
    high = "[" + repr(layer) + "]"
    if example is not None:
        high += "(" + repr(example) + ")"
    return "%s_{%s}^{%s}" % (symbol, ",".join(map(str, low)), high)


def parameter_shapes(layer_sizes):
    shapes = []
    i = 1
    while i < len(layer_sizes):
        shapes.append([(layer_sizes[i], layer_sizes[i - 1]), (layer_sizes[i], 1)])
        i += 1
    return shapes


def activation_shapes(N, layer_sizes):
    return tuple((N, size) for size in layer_sizes)


def tile_bias(b, N):
    rows = []
    for _ in range(N):
        rows.append([float(entry[0]) for entry in b])
    return numpy.array(rows)


def _one(z):
    z = float(z)
    if z >= 0:
        return 1.0 / (1.0 + math.exp(-z))
    e = math.exp(z)
    return e / (1.0 + e)


def neuron(a, w, b):
    total = float(b)
    for x, weight in zip(a, w):
        total += float(x) * float(weight)
    return _one(total)


def linear(A, W, b):
    Z = []
    for row in A:
        z = []
        for weights, (bias,) in zip(W, b):
            z.append(math.fsum(float(x) * float(w) for x, w in zip(row, weights)) + float(bias))
        Z.append(z)
    return numpy.array(Z)


def sigmoid(Z):
    if isinstance(Z, numpy.ndarray):
        return numpy.array([sigmoid(part) for part in Z]) if Z.ndim else numpy.array(_one(Z))
    return _one(Z)


def forward(X, parameters):
    if not parameters:
        return [X]
    (W, b), rest = parameters[0], parameters[1:]
    return [X] + forward(sigmoid(linear(X, W, b)), rest)
