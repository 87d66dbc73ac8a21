# One-line lambdas with walrus, partial and reduce; gradients collected by reduce from right to left.
from functools import partial, reduce

import numpy as np

_s = lambda Z: np.exp(-np.logaddexp(0.0, -Z))
_mean = partial(np.mean, axis=0, keepdims=True)
bce = lambda A, Y: -float(_mean(np.sum(Y * np.log(A) + (1 - Y) * np.log1p(-A), axis=1))[0])
dL_dA = lambda A, Y: (A - Y) / A / (1 - A)
dA_dZ = lambda A: A * (1 - A)
dZ_output = lambda A, Y: A - Y
dW = lambda dZ, A_prev: _mean(dZ[:, :, None] * A_prev[:, None, :])[0]
db = lambda dZ: _mean(dZ).T
dZ_hidden = lambda dZ_next, W_next, A: dZ_next @ W_next * dA_dZ(A)
_forward = lambda X, parameters: reduce(lambda As, p: [*As, _s(As[-1] @ p[0].T + p[1].T)], parameters, [X])
backward_deep = lambda X, Y, parameters: reduce(
    lambda state, layer: (
        [(dW(dZ := state[1], layer[1]), db(dZ)), *state[0]],
        dZ_hidden(dZ, layer[0][0], layer[1]),
    ),
    list(zip(parameters, As := _forward(X, parameters)))[::-1],
    ([], dZ_output(As[-1], Y)),
)[0]
backward = lambda X, Y, *p: tuple(g for pair in backward_deep(X, Y, [*zip(p[::2], p[1::2])]) for g in pair)
dZ_output_for = lambda A, Y, loss, activation: (2 if loss == "mse" else 1) * (A - Y) * (
    A * (1 - A) if (loss, activation) == ("mse", "sigmoid") else 1
)
dZ_hidden_for = lambda dZ_next, W_next, Z, activation: dZ_next @ W_next * (
    _s(Z) * _s(-Z) if activation == "sigmoid"
    else 1 - np.tanh(Z) ** 2 if activation == "tanh"
    else Z > 0 if activation == "relu"
    else 1
)
