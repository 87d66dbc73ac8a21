# Trees by functools.singledispatch: one function for each type of node, all of them named _ and registered below.
# Defines: differentiate, evaluate, simplify
import math
from functools import singledispatch
from numbers import Real


@singledispatch
def evaluate(expression, values):
    raise TypeError(f"no expression: {expression!r}")


@singledispatch
def differentiate(expression, variable):
    raise TypeError(f"no expression: {expression!r}")


@singledispatch
def simplify(expression):
    return expression


@evaluate.register(Real)
def _(expression, values):
    return float(expression)


@evaluate.register(str)
def _(expression, values):
    return float(values[expression])


@evaluate.register(tuple)
@evaluate.register(list)
def _(expression, values):
    operator, *operands = expression
    return float(OPERATORS[operator](*(evaluate(operand, values) for operand in operands)))


@differentiate.register(Real)
def _(expression, variable):
    return 0


@differentiate.register(str)
def _(expression, variable):
    return int(expression == variable)


@differentiate.register(tuple)
@differentiate.register(list)
def _(expression, variable):
    operator, u, *more = expression
    return RULES[operator](u, differentiate(u, variable), *more, *(differentiate(v, variable) for v in more))


@simplify.register(tuple)
@simplify.register(list)
def _(expression):
    operator, *operands = expression
    operands = tuple(map(simplify, operands))
    whole = (operator, *operands)
    if all(isinstance(operand, Real) for operand in operands):
        try:
            value = OPERATORS[operator](*map(float, operands))
            return value if math.isfinite(value) else whole
        except (ArithmeticError, ValueError, TypeError):
            return whole
    match whole:
        case ("+", 0, u) | ("+", u, 0) | ("-", u, 0) | ("*", 1, u) | ("*", u, 1) | ("/", u, 1) | ("**", u, 1):
            return u
        case ("*", 0, _) | ("*", _, 0):
            return 0
        case ("**", _, 0):
            return 1
    return whole


def _sigmoid(u):
    return 1 / (1 + math.exp(-u)) if u >= 0 else math.exp(u) / (1 + math.exp(u))


OPERATORS = {
    "+": lambda u, v: u + v,
    "-": lambda u, v: u - v,
    "*": lambda u, v: u * v,
    "/": lambda u, v: u / v,
    "**": lambda u, n: u**n,
    **{name: getattr(math, name) for name in ("exp", "log", "sin", "cos", "tanh")},
    "sigmoid": _sigmoid,
}
RULES = {
    "+": lambda u, du, v, dv: ("+", du, dv),
    "-": lambda u, du, v, dv: ("-", du, dv),
    "*": lambda u, du, v, dv: ("+", ("*", du, v), ("*", u, dv)),
    "/": lambda u, du, v, dv: ("-", ("/", du, v), ("/", ("*", u, dv), ("*", v, v))),
    "**": lambda u, du, n, _: ("*", du, ("*", n, ("**", u, n - 1))),
    "exp": lambda u, du: ("*", ("exp", u), du),
    "log": lambda u, du: ("/", du, u),
    "sin": lambda u, du: ("*", ("cos", u), du),
    "cos": lambda u, du: ("-", 0, ("*", ("sin", u), du)),
    "tanh": lambda u, du: ("*", ("-", 1, ("**", ("tanh", u), 2)), du),
    "sigmoid": lambda u, du: ("*", ("*", ("sigmoid", u), ("-", 1, ("sigmoid", u))), du),
}
