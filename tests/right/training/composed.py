# Training as composition: functions that make functions, reduce over epochs, methodcaller and attrgetter.
# Defines: update, step, train, predict, one_hot, accuracy
from functools import partial, reduce
from operator import attrgetter, itemgetter, methodcaller, mul, sub

import numpy as np

transposed, integers = attrgetter("T"), methodcaller("astype", np.int64)


def layer(pair):
    W, b = pair

    def run(A):
        return 1 / (1 + np.exp(-(A @ transposed(W) + transposed(b))))

    def pull(G, A):
        """Gradients of the parameters, and what goes on to the layer below (before its activation)."""
        return (transposed(G) @ A / len(G), transposed(G).mean(axis=1, keepdims=True)), G @ W

    return run, pull


def outputs(X, parameters):
    return reduce(lambda seen, run: seen + [run(seen[-1])], map(itemgetter(0), map(layer, parameters)), [X])


def update(parameters, gradients, lr):
    down = lambda value, slope: sub(value, mul(lr, slope))
    return [tuple(map(down, *pairs)) for pairs in zip(parameters, gradients)]


def step(X, Y, parameters, lr):
    A = outputs(X, parameters)

    def back(state, item):
        G, slopes = state
        (_, pull), below = item
        slope, G = pull(G, below)
        return G * below * (1 - below), [slope] + slopes

    _, slopes = reduce(back, list(zip(map(layer, parameters), A))[::-1], (A[-1] - Y, []))
    loss = -np.einsum("ij->", Y * np.log(A[-1]) + (1 - Y) * np.log(1 - A[-1])) / len(Y)
    return update(parameters, slopes, lr), float(loss)


def train(X, Y, parameters, lr, epochs):
    once = partial(step, X, Y, lr=lr)

    def turn(state, _):
        parameters, loss = once(state[0])
        return parameters, state[1] + [loss]

    return reduce(turn, range(epochs), (parameters, []))


predict = lambda X, parameters: integers(outputs(X, parameters)[-1] >= 0.5)
one_hot = lambda labels, n: np.eye(n).__getitem__(labels)
accuracy = lambda A, labels: float(np.equal(A.argmax(1), labels).mean())
