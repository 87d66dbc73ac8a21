# Global caches that are filled at the first use, lru_cache, and attributes of functions that count.
# Defines: initialize, update, step, train, one_hot, accuracy
import functools

import numpy as np

_EYES = {}
_ZEROS = None


@functools.lru_cache(maxsize=None)
def spread(n):
    return 1 / np.sqrt(n)


def eye(n):
    if n not in _EYES:
        _EYES[n] = np.eye(n)
        _EYES[n].setflags(write=False)
    return _EYES[n]


def column(n):
    global _ZEROS
    if _ZEROS is None or len(_ZEROS) < n:
        _ZEROS = np.zeros((2 * n, 1))
    return _ZEROS[:n].copy()


def initialize(layer_sizes, seed):
    g = np.random.Generator(np.random.PCG64(seed))
    return [(g.normal(0, spread(m), (n, m)), column(n)) for m, n in zip(layer_sizes, layer_sizes[1:])]


def update(parameters, gradients, lr):
    update.calls += 1
    return [[value - lr * slope for value, slope in zip(*both)] for both in zip(parameters, gradients)]


update.calls = 0


def step(X, Y, parameters, lr):
    N = X.shape[0]
    A = {0: X}
    for l, (W, b) in enumerate(parameters, start=1):
        A[l] = 1 / (1 + np.exp(-(A[l - 1] @ W.T + b.T)))
    dZ = {max(A): A[max(A)] - Y}
    for l in range(max(A) - 1, 0, -1):
        dZ[l] = dZ[l + 1] @ parameters[l][0] * A[l] * (1 - A[l])
    gradients = [(dZ[l].T @ A[l - 1] / N, dZ[l].sum(0)[:, None] / N) for l in sorted(dZ)]
    loss = -np.sum(Y * np.log(A[max(A)]) + (1 - Y) * np.log(1 - A[max(A)])) / N
    return update(parameters, gradients, lr), loss


def train(X, Y, parameters, lr, epochs):
    train.history = history = []
    while len(history) < epochs:
        parameters, loss = step(X, Y, parameters, lr)
        history.append(float(loss))
    return parameters, history


def one_hot(labels, n):
    return eye(n)[labels]


def accuracy(A, labels):
    hits = 0
    for row, label in zip(A, labels):
        hits += int(np.argmax(row) == label)
    return hits / len(labels)
