# Parameters are NamedTuples with methods, results of a step are another NamedTuple; both are unpacked as pairs.
# Defines: initialize, update, step, train, predict, one_hot, accuracy
from typing import NamedTuple

import numpy as np


class Layer(NamedTuple):
    W: np.ndarray
    b: np.ndarray

    def __call__(self, A):
        return 1 / (1 + np.exp(-np.clip(A @ self.W.T + self.b.T, -700, 700)))

    def moved(self, gradient, lr):
        return self._replace(W=self.W - lr * gradient[0], b=self.b - lr * gradient[1])


class Step(NamedTuple):
    parameters: list[Layer]
    loss: float


class Training(NamedTuple):
    parameters: list[Layer]
    losses: list[float] = []


def initialize(layer_sizes, seed):
    rng = np.random.default_rng(seed)
    draw = lambda m, n: Layer(W=rng.standard_normal((n, m)) / m**0.5, b=np.zeros((n, 1)))
    return [draw(m, n) for m, n in zip(layer_sizes, layer_sizes[1:])]


def update(parameters, gradients, lr):
    return [Layer(*pair).moved(gradient, lr) for pair, gradient in zip(parameters, gradients)]


def step(X, Y, parameters, lr):
    layers = [Layer(*pair) for pair in parameters]
    A = [X]
    for layer in layers:
        A.append(layer(A[-1]))
    G, gradients = A[-1] - Y, []
    for layer, below in zip(layers[::-1], A[-2::-1]):
        gradients.append(Layer(G.T @ below / len(X), G.mean(0)[:, None]))
        G = G @ layer.W * below * (1 - below)
    loss = -(Y * np.log(A[-1]) + (1 - Y) * np.log(1 - A[-1])).sum() / len(X)
    return Step(update(parameters, gradients[::-1], lr), float(loss))


def train(X, Y, parameters, lr, epochs):
    result = Training(parameters, [])
    for _ in range(epochs):
        new, loss = step(X, Y, result.parameters, lr)
        result.losses.append(loss)
        result = result._replace(parameters=new)
    return result


def predict(X, parameters):
    for pair in parameters:
        X = Layer(*pair)(X)
    return np.where(X >= 0.5, 1, 0).astype("int64")


def one_hot(labels, n):
    return (np.arange(n) == np.asarray(labels)[:, None]).astype(float)


def accuracy(A, labels):
    return (A.argmax(1) == labels).mean()
