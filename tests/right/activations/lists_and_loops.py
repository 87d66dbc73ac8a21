# No array arithmetic at all: nested lists, enumerate and index arithmetic, packed into arrays at the end of each function.
import numpy as np
from math import exp, sqrt, tanh as math_tanh


def _map(Z, f):
    out = np.zeros(Z.shape)
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            out[i, j] = f(float(Z[i, j]))
    return out


def relu(Z):
    return _map(Z, lambda z: max(z, 0.0))


def leaky_relu(Z, slope=0.01):
    return _map(Z, lambda z: z if z > 0 else slope * z)


def tanh(Z):
    return _map(Z, math_tanh)


def d_relu(Z):
    return _map(Z, lambda z: float(z > 0))


def d_leaky_relu(Z, slope=0.01):
    return _map(Z, lambda z: 1 if z > 0 else slope)


def d_tanh(Z):
    return _map(Z, lambda z: 1 - math_tanh(z) ** 2)


def softmax(Z):
    rows = []
    for row in Z.tolist():
        m = max(row)
        e = [exp(z - m) for z in row]
        s = sum(e)
        rows.append([x / s for x in e])
    return np.array(rows)


def softmax_backward(A, dA):
    N, n = A.shape
    out = np.empty((N, n))
    for i in range(N):
        for k in range(n):
            out[i, k] = sum(dA[i, j] * A[i, j] * ((j == k) - A[i, k]) for j in range(n))
    return out


def output_activation(task):
    for name, tasks in [("sigmoid", ["binary", "multi-label"]), ("softmax", ["multi-class"])]:
        if task in tasks:
            return name
    return "identity"


def _product(P, Q):
    return [[sum(p[k] * Q[k][j] for k in range(len(Q))) for j in range(len(Q[0]))] for p in P]


def collapse(parameters):
    W, b = parameters[0][0].tolist(), parameters[0][1].tolist()
    for V, c in parameters[1:]:
        V, c = V.tolist(), c.tolist()
        W = _product(V, W)
        b = [[x + y] for (x,), (y,) in zip(_product(V, b), c)]
    return np.array(W), np.array(b)


def xor_parameters():
    first = (np.array([[1.0, 1.0], [2.0, 2.0]]), np.array([[0.0], [-2.0]]))
    return [first, (np.array([[1.0, -1.0]]), np.array([[0.0]]))]


def sawtooth(k):
    layers = []
    for level in range(k + 1):
        if level == 0:
            W = [[2.0], [2.0]]
        elif level < k:
            W = [[2.0, -4.0], [2.0, -4.0]]
        else:
            W = [[1.0, -2.0]]
        b = [[0.0], [-1.0]] if level < k else [[0.0]]
        layers.append((np.array(W), np.array(b)))
    return layers


def gradient_norms(X, Y, parameters, activation):
    def sigma(z):
        return 1 / (1 + exp(-z)) if z > 0 else exp(z) / (1 + exp(z))

    def f(z):
        return {"sigmoid": sigma, "tanh": math_tanh, "relu": lambda x: max(0.0, x)}[activation](z)

    def df(z):
        if activation == "sigmoid":
            return sigma(z) * sigma(-z)
        return 1 - math_tanh(z) ** 2 if activation == "tanh" else float(z > 0)

    L, N = len(parameters), len(X)
    squares = []
    totals = [np.zeros(W.shape) for W, _ in parameters]
    for x, y in zip(X, Y):
        a, zs = [x.tolist()], []
        for l, (W, b) in enumerate(parameters):
            zs.append([sum(w * v for w, v in zip(row, a[-1])) + bias[0] for row, bias in zip(W, b)])
            a.append([f(z) if l < L - 1 else sigma(z) for z in zs[-1]])
        d = [p - t for p, t in zip(a[-1], y)]
        for l in range(L - 1, -1, -1):
            for j, dj in enumerate(d):
                for k, ak in enumerate(a[l]):
                    totals[l][j, k] += dj * ak / N
            if l:
                W = parameters[l][0]
                d = [sum(d[j] * W[j, k] for j in range(len(d))) * df(zs[l - 1][k]) for k in range(W.shape[1])]
    for T in totals:
        squares.append(sqrt(sum(float(t) ** 2 for t in T.ravel())))
    return squares
