# Other names for everything: numpy as numpy, its random module as rnd, functions taken out of both by name.
# Defines: initialize, update, predict, one_hot, accuracy
import numpy
import numpy.random as rnd
from numpy import argmax, eye, int64, take, zeros
from numpy.linalg import norm as length

_ = length(zeros(3))


def initialize(layer_sizes, seed):
    rnd.seed(seed)
    weights = [rnd.randn(after, before) / numpy.sqrt(before) for before, after in zip(layer_sizes, layer_sizes[1:])]
    return [(W, zeros((W.shape[0], 1))) for W in weights]


def update(parameters, gradients, lr):
    step = lambda old, slope: old - numpy.multiply(lr, slope)
    return [tuple(map(step, old, slopes)) for old, slopes in zip(parameters, gradients)]


def predict(X, parameters):
    A = X
    for W, b in parameters:
        Z = numpy.inner(A, W) + b.ravel()
        A = numpy.exp(-numpy.logaddexp(0, -Z))
    return numpy.greater_equal(A, 0.5).astype(int64)


def one_hot(labels, n):
    return take(eye(n), labels, axis=0)


def accuracy(A, labels):
    return numpy.count_nonzero(argmax(A, 1) == labels) / labels.size
