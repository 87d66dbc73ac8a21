# A descriptor that makes pairs of function and slope: attributes of one class, read through __get__ and __set_name__.
# Defines: relu, tanh, d_relu, d_tanh, softmax, softmax_backward, output_activation, gradient_norms
import numpy as np


class Pair:
    __slots__ = ("function", "name", "slope")

    def __init__(self, function):
        self.function = function

    def __set_name__(self, owner, name):
        self.name = name
        owner.names = (*getattr(owner, "names", ()), name)

    def derivative(self, slope):
        self.slope = slope
        return self

    def __get__(self, instance, owner):
        return self

    def __call__(self, Z):
        return self.function(Z)

    def __iter__(self):
        return iter((self.function, self.slope))


class F:
    @Pair
    def relu(Z):
        return np.maximum(0.0, Z)

    @relu.derivative
    def relu(Z):
        return (Z > 0) + 0.0

    @Pair
    def tanh(Z):
        return np.tanh(Z)

    @tanh.derivative
    def tanh(Z):
        return 1 - np.tanh(Z) ** 2

    @Pair
    def sigmoid(Z):
        return np.exp(-np.logaddexp(0, -Z))

    @sigmoid.derivative
    def sigmoid(Z):
        return np.exp(-np.logaddexp(0, -Z) - np.logaddexp(0, Z))


(relu, d_relu), (tanh, d_tanh) = F.relu, F.tanh


def softmax(Z):
    Z = Z - Z.max(1, keepdims=True)
    return np.exp(Z) / np.exp(Z).sum(1, keepdims=True)


def softmax_backward(A, dA):
    return A * dA - A * np.einsum("ij,ij->i", A, dA)[:, None]


def output_activation(task):
    return {"c": "softmax", "l": "sigmoid", "n": "sigmoid", "r": "identity"}[
        task[6] if task.startswith("multi") else task[0].replace("b", "n")
    ]


def gradient_norms(X, Y, parameters, activation):
    function, slope = getattr(F, activation)
    A, Z = [X], []
    for W, b in parameters:
        Z.append(A[-1] @ W.T + b.T)
        A.append(function(Z[-1]))
    G, norms = F.sigmoid(Z[-1]) - Y, {}
    for l in reversed(range(len(parameters))):
        norms[l] = np.linalg.norm(G.T @ A[l] / len(X), "fro")
        if l:
            G = G @ parameters[l][0] * slope(Z[l - 1])
    return [norms[l] for l in sorted(norms)]
