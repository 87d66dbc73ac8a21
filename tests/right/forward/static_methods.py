# All functions are static methods of one class and are pulled out of it by one assignment with tuples on both sides.
import numpy as np


class Forward:
    @staticmethod
    def denote(symbol, layer, neuron, source=None, example=None):
        index = neuron if source is None else f"{neuron}, {source}"
        return f"{symbol}_{{{index}}}^{{[{layer}]{'' if example is None else f'({example})'}}}"

    @staticmethod
    def parameter_shapes(layer_sizes):
        return [((layer_sizes[l], layer_sizes[l - 1]), (layer_sizes[l], 1)) for l in range(1, len(layer_sizes))]

    @classmethod
    def activation_shapes(cls, N, layer_sizes):
        return [(N, layer_sizes[0])] + [(N, W[0]) for W, _ in cls.parameter_shapes(layer_sizes)]

    @staticmethod
    def tile_bias(b, N):
        return np.broadcast_to(b.T, (N, b.size)).copy()

    @staticmethod
    def neuron(a, w, b):
        return Forward.sigmoid(np.inner(a, w) + b).item()

    @classmethod
    def linear(cls, A, W, b):
        return np.einsum("ij,kj->ik", A, W) + cls.tile_bias(b, len(A))

    @staticmethod
    def sigmoid(Z):
        positive = 1 / (1 + np.exp(-np.clip(Z, 0, None)))
        negative = np.exp(np.clip(Z, None, 0))
        return np.where(np.greater(Z, 0), positive, negative / (1 + negative))

    @classmethod
    def forward(cls, X, parameters):
        A = [X]
        for W, b in parameters:
            A.append(cls.sigmoid(cls.linear(A[-1], W, b)))
        return A


(denote, parameter_shapes, activation_shapes), (tile_bias, neuron) = (
    (Forward.denote, Forward.parameter_shapes, Forward.activation_shapes),
    (Forward.tile_bias, Forward.neuron),
)
[linear, sigmoid, forward] = [getattr(Forward, name) for name in ("linear", "sigmoid", "forward")]
