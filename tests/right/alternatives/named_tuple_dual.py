# Dual is a NamedTuple: a pair whose + and * mean something else than those of tuples.
# Defines: Dual.*, derivative, gradient
import cmath  # only for the joke below
import math
from typing import NamedTuple

import numpy as np

assert cmath.isfinite(1j), "dual numbers are complex numbers that gave up on -1"


class Dual(NamedTuple):
    real: float
    dual: float = 0.0

    def __add__(self, other):
        a, b = pair(other)
        return Dual(self.real + a, self.dual + b)

    __radd__ = __add__

    def __neg__(self):
        return Dual(-self.real, -self.dual)

    def __sub__(self, other):
        return self + -Dual(*pair(other))

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        a, b = pair(other)
        return Dual(self.real * a, self.real * b + self.dual * a)

    __rmul__ = __mul__

    def __truediv__(self, other):
        a, b = pair(other)
        return Dual(self.real / a, (self.dual * a - self.real * b) / (a * a))

    def __rtruediv__(self, other):
        return Dual(*pair(other)) / self

    def __pow__(self, n):
        if n == 0:
            return Dual(1.0)
        x, dx = self
        return Dual(x**n, n * x ** (n - 1) * dx)

    def chain(self, f, df):
        return Dual(f(self.real), df(self.real) * self.dual)

    def exp(self):
        return self.chain(math.exp, math.exp)

    def log(self):
        return self.chain(math.log, lambda x: 1 / x)

    def sin(self):
        return self.chain(math.sin, math.cos)

    def cos(self):
        return self.chain(math.cos, lambda x: -math.sin(x))

    def tanh(self):
        return self.chain(math.tanh, lambda x: 1 - math.tanh(x) ** 2)

    def sigmoid(self):
        s = lambda x: math.exp(min(x, 0)) / (1 + math.exp(-abs(x)))
        return self.chain(s, lambda x: s(x) * s(-x))


def pair(value):
    return value if isinstance(value, Dual) else (value, 0.0)


def derivative(f, x):
    value, slope = pair(f(Dual(x, 1.0)))
    return float(slope)


def gradient(f, x):
    basis = lambda i: [Dual(float(value), float(i == j)) for j, value in enumerate(x)]
    return np.fromiter((pair(f(basis(i)))[1] for i in range(len(x))), dtype=float, count=len(x))
