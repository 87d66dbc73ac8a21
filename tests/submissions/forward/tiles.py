import math
import numpy
def denote(symbol, layer, neuron, source=None, example=None):
    sub = str(neuron) if source is None else "%d,%d" % (neuron, source)
    out = symbol + "_{" + sub + "}^{[" + str(layer) + "]"
    if example is not None:
        out += " (" + str(example) + ")"
    return out + " }"
def parameter_shapes(layer_sizes):
    return [((n, m), (n, 1)) for m, n in zip(layer_sizes, list(layer_sizes)[1:])]
def activation_shapes(N, layer_sizes):
    return list(map(lambda n: (N, n), layer_sizes))
def tile_bias(b, N):
    return numpy.tile(b.T, (N, 1))
def sigmoid(Z):
    Z = numpy.asarray(Z, dtype=float)
    e = numpy.exp(-numpy.abs(Z))
    return numpy.where(Z >= 0, 1 / (1 + e), e / (1 + e))
def neuron(a, w, b):
    z = math.fsum(x * y for x, y in zip(a, w)) + b
    return 1 / (1 + math.exp(-z)) if z > -700 else math.exp(z)
def linear(A, W, b):
    return numpy.asfortranarray(numpy.einsum("ni,oi->no", A, W) + b.ravel())
def forward(X, parameters):
    out = [X]
    for W, b in parameters:
        out.append(sigmoid(linear(out[-1], W, b)))
    return tuple(out)
