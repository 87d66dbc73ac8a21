"""Right, with the math module, isinstance chains, lists for expressions, and x moved in place and put back."""
import math
from dataclasses import dataclass
from numbers import Number

import numpy as np


@dataclass
class Dual:
    real: float
    dual: float = 0.0

    def _chain(self, value, slope):
        return Dual(value, slope * self.dual)

    def __add__(self, other):
        if isinstance(other, Number):
            return Dual(self.real + other, self.dual)
        return Dual(self.real + other.real, self.dual + other.dual)

    __radd__ = __add__

    def __mul__(self, other):
        if isinstance(other, Number):
            return Dual(self.real * other, self.dual * other)
        return Dual(self.real * other.real, self.real * other.dual + self.dual * other.real)

    __rmul__ = __mul__

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    def __pow__(self, n):
        return self._chain(self.real**n, n * self.real ** (n - 1) if n else 0.0)

    def __truediv__(self, other):
        return self * (1 / other if isinstance(other, Number) else other**-1.0)

    def __rtruediv__(self, other):
        return self**-1.0 * other

    def exp(self):
        return self._chain(math.exp(self.real), math.exp(self.real))

    def log(self):
        return self._chain(math.log(self.real), 1 / self.real)

    def sin(self):
        return self._chain(math.sin(self.real), math.cos(self.real))

    def cos(self):
        return self._chain(math.cos(self.real), -math.sin(self.real))

    def tanh(self):
        return self._chain(math.tanh(self.real), 1 / math.cosh(self.real) ** 2)

    def sigmoid(self):
        return 1 / (1 + (-self).exp())


def derivative(f, x):
    y = f(Dual(x, 1))
    return y.dual if isinstance(y, Dual) else 0


def gradient(f, x):
    return np.array([derivative(lambda t: f([*map(Dual, x[:i]), t, *map(Dual, x[i + 1 :])]), x[i]) for i in range(len(x))])


def central_difference(f, x, h=1e-5):
    g = np.empty_like(x)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + h
        up = f(x)
        x[i] = old - h
        g[i] = (up - f(x)) / h / 2
        x[i] = old
    return g


def gradient_check(f, grad, x):
    a, b = np.ravel(grad(x)), np.ravel(central_difference(f, x))
    return math.dist(a, b) / max(math.hypot(*a) + math.hypot(*b), 1e-12)


def differentiate(e, x):
    if not isinstance(e, (list, tuple)):
        return int(e == x)
    op = e[0]
    if op in "+-":
        return [op, differentiate(e[1], x), differentiate(e[2], x)]
    if op == "*":
        return ["+", ["*", e[1], differentiate(e[2], x)], ["*", e[2], differentiate(e[1], x)]]
    if op == "/":
        return differentiate(["*", e[1], ["**", e[2], -1]], x)
    d = differentiate(e[1], x)
    if op == "**":
        return ["*", d, ["*", e[2], ["**", e[1], e[2] - 1]]]
    if op == "exp":
        return ["*", d, e]
    if op == "log":
        return ["/", d, e[1]]
    if op == "sin":
        return ["*", d, ["cos", e[1]]]
    if op == "cos":
        return ["-", 0, ["*", d, ["sin", e[1]]]]
    if op == "tanh":
        return ["-", d, ["*", d, ["*", e, e]]]
    return ["*", d, ["-", e, ["*", e, e]]]


def evaluate(e, values):
    if not isinstance(e, (list, tuple)):
        return values[e] if isinstance(e, str) else e
    op, *args = e
    args = [evaluate(a, values) for a in args]
    if op == "sigmoid":
        return 0.5 * (1 + math.tanh(args[0] / 2))
    if len(args) == 1:
        return getattr(math, op)(args[0])
    a, b = args
    return {"+": a.__add__, "-": a.__sub__, "*": a.__mul__, "**": a.__pow__}[op](b) if op != "/" and type(a) is type(b) else eval(f"a {op} b")


def simplify(e):
    if not isinstance(e, (list, tuple)):
        return e
    op, *args = e
    args = [simplify(a) for a in args]
    if all(isinstance(a, Number) for a in args):
        return evaluate([op, *args], {})
    if op == "+" and 0 in args:
        return args[1 - args.index(0)]
    if op == "*" and 0 in args:
        return 0
    if op == "*" and 1 in args:
        return args[1 - args.index(1)]
    if op == "**" and args[1] in (0, 1):
        return args[0] if args[1] else 1
    return [op, *args]
