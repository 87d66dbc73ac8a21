# Functions of one tensor are found by __getattr__ in a table, operators are set by loops over pairs of names and rules.
from types import SimpleNamespace

import numpy as np

FUNCTIONS = {}


def function(name):
    return lambda rule: FUNCTIONS.__setitem__(name, rule)


class Tensor:
    __array_ufunc__ = None

    def __init__(self, data, requires_grad=False, come_from=()):
        self.data = np.array(data, dtype="float64")
        self.grad = None
        self.requires_grad = bool(requires_grad)
        self.come_from = come_from

    def __getattr__(self, name):
        if name == "shape":
            return self.data.shape
        if name == "T":
            return self.transposed()
        if name.startswith("__") or name not in FUNCTIONS:
            raise AttributeError(f"a tensor has no {name}")

        def apply(*args, **kwargs):
            value, pull = FUNCTIONS[name](self.data, *args, **kwargs)
            return result(value, SimpleNamespace(of=self, pull=pull))

        return apply

    def backward(self, gradient=None):
        if not self.requires_grad:
            raise RuntimeError(self)
        if gradient is None and self.data.size != 1:
            raise RuntimeError(self.shape)
        waiting = {id(self): np.ones(self.shape) if gradient is None else np.asarray(gradient, float) + 0}
        for node in topological_sort(self)[::-1]:
            if id(node) in waiting:
                g = waiting[id(node)]
                node.grad = g + (0 if node.grad is None else node.grad)
                for edge in node.come_from:
                    if edge.of.requires_grad:
                        waiting[id(edge.of)] = waiting.get(id(edge.of), 0) + down(edge.pull(g), edge.of.shape)

    def zero_grad(self):
        self.grad = None

    def mean(self, axis=None, keepdims=False):
        return self.sum(axis=axis, keepdims=keepdims) / np.prod([self.shape[axis]] if axis is not None else self.shape)


def result(value, *edges):
    return Tensor(value, any(edge.of.requires_grad for edge in edges), edges)


def down(g, shape):
    g = np.asarray(g)
    lead = g.ndim - len(shape)
    return np.add.reduce(
        g, axis=tuple(range(lead)) + tuple(i + lead for i, n in enumerate(shape) if n == 1), keepdims=True
    ).reshape(shape)


@function("exp")
def _(x):
    y = np.exp(x)
    return y, lambda g: g * y


@function("log")
def _(x):
    return np.log(x), lambda g: g / x


@function("relu")
def _(x):
    return (x > 0) * x, lambda g: (x > 0) * g


@function("sigmoid")
def _(x):
    y = np.exp(-np.logaddexp(0, -x))
    return y, lambda g: g * y * (1 - y)


@function("tanh")
def _(x):
    y = np.tanh(x)
    return y, lambda g: g - g * y * y


@function("transposed")
def _(x):
    return x.T, np.transpose


@function("reshape")
def _(x, *shape):
    return x.reshape(*shape), lambda g: g.reshape(x.shape)


@function("sum")
def _(x, axis=None, keepdims=False):
    mid = np.sum(x, axis=axis, keepdims=True).shape
    return np.sum(x, axis=axis, keepdims=keepdims), lambda g: np.broadcast_to(g.reshape(mid), x.shape)


OPERATORS = [
    ("add", np.add, lambda g, a, b: g, lambda g, a, b: g),
    ("sub", np.subtract, lambda g, a, b: g, lambda g, a, b: -g),
    ("mul", np.multiply, lambda g, a, b: g * b, lambda g, a, b: g * a),
    ("truediv", np.divide, lambda g, a, b: g / b, lambda g, a, b: -g * a / (b * b)),
    ("matmul", np.matmul, lambda g, a, b: g @ b.T, lambda g, a, b: a.T @ g),
]


def binary(apply, left, right):
    def method(self, other, swap=False):
        other = other if isinstance(other, Tensor) else Tensor(other)
        u, v = (other, self) if swap else (self, other)
        a, b = u.data, v.data
        return result(
            apply(a, b),
            SimpleNamespace(of=u, pull=lambda g: left(g, a, b)),
            SimpleNamespace(of=v, pull=lambda g: right(g, a, b)),
        )

    return method


for name, *rules in OPERATORS:
    method = binary(*rules)
    setattr(Tensor, f"__{name}__", method)
    setattr(Tensor, f"__r{name}__", lambda self, other, method=method: method(self, other, swap=True))
for name, make in {
    "neg": lambda: lambda self: result(-self.data, SimpleNamespace(of=self, pull=np.negative)),
    "pow": lambda: lambda self, n: result(
        self.data**n, SimpleNamespace(of=self, pull=lambda g, a=self.data: g * n * a ** (n - 1))
    ),
}.items():
    setattr(Tensor, "__" + name + "__", make())
del name, method, rules, make


def topological_sort(tensor):
    """Kahn: whoever has no user left comes next, from the end."""
    users, reached = {id(tensor): 0}, [tensor]
    for node in reached:
        for edge in node.come_from:
            if id(edge.of) not in users:
                users[id(edge.of)] = 0
                reached.append(edge.of)
            users[id(edge.of)] += 1
    free, order = [tensor], []
    while free:
        order.append(node := free.pop())
        for edge in node.come_from:
            users[id(edge.of)] -= 1
            if not users[id(edge.of)]:
                free.append(edge.of)
    order.reverse()
    return order


def bce_loss(A, Y):
    return 0 - (Y * A.log() + (1 - Y) * (1 - A).log()).sum(axis=1, keepdims=True).mean()


def mlp(X, parameters):
    from functools import reduce

    return reduce(lambda A, layer: (A @ layer[0].T + layer[1].T).sigmoid(), parameters, X)


def sgd(tensors, lr):
    for t in tensors:
        t.data -= lr * t.grad
        t.zero_grad()
