# In the manner of fastai and d2l: the class begins with nothing but data, and @patch or @add_to_class hang on the rest,
# function by function, by looking at the annotation of self.
import inspect

import numpy as np


def patch(function=None, *, as_prop=False, names=()):
    if function is None:
        return lambda function: patch(function, as_prop=as_prop, names=names)
    cls = next(iter(inspect.signature(function).parameters.values())).annotation
    for name in (function.__name__, *names):
        setattr(cls, name, property(function) if as_prop else function)
    return None


def add_to_class(cls):
    def wrapper(obj):
        setattr(cls, obj.__name__, obj)
        return obj

    return wrapper


class Tensor:
    __array_ufunc__ = None

    def __init__(self, data, requires_grad=False):
        self.data = np.asarray(data, dtype=float).copy()
        self.grad, self.requires_grad, self.edges = None, requires_grad, []


@patch(as_prop=True)
def shape(self: Tensor):
    return self.data.shape


@patch
def _new(self: Tensor, data, *edges):
    out = Tensor(data, any(source.requires_grad for source, _ in edges))
    out.edges = list(edges)
    return out


@patch
def _as(self: Tensor, other):
    return other if isinstance(other, Tensor) else Tensor(other)


@patch(names=["__radd__"])
def __add__(self: Tensor, other):
    other = self._as(other)
    return self._new(self.data + other.data, (self, lambda g: g), (other, lambda g: g))


@patch(names=["__rmul__"])
def __mul__(self: Tensor, other):
    other = self._as(other)
    return self._new(self.data * other.data, (self, lambda g: g * other.data), (other, lambda g: g * self.data))


@patch
def __sub__(self: Tensor, other):
    other = self._as(other)
    return self._new(self.data - other.data, (self, lambda g: g), (other, np.negative))


@patch
def __rsub__(self: Tensor, other):
    return self._as(other).__sub__(self)


@patch
def __truediv__(self: Tensor, other):
    other = self._as(other)
    q = self.data / other.data
    return self._new(q, (self, lambda g: g / other.data), (other, lambda g: -g * q / other.data))


@patch
def __rtruediv__(self: Tensor, other):
    return self._as(other).__truediv__(self)


@patch
def __matmul__(self: Tensor, other):
    other = self._as(other)
    return self._new(self.data @ other.data, (self, lambda g: g @ other.data.T), (other, lambda g: self.data.T @ g))


@patch
def __neg__(self: Tensor):
    return self._new(-self.data, (self, np.negative))


@patch
def __pow__(self: Tensor, number):
    return self._new(self.data**number, (self, lambda g: g * number * self.data ** (number - 1)))


@add_to_class(Tensor)
def exp(self):
    e = np.exp(self.data)
    return self._new(e, (self, lambda g: g * e))


@add_to_class(Tensor)
def log(self):
    return self._new(np.log(self.data), (self, lambda g: g / self.data))


@add_to_class(Tensor)
def relu(self):
    return self._new(self.data * (self.data > 0), (self, lambda g: g * (self.data > 0)))


@add_to_class(Tensor)
def sigmoid(self):
    s = np.exp(-np.logaddexp(0, -self.data))
    return self._new(s, (self, lambda g: g * s * (1 - s)))


@add_to_class(Tensor)
def tanh(self):
    t = np.tanh(self.data)
    return self._new(t, (self, lambda g: g * (1 - t**2)))


@patch
def sum(self: Tensor, axis=None, keepdims=False):
    kept = self.data.sum(axis=axis, keepdims=True)
    return self._new(
        kept if keepdims else self.data.sum(axis=axis),
        (self, lambda g: np.reshape(g, kept.shape) + np.zeros(self.shape)),
    )


@patch
def mean(self: Tensor, axis=None, keepdims=False):
    count = self.data.size if axis is None else self.shape[axis]
    return self.sum(axis=axis, keepdims=keepdims) * (1 / count)


@patch
def reshape(self: Tensor, *shape):
    return self._new(np.reshape(self.data, shape if len(shape) > 1 else shape[0] if shape else ()),
                     (self, lambda g: np.reshape(g, self.shape)))


@patch(as_prop=True)
def T(self: Tensor):
    return self._new(self.data.T, (self, lambda g: g.T))


@patch
def backward(self: Tensor, gradient=None):
    if not self.requires_grad:
        raise RuntimeError("nothing here requires a gradient")
    if gradient is None and self.data.size != 1:
        raise RuntimeError("which gradient?")
    arrived = {self: np.ones(self.shape) if gradient is None else np.array(gradient, dtype=float)}
    for node in topological_sort(self)[::-1]:
        if node.requires_grad:
            g = arrived[node]
            node.grad = g if node.grad is None else node.grad + g
            for source, rule in node.edges:
                if source.requires_grad:
                    arrived[source] = arrived.get(source, 0) + _shrunk(np.asarray(rule(g)), source.shape)


@patch
def zero_grad(self: Tensor):
    self.grad = None


def _shrunk(g, shape):
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


def topological_sort(tensor):
    order, visited, stack = [], set(), [tensor]
    while stack:
        node = stack.pop()
        if node is None:
            order.append(stack.pop())
        elif node not in visited:
            visited.add(node)
            stack += [node, None, *(source for source, _ in node.edges)]
    return order


def bce_loss(A, Y):
    return -(Y * A.log() + (1.0 - Y) * (1.0 - A).log()).sum(axis=1).mean()


def mlp(X, parameters):
    *below, (W, b) = parameters
    return ((mlp(X, below) if below else X) @ W.T + b.T).sigmoid()


def sgd(tensors, lr):
    for each in tensors:
        each.data -= lr * each.grad
        each.zero_grad()
