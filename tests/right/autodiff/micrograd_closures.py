# In the manner of micrograd: each result keeps the set of its children and a closure _backward that adds to their .grad.
import numpy as np


class Tensor:
    __array_priority__ = 1000

    def __init__(self, data, requires_grad=False, _children=(), _op=""):
        self.data = np.array(data, dtype=float)
        self.requires_grad = requires_grad
        self.grad = None
        self._slot = None
        self._prev = tuple(_children)
        self._op = _op
        self._backward = lambda: None

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        """array ∘ tensor: NumPy asks here before it takes the tensor apart."""
        names = {np.add: "__radd__", np.subtract: "__rsub__", np.multiply: "__rmul__", np.true_divide: "__rtruediv__"}
        if method == "__call__" and ufunc in names and inputs[1] is self:
            return getattr(self, names[ufunc])(inputs[0])
        return NotImplemented

    def _out(self, data, children, op):
        return Tensor(data, any(c.requires_grad for c in children), children, op)

    def _give(self, G):
        if not self.requires_grad:
            return
        G = np.asarray(G)
        while G.ndim > self.data.ndim:
            G = G.sum(0)
        for axis, size in enumerate(self.data.shape):
            if size == 1 and G.shape[axis] != 1:
                G = G.sum(axis, keepdims=True)
        self._slot = G if self._slot is None else self._slot + G

    @property
    def shape(self):
        return self.data.shape

    def __add__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        out = self._out(self.data + other.data, (self, other), "+")

        def _backward():
            self._give(out._slot)
            other._give(out._slot)

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        out = self._out(self.data * other.data, (self, other), "*")

        def _backward():
            self._give(other.data * out._slot)
            other._give(self.data * out._slot)

        out._backward = _backward
        return out

    def __pow__(self, number):
        assert isinstance(number, (int, float)), "only supporting int/float powers"
        out = self._out(self.data**number, (self,), f"**{number}")

        def _backward():
            self._give(number * self.data ** (number - 1) * out._slot)

        out._backward = _backward
        return out

    def __truediv__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        out = self._out(self.data / other.data, (self, other), "/")

        def _backward():
            self._give(out._slot / other.data)
            other._give(-out._slot * self.data / other.data**2)

        out._backward = _backward
        return out

    def __matmul__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        out = self._out(self.data @ other.data, (self, other), "@")

        def _backward():
            self._give(out._slot @ other.data.T)
            other._give(self.data.T @ out._slot)

        out._backward = _backward
        return out

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        return self + (-other)

    def __radd__(self, other):
        return self + other

    def __rsub__(self, other):
        return Tensor(other) - self

    def __rmul__(self, other):
        return self * other

    def __rtruediv__(self, other):
        return Tensor(other) / self

    def _unary(self, value, slope, op):
        out = self._out(value, (self,), op)

        def _backward():
            self._give(slope * out._slot)

        out._backward = _backward
        return out

    def exp(self):
        return self._unary(np.exp(self.data), np.exp(self.data), "exp")

    def log(self):
        return self._unary(np.log(self.data), 1 / self.data, "log")

    def relu(self):
        return self._unary(np.where(self.data > 0, self.data, 0), self.data > 0, "relu")

    def sigmoid(self):
        s = np.exp(-np.logaddexp(0, -self.data))
        return self._unary(s, s * (1 - s), "sigmoid")

    def tanh(self):
        t = np.tanh(self.data)
        return self._unary(t, 1 - t * t, "tanh")

    def sum(self, axis=None, keepdims=False):
        out = self._out(self.data.sum(axis=axis, keepdims=keepdims), (self,), "sum")

        def _backward():
            G = out._slot
            if axis is not None and not keepdims:
                G = np.expand_dims(G, axis)
            self._give(G * np.ones(self.shape))

        out._backward = _backward
        return out

    def mean(self, axis=None, keepdims=False):
        total = self.sum(axis, keepdims)
        return total / (self.data.size / total.data.size)

    def reshape(self, *shape):
        out = self._out(self.data.reshape(*shape), (self,), "reshape")

        def _backward():
            self._give(out._slot.reshape(self.shape))

        out._backward = _backward
        return out

    @property
    def T(self):
        out = self._out(self.data.T, (self,), "T")

        def _backward():
            self._give(out._slot.T)

        out._backward = _backward
        return out

    def backward(self, gradient=None):
        if not self.requires_grad:
            raise RuntimeError("no gradient is wanted of this tensor")
        if gradient is None:
            if self.data.size > 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            gradient = np.ones_like(self.data)
        topo = topological_sort(self)
        for v in topo:
            v._slot = None
        self._give(np.array(gradient, dtype=float))
        for v in reversed(topo):
            if v._slot is not None:
                v._backward()
        for v in topo:
            if v._slot is not None:
                v.grad = v._slot.copy() if v.grad is None else v.grad + v._slot
                v._slot = None

    def zero_grad(self):
        self.grad = None

    def __repr__(self):
        return f"Tensor(data={self.data}, grad={self.grad})"


def topological_sort(tensor):
    topo, visited, stack = [], {tensor}, [(tensor, iter(tensor._prev))]
    while stack:
        v, children = stack[-1]
        for child in children:
            if child not in visited:
                visited.add(child)
                stack.append((child, iter(child._prev)))
                break
        else:
            topo.append(v)
            stack.pop()
    return topo


def bce_loss(A, Y):
    return (Y * A.log() + (1 - Y) * (1 - A).log()).sum(axis=1).mean() * -1


def mlp(X, parameters):
    for W, b in parameters:
        X = (X @ W.T + b.T).sigmoid()
    return X


def sgd(tensors, lr):
    for p in tensors:
        p.data -= lr * p.grad
        p.zero_grad()
