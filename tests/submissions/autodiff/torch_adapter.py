"""torch behind the interface: shows that a right engine in any style passes. Runs where torch is, not in the sandbox."""

import numpy as np
import torch


class Tensor:
    __array_priority__ = 1000
    __array_ufunc__ = None

    def __init__(self, data, requires_grad=False):
        if isinstance(data, torch.Tensor):
            self.inner = data
        else:
            self.inner = torch.tensor(np.asarray(data, dtype=np.float64)).requires_grad_(requires_grad)
        self.parents = []

    @property
    def data(self):
        return self.inner.detach().numpy()

    @property
    def grad(self):
        return None if self.inner.grad is None else self.inner.grad.numpy()

    @property
    def requires_grad(self):
        return self.inner.requires_grad

    @property
    def shape(self):
        return tuple(self.inner.shape)

    @property
    def T(self):
        return _made(self.inner.T, self)

    def sum(self, axis=None, keepdims=False):
        inner = self.inner.sum() if axis is None and not keepdims else self.inner.sum(axis, keepdims)
        return _made(inner, self)

    def mean(self, axis=None, keepdims=False):
        inner = self.inner.mean() if axis is None and not keepdims else self.inner.mean(axis, keepdims)
        return _made(inner, self)

    def reshape(self, *shape):
        return _made(self.inner.reshape(*shape), self)

    def __pow__(self, number):
        return _made(self.inner**number, self)

    def backward(self, gradient=None):
        if gradient is not None:
            gradient = torch.tensor(np.asarray(gradient, dtype=np.float64))
        self.inner.backward(gradient, retain_graph=True)

    def zero_grad(self):
        self.inner.grad = None


def _made(inner, *parents):
    result = Tensor(inner)
    result.parents = list(parents)
    return result


def _operator(name):
    def method(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        return _made(getattr(torch.Tensor, name)(self.inner, other.inner), self, other)

    return method


def _function(name):
    return lambda self: _made(getattr(torch.Tensor, name)(self.inner), self)


for _name in ["add", "sub", "mul", "truediv", "radd", "rsub", "rmul", "rtruediv", "matmul"]:
    setattr(Tensor, f"__{_name}__", _operator(f"__{_name}__"))
for _name in ["__neg__", "exp", "log", "relu", "sigmoid", "tanh"]:
    setattr(Tensor, _name, _function(_name))


def topological_sort(tensor):
    done, order, stack = set(), [], [tensor]
    while stack:
        node = stack[-1]
        waiting = [parent for parent in node.parents if id(parent) not in done]
        if waiting and id(node) not in done:
            stack.append(waiting[0])
            continue
        stack.pop()
        if id(node) not in done:
            done.add(id(node))
            order.append(node)
    return order


def bce_loss(A, Y):
    return -(Y * A.log() + (1 - Y) * (1 - A).log()).sum(axis=1).mean()


def mlp(X, parameters):
    for W, b in parameters:
        X = (X @ W.T + b.T).sigmoid()
    return X


def sgd(tensors, lr):
    with torch.no_grad():
        for tensor in tensors:
            tensor.inner -= lr * tensor.inner.grad
            tensor.zero_grad()
