# What is graded are not functions but objects with __call__, and bound methods of one trainer.
# Defines: update, step, train, predict, one_hot, accuracy
from dataclasses import dataclass, field
from enum import Enum

import numpy as np


class Direction(Enum):
    DOWN = -1
    UP = +1


@dataclass
class Update:
    direction: Direction = Direction.DOWN

    def __call__(self, parameters, gradients, lr):
        sign = self.direction.value
        return [(W + sign * lr * dW, b + sign * lr * db) for (W, b), (dW, db) in zip(parameters, gradients)]


@dataclass
class Trainer:
    update: Update = field(default_factory=Update)

    @staticmethod
    def activations(X, parameters):
        A = [X]
        for W, b in parameters:
            A.append(0.5 + 0.5 * np.tanh((A[-1] @ W.T + b.T) / 2))
        return A

    def step(self, X, Y, parameters, lr):
        *A, out = self.activations(X, parameters)
        d = (out - Y) / len(X)
        slopes = []
        for (W, _), a in zip(parameters[::-1], A[::-1]):
            slopes.append((d.T @ a, d.sum(axis=0).reshape(-1, 1)))
            d = d @ W * a * (1 - a)
        return self.update(parameters, slopes[::-1], lr), self.loss(out, Y)

    @staticmethod
    def loss(A, Y):
        return float(np.where(Y == 1, -np.log(A), -np.log1p(-A)).sum(axis=1).mean())

    def train(self, X, Y, parameters, lr, epochs):
        losses = [0.0] * epochs
        for epoch in range(epochs):
            parameters, losses[epoch] = self.step(X, Y, parameters, lr)
        return parameters, losses

    def predict(self, X, parameters):
        return np.int64(self.activations(X, parameters)[-1] >= 0.5)


class Accuracy:
    def __call__(self, A, labels):
        return float((np.argmax(A, axis=-1) == labels).sum() / len(A))


class OneHot:
    def __call__(self, labels, n):
        return np.array([[float(k == label) for k in range(n)] for label in labels])


update, accuracy, one_hot = Update(), Accuracy(), OneHot()
trainer = Trainer(update)
step, train, predict = trainer.step, trainer.train, trainer.predict
