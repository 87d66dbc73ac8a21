# Tensor is a function that makes nodes; the class behind it has another name, and leaves and results are subclasses.
import numpy as np


def Tensor(data, requires_grad=False):
    return Leaf(np.array(data, dtype=np.float64), requires_grad)


class Node:
    __array_ufunc__ = None
    inputs = ()

    def __init__(self, data, requires_grad):
        self.data, self.requires_grad, self.grad = np.asarray(data), requires_grad, None

    @property
    def shape(self):
        return self.data.shape

    @property
    def T(self):
        return Result(self.data.T, (self, lambda g: g.T))

    def __add__(self, other):
        other = lift(other)
        return Result(self.data + other.data, (self, same), (other, same))

    def __sub__(self, other):
        other = lift(other)
        return Result(self.data - other.data, (self, same), (other, np.negative))

    def __mul__(self, other):
        other = lift(other)
        return Result(self.data * other.data, (self, other.data.__mul__), (other, self.data.__mul__))

    def __truediv__(self, other):
        other = lift(other)
        a, b = self.data, other.data
        return Result(a / b, (self, lambda g: g / b), (other, lambda g: -g * a / b**2))

    def __radd__(self, other):
        return lift(other) + self

    def __rsub__(self, other):
        return lift(other) - self

    def __rmul__(self, other):
        return lift(other) * self

    def __rtruediv__(self, other):
        return lift(other) / self

    def __matmul__(self, other):
        other = lift(other)
        a, b = self.data, other.data
        return Result(np.matmul(a, b), (self, lambda g: g @ b.T), (other, lambda g: a.T @ g))

    def __neg__(self):
        return Result(-self.data, (self, np.negative))

    def __pow__(self, n):
        a = self.data
        return Result(a**n, (self, lambda g: g * n * a ** (n - 1)))

    def exp(self):
        e = np.exp(self.data)
        return Result(e, (self, lambda g: g * e))

    def log(self):
        return Result(np.log(self.data), (self, lambda g: g / self.data))

    def relu(self):
        on = self.data > 0
        return Result(np.where(on, self.data, 0.0), (self, lambda g: g * on))

    def sigmoid(self):
        s = np.exp(-np.logaddexp(0.0, -self.data))
        return Result(s, (self, lambda g: g * s * (1 - s)))

    def tanh(self):
        t = np.tanh(self.data)
        return Result(t, (self, lambda g: g * (1 - t * t)))

    def sum(self, axis=None, keepdims=False):
        shape, kept = self.shape, np.sum(self.data, axis=axis, keepdims=True).shape
        value = np.sum(self.data, axis=axis, keepdims=keepdims)
        return Result(value, (self, lambda g: np.broadcast_to(np.reshape(g, kept), shape)))

    def mean(self, axis=None, keepdims=False):
        return self.sum(axis, keepdims) / (self.data.size if axis is None else self.shape[axis])

    def reshape(self, *shape):
        return Result(self.data.reshape(*shape), (self, lambda g: g.reshape(self.shape)))

    def backward(self, gradient=None):
        if not self.requires_grad:
            raise RuntimeError("needs no grad")
        if gradient is None:
            if self.data.size != 1:
                raise RuntimeError("only for one element")
            gradient = np.ones(self.shape)
        pending = {id(self): np.array(gradient, dtype=np.float64)}
        for node in reversed(topological_sort(self)):
            if node.requires_grad:
                g = pending.pop(id(node))
                node.grad = g if node.grad is None else node.grad + g
                for source, rule in node.inputs:
                    if source.requires_grad:
                        share = reduced(rule(g), source.shape)
                        pending[id(source)] = share + pending.get(id(source), 0.0)

    def zero_grad(self):
        self.grad = None


class Leaf(Node):
    pass


class Result(Node):
    def __init__(self, data, *inputs):
        super().__init__(data, any(source.requires_grad for source, _ in inputs))
        self.inputs = inputs


def same(g):
    return g


def lift(value):
    return value if isinstance(value, Node) else Tensor(value)


def reduced(g, shape):
    g = np.asarray(g)
    if g.shape == shape:
        return g
    padded = (1,) * (g.ndim - len(shape)) + shape
    axes = tuple(i for i, (n, m) in enumerate(zip(padded, g.shape)) if n == 1 and m != 1)
    return g.sum(axis=axes, keepdims=True).reshape(shape)


def topological_sort(tensor):
    order, opened, stack = [], set(), [(tensor, False)]
    while stack:
        node, finished = stack.pop()
        if finished:
            order.append(node)
        elif id(node) not in opened:
            opened.add(id(node))
            stack.append((node, True))
            stack.extend((source, False) for source, _ in node.inputs)
    return order


def bce_loss(A, Y):
    return -((Y * A.log() + (1 - Y) * (1 - A).log()).sum(axis=1)).mean()


def mlp(X, parameters):
    for W, b in parameters:
        X = (X @ W.T + b.T).sigmoid()
    return X


def sgd(tensors, lr):
    for tensor in tensors:
        tensor.data -= lr * tensor.grad
        tensor.zero_grad()
