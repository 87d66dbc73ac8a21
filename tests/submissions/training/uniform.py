import random, math
import numpy as np
from numpy.random import RandomState
def sig(Z): return 0.5 * (1 + np.tanh(Z / 2))
def initialize(layer_sizes, seed):
    r = RandomState(seed)
    return [[r.uniform(-1, 1, (n, m)) * math.sqrt(3 / m), np.zeros((n, 1))] for m, n in zip(layer_sizes, layer_sizes[1:])]
def update(parameters, gradients, lr):
    return [(np.subtract(W, np.multiply(lr, g)), b - lr * h) for (W, b), (g, h) in zip(parameters, gradients)]
def step(X, Y, parameters, lr):
    A = [X]
    for W, b in parameters: A.append(sig(A[-1] @ W.T + b.T))
    P = A[-1]
    with np.errstate(all="ignore"):
        loss = -np.where(Y > 0.5, np.log(P), np.log1p(-P)).sum() / len(X)
    dZ = P - Y; grads = []
    for l in reversed(range(len(parameters))):
        grads.append((dZ.T @ A[l] / len(X), dZ.mean(0).reshape(-1, 1)))
        dZ = dZ @ parameters[l][0] * A[l] * (1 - A[l])
    return update(parameters, grads[::-1], lr), loss
def train(X, Y, parameters, lr, epochs):
    losses = []
    for _ in range(epochs):
        parameters, l = step(X, Y, parameters, lr); losses.append(float(l))
    return parameters, losses
def predict(X, parameters):
    A = X
    for W, b in parameters: A = sig(A @ W.T + b.T)
    return np.where(A >= 0.5, 1, 0)
def one_hot(labels, n): return np.eye(n)[labels]
def accuracy(A, labels): return sum(int(np.argmax(a)) == int(l) for a, l in zip(A, labels)) / len(labels)
def train_digits(X, labels, seed):
    Y = one_hot(labels, 10); p = initialize([64, 40, 10], seed)
    for e in range(400): p, _ = step(X, Y, p, 1.5)
    return p
