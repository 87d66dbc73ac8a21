"""Another style: each result carries a closure that adds to the gradients of its inputs; few primitives."""

import numpy as np


def _fit(array, shape):
    array = np.asarray(array, dtype=float)
    while array.ndim > len(shape):
        array = array.sum(0)
    for axis, size in enumerate(shape):
        if size == 1 and array.shape[axis] != 1:
            array = array.sum(axis, keepdims=True)
    return array


class Tensor:
    __array_priority__ = 100.0

    def __init__(self, data, requires_grad=False, children=(), push=None):
        self.data = np.asarray(data, dtype=float)
        self.requires_grad = bool(requires_grad) or any(child.requires_grad for child in children)
        self.children = tuple(children) if self.requires_grad else ()
        self.push = push
        self.grad = None
        self.flow = None

    @property
    def shape(self):
        return self.data.shape

    def take(self, share):
        if self.requires_grad:
            share = _fit(share, self.data.shape)
            self.flow = share if self.flow is None else self.flow + share

    def __add__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)

        def push(g):
            self.take(g)
            other.take(g)

        return Tensor(self.data + other.data, children=(self, other), push=push)

    def __mul__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)

        def push(g):
            self.take(g * other.data)
            other.take(g * self.data)

        return Tensor(self.data * other.data, children=(self, other), push=push)

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + (-other if isinstance(other, Tensor) else -np.asarray(other, dtype=float))

    def __rsub__(self, other):
        return -self + other

    def __pow__(self, number):
        number = float(number)
        return self._elementwise(self.data**number, lambda: number * self.data ** (number - 1))

    def __truediv__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        return self * other**-1

    def __rtruediv__(self, other):
        return self**-1 * other

    def __matmul__(self, other):
        def push(g):
            self.take(np.einsum("ij,kj->ik", g, other.data))
            other.take(np.einsum("ij,ik->jk", self.data, g))

        return Tensor(np.einsum("ij,jk->ik", self.data, other.data), children=(self, other), push=push)

    def _elementwise(self, value, slope):
        return Tensor(value, children=(self,), push=lambda g: self.take(g * slope()))

    def exp(self):
        value = np.exp(self.data)
        return self._elementwise(value, lambda: value)

    def log(self):
        return self._elementwise(np.log(self.data), lambda: 1 / self.data)

    def relu(self):
        return self._elementwise(np.where(self.data > 0, self.data, 0.0), lambda: np.where(self.data > 0, 1.0, 0.0))

    def sigmoid(self):
        return 1.0 / (1.0 + (-self).exp())

    def tanh(self):
        return 2.0 * (2.0 * self).sigmoid() - 1.0

    def sum(self, axis=None, keepdims=False):
        kept = self.data.sum(axis=axis, keepdims=True)

        def push(g):
            self.take(np.reshape(g, kept.shape) * np.ones_like(self.data))

        return Tensor(self.data.sum(axis=axis, keepdims=keepdims), children=(self,), push=push)

    def mean(self, axis=None, keepdims=False):
        total = self.sum(axis, keepdims)
        return total * (total.data.size / self.data.size)

    def reshape(self, *shape):
        value = self.data.reshape(*shape)
        return Tensor(value, children=(self,), push=lambda g: self.take(g.reshape(self.data.shape)))

    @property
    def T(self):
        return Tensor(self.data.T, children=(self,), push=lambda g: self.take(g.T))

    def backward(self, gradient=None):
        if not self.requires_grad:
            raise RuntimeError("no gradient required")
        if gradient is None and self.data.size > 1:
            raise RuntimeError("which gradient?")
        self.flow = np.ones_like(self.data) if gradient is None else np.array(gradient, dtype=float)
        for node in topological_sort(self)[::-1]:
            flow, node.flow = node.flow, None
            if flow is None:
                continue
            if node.push is None:
                node.grad = flow.copy() if node.grad is None else node.grad + flow
            else:
                node.push(flow)

    def zero_grad(self):
        self.grad = None


def topological_sort(tensor):
    order, seen, stack = [], {id(tensor)}, [(tensor, iter(tensor.children))]
    while stack:
        node, rest = stack[-1]
        child = next(rest, None)
        if child is None:
            order.append(node)
            stack.pop()
        elif id(child) not in seen:
            seen.add(id(child))
            stack.append((child, iter(child.children)))
    return order


def bce_loss(A, Y):
    N = A.shape[0]
    return (Y * A.log() + (1.0 - Y) * (1.0 - A).log()).sum() / -N


def mlp(X, parameters):
    A = X
    for W, b in parameters:
        A = (A @ W.T + b.T).sigmoid()
    return A


def sgd(tensors, lr):
    for tensor in tensors:
        tensor.data = tensor.data - lr * tensor.grad
        tensor.zero_grad()
