# Functions enter tables by decorators with arguments and are looked up there by name; nothing calls them directly.
import numpy as np

LAYOUT, ACTIVATIONS = {}, {}


def into(table, name):
    def add(function):
        table[name] = function
        return function

    return add


@into(LAYOUT, "below")
def _(neuron, source):
    return str(neuron) if source is None else str(neuron) + "," + str(source)


@into(LAYOUT, "above")
def _(layer, example):
    return "[%d]" % layer + ("(%d)" % example if example is not None else "")


@into(ACTIVATIONS, "logistic")
def _(Z):
    e = np.exp(-abs(Z))
    return np.where(Z < 0, e / (1 + e), 1 / (1 + e))


def denote(symbol, layer, neuron, source=None, example=None):
    return symbol + "_{" + LAYOUT["below"](neuron, source) + "}^{" + LAYOUT["above"](layer, example) + "}"


def parameter_shapes(layer_sizes):
    return [((n, m), (n, 1)) for m, n in zip(layer_sizes, layer_sizes[1:])]


def activation_shapes(N, layer_sizes):
    return [(N, n) for n in layer_sizes]


def tile_bias(b, N):
    return np.repeat(b.T, N, axis=0)


def sigmoid(Z):
    return ACTIVATIONS["logistic"](np.asarray(Z))


def neuron(a, w, b):
    return float(ACTIVATIONS["logistic"](np.asarray(a @ w + b)))


def linear(A, W, b):
    return np.dot(A, W.T) + tile_bias(b, A.shape[0])


def forward(X, parameters):
    out = [X]
    for W, b in parameters:
        out.append(ACTIVATIONS["logistic"](linear(out[-1], W, b)))
    return out
