# types.MethodType binds plain functions to a SimpleNamespace of constants; the module's names are those methods.
# Defines: relu, leaky_relu, d_relu, d_leaky_relu, output_activation, xor_parameters, collapse
import types

import numpy as np

constants = types.SimpleNamespace(zero=0.0, one=1.0, leak=0.01, outputs={"regression": "identity"})
constants.outputs.update({"multi-class": "softmax", "binary": "sigmoid", "multi-label": "sigmoid"})


def _relu(self, Z):
    return np.fmax(Z, self.zero)


def _leaky(self, Z, slope=None):
    slope = self.leak if slope is None else slope
    return np.where(Z > self.zero, self.one, slope) * Z


def _d_relu(self, Z):
    return (Z > self.zero) * self.one


def _d_leaky(self, Z, slope=None):
    return np.choose(Z > self.zero, [self.leak if slope is None else slope, self.one])


def _output(self, task):
    return self.outputs[task]


for _name, _function in {k: v for k, v in globals().items() if isinstance(v, types.FunctionType)}.items():
    setattr(constants, _name[1:], types.MethodType(_function, constants))

relu, leaky_relu = constants.relu, constants.leaky
d_relu, d_leaky_relu, output_activation = constants.d_relu, constants.d_leaky, constants.output


def xor_parameters():
    """A bump: relu(s) − 2 relu(s − 1)."""
    array = lambda *rows: np.array(rows, dtype=float)
    return [(array([1, 1], [1, 1]), array([0], [-1])), (array([1, -2]), array([0]))]


def collapse(parameters):
    Ws, bs = zip(*parameters)
    W = Ws[0] if len(Ws) == 1 else np.linalg.multi_dot(Ws[::-1])
    b = 0
    for V, c in zip(Ws, bs):
        b = V @ b + c if np.ndim(b) else c
    return W, b
