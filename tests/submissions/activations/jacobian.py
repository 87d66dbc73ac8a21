import numpy as np
def relu(Z): return Z * (Z > 0)
def leaky_relu(Z, slope=0.01): return np.where(Z > 0, Z, slope * Z)
def tanh(Z): return np.tanh(Z)
def softmax(Z):
    e = np.exp(Z - np.max(Z, axis=-1, keepdims=True)); return e / np.sum(e, axis=-1, keepdims=True)
def d_relu(Z): return (Z > 0).astype(int)
def d_leaky_relu(Z, slope=0.01): return np.where(Z > 0, 1, slope)
def d_tanh(Z): return 1 / np.cosh(np.clip(Z, -300, 300)) ** 2
def softmax_backward(A, dA):
    out = np.empty_like(A)
    for i in range(len(A)):
        J = np.diag(A[i]) - np.outer(A[i], A[i]); out[i] = J @ dA[i]
    return out
def output_activation(task):
    return {"binary": "sigmoid", "multi-label": "sigmoid", "multi-class": "softmax", "regression": "identity"}[task]
def collapse(parameters):
    W, b = parameters[0]
    for V, c in parameters[1:]:
        W, b = V @ W, V @ b + c
    return [W, b]
def xor_parameters():
    # |x1-x2| = relu(x1-x2)+relu(x2-x1)
    return ((np.array([[1, -1], [-1, 1]]), np.array([[0], [0]])), (np.array([[1, 1]]), np.array([[0]])))
def sawtooth(k):
    if k == 0: return [(np.array([[1.0]]), np.array([[0.0]]))]
    P = [(np.array([[2.0], [4.0]]), np.array([[0.0], [-2.0]]))]
    for _ in range(k - 1):
        P.append((np.array([[2.0, -2.0], [4.0, -4.0]]), np.array([[0.0], [-2.0]])))
    P.append((np.array([[1.0, -1.0]]), np.array([[0.0]])))
    return P
def gradient_norms(X, Y, parameters, activation):
    g = {"sigmoid": lambda z: 0.5 * (1 + np.tanh(z / 2)), "tanh": np.tanh, "relu": lambda z: np.maximum(z, 0)}
    d = {"sigmoid": lambda z: g["sigmoid"](z) * (1 - g["sigmoid"](z)), "tanh": lambda z: 1 - np.tanh(z) ** 2, "relu": lambda z: 1.0 * (z > 0)}
    A, Zs = [X], []
    for l, (W, b) in enumerate(parameters):
        Z = A[-1] @ W.T + b.T; Zs.append(Z)
        A.append(g["sigmoid"](Z) if l == len(parameters) - 1 else g[activation](Z))
    dZ = A[-1] - Y; out = []
    for l in range(len(parameters) - 1, -1, -1):
        out.insert(0, np.sqrt(((dZ.T @ A[l] / len(X)) ** 2).sum()))
        if l: dZ = dZ @ parameters[l][0] * d[activation](Zs[l - 1])
    return np.array(out)
