# Optimizers are subclasses that register themselves; training is a generator of epochs that a function drives.
from abc import ABC, abstractmethod
from itertools import islice

import numpy as np


class Optimizer(ABC):
    registry = {}

    def __init_subclass__(cls):
        Optimizer.registry[cls.__name__] = cls

    def __init__(self, lr):
        self.lr = lr

    @abstractmethod
    def move(self, value, gradient): ...


class SGD(Optimizer):
    def move(self, value, gradient):
        return value - self.lr * gradient


class Momentum(Optimizer):
    def __init__(self, lr, keep=0.9):
        super().__init__(lr)
        self.keep, self.speed = keep, {}

    def move(self, value, gradient):
        key = value.shape
        self.speed[key] = self.keep * self.speed.get(key, 0) + gradient
        return value - self.lr * self.speed[key]


def sigmoid(Z):
    return np.exp(-np.logaddexp(0, -Z))


def initialize(layer_sizes, seed):
    state = np.random.RandomState(seed)
    parameters = []
    for n_in, n_out in zip(layer_sizes, layer_sizes[1:]):
        parameters.append((state.normal(scale=n_in**-0.5, size=(n_out, n_in)), np.zeros((n_out, 1))))
    return parameters


def update(parameters, gradients, lr, optimizer=None):
    move = (optimizer or Optimizer.registry["SGD"](lr)).move
    return [(move(W, dW), move(b, db)) for (W, b), (dW, db) in zip(parameters, gradients)]


def epochs_of(X, Y, parameters, lr, optimizer=None):
    """Endless: (parameters after the step, loss before it)."""
    while True:
        A = [X]
        for W, b in parameters:
            A.append(sigmoid(A[-1] @ W.T + b.T))
        loss = -(Y * np.log(A[-1]) + (1 - Y) * np.log1p(-A[-1])).sum(axis=1).mean()
        d, gradients = A[-1] - Y, []
        for l in reversed(range(len(parameters))):
            gradients.insert(0, (d.T @ A[l] / len(X), d.sum(axis=0, keepdims=True).T / len(X)))
            d = d @ parameters[l][0] * (A[l] - A[l] ** 2)
        parameters = update(parameters, gradients, lr, optimizer)
        yield parameters, float(loss)


def step(X, Y, parameters, lr):
    return next(epochs_of(X, Y, parameters, lr))


def train(X, Y, parameters, lr, epochs):
    losses = []
    for parameters, loss in islice(epochs_of(X, Y, parameters, lr), epochs):
        losses.append(loss)
    return parameters, losses


def predict(X, parameters):
    for W, b in parameters:
        X = sigmoid(X @ W.T + b.T)
    return (X >= 0.5).astype(np.int64)


def one_hot(labels, n):
    hot = np.zeros((len(labels), n))
    hot[np.arange(len(labels)), labels] = 1
    return hot


def accuracy(A, labels):
    return float(np.mean(np.argmax(A, axis=1) == labels))


def train_digits(X, labels, seed):
    momentum = Momentum(0.2)
    parameters = initialize([64, 32, 10], seed)
    for parameters, _ in islice(epochs_of(X, one_hot(labels, 10), parameters, 0.2, momentum), 150):
        pass
    return parameters
