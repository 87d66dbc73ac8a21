# match statements take trees apart; the rules are written as they stand in the text, with guards and nested patterns.
# Defines: Dual.*, derivative, gradient, central_difference, gradient_check, differentiate, evaluate, simplify
import math

import numpy as np


class Dual:
    __match_args__ = ("real", "dual")

    def __init__(self, real, dual=0.0):
        self.real, self.dual = real, dual

    def _with(self, other, rule):
        match self, other:
            case Dual(a, da), Dual(b, db):
                return Dual(*rule(a, da, b, db))
            case Dual(a, da), b:
                return Dual(*rule(a, da, b, 0.0))

    def __add__(self, other):
        return self._with(other, lambda a, da, b, db: (a + b, da + db))

    def __sub__(self, other):
        return self._with(other, lambda a, da, b, db: (a - b, da - db))

    def __rsub__(self, other):
        return self._with(other, lambda a, da, b, db: (b - a, db - da))

    def __mul__(self, other):
        return self._with(other, lambda a, da, b, db: (a * b, da * b + a * db))

    def __truediv__(self, other):
        return self._with(other, lambda a, da, b, db: (a / b, (da - a / b * db) / b))

    def __rtruediv__(self, other):
        return self._with(other, lambda a, da, b, db: (b / a, (db - b / a * da) / a))

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        return 0 - self

    def __pow__(self, n):
        match self, n:
            case _, 0:
                return Dual(1.0)
            case _, 1:
                return Dual(self.real, self.dual)
            case Dual(a, da), n:
                return Dual(a**n, n * a ** (n - 1) * da)

    def _of(self, value, slope):
        return Dual(value, slope * self.dual)

    exp = lambda self: self._of(math.exp(self.real), math.exp(self.real))
    log = lambda self: self._of(math.log(self.real), 1 / self.real)
    sin = lambda self: self._of(math.sin(self.real), math.cos(self.real))
    cos = lambda self: self._of(math.cos(self.real), -math.sin(self.real))
    tanh = lambda self: self._of(t := math.tanh(self.real), 1 - t * t)
    sigmoid = lambda self: self._of(s := _logistic(self.real), s * _logistic(-self.real))


def _logistic(u):
    return 1 / (1 + math.exp(-u)) if u > 0 else math.exp(u) / (1 + math.exp(u))


def derivative(f, x):
    match f(Dual(x, 1.0)):
        case Dual(_, slope):
            return float(slope)
        case _:
            return 0.0


def gradient(f, x):
    n = len(x)
    return np.array([derivative(lambda d: f([d if i == j else Dual(x[j]) for j in range(n)]), x[i]) for i in range(n)])


def central_difference(f, x, h=1e-5):
    x = np.asarray(x, dtype=float)
    out = np.empty(x.shape)
    for i, _ in np.ndenumerate(x):
        e = np.zeros(x.shape)
        e[i] = h
        out[i] = (f(x + e) - f(x - e)) / (2 * h)
    return out


def gradient_check(f, grad, x):
    g, n = np.asarray(grad(x)), central_difference(f, x)
    size = lambda a: np.sqrt((a * a).sum())
    return float(size(g - n) / max(size(g) + size(n), 1e-12))


def differentiate(expression, variable):
    d = lambda u: differentiate(u, variable)
    match expression:
        case str(name):
            return 1.0 if name == variable else 0.0
        case int() | float():
            return 0.0
        case ["+" | "-" as sign, u, v]:
            return (sign, d(u), d(v))
        case ["*", u, v]:
            return ("+", ("*", d(u), v), ("*", u, d(v)))
        case ["/", u, v]:
            return ("/", ("-", ("*", d(u), v), ("*", u, d(v))), ("**", v, 2))
        case ["**", u, n]:
            return ("*", ("*", n, ("**", u, n - 1)), d(u))
        case ["exp", u]:
            return ("*", d(u), expression)
        case ["log", u]:
            return ("/", d(u), u)
        case ["sin", u]:
            return ("*", d(u), ("cos", u))
        case ["cos", u]:
            return ("*", ("*", -1, d(u)), ("sin", u))
        case ["tanh", u]:
            return ("*", d(u), ("-", 1, ("*", expression, expression)))
        case ["sigmoid", u]:
            return ("*", d(u), ("*", expression, ("-", 1, expression)))


def evaluate(expression, values):
    match expression:
        case str(name):
            return float(values[name])
        case int() | float():
            return float(expression)
        case [operator, *operands]:
            numbers = [evaluate(operand, values) for operand in operands]
    match operator, numbers:
        case "+", [u, v]:
            return u + v
        case "-", [u, v]:
            return u - v
        case "*", [u, v]:
            return u * v
        case "/", [u, v]:
            return u / v
        case "**", [u, v]:
            return u**v
        case "sigmoid", [u]:
            return _logistic(u)
        case name, [u]:
            return getattr(math, name)(u)


def simplify(expression):
    match expression:
        case [operator, *operands]:
            operands = [simplify(operand) for operand in operands]
        case _:
            return expression
    match operator, *operands:
        case (_, int() | float()) | (_, int() | float(), int() | float()):
            try:
                value = evaluate((operator, *operands), {})
            except (ArithmeticError, ValueError):
                return (operator, *operands)
            return value if isinstance(value, float) and math.isfinite(value) else (operator, *operands)
        case ("+", 0, u) | ("+", u, 0) | ("-", u, 0) | ("*", 1, u) | ("*", u, 1) | ("**", u, 1) | ("/", u, 1):
            return u
        case ("*", 0, _) | ("*", _, 0):
            return 0.0
        case ("**", _, 0):
            return 1.0
        case ("-", u, v) if u == v:
            return 0.0
        case other:
            return tuple(other)
