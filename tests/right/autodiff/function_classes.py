# In the manner of tinygrad: an operation is a subclass of Function with forward and backward, and register() hangs it on
# Tensor by setattr.
from functools import partialmethod

import numpy as np


class Tensor:
    __array_ufunc__ = None

    def __init__(self, data, requires_grad=False):
        self.data = np.array(data, dtype=np.float64)
        self.grad = None
        self.requires_grad = requires_grad
        self._ctx = None

    @property
    def shape(self):
        return self.data.shape

    @property
    def T(self):
        return self.transpose()

    def mean(self, axis=None, keepdims=False):
        total = self.sum(axis=axis, keepdims=keepdims)
        return total.mul(total.data.size / self.data.size)

    def reshape(self, *shape):
        return self._reshape(shape=shape)

    def backward(self, gradient=None):
        if not self.requires_grad:
            raise RuntimeError("does not require grad")
        if gradient is None and self.data.size != 1:
            raise RuntimeError("a gradient is needed")
        grads = {id(self): np.ones(self.shape) if gradient is None else np.array(gradient, float).reshape(self.shape)}
        for node in reversed(topological_sort(self)):
            if (g := grads.pop(id(node), None)) is None:
                continue
            node.grad = g.copy() if node.grad is None else node.grad + g
            if node._ctx is None:
                continue
            back = node._ctx.backward(g)
            for parent, gradient in zip(node._ctx.parents, back if isinstance(back, tuple) else (back,)):
                if parent.requires_grad:
                    share = fit(np.asarray(gradient), parent.shape)
                    grads[id(parent)] = grads[id(parent)] + share if id(parent) in grads else share

    def zero_grad(self):
        self.grad = None


def fit(gradient, shape):
    extra = gradient.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(extra + i for i, n in enumerate(shape) if n == 1)
    return gradient.sum(axis=axes, keepdims=True).reshape(shape)


class Function:
    def __init__(self, *parents):
        self.parents, self.saved = parents, ()

    def save_for_backward(self, *values):
        self.saved += values

    @classmethod
    def apply(cls, *operands, **options):
        parents = [x if isinstance(x, Tensor) else Tensor(x) for x in operands]
        ctx = cls(*parents)
        out = Tensor(ctx.forward(*(p.data for p in parents), **options), any(p.requires_grad for p in parents))
        out._ctx = ctx
        return out


def register(name, function):
    setattr(Tensor, name, lambda self, *operands, **options: function.apply(self, *operands, **options))


class Add(Function):
    def forward(self, x, y):
        return x + y

    def backward(self, g):
        return g, g


class Sub(Function):
    def forward(self, x, y):
        return x - y

    def backward(self, g):
        return g, -g


class Mul(Function):
    def forward(self, x, y):
        self.save_for_backward(x, y)
        return x * y

    def backward(self, g):
        x, y = self.saved
        return y * g, x * g


class Div(Function):
    def forward(self, x, y):
        self.save_for_backward(x, y)
        return x / y

    def backward(self, g):
        x, y = self.saved
        return g / y, -g * x / y**2


class Dot(Function):
    def forward(self, x, y):
        self.save_for_backward(x, y)
        return x.dot(y)

    def backward(self, g):
        x, y = self.saved
        return g.dot(y.T), x.T.dot(g)


class Neg(Function):
    def forward(self, x):
        return -x

    def backward(self, g):
        return -g


class Pow(Function):
    def forward(self, x, number):
        self.save_for_backward(x)
        self.number = number
        return x**number

    def backward(self, g):
        (x,) = self.saved
        return g * self.number * x ** (self.number - 1)


class Sum(Function):
    def forward(self, x, axis=None, keepdims=False):
        self.shape, self.kept = x.shape, x.sum(axis=axis, keepdims=True).shape
        return x.sum(axis=axis, keepdims=keepdims)

    def backward(self, g):
        return np.broadcast_to(g.reshape(self.kept), self.shape)


class Exp(Function):
    def forward(self, x):
        self.save_for_backward(np.exp(x))
        return self.saved[0]

    def backward(self, g):
        return g * self.saved[0]


class Log(Function):
    def forward(self, x):
        self.save_for_backward(x)
        return np.log(x)

    def backward(self, g):
        return g / self.saved[0]


class ReLU(Function):
    def forward(self, x):
        self.save_for_backward(x)
        return np.maximum(x, 0)

    def backward(self, g):
        return g * (self.saved[0] > 0)


class Sigmoid(Function):
    def forward(self, x):
        self.save_for_backward(s := np.exp(-np.logaddexp(0, -x)))
        return s

    def backward(self, g):
        (s,) = self.saved
        return g * s * (1 - s)


class Tanh(Function):
    def forward(self, x):
        self.save_for_backward(t := np.tanh(x))
        return t

    def backward(self, g):
        return g * (1 - self.saved[0] ** 2)


class Reshape(Function):
    def forward(self, x, shape):
        self.was = x.shape
        return x.reshape(*shape)

    def backward(self, g):
        return g.reshape(self.was)


class Transpose(Function):
    def forward(self, x):
        return x.T

    def backward(self, g):
        return g.T


for _name, _function in dict(
    add=Add, sub=Sub, mul=Mul, div=Div, matmul=Dot, neg=Neg, sum=Sum, exp=Exp, log=Log, relu=ReLU, sigmoid=Sigmoid,
    tanh=Tanh, transpose=Transpose, _reshape=Reshape,
).items():
    register(_name, _function)


def register_operator(name, function):
    setattr(Tensor, f"__{name}__", lambda self, other: function.apply(self, other))
    setattr(Tensor, f"__r{name}__", lambda self, other: function.apply(other, self))


for _name, _function in {"add": Add, "sub": Sub, "mul": Mul, "truediv": Div, "matmul": Dot}.items():
    register_operator(_name, _function)
register("__neg__", Neg)
Tensor.pow = lambda self, number: Pow.apply(self, number=number)
Tensor.__pow__ = partialmethod(Tensor.pow)


def topological_sort(tensor):
    order, done, todo = [], set(), [tensor]
    while todo:
        node = todo[-1]
        parents = node._ctx.parents if node._ctx else ()
        waiting = [p for p in parents if id(p) not in done]
        if waiting:
            todo.extend(waiting)
        else:
            todo.pop()
            if id(node) not in done:
                done.add(id(node))
                order.append(node)
    return order


def bce_loss(A, Y):
    return Y.mul(A.log()).add((1 - Y).mul((1 - A).log())).sum(axis=1).mean().neg()


def mlp(X, parameters):
    for W, b in parameters:
        X = X.matmul(W.T).add(b.T).sigmoid()
    return X


def sgd(tensors, lr):
    for t in tensors:
        t.data -= t.grad * lr
        t.zero_grad()
