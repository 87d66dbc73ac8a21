"""Right, in plain Python loops; arrays are filled entry by entry."""

import math

import numpy as np


def bce(A, Y):
    N, n = A.shape
    total = 0.0
    for i in range(N):
        for j in range(n):
            total -= math.log(A[i, j]) if Y[i, j] == 1 else math.log1p(-A[i, j])
    return total / N


def dL_dA(A, Y):
    result = np.zeros_like(A)
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            result[i, j] = -1 / A[i, j] if Y[i, j] else 1 / (1 - A[i, j])
    return result


def dA_dZ(A):
    return np.array([[a * (1 - a) for a in row] for row in A])


def dZ_output(A, Y):
    return np.array([[a - y for a, y in zip(*rows)] for rows in zip(A, Y)])


def dW(dZ, A_prev):
    N = len(dZ)
    result = np.zeros((dZ.shape[1], A_prev.shape[1]))
    for i in range(N):
        result += np.outer(dZ[i], A_prev[i])
    return result / N


def db(dZ):
    return np.array([[sum(column) / len(column)] for column in dZ.T])


def dZ_hidden(dZ_next, W_next, A):
    result = np.zeros(A.shape)
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            back = sum(dZ_next[i, k] * W_next[k, j] for k in range(W_next.shape[0]))
            result[i, j] = back * A[i, j] * (1 - A[i, j])
    return result


def _sigma(z):
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


def backward(X, Y, W1, b1, W2, b2):
    (dW1, db1), (dW2, db2) = backward_deep(X, Y, [(W1, b1), (W2, b2)])
    return dW1, db1, dW2, db2


def backward_deep(X, Y, parameters):
    activations = [X]
    for W, b in parameters:
        Z = activations[-1] @ W.T + b.T
        activations.append(np.array([[_sigma(z) for z in row] for row in Z]))
    dZ = activations[-1] - Y
    gradients = []
    for layer in range(len(parameters), 0, -1):
        gradients.append((dW(dZ, activations[layer - 1]), db(dZ)))
        if layer > 1:
            dZ = dZ_hidden(dZ, parameters[layer - 1][0], activations[layer - 1])
    return gradients[::-1]


def dZ_output_for(A, Y, loss, activation):
    if loss == "mse":
        slope = A * (1 - A) if activation == "sigmoid" else 1
        return 2 * (A - Y) * slope
    return A - Y


def dZ_hidden_for(dZ_next, W_next, Z, activation):
    def slope(z):
        if activation == "sigmoid":
            return _sigma(z) * _sigma(-z)
        if activation == "tanh":
            return 1 - math.tanh(z) ** 2
        if activation == "relu":
            return 1.0 if z > 0 else 0.0
        return 1.0

    back = dZ_next @ W_next
    return np.array([[back[i, j] * slope(Z[i, j]) for j in range(Z.shape[1])] for i in range(Z.shape[0])])
