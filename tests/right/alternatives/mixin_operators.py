# Operators live in mixins that know nothing of dual numbers; the class implements two hooks, as abstract methods.
# Defines: Dual.*, derivative
import abc
import math
import operator as op
from functools import partialmethod


class Arithmetic(abc.ABC):
    @abc.abstractmethod
    def _binary(self, other, value, left, right, swapped=False): ...

    def _rule(value, left, right):
        """Not a method: it makes a pair of them while the class is being built."""
        return (
            lambda self, other: self._binary(other, value, left, right),
            lambda self, other: self._binary(other, value, left, right, swapped=True),
        )

    __add__, __radd__ = _rule(op.add, lambda a, b: 1, lambda a, b: 1)
    __sub__, __rsub__ = _rule(op.sub, lambda a, b: 1, lambda a, b: -1)
    __mul__, __rmul__ = _rule(op.mul, lambda a, b: b, lambda a, b: a)
    __truediv__, __rtruediv__ = _rule(op.truediv, lambda a, b: 1 / b, lambda a, b: -a / (b * b))
    del _rule


class Elementary(abc.ABC):
    @abc.abstractmethod
    def _unary(self, value, slope): ...

    exp = partialmethod(lambda self, f, g: self._unary(f, g), math.exp, math.exp)
    log = partialmethod(lambda self, f, g: self._unary(f, g), math.log, lambda a: 1 / a)
    sin = partialmethod(lambda self, f, g: self._unary(f, g), math.sin, math.cos)

    def cos(self):
        return self._unary(math.cos, lambda a: -math.sin(a))

    def tanh(self):
        return self._unary(math.tanh, lambda a: 1 - math.tanh(a) ** 2)

    def sigmoid(self):
        logistic = lambda a: 1 / (1 + math.exp(-a)) if a > 0 else math.exp(a) / (1 + math.exp(a))
        return self._unary(logistic, lambda a: logistic(a) * logistic(-a))

    def __neg__(self):
        return self._unary(op.neg, lambda a: -1)

    def __pow__(self, n):
        return self._unary(lambda a: a**n, lambda a: n * a ** (n - 1) if n else 0)


class Dual(Arithmetic, Elementary):
    __slots__ = "real", "dual"

    def __init__(self, real, dual=0.0):
        object.__setattr__(self, "real", real)
        object.__setattr__(self, "dual", dual)

    def _binary(self, other, value, left, right, swapped=False):
        other = other if isinstance(other, Dual) else Dual(other)
        u, v = (other, self) if swapped else (self, other)
        slope = left(u.real, v.real) * u.dual + right(u.real, v.real) * v.dual
        return Dual(value(u.real, v.real), slope)

    def _unary(self, value, slope):
        return Dual(value(self.real), slope(self.real) * self.dual)


def derivative(f, x):
    return float(getattr(f(Dual(x, 1.0)), "dual", 0.0))
