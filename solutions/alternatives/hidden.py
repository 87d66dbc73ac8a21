"""Hidden tests of `alternatives`: forward mode with dual numbers, numerical and symbolic differentiation.

The references know nothing of dual numbers: a dual number is the curve t ↦ real + dual·t, and autograd differentiates
at t = 0. A central difference is the mean of the derivative over [x − h, x + h], by Gauss's quadrature. Expressions are
drawn as trees; a tree is written out as Python where an exercise takes a function. What a student's `differentiate` or
`simplify` returns is evaluated here, at several points, and judged by its values.
"""

import functools
import math
import operator as arithmetic
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import numpy as np
import torch
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.strategies import SearchStrategy
from torch import Tensor

from autograder.author.domains import Style, array, decimals, drawn
from autograder.author.exercise import exercise
from autograder.author.misconceptions import Right
from autograder.border import values as border
from autograder.border.values import Code
from autograder.cases.equality import as_array, difference

Tree = Any
"""An expression: a number, a variable's name, or a tuple (operator, operand, …)."""

_BINARY = ("+", "-", "*", "/", "**")
_UNARY = ("exp", "log", "sin", "cos", "tanh", "sigmoid")


# --- dual numbers by autograd ----------------------------------------------------------------------------------------

_TIME = torch.zeros((), dtype=torch.float64, requires_grad=True)


class _Curve:
    """A dual number as the curve real + dual·t: its parts are the value and the slope at t = 0."""

    def __init__(self, real: float | Tensor, dual: float = 0.0) -> None:
        self.at = real if isinstance(real, Tensor) else torch.tensor(float(real), dtype=torch.float64) + dual * _TIME

    @property
    def real(self) -> float:
        return float(self.at.detach())

    @property
    def dual(self) -> float:
        (slope,) = torch.autograd.grad(self.at, _TIME, retain_graph=True)
        return float(slope)

    def __neg__(self) -> "_Curve":
        return _Curve(-self.at)

    def __pow__(self, exponent: float) -> "_Curve":
        return _Curve(self.at**exponent)


def _on_curves(symbol: str) -> None:
    """Give `_Curve` a binary operator, with numbers on either side."""
    apply = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "truediv": torch.div}[symbol]

    def tensor(value: Any) -> Tensor:
        return value.at if isinstance(value, _Curve) else torch.tensor(float(value), dtype=torch.float64)

    setattr(_Curve, f"__{symbol}__", lambda u, v: _Curve(apply(tensor(u), tensor(v))))
    setattr(_Curve, f"__r{symbol}__", lambda u, v: _Curve(apply(tensor(v), tensor(u))))


for _symbol in ("add", "sub", "mul", "truediv"):
    _on_curves(_symbol)
for _function in _UNARY:
    setattr(_Curve, _function, lambda u, name=_function: _Curve(getattr(torch, name)(u.at)))


def _by_autograd(program: Code) -> Any:
    """The value of a program in which `Dual` is a curve."""
    return border.evaluate(program, {"Dual": _Curve})


# --- expressions -----------------------------------------------------------------------------------------------------


class Malformed(Exception):
    """Not an expression; the message is a sentence for the student."""


def _read(given: Any, known: Mapping[str, Any]) -> Tree:
    """What a student returned as a tree of tuples, floats and names. Raises Malformed."""
    if isinstance(given, np.ndarray) and given.ndim == 0:
        given = given.item()
    if isinstance(given, int | float | np.integer | np.floating) and not isinstance(given, bool):
        if not math.isfinite(given):
            raise Malformed(f"your expression contains {float(given)}, which is no number to compute with")
        return float(given)
    if isinstance(given, str):
        if given not in known:
            raise Malformed(f"your expression contains {given[:20]!r}, which is no variable of the expression given")
        return given
    if not isinstance(given, list | tuple) or not given:
        raise Malformed(f"an expression is a number, a name or a tuple; yours contains {_kind(given)}")
    operator, *operands = given
    due = 2 if operator in _BINARY else 1 if operator in _UNARY else 0
    if not isinstance(operator, str) or not due:
        shown = repr(operator[:20]) if isinstance(operator, str) else _kind(operator)
        raise Malformed(f"a tuple starts with an operator such as '+' or 'exp'; yours starts with {shown}")
    if len(operands) != due:
        raise Malformed(f"{operator!r} takes {due} operand{'s' if due > 1 else ''}; yours has {len(operands)}")
    inner = [_read(operand, known) for operand in operands]
    if operator == "**" and not isinstance(inner[1], float):
        raise Malformed("the exponent of '**' has to be a number; compute it before you put it into the tuple")
    return (operator, *inner)


def _kind(value: Any) -> str:
    return "None (is a `return` missing?)" if value is None else f"something of type {type(value).__name__}"


def evaluate(expression: Tree, values: Mapping[str, float], margin: float = 0.0, largest: float = math.inf) -> float:
    """The value of a tree; ArithmeticError or ValueError where it has none, or is closer than `margin` to having none.

    No subexpression may be larger than `largest`.
    """
    if isinstance(expression, str):
        return float(values[expression])
    if not isinstance(expression, tuple):
        return float(expression)
    operator, *operands = expression
    u, *others = (evaluate(operand, values, margin, largest) for operand in operands)
    result = _apply(operator, u, *others, margin=margin)
    if not math.isfinite(result) or abs(result) > largest:
        raise ValueError("too large")
    return result


def _apply(symbol: str, u: float, v: float = 0.0, *, margin: float) -> float:
    if symbol == "/" and abs(v) <= margin:
        raise ZeroDivisionError
    if symbol == "log" and u <= margin:
        raise ValueError
    if symbol == "**" and v % 1 and (u < 0 or u < margin):
        raise ValueError
    if symbol == "**" and v <= 0 and abs(u) < margin:
        raise ZeroDivisionError
    return _OPERATIONS[symbol](*((u, v) if symbol in _BINARY else (u,)))


_OPERATIONS = {
    "+": arithmetic.add,
    "-": arithmetic.sub,
    "*": arithmetic.mul,
    "/": arithmetic.truediv,
    "**": arithmetic.pow,
    **{name: getattr(math, name) for name in _UNARY if name != "sigmoid"},
    "sigmoid": lambda u: 1 / (1 + math.exp(-u)) if u > 0 else math.exp(u) / (1 + math.exp(u)),
}


def _tensor_of(expression: Tree, values: Mapping[str, Tensor]) -> Tensor:
    """The value of a tree in torch, for autograd to differentiate."""
    if isinstance(expression, str):
        return values[expression]
    if not isinstance(expression, tuple):
        return torch.tensor(float(expression), dtype=torch.float64)
    operator, *operands = expression
    if operator == "**":
        return _tensor_of(operands[0], values) ** operands[1]
    apply = {"+": torch.add, "-": torch.sub, "*": torch.mul, "/": torch.div}.get(operator) or getattr(torch, operator)
    return apply(*(_tensor_of(operand, values) for operand in operands))


def _slopes(expression: Tree, values: Mapping[str, float]) -> dict[str, float]:
    """The derivative of a tree with respect to each variable, by autograd."""
    leaves = {
        name: torch.tensor(float(value), dtype=torch.float64, requires_grad=True) for name, value in values.items()
    }
    result = _tensor_of(expression, leaves) + 0 * sum(leaves.values())
    return {
        name: float(slope)
        for name, slope in zip(leaves, torch.autograd.grad(result, list(leaves.values())), strict=True)
    }


def _size(expression: Tree) -> int:
    """How many operators, numbers and names an expression has."""
    return 1 + sum(map(_size, expression[1:])) if isinstance(expression, tuple) else 1


def _subtrees(expression: Tree) -> Iterator[Tree]:
    yield expression
    if isinstance(expression, tuple):
        for operand in expression[1:]:
            yield from _subtrees(operand)


def _names(expression: Tree) -> set[str]:
    return {part for part in _subtrees(expression) if isinstance(part, str)}


def _operators(expression: Tree) -> set[str]:
    return {part[0] for part in _subtrees(expression) if isinstance(part, tuple)}


_POINTS = [
    dict(zip("xyz", point))
    for point in (
        *((0.7, 1.3, -0.4), (1.9, -0.8, 0.6), (-1.1, 0.45, 1.7), (2.6, 2.2, 0.9)),
        *((0.35, 3.1, 2.3), (-0.55, -1.6, -2.1), (3.4, 0.15, 1.2), (-2.3, 1.75, 0.25)),
    )
]


def _points(expression: Tree) -> list[dict[str, float]]:
    """Points at which an expression has a value, safely."""
    found = []
    for point in _POINTS:
        try:
            evaluate(expression, point, margin=0.05, largest=1e4)
        except (ArithmeticError, ValueError):
            continue
        found.append(point)
    return found


def _at(point: Mapping[str, float], expression: Tree) -> str:
    """`x = 0.7, y = 1.3`: the variables that an expression has, for a sentence."""
    return ", ".join(f"{name} = {point[name]:g}" for name in sorted(_names(expression))) or "every point"


def _one_line(expression: Tree) -> str:
    shown = repr(expression)
    return shown if len(shown) <= 60 else shown[:59] + "…"


_FAMILIES = {
    "sums and products": (("+", "-", "*"), ()),
    "quotients and powers": (("/", "**", "*", "+"), ()),
    "functions": (("+", "*"), _UNARY),
}
_OF_FAMILY = {
    "sums and products": {"+", "-", "*"},
    "quotients and powers": {"/", "**"},
    "functions": set(_UNARY),
}


def _numbers(style: Style) -> SearchStrategy[float]:
    edge = [0, 1, 2, -1, 0.0, 1.0, 10.0]
    return style.choose(simple=[2.0, 3.0, 1.0, -1.0, 0.5, 4.0], typical=decimals(-3, 3), edge=edge)


def _exponents(style: Style) -> SearchStrategy[float]:
    return st.sampled_from([2, 3, -1] if style is Style.SIMPLE else [2, 3, -1, -2, 0.5, 1.5, 1, 4, -0.5, 2.0])


def _tree(*parts: Any) -> SearchStrategy[Tree]:
    """Expressions of these parts; a list is what to choose from, other values stand for themselves."""

    def strategy(part: Any) -> SearchStrategy[Any]:
        if isinstance(part, SearchStrategy):
            return part
        return st.sampled_from(part) if isinstance(part, list) else st.just(part)

    return st.tuples(*map(strategy, parts))


@functools.cache
def _trees(
    names: tuple[str, ...], depth: int, binary: tuple[str, ...], unary: tuple[str, ...], style: Style
) -> SearchStrategy[Tree]:
    """Expressions at most `depth` operators deep."""
    names_ = st.sampled_from(names)
    if depth == 0:
        return st.one_of(names_, names_, _numbers(style))
    smaller = _trees(names, depth - 1, binary, unary, style)
    kinds = [_tree(symbol, smaller, _exponents(style) if symbol == "**" else smaller) for symbol in binary]
    kinds += [_tree(name, smaller) for name in unary]
    return st.one_of(*kinds, names_) if depth < 3 else st.one_of(*kinds)


def _family_trees(names: tuple[str, ...], family: str, style: Style) -> SearchStrategy[Tree]:
    depth = style.choose(simple=[1, 1, 2], typical=[2, 3, 3], edge=[2])
    trees = depth.flatmap(lambda levels: _trees(names, levels, *_FAMILIES[family], style))
    return trees.filter(lambda tree: bool(_operators(tree) & _OF_FAMILY[family]) and bool(_names(tree)))


def _written(expression: Tree, names: Mapping[str, str], how: Literal["methods", "numpy"]) -> str:
    """An expression as Python: functions as methods of the operands, or NumPy's."""
    text = _python(expression, names, how)
    return text[1:-1] if isinstance(expression, tuple) and expression[0] in _BINARY and _names(expression) else text


def _python(expression: Tree, names: Mapping[str, str], how: str) -> str:
    if isinstance(expression, str):
        return names[expression]
    if not _names(expression):
        number = evaluate(expression, {}) if isinstance(expression, tuple) else expression
        return f"({number!r})" if number < 0 else repr(number)
    operator, *operands = expression
    if operator == "**":
        return f"({_python(operands[0], names, how)} ** {operands[1]!r})"
    if operator in _BINARY:
        return f"({_python(operands[0], names, how)} {operator} {_python(operands[1], names, how)})"
    inner = _python(operands[0], names, how)
    if how == "methods":
        return f"{inner}.{operator}()"
    inner = inner[1:-1] if isinstance(operands[0], tuple) and operands[0][0] in _BINARY else inner
    return f"(1 / (1 + np.exp(-({inner}))))" if operator == "sigmoid" else f"np.{operator}({inner})"


def _tame(expression: Tree, values: Mapping[str, float]) -> bool:
    """Whether an expression and its slopes are of ordinary size at a point, with room around it."""
    try:
        evaluate(expression, values, margin=0.1, largest=1e3)
    except (ArithmeticError, ValueError):
        return False
    return all(abs(slope) < 1e3 for slope in _slopes(expression, values).values())


Family = Literal["sums and products", "quotients and powers", "functions"]


# --- right definitions, for each misconception to be wrong in one place ----------------------------------------------


def _init(parts: Callable[..., Any], default: float = 0.0) -> Callable[..., None]:
    """A constructor that keeps these parts of what it is given."""

    def init(self: Any, real: float, dual: float = default) -> None:
        self.real, self.dual = parts(real, dual)

    return init


def _one(rule: Callable[..., Any]) -> Callable[..., Any]:
    """A method of one dual number: from its parts a and da to those of the result."""
    return lambda u, *given: type(u)(*rule(u.real, u.dual, *given))


def _two(rule: Callable[..., Any]) -> Callable[..., Any]:
    """An operator of two dual numbers, or of one and a number: from a, da, b and db to the parts of the result."""

    def method(u: Any, v: Any) -> Any:
        v = u.lift(v)
        return type(u)(*rule(u.real, u.dual, v.real, v.dual))

    return method


def _in_place(method: Callable[..., Any]) -> Callable[..., Any]:
    """The same, but stored in the operand."""

    def changed(u: Any, *others: Any) -> Any:
        result = method(u, *others)
        u.real, u.dual = result.real, result.dual
        return u

    return changed


def _not_offered(u: Any, v: Any) -> Any:
    """What Python does where a class lacks a reflected operator."""
    return NotImplemented


def _sigmoid(a: float) -> float:
    return 1 / (1 + np.exp(-a))


class Dual:
    """Right dual numbers."""

    __init__ = _init(lambda real, dual: (real, dual))

    def lift(self, other):
        return other if isinstance(other, Dual) else type(self)(other)

    __add__ = _two(lambda a, da, b, db: (a + b, da + db))
    __sub__ = _two(lambda a, da, b, db: (a - b, da - db))
    __mul__ = _two(lambda a, da, b, db: (a * b, da * b + a * db))
    __truediv__ = _two(lambda a, da, b, db: (a / b, (da * b - a * db) / b**2))
    __radd__, __rmul__ = (lambda u, v: u + v), (lambda u, v: u * v)
    __rsub__, __rtruediv__ = (lambda u, v: u.lift(v) - u), (lambda u, v: u.lift(v) / u)
    __neg__ = _one(lambda a, da: (-a, -da))
    __pow__ = _one(lambda a, da, n: (a**n, n * a ** (n - 1) * da))
    exp = _one(lambda a, da: (np.exp(a), np.exp(a) * da))
    log = _one(lambda a, da: (np.log(a), da / a))
    sin = _one(lambda a, da: (np.sin(a), np.cos(a) * da))
    cos = _one(lambda a, da: (np.cos(a), -np.sin(a) * da))
    tanh = _one(lambda a, da: (np.tanh(a), (1 - np.tanh(a) ** 2) * da))
    sigmoid = _one(lambda a, da: (_sigmoid(a), _sigmoid(a) * (1 - _sigmoid(a)) * da))


def _slope(result: Any) -> Any:
    return getattr(result, "dual", 0.0)


def _value(result: Any) -> Any:
    return getattr(result, "real", result)


def derivative(f, x, *, seed=lambda x: 1.0, read=_slope):
    """Forward mode: the dual part of f(x + seed·ε)."""
    return read(f(Dual(x, seed(x))))


def gradient(f, x, *, seeds=lambda x: np.eye(len(x)), read=_slope):
    """Forward mode, one pass for each row of seeds."""
    return np.array([read(f([Dual(value, s) for value, s in zip(x, row)])) for row in seeds(x).tolist()])


def central_difference(f, x, h=1e-5, *, quotient=lambda above, here, below, h: (above - below) / (2 * h)):
    """The slopes of f in each direction, from its values at x + h, x and x − h."""
    g = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        above, below = x.copy(), x.copy()
        above[i] += h
        below[i] -= h
        g[i] = quotient(f(above), f(x), f(below), h)
    return g


_norm = np.linalg.norm


def gradient_check(f, grad, x, *, error=lambda g, n: _norm(g - n) / max(_norm(g) + _norm(n), 1e-12)):
    """An error of the gradient g, measured at the numerical one, n."""
    return error(grad(x), central_difference(f, x))


_RULES = {  # for operands u and v and their derivatives
    "+": lambda u, du, v, dv: ("+", du, dv),
    "-": lambda u, du, v, dv: ("-", du, dv),
    "*": lambda u, du, v, dv: ("+", ("*", du, v), ("*", u, dv)),
    "/": lambda u, du, v, dv: ("/", ("-", ("*", du, v), ("*", u, dv)), ("**", v, 2)),
}
_OUTER = {  # of y = uⁿ or a function y of u, before the chain rule
    "**": lambda y, u, n: ("*", n, ("**", u, n - 1)),
    "exp": lambda y, u: y,
    "log": lambda y, u: ("/", 1.0, u),
    "sin": lambda y, u: ("cos", u),
    "cos": lambda y, u: ("*", -1.0, ("sin", u)),
    "tanh": lambda y, u: ("-", 1.0, ("**", y, 2)),
    "sigmoid": lambda y, u: ("*", y, ("-", 1.0, y)),
}


def differentiate(
    expression,
    variable,
    *,
    rules=_RULES,
    outer=_OUTER,
    chain=lambda slope, du: ("*", slope, du),
    name=lambda e, variable: 1.0 if e == variable else 0.0,
    number=lambda e: 0.0,
):
    """The derivative of an expression, as an expression."""

    def d(e):
        if isinstance(e, str):
            return name(e, variable)
        if not isinstance(e, tuple | list):
            return number(e)
        symbol, u, *v = e
        return rules[symbol](u, d(u), *v, d(*v)) if symbol in rules else chain(outer[symbol](e, u, *v), d(u))

    return d(expression)


_PLAIN = _OPERATIONS | {"sigmoid": lambda u: 1 / (1 + math.exp(-u))}


def value_of(expression, values, *, operations=_PLAIN):
    """The value of an expression."""

    def value(e):
        if not isinstance(e, tuple | list):
            return float(values[e] if isinstance(e, str) else e)
        return operations[e[0]](*map(value, e[1:]))

    return float(value(expression))


_SHORTER = {"0 + u": "u", "u + 0": "u", "0 * u": 0.0, "u * 0": 0.0, "1 * u": "u", "u * 1": "u"}
_SHORTER |= {"u ** 0": 1.0, "u ** 1": "u"}


def simplify(expression, *, rules=_SHORTER, folds=True, inside: Literal["first", "last", "never"] = "first"):
    """A shorter expression by rules; what is inside it is simplified first, last or never."""
    if not isinstance(expression, tuple | list):
        return expression
    deeper = functools.partial(simplify, rules=rules, folds=folds, inside=inside)
    symbol, *operands = expression
    if inside == "first":
        operands = [deeper(operand) for operand in operands]
    if folds and all(isinstance(operand, int | float) for operand in operands):
        return evaluate((symbol, *operands), {})
    for rule, result in rules.items():
        left, which, right = rule.split()
        if which != symbol:
            continue
        u, number, due = (*operands, right) if left == "u" else (*operands[::-1], left)
        if number == float(due):
            shorter = u if result == "u" else result
            return deeper(shorter) if inside == "last" else shorter
    return (symbol, *(map(deeper, operands) if inside == "last" else operands))


wrong = Right(
    np=np,
    Dual=Dual,
    derivative=derivative,
    gradient=gradient,
    central_difference=central_difference,
    gradient_check=gradient_check,
    differentiate=differentiate,
    evaluate=value_of,
    simplify=simplify,
).wrong


# --- Dual ------------------------------------------------------------------------------------------------------------


def _parts(style: Style, zero: bool = True, largest: float = 1000.0) -> SearchStrategy[float]:
    """Real or dual parts of a dual number, without 0 where something is divided by them."""
    simple = [2.0, 3.0, 1.0, -1.0, 0.5, 4.0, -2.0, 5.0, 1.5, -3.0, 2.5, -0.5]
    typical = decimals(-4, 4) if zero else decimals(-4, 4).filter(lambda number: abs(number) >= 0.25)
    edge = [*[0.0] * zero, 1.0, -1.0, largest, -largest, 10.0, 2, -3, 0.25, 7]
    return style.choose(simple=simple, typical=typical, edge=edge)


def _program(*lines: str, show: str) -> Code:
    return Code("\n".join([*lines, f"({show})"]))


_OPERANDS = ["two duals", "number on the right", "number on the left"]
Operands = Literal["two duals", "number on the right", "number on the left"]


def _operation(draw: st.DrawFn, style: Style, symbol: str) -> dict[str, Any]:
    """Programs that apply one operator to duals and numbers."""
    operands = draw(st.sampled_from(_OPERANDS))
    real = _parts(style, zero=symbol != "/")
    u = f"u = Dual({draw(real)!r}, {draw(_parts(style))!r})"
    show = draw(st.sampled_from(["w.real, w.dual", "w.real, w.dual", "w.real, w.dual, u.real, u.dual"]))
    if operands == "two duals":
        shared, chained = (f"w = u {symbol} u", f"w = (u {symbol} v) {symbol} u")
        line = draw(st.sampled_from([f"w = u {symbol} v"] * 4 + [shared, chained]))
        v = [] if line == shared else [f"v = Dual({draw(real)!r}, {draw(_parts(style))!r})"]
        return {"operands": operands, "program": _program(u, *v, line, show=show)}
    number = draw(real)
    shown = f"({number!r})" if number < 0 else repr(number)
    line = f"w = u {symbol} {shown}" if operands == "number on the right" else f"w = {shown} {symbol} u"
    return {"operands": operands, "program": _program(u, line, show=show)}


def _method(draw: st.DrawFn, style: Style, line: str, real: Callable[[Style], SearchStrategy[float]]) -> dict[str, Any]:
    """Programs that apply one method or sign to a dual number."""
    u = f"u = Dual({draw(real(style))!r}, {draw(_parts(style))!r})"
    shown = ["w.real, w.dual", "w.real, w.dual, u.real, u.dual"]
    return {"program": _program(u, line, show=draw(st.sampled_from(shown)))}


def _within(bound: float) -> Callable[[Style], SearchStrategy[float]]:
    """Arguments of a function, up to ±bound at the edges."""
    edges = [0.0, 1.0, -1.0, bound, -bound, bound / 2, 1, -2, 0.001, -bound / 2, 0, 3]
    return lambda style: st.sampled_from(edges) if style is Style.EDGE else _parts(style)


def _positive(style: Style) -> SearchStrategy[float]:
    simple = [1.0, 2.0, 0.5, 4.0, 10.0, 3.0, 5.0, 8.0, 0.25, 1.5, 2.5, 6.0, 7.0, 9.0, 12.0, 20.0]
    edge = [1.0, 0.01, 1000.0, 0.25, 2, 100, 1, 0.1, 20.0, 3, 0.05, 500, 7.5, 0.02, 50.0, 9]
    return style.choose(simple=simple, typical=st.integers(10, 500).map(lambda hundredths: hundredths / 100), edge=edge)


_CONSTRUCTIONS = [
    "u = Dual({}, {})\n(u.real, u.dual)",
    "u = Dual({})\n(u.real, u.dual)",
    "u = Dual({}, dual={})\n(u.real, u.dual)",
    "u = Dual({}, {})\n(u.dual, u.real)",
    "u = Dual(real={}, dual={})\n(u.real, u.dual)",
    "u = Dual({}, {})\nv = Dual({}, {})\n(u.real, u.dual, v.real, v.dual)",
    "u = Dual({}, {})\nv = Dual({})\n(u.real, u.dual, v.real, v.dual)",
    "u = Dual({})\nv = Dual({}, dual={})\n(v.real, v.dual, u.real, u.dual)",
]


def _construction(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    """Programs that make dual numbers and look at their parts."""
    program = draw(st.sampled_from(_CONSTRUCTIONS))
    return {"program": Code(program.format(*(repr(draw(_parts(style))) for _ in range(program.count("{}")))))}


_WITHOUT_NUMBERS = (
    "numbers have no dual part: before you {}, turn a plain number into a dual number with dual part 0, and define the "
    "reflected operator for a number on the left."
)
_NOT_REFLECTED = "a number on the left is not handled: Python asks the number first, and then your class for `{}`."
_OF_EACH_PART = (
    "{0} is applied to each part by itself; the dual part is a slope, and is multiplied by the derivative of {0}."
)
_SLOPE_PASSED_ON = "the dual part is passed on as it was; it has to be multiplied by the slope of {} at a."
_NO_INNER_DERIVATIVE = "the inner derivative is missing: multiply the slope of {} by the dual part of u."


@exercise(name="Dual", points=4, inputs=drawn(_construction), call="program")
def construction(program: Code) -> tuple:
    """A dual number keeps its two parts, and the dual part is 0 unless it is given.

    Dual(real, dual=0.0) has the attributes `.real` and `.dual`.
    """
    return _by_autograd(program)


wrong(construction, "dual-part-one-by-default", __init__=_init(lambda real, dual: (real, dual), default=1.0)).hint(
    "a dual number of one argument is a constant, and a constant does not change with the input: its dual part is 0, "
    "not 1."
)
wrong(construction, "parts-swapped", __init__=_init(lambda real, dual: (dual, real))).hint(
    "the two parts are swapped: the value comes first, its derivative second."
)
wrong(construction, "dual-part-ignored", __init__=_init(lambda real, dual: (real, 0.0))).hint(
    "the dual part that was given gets lost: store the argument, not the default that it would have."
)


def _init_of_the_class(self, real, dual=0.0):
    type(self).real, type(self).dual = real, dual


wrong(construction, "shared-by-all", __init__=_init_of_the_class).hint(
    "a second dual number overwrites the parts of the first: they belong on `self`, not on the class that all dual "
    "numbers share."
)
wrong(construction, "rounded-to-integers", __init__=_init(lambda real, dual: (int(real), int(dual)))).hint(
    "the parts are rounded to whole numbers on the way in; store them as they are, values have decimals."
)


@exercise(name="Dual.__add__", points=4, inputs=drawn(_operation, "+"), parts=("operands",), call="program")
def addition(operands: Operands, program: Code) -> tuple:
    """The sum of two dual numbers, or of a dual number and a number on either side.

    (a + a'ε) + (b + b'ε), as a new dual number; a number is a dual number whose dual part is 0.
    """
    return _by_autograd(program)


wrong(addition, "number-added-to-both-parts", lift=lambda u, v: v if isinstance(v, Dual) else type(u)(v, v)).hint(
    "adding a number shifts the value and nothing else: it has no dual part that could be added to the slope."
)
wrong(addition, "only-the-left-slope", __add__=_two(lambda a, da, b, db: (a + b, da))).hint(
    "the derivative of a sum is the sum of both derivatives; the one of the right operand is missing."
)
wrong(addition, "sum-without-numbers", lift=lambda u, v: v, __radd__=_not_offered).hint(_WITHOUT_NUMBERS.format("add"))
wrong(addition, "no-reflected-sum", __radd__=_not_offered).hint(_NOT_REFLECTED.format("__radd__"))
wrong(addition, "sum-in-place", __add__=_in_place(Dual.__add__)).hint(
    "the sum is right, but it is stored in the left operand, which may be used again: make a new dual number."
)


@exercise(name="Dual.__sub__", points=4, inputs=drawn(_operation, "-"), parts=("operands",), call="program")
def subtraction(operands: Operands, program: Code) -> tuple:
    """The difference of two dual numbers, or of a dual number and a number on either side.

    (a + a'ε) − (b + b'ε), as a new dual number; a number is a dual number whose dual part is 0.
    """
    return _by_autograd(program)


wrong(subtraction, "reflected-the-wrong-way", __rsub__=lambda u, v: u - v).hint(
    "with a number on the left the operands are the wrong way round: 3 − u is not u − 3; in `__rsub__` the number "
    "comes first."
)
wrong(subtraction, "slopes-added", __sub__=_two(lambda a, da, b, db: (a - b, da + db))).hint(
    "the values are subtracted, but the slopes are added: a difference falls where its right operand rises."
)
wrong(subtraction, "reflected-slope-unchanged", __rsub__=_two(lambda a, da, b, db: (b - a, da))).hint(
    "in 3 − u the value is right, but the slope is not: as u rises, 3 − u falls, so its slope is minus that of u."
)
wrong(subtraction, "right-slope-dropped", __sub__=_two(lambda a, da, b, db: (a - b, da))).hint(
    "the slope of the right operand is missing; both operands may depend on the input."
)
wrong(subtraction, "no-reflected-difference", __rsub__=_not_offered).hint(_NOT_REFLECTED.format("__rsub__"))
wrong(subtraction, "difference-without-numbers", lift=lambda u, v: v, __rsub__=_not_offered).hint(
    _WITHOUT_NUMBERS.format("subtract")
)


@exercise(name="Dual.__mul__", points=5, inputs=drawn(_operation, "*"), parts=("operands",), call="program")
def multiplication(operands: Operands, program: Code) -> tuple:
    """The product of two dual numbers, or of a dual number and a number on either side.

    (a + a'ε)(b + b'ε) with ε² = 0, as a new dual number; a number is a dual number whose dual part is 0.
    """
    return _by_autograd(program)


wrong(multiplication, "parts-multiplied-separately", __mul__=_two(lambda a, da, b, db: (a * b, da * db))).hint(
    "the dual parts are multiplied with each other, but that product carries ε² and vanishes; multiply out the "
    "brackets and see what stands before ε."
)
wrong(multiplication, "half-of-the-product-rule", __mul__=_two(lambda a, da, b, db: (a * b, da * b))).hint(
    "one half of the product rule is missing: when you multiply out the brackets, two terms carry ε."
)
wrong(multiplication, "complex-product", __mul__=_two(lambda a, da, b, db: (a * b - da * db, a * db + da * b))).hint(
    "this is how complex numbers are multiplied: there i² is −1, but here ε² is 0, so that the product of the dual "
    "parts drops out of the value."
)
wrong(
    multiplication, "epsilon-squared-kept", __mul__=_two(lambda a, da, b, db: (a * b, a * db + da * b + da * db))
).hint("besides the product rule your slope contains the product of both slopes; that term carries ε², which is 0.")


def _value_scaled(u, v):
    return Dual.__mul__(u, v) if isinstance(v, Dual) else type(u)(u.real * v, u.dual)


wrong(multiplication, "number-scales-the-value-only", __mul__=_value_scaled).hint(
    "a number multiplies the value, but it has to multiply the slope, too: three times u is three times as steep."
)
wrong(multiplication, "product-rule-with-minus", __mul__=_two(lambda a, da, b, db: (a * b, da * b - a * db))).hint(
    "the product rule adds its two terms; yours subtracts them, which belongs to the quotient."
)
wrong(multiplication, "no-reflected-product", __rmul__=_not_offered).hint(_NOT_REFLECTED.format("__rmul__"))


@exercise(name="Dual.__truediv__", points=6, inputs=drawn(_operation, "/"), parts=("operands",), call="program")
def division(operands: Operands, program: Code) -> tuple:
    """The quotient of two dual numbers, or of a dual number and a number on either side.

    (a + a'ε)/(b + b'ε) with b ≠ 0, as a new dual number; a number is a dual number whose dual part is 0.
    """
    return _by_autograd(program)


wrong(division, "parts-divided-separately", __truediv__=_two(lambda a, da, b, db: (a / b, da / db if db else da))).hint(
    "the parts are divided separately; the quotient's slope mixes values and slopes, as the derivation with (b − b'ε) "
    "shows."
)
wrong(
    division, "numerator-the-wrong-way", __truediv__=_two(lambda a, da, b, db: (a / b, (a * db - da * b) / b**2))
).hint(
    "the slope has the wrong sign: in the numerator of the quotient rule the term with the slope of the numerator "
    "comes first and the other one is subtracted."
)
wrong(division, "denominator-not-squared", __truediv__=_two(lambda a, da, b, db: (a / b, (da * b - a * db) / b))).hint(
    "the denominator of the quotient rule is the square of the denominator; yours is not squared."
)
wrong(
    division, "quotient-rule-with-plus", __truediv__=_two(lambda a, da, b, db: (a / b, (da * b + a * db) / b**2))
).hint(
    "the two terms of the quotient rule are added; a quotient falls as its denominator rises, so that term is "
    "subtracted."
)
wrong(division, "quotient-reflected-the-wrong-way", __rtruediv__=lambda u, v: u / v).hint(
    "with a number on the left the operands are the wrong way round: 3 / u is not u / 3; in `__rtruediv__` the number "
    "is the numerator."
)
wrong(division, "number-over-dual-by-parts", __rtruediv__=_two(lambda a, da, b, db: (b / a, b * da))).hint(
    "3 / u is not 3 times the slope of u: a number divided by u falls where u rises, and the square of u is in the "
    "denominator."
)
wrong(division, "no-reflected-quotient", __rtruediv__=_not_offered).hint(_NOT_REFLECTED.format("__rtruediv__"))
wrong(division, "floor-division", __truediv__=_two(lambda a, da, b, db: (a // b, (da * b - a * db) // b**2))).hint(
    "division rounds down to whole numbers; use the operator with one slash."
)


@exercise(name="Dual.__neg__", points=2, inputs=drawn(_method, "w = -u", _parts), call="program")
def negation(program: Code) -> tuple:
    """Minus a dual number, as a new dual number.

    −(a + a'ε): both parts change their sign.
    """
    return _by_autograd(program)


wrong(negation, "slope-keeps-its-sign", __neg__=_one(lambda a, da: (-a, da))).hint(
    "the value changes its sign, but the slope does not: minus u falls where u rises."
)
wrong(negation, "conjugated", __neg__=_one(lambda a, da: (a, -da))).hint(
    "only the dual part changes its sign, which is conjugation; minus u has the opposite value as well."
)
wrong(negation, "minus-returns-a-number", __neg__=lambda u: -u.real).hint(
    "your minus returns a plain number; the result has to be a dual number with both parts."
)
wrong(negation, "negated-in-place", __neg__=_in_place(Dual.__neg__)).hint(
    "the result is right, but u itself has changed its sign, and may be used again: make a new dual number."
)
wrong(negation, "minus-does-nothing", __neg__=lambda u: u).hint(
    "your minus returns u as it was: both parts have to change their sign."
)


def _power_programs(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    """`u ** n`: any base for whole n ≥ 1, bases other than 0 for n ≤ 0, positive ones for fractions."""
    n = draw(
        st.sampled_from(
            [2, 3, 1, -1, 0.5] if style is Style.SIMPLE else [2, 3, 4, 5, 1, 0, -1, -2, 0.5, 1.5, -0.5, 2.0]
        )
    )
    base = draw(_positive(style)) if n != int(n) else draw(_parts(style, zero=n > 0, largest=20.0))
    show = draw(st.sampled_from(["w.real, w.dual", "w.real, w.dual, u.real, u.dual"]))
    return {"program": _program(f"u = Dual({base!r}, {draw(_parts(style))!r})", f"w = u ** {n!r}", show=show)}


@exercise(name="Dual.__pow__", points=5, inputs=drawn(_power_programs), call="program")
def powers(program: Code) -> tuple:
    """A dual number to the power of a number: whole, negative or a fraction.

    (a + a'ε)ⁿ as a new dual number. a may be negative or 0 where n is whole (and positive, for a = 0).
    """
    return _by_autograd(program)


wrong(powers, "exponent-not-lowered", __pow__=_one(lambda a, da, n: (a**n, n * a**n * da))).hint(
    "the exponent in the derivative is n; the power rule lowers it by one."
)
wrong(powers, "power-without-inner-derivative", __pow__=_one(lambda a, da, n: (a**n, n * a ** (n - 1)))).hint(
    "the inner derivative is missing: the power rule gives the slope with respect to u; multiply by the slope of u "
    "itself."
)
wrong(powers, "factor-n-missing", __pow__=_one(lambda a, da, n: (a**n, a ** (n - 1) * da))).hint(
    "the factor n of the power rule is missing."
)
wrong(powers, "both-parts-to-the-power", __pow__=_one(lambda a, da, n: (a**n, da**n if da > 0 else da))).hint(
    "both parts are raised to the power n; the slope of a power follows the power rule instead."
)
wrong(powers, "power-by-logarithm", __pow__=lambda u, n: (type(u)(math.log(u.real), u.dual / u.real) * n).exp()).hint(
    "by way of the logarithm only positive bases work; the power rule also holds for negative ones and, with a whole "
    "exponent, for 0."
)
wrong(
    powers, "repeated-multiplication", __pow__=lambda u, n: functools.reduce(arithmetic.mul, [u] * max(1, int(n)))
).hint("repeated multiplication works for the exponents 1, 2, 3, … only; the power rule takes any number.")


@exercise(name="Dual.exp", points=3, inputs=drawn(_method, "w = u.exp()", _within(5.0)), call="program")
def exponential(program: Code) -> tuple:
    """The exponential of a dual number.

    exp(a + a'ε), as a new dual number.
    """
    return _by_autograd(program)


wrong(exponential, "exp-without-inner-derivative", exp=_one(lambda a, da: (np.exp(a), np.exp(a)))).hint(
    "the inner derivative is missing: the slope of exp at a has to be multiplied by the dual part of u."
)
wrong(exponential, "exp-of-each-part", exp=_one(lambda a, da: (np.exp(a), np.exp(da)))).hint(
    _OF_EACH_PART.format("exp")
)
wrong(exponential, "exp-leaves-the-slope", exp=_one(lambda a, da: (np.exp(a), da))).hint(_SLOPE_PASSED_ON.format("exp"))
wrong(exponential, "exp-by-power-rule", exp=_one(lambda a, da: (np.exp(a), a * np.exp(a - 1) * da))).hint(
    "this is the power rule, but in exp the exponent varies and the base is fixed: exp is its own derivative."
)


@exercise(name="Dual.log", points=3, inputs=drawn(_method, "w = u.log()", _positive), call="program")
def logarithm(program: Code) -> tuple:
    """The natural logarithm of a dual number.

    log(a + a'ε) for a > 0, as a new dual number.
    """
    return _by_autograd(program)


wrong(logarithm, "log-without-inner-derivative", log=_one(lambda a, da: (np.log(a), 1 / a))).hint(
    "the inner derivative is missing: 1/a is the slope of log at a; multiply it by the dual part of u."
)
wrong(logarithm, "log-leaves-the-slope", log=_one(lambda a, da: (np.log(a), da))).hint(_SLOPE_PASSED_ON.format("log"))
wrong(logarithm, "log-slope-upside-down", log=_one(lambda a, da: (np.log(a), a / da if da else 0.0))).hint(
    "your fraction is upside down: the steeper u is, the steeper its logarithm, and the larger a is, the flatter."
)
wrong(logarithm, "log-to-base-ten", log=_one(lambda a, da: (np.log10(a), da / (a * np.log(10))))).hint(
    "this is the logarithm to base 10; here, as everywhere in mathematics and NumPy, log means the natural one."
)
wrong(logarithm, "slope-times-log", log=_one(lambda a, da: (np.log(a), np.log(a) * da))).hint(
    "the slope of log at a is 1/a; you divide by the logarithm of a instead, or multiply by it."
)


@exercise(name="Dual.sin", points=3, inputs=drawn(_method, "w = u.sin()", _within(30.0)), call="program")
def sine(program: Code) -> tuple:
    """The sine of a dual number, in radians.

    sin(a + a'ε), as a new dual number.
    """
    return _by_autograd(program)


wrong(sine, "sine-falls", sin=_one(lambda a, da: (np.sin(a), -np.cos(a) * da))).hint(
    "the sign is off: the sine rises at 0, so its derivative there is +1; it is cos, not −cos."
)
wrong(sine, "sin-without-inner-derivative", sin=_one(lambda a, da: (np.sin(a), np.cos(a)))).hint(
    _NO_INNER_DERIVATIVE.format("sin at a")
)
wrong(sine, "sin-of-each-part", sin=_one(lambda a, da: (np.sin(a), np.sin(da)))).hint(_OF_EACH_PART.format("sin"))
wrong(sine, "cos-of-the-dual-part", sin=_one(lambda a, da: (np.sin(a), np.cos(da) * a))).hint(
    "the derivative is taken at the wrong place: cos is needed at a, the value of u, and not at its dual part."
)
wrong(sine, "sin-in-degrees", sin=_one(lambda a, da: (np.sin(np.radians(a)), np.cos(np.radians(a)) * da))).hint(
    "the angle is in radians already; do not convert it from degrees."
)


@exercise(name="Dual.cos", points=3, inputs=drawn(_method, "w = u.cos()", _within(30.0)), call="program")
def cosine(program: Code) -> tuple:
    """The cosine of a dual number, in radians.

    cos(a + a'ε), as a new dual number.
    """
    return _by_autograd(program)


wrong(cosine, "cosine-rises", cos=_one(lambda a, da: (np.cos(a), np.sin(a) * da))).hint(
    "the minus is missing: just right of 0 the cosine falls, so its derivative is −sin."
)
wrong(cosine, "cos-without-inner-derivative", cos=_one(lambda a, da: (np.cos(a), -np.sin(a)))).hint(
    _NO_INNER_DERIVATIVE.format("cos at a")
)
wrong(cosine, "cos-of-each-part", cos=_one(lambda a, da: (np.cos(a), np.cos(da)))).hint(_OF_EACH_PART.format("cos"))
wrong(cosine, "cosine-as-its-own-derivative", cos=_one(lambda a, da: (np.cos(a), np.cos(a) * da))).hint(
    "the slope uses cos once more; the derivative of the cosine is another function: look where it is flat."
)
wrong(cosine, "cos-in-degrees", cos=_one(lambda a, da: (np.cos(np.radians(a)), -np.sin(np.radians(a)) * da))).hint(
    "the angle is in radians already; do not convert it from degrees first."
)


@exercise(name="Dual.tanh", points=4, inputs=drawn(_method, "w = u.tanh()", _within(30.0)), call="program")
def hyperbolic(program: Code) -> tuple:
    """The hyperbolic tangent of a dual number.

    tanh(a + a'ε), as a new dual number; |a| ≤ 30.
    """
    return _by_autograd(program)


wrong(hyperbolic, "tanh-slope-from-the-input", tanh=_one(lambda a, da: (np.tanh(a), (1 - a**2) * da))).hint(
    "1 − t² is written in terms of the output t = tanh a; you square the input a instead."
)
wrong(hyperbolic, "tanh-without-inner-derivative", tanh=_one(lambda a, da: (np.tanh(a), 1 - np.tanh(a) ** 2))).hint(
    _NO_INNER_DERIVATIVE.format("tanh")
)
wrong(
    hyperbolic, "tanh-with-sigmoids-slope", tanh=_one(lambda a, da: (np.tanh(a), np.tanh(a) * (1 - np.tanh(a)) * da))
).hint("this is the rule of the sigmoid, s (1 − s); tanh runs from −1 to 1, and its slope is 1 at 0.")
wrong(hyperbolic, "square-missing", tanh=_one(lambda a, da: (np.tanh(a), (1 - np.tanh(a)) * da))).hint(
    "a square is missing: the slope of tanh is the same at a and at −a."
)
wrong(hyperbolic, "slope-of-the-tangent", tanh=_one(lambda a, da: (np.tanh(a), (1 + np.tanh(a) ** 2) * da))).hint(
    "the sign inside is off: this is the rule of the tangent, 1 + t²; tanh flattens out for large arguments."
)


@exercise(name="Dual.sigmoid", points=4, inputs=drawn(_method, "w = u.sigmoid()", _within(30.0)), call="program")
def logistic(program: Code) -> tuple:
    """The sigmoid of a dual number.

    σ(a + a'ε) with σ(a) = 1/(1 + exp(−a)), as a new dual number; |a| ≤ 30.
    """
    return _by_autograd(program)


def _with_slope(slope: Callable[..., float], s: Callable[[float], float] = _sigmoid) -> Callable[..., Any]:
    """σ with a slope in terms of the input a and the output s."""
    return _one(lambda a, da: (s(a), slope(a, s(a), da)))


wrong(logistic, "sigmoid-slope-from-the-input", sigmoid=_with_slope(lambda a, s, da: a * (1 - a) * da)).hint(
    "s (1 − s) is written in terms of the output s = σ(a); you put the input a into it instead."
)
wrong(logistic, "sigmoid-without-inner-derivative", sigmoid=_with_slope(lambda a, s, da: s * (1 - s))).hint(
    _NO_INNER_DERIVATIVE.format("σ")
)
wrong(logistic, "falling-sigmoid", sigmoid=_with_slope(lambda a, s, da: s * (1 - s) * da, lambda a: _sigmoid(-a))).hint(
    "the sign in the exponent is off: your sigmoid falls, but σ is near 0 for very negative and near 1 for large "
    "arguments."
)
wrong(logistic, "sigmoid-with-tanhs-slope", sigmoid=_with_slope(lambda a, s, da: (1 - s**2) * da)).hint(
    "this is the rule of tanh, 1 − t²; for the sigmoid differentiate 1/(1 + exp(−a)) and write the result in terms of "
    "s."
)
wrong(
    logistic, "sigmoid-applied-twice", sigmoid=_with_slope(lambda a, s, da: _sigmoid(s) * (1 - _sigmoid(s)) * da)
).hint("the sigmoid is applied once more before its slope is computed; s (1 − s) takes s as it is.")


# --- forward mode ----------------------------------------------------------------------------------------------------


def _arguments(style: Style) -> SearchStrategy[float]:
    """Where a function is differentiated."""
    edge = [0.0, 1.0, -1.0, 5.0, 0.1]
    return style.choose(simple=[1.0, 2.0, 0.5, -1.0, 3.0, -2.0], typical=decimals(-3, 3), edge=edge)


def _of_one_variable(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    rules = draw(st.sampled_from(list(_FAMILIES)))
    x = draw(_arguments(style))
    if style is Style.EDGE and rules == "sums and products" and draw(st.booleans()):
        source = draw(st.sampled_from(["3.0", "x", "-x", "x - x", "0.0 * x", "7"]))
    else:
        tree = draw(_family_trees(("x",), rules, style))
        assume(_tame(tree, {"x": x}))
        source = _written(tree, {"x": "x"}, "methods")
    return {"rules": rules, "f": Code(f"lambda x: {source}"), "x": x}


@exercise(name="derivative", points=6, inputs=drawn(_of_one_variable), parts=("rules",), call="derivative(f, x)")
def forward_derivative(rules: Family, f: Code, x: float) -> float:
    """The derivative of f at x by forward mode: one number.

    f takes a Dual and returns a Dual, or a plain number where it does not depend on x.
    """
    at = torch.tensor(float(x), dtype=torch.float64, requires_grad=True)
    value = border.evaluate(f, {})(at) + 0 * at
    return float(torch.autograd.grad(value, at)[0])


wrong(forward_derivative, "seed-missing", seed=lambda x: 0.0).hint(
    "f is evaluated at a dual number without a dual part, so that no slope comes out: x changes with itself at the "
    "rate 1, and this 1 is the seed."
)
wrong(forward_derivative, "value-returned", read=_value).hint(
    "this is the value of f; its derivative is in the other part of the result."
)
wrong(forward_derivative, "seeded-with-x", seed=lambda x: x).hint(
    "the seed is x itself, so that your result is x times too large; x changes with itself at the rate 1."
)
wrong(forward_derivative, "constant-functions-fail", read=lambda result: result.dual).hint(
    "a function that returns a plain number is constant, and its derivative is 0; a number has no dual part to ask for."
)
wrong(forward_derivative, "whole-dual-returned", read=lambda result: result).hint(
    "the whole dual number is returned; the derivative is one of its parts, a plain number."
)


def _finite_difference(f, x):
    return (_value(f(Dual(x + 1e-5))) - _value(f(Dual(x)))) / 1e-5


wrong(forward_derivative, "finite-difference-instead", derivative=_finite_difference).hint(
    "this is a finite difference, right to a few digits only; forward mode is exact: look at what the dual part of "
    "the result carries."
)


def _of_several_variables(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    rules = draw(st.sampled_from(list(_FAMILIES)))
    n = draw(st.integers(1, {Style.SIMPLE: 2, Style.EDGE: 4, Style.TYPICAL: 3}[style]))
    x = draw(array((n,), _arguments(style)))
    if style is Style.EDGE and rules == "sums and products" and draw(st.booleans()):
        sources = ["sum(v)", "sum(u * u for u in v)", "v[0]", "v[-1] * v[0]", "sum(u * v[0] for u in v)"]
        source = draw(st.sampled_from(sources))
    else:
        names = tuple("abcd"[:n])
        tree = draw(_family_trees(names, rules, style))
        assume(_tame(tree, dict(zip(names, x, strict=True))))
        source = _written(tree, {name: f"v[{index}]" for index, name in enumerate(names)}, "methods")
    return {"rules": rules, "f": Code(f"lambda v: {source}"), "x": x}


@exercise(
    name="gradient",
    points=8,
    inputs=drawn(_of_several_variables),
    parts=("rules",),
    builds_on=("derivative",),
    call="gradient(f, x)",
)
def forward_gradient(rules: Family, f: Code, x: Tensor) -> Tensor:
    """The gradient of f at x by forward mode: an array of shape (n,).

    f takes a list of n Duals and returns a Dual; x is an array of shape (n,), and stays as it was.
    """
    leaves = [value.clone().requires_grad_() for value in x]
    value = border.evaluate(f, {})(leaves) + 0 * sum(leaves)
    return torch.stack(torch.autograd.grad(value, leaves))


wrong(forward_gradient, "all-seeded-at-once", seeds=lambda x: np.ones((len(x), len(x)))).hint(
    "all inputs carry the seed 1 at the same time, so that their derivatives are added up; seed one input in each "
    "pass and leave the others constant."
)
wrong(
    forward_gradient, "first-entry-only", gradient=lambda f, x: np.where(np.arange(len(x)) == 0, gradient(f, x), 0.0)
).hint(
    "one pass is not enough: with the seed on the first input you learn the first derivative only; n inputs need n "
    "passes."
)
wrong(forward_gradient, "seeds-pile-up", seeds=lambda x: np.tri(len(x))).hint(
    "the seeds of earlier passes stay in place, so that derivatives are added up on the way; each pass starts with a "
    "fresh list and a single seed."
)
wrong(forward_gradient, "values-instead-of-slopes", read=_value).hint(
    "each entry is the value of f; the derivative that a pass was made for is in the other part of its result."
)
wrong(forward_gradient, "seeded-with-the-value", seeds=np.diag).hint(
    "the seed is the input's own value; each entry comes out that many times too large; the seed is 1."
)
wrong(forward_gradient, "gradient-as-a-column", gradient=lambda f, x: gradient(f, x)[:, None]).hint(
    "the numbers are right, but they stand in a column; the gradient has the shape of x, (n,)."
)


# --- numerical differentiation ---------------------------------------------------------------------------------------


class _Torch:
    """What stands for `np` where a drawn function is run on tensors."""

    exp, log, sin, cos, tanh = torch.exp, torch.log, torch.sin, torch.cos, torch.tanh
    sum, mean = torch.sum, torch.mean


def _in_torch(f: Code) -> Callable[[Tensor], Tensor]:
    return border.evaluate(f, {"np": _Torch})


_SMOOTH = [
    ("**", "x", 2),
    ("**", "x", 3),
    ("*", 3.0, "x"),
    ("exp", "x"),
    ("sin", "x"),
    ("cos", "x"),
    ("*", "x", ("exp", "x")),
    ("+", ("**", "x", 2), "x"),
    ("tanh", "x"),
]


@functools.cache
def _entrywise(style: Style) -> SearchStrategy[Tree]:
    """Smooth functions of one entry, defined everywhere and of ordinary size on [−3, 3]."""
    simple = st.sampled_from(_SMOOTH)
    if style is Style.SIMPLE:
        return simple
    u = st.one_of(_tree("*", decimals(-2, 2), "x"), _tree("+", "x", decimals(-1, 1)), st.just("x"))
    outer = st.one_of(
        _tree(["exp", "sin", "cos", "tanh", "sigmoid"], u),
        _tree("**", u, [2, 3]),
        _tree("log", _tree("+", _tree("**", u, 2), 2.0)),
        _tree("/", 1.0, _tree("+", _tree("**", u, 2), 2.0)),
    )
    return st.one_of(outer, _tree(["+", "*", "-"], outer, outer), simple)


_WHOLES = [
    "np.sum({u})",
    "np.sum({u})",
    "np.mean({u})",
    "np.sum({u}) * np.cos(np.mean(x))",
    "np.sum({u}) + np.sum(x) ** 2",
]


@st.composite
def _fields(draw: st.DrawFn, style: Style) -> tuple[str, np.ndarray]:
    """The body of a function of an array `x`, and an array."""
    shape = draw(
        style.choose(
            simple=[(1,), (2,), (), (1, 2), (2, 2), (3,)],
            typical=[(3,), (2, 3), (4,), (3, 2), (2, 1, 2), ()],
            edge=[(), (1,), (1, 1), (3, 1), (1, 3), (2,), (2, 2, 2)],
        )
    )
    edge = [0.0, 1.0, -1.0, 2.5, 0.001]
    elements = style.choose(simple=[1.0, 2.0, 0.5, -1.0, 0.0, 1.5], typical=decimals(-2, 2), edge=edge)
    x = draw(hnp.arrays(np.float64, shape, elements=elements, fill=st.nothing()))
    u = _written(draw(_entrywise(style)), {"x": "x"}, "numpy")
    whole = _WHOLES[0] if style is Style.SIMPLE else draw(st.sampled_from(_WHOLES))
    return whole.format(u=u), np.asarray(x)


def _numerical_inputs(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    body, x = draw(_fields(style))
    options = draw(st.sampled_from([{}, {}, {"h": 0.5}, {"h": 0.1}, {"h": 0.001}]))
    return {"f": Code(f"lambda x: {body}"), "x": x, "options": options}


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


def _mean_slope(f: Code, x: np.ndarray, h: float) -> np.ndarray:
    """(f(x + h eᵢ) − f(x − h eᵢ)) / 2h for each i, as the mean of ∂f/∂xᵢ over that segment, by autograd."""
    function = _in_torch(f)
    found = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        for node, weight in zip(_NODES, _WEIGHTS, strict=True):
            moved = torch.tensor(x, dtype=torch.float64)
            moved[index] += h * node
            moved.requires_grad_()
            (slopes,) = torch.autograd.grad(function(moved), moved)
            found[index] += weight / 2 * float(slopes[index])
    return found


@functools.lru_cache(maxsize=512)
def _remembered_slope(source: str, data: bytes, shape: tuple[int, ...], h: float) -> np.ndarray:
    return _mean_slope(Code(source), np.frombuffer(data).reshape(shape), h)


@exercise(
    name="central_difference",
    points=9,
    inputs=drawn(_numerical_inputs),
    call="central_difference(f, x, **options)",
    unique=False,
)
def numerical(f: Code, x: Tensor, options: dict) -> Tensor:
    """The numerical gradient of f at x, by central differences of step h: an array of the shape of x.

    f maps an array of any shape (also of no dimension) to a number. x is left as it was. h is 1e-5 unless it is given.
    """
    data = np.ascontiguousarray(x.numpy())
    return torch.tensor(_remembered_slope(f.source, data.tobytes(), tuple(x.shape), options.get("h", 1e-5)))


@numerical.relation
def has_the_shape_of_x(result, f, x, options):
    """the numerical gradient has one entry for each entry of x, in the shape of x"""
    got = as_array(result)
    if got is None:
        return f"the numerical gradient is an array of numbers; yours is {_kind(result)}"
    return got.shape == x.shape or f"x has the shape {x.shape}, your numerical gradient {got.shape}; both should agree"


@numerical.relation
def is_the_central_difference(result, f, x, options):
    """each entry is the central difference (f(x + h) − f(x − h)) / 2h, with that one entry of x moved"""
    h = options.get("h", 1e-5)
    due = _remembered_slope(f.source, np.ascontiguousarray(x).tobytes(), x.shape, h)
    got = np.asarray(as_array(result), dtype=np.float64)
    wrong = ~(np.abs(got - due) <= 1e-6 * (1 + np.abs(due)))
    if not wrong.any():
        return True
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    where = f" at {list(at)}" if at else ""
    return f"expected {float(due[at]):.9g}{where}, got {float(got[at]):.9g} (step h = {h:g})"


wrong(numerical, "forward-difference", quotient=lambda above, here, below, h: (above - here) / h).hint(
    "this is the forward difference, with an error of the order h; take the step to both sides, and the first error "
    "term cancels."
)
wrong(numerical, "factor-two-missing", quotient=lambda above, here, below, h: (above - below) / h).hint(
    "your result is twice too large: between x − h and x + h lies a distance of 2h, not h."
)
wrong(numerical, "step-forgotten", quotient=lambda above, here, below, h: (above - below) / 2).hint(
    "the difference of the two values is not divided by the distance: a slope is rise over run, and the run depends "
    "on h."
)
wrong(numerical, "step-ignored", central_difference=lambda f, x, h=1e-5: central_difference(f, x)).hint(
    "the step that is given is ignored: h is an argument, and 1e-5 only its default."
)
wrong(
    numerical,
    "all-entries-moved",
    central_difference=lambda f, x, h=1e-5: np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h)),
).hint(
    "all entries of x are moved at the same time, so that every entry of your result is the sum of all partial "
    "derivatives; move one entry and leave the others where they are."
)


def _x_left_moved(f, x, h=1e-5):
    g = central_difference(f, x, h)
    x -= h
    return g


wrong(numerical, "x-left-moved", central_difference=_x_left_moved).hint(
    "the numbers are right, but x itself is changed afterwards: work on a copy, or put the original value back."
)


def _restored_by_adding(f, x, h=1e-5):
    g = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        x[i] += h
        above = f(x)
        x[i] -= 2 * h
        below = f(x)
        x[i] += h
        g[i] = (above - below) / (2 * h)
    return g


wrong(numerical, "restored-by-adding", central_difference=_restored_by_adding).hint(
    "x comes back almost, but not quite: adding and subtracting h rounds, and the last digits are lost; remember the "
    "original value and put it back."
)
wrong(numerical, "flat-result", central_difference=lambda f, x, h=1e-5: central_difference(f, x, h).ravel()).hint(
    "the numbers are right, but they come as one flat row; the gradient has the shape of x."
)
wrong(numerical, "step-too-small", h=1e-12).hint(
    "the step that you use by default is so small that rounding eats the digits of the difference; about 1e-5 "
    "balances rounding against truncation."
)


_GRADIENTS = [  # u is the body of f for one entry; each pair is f(x) = Σ u and its gradient
    ("x ** 2", "2 * x"),
    ("x ** 3", "3 * x ** 2"),
    ("np.exp(x)", "np.exp(x)"),
    ("np.sin(x)", "np.cos(x)"),
    ("3.0 * x", "3.0 + 0 * x"),
    ("np.tanh(x)", "1 - np.tanh(x) ** 2"),
    ("x * np.exp(x)", "(1 + x) * np.exp(x)"),
    ("np.log(x ** 2 + 1)", "2 * x / (x ** 2 + 1)"),
    ("(x - 1) ** 2", "2 * (x - 1)"),
]


def _check_inputs(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    _, x = draw(_fields(style))
    if style is Style.EDGE and draw(st.integers(0, 3)) == 0:
        flat = draw(st.sampled_from(["0.0 * np.sum(x)", "0 * np.sum(x) + 2.0"]))
        return {"f": Code(f"lambda x: {flat}"), "grad": Code("lambda x: 0.0 * x"), "x": x}
    u, g = draw(st.sampled_from(_GRADIENTS))
    wrong = draw(
        st.sampled_from(["{g}", "{g}", "2 * ({g})", "-({g})", "{g} + 1", "0.5 * ({g})", "1.001 * ({g})", "{u}"])
    )
    entry, claimed = f"np.sum({u})", wrong.format(g=g, u=u)
    slope = np.asarray(eval(g, {"np": np, "x": x}))
    assume(np.linalg.norm(slope) > 0.1)
    return {"f": Code(f"lambda x: {entry}"), "grad": Code(f"lambda x: {claimed}"), "x": x}


@functools.lru_cache(maxsize=512)
def _relative_error(f: str, grad: str, data: bytes, shape: tuple[int, ...]) -> float:
    x = torch.tensor(np.frombuffer(data).reshape(shape), dtype=torch.float64, requires_grad=True)
    (true,) = torch.autograd.grad(_in_torch(Code(f))(x) + 0 * x.sum(), x)
    claimed = _in_torch(Code(grad))(x.detach()).reshape(-1)
    true = true.reshape(-1)
    larger = torch.clamp(torch.linalg.vector_norm(claimed) + torch.linalg.vector_norm(true), min=1e-12)
    return float(torch.linalg.vector_norm(claimed - true) / larger)


@exercise(name="gradient_check", points=5, inputs=drawn(_check_inputs), builds_on=("central_difference",), unique=False)
def checking(f: Code, grad: Code, x: Tensor) -> float:
    """The relative error between grad(x) and the numerical gradient of f at x: one number.

    ‖g − ĝ‖ / max(‖g‖ + ‖ĝ‖, 1e-12), where ‖·‖ is the root of the sum of the squares of all entries.
    x may have any shape.
    """
    return _relative_error(f.source, grad.source, x.numpy().tobytes(), tuple(x.shape))


@checking.relation
def is_the_relative_error(result, f, grad, x):
    """the relative error is one number: the distance of the gradients divided by the sum of their lengths"""
    got = as_array(result)
    if got is None or got.shape != ():
        return f"the relative error is one number; yours is {_kind(result) if got is None else f'of shape {got.shape}'}"
    due = _relative_error(f.source, grad.source, np.ascontiguousarray(x).tobytes(), x.shape)
    if abs(float(got) - due) <= 2e-5:
        return True
    if due == 0 and np.isnan(float(got)):
        return "both gradients are 0 here, and 0 / 0 is NaN: that is what the maximum in the denominator is for"
    return f"expected about {due:.3g}, got {float(got):.6g}"


wrong(checking, "absolute-error", error=lambda g, n: _norm(g - n)).hint(
    "this is the absolute error; whether a distance is large can only be told beside the lengths of the gradients, so "
    "divide by their sum."
)
wrong(checking, "divided-by-one-length", error=lambda g, n: _norm(g - n) / max(_norm(n), 1e-12)).hint(
    "you divide by the length of one gradient only; the sum of both lengths keeps the error between 0 and 1, "
    "whichever of the two is wrong."
)
wrong(checking, "zero-by-zero", error=lambda g, n: float(_norm(g - n)) / float(_norm(g) + _norm(n))).hint(
    "where both gradients are 0 you divide 0 by 0; the maximum in the denominator is there for this case."
)
wrong(
    checking, "difference-of-lengths", error=lambda g, n: abs(_norm(g) - _norm(n)) / max(_norm(g) + _norm(n), 1e-12)
).hint(
    "you compare the lengths of the gradients; two gradients of the same length may point in different directions, so "
    "take the length of their difference."
)
wrong(checking, "root-missing", error=lambda g, n: np.sum((g - n) ** 2) / max(np.sum(g**2) + np.sum(n**2), 1e-12)).hint(
    "the squares are summed, but the root is missing: a length is the root of the sum of the squares."
)
wrong(
    checking, "error-of-each-entry", error=lambda g, n: np.abs(g - n) / np.maximum(np.abs(g) + np.abs(n), 1e-12)
).hint("you return the error of each entry; what is asked for is one number, from the lengths of whole gradients.")


# --- symbolic differentiation ----------------------------------------------------------------------------------------


def _symbolic_inputs(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    rules = draw(st.sampled_from(list(_FAMILIES)))
    if style is Style.EDGE and rules == "sums and products" and draw(st.integers(0, 3)) == 0:
        tree = draw(
            st.sampled_from([5.0, "x", "y", 0, ("+", "x", "x"), ("*", "x", "x"), ("-", 3, "x"), ("*", "y", "y")])
        )
    else:
        names = draw(
            st.sampled_from([("x",), ("x", "y")] if style is Style.SIMPLE else [("x", "y"), ("x",), ("x", "y", "z")])
        )
        tree = draw(_family_trees(names, rules, style))
        assume(len(_points(tree)) >= 3)
        assume(all(abs(s) < 1e4 for point in _points(tree)[:5] for s in _slopes(tree, point).values()))
    return {"rules": rules, "expression": tree, "variable": draw(st.sampled_from(["x", "x", "x", "y"]))}


@exercise(
    name="differentiate",
    points=10,
    inputs=drawn(_symbolic_inputs),
    parts=("rules",),
    call="differentiate(expression, variable)",
    unique=False,
)
def symbolic(rules: Family, expression: Tree, variable: str) -> Tree:
    """The derivative of an expression with respect to a variable, as an expression.

    An expression is a number, a variable's name, or ("+", u, v), ("-", u, v), ("*", u, v), ("/", u, v),
    ("**", u, number), ("exp", u), ("log", u), ("sin", u), ("cos", u), ("tanh", u), ("sigmoid", u). Other variables are
    constants. The derivative need not be simplified.
    """
    if not isinstance(expression, tuple):
        return 1.0 if expression == variable else 0.0
    operator, u, *others = expression
    v = others[0] if others else None
    by_u = {
        "+": lambda: 1.0,
        "-": lambda: 1.0,
        "*": lambda: v,
        "/": lambda: ("**", v, -1.0),
        "**": lambda: ("*", float(v), ("**", u, v - 1.0)),
        "exp": lambda: expression,
        "log": lambda: ("**", u, -1.0),
        "sin": lambda: ("cos", u),
        "cos": lambda: ("*", -1.0, ("sin", u)),
        "tanh": lambda: ("-", 1.0, ("**", expression, 2.0)),
        "sigmoid": lambda: ("-", expression, ("**", expression, 2.0)),
    }[operator]()
    result = ("*", by_u, symbolic.reference(rules, u, variable))
    if operator in ("+", "-", "*", "/"):
        by_v = {"+": 1.0, "-": -1.0, "*": u, "/": ("*", ("*", -1.0, u), ("**", v, -2.0))}[operator]
        result = ("+", result, ("*", by_v, symbolic.reference(rules, v, variable)))
    return result


@symbolic.relation
def has_the_values_of_the_derivative(result, rules, expression, variable):
    """the expression returned has the value of the derivative wherever it is evaluated"""
    try:
        found = _read(result, _POINTS[0])
    except Malformed as problem:
        return str(problem)
    for point in _points(expression)[:5]:
        due = _slopes(expression, point)[variable]
        at = f"d/d{variable} of {_one_line(expression)} at {_at(point, expression)}"
        try:
            got = evaluate(found, point)
        except (ArithmeticError, ValueError):
            return f"{at} is {due:.6g}; your expression has no value there"
        if not abs(got - due) <= 1e-7 * (1 + abs(due)):
            return f"{at} is {due:.6g}; yours is {got:.6g}"
    return True


wrong(symbolic, "product-of-the-derivatives", rules=_RULES | {"*": lambda u, du, v, dv: ("*", du, dv)}).hint(
    "the derivative of a product is not the product of the derivatives: each factor is differentiated in turn, while "
    "the other stays."
)
wrong(symbolic, "chain-rule-forgotten", chain=lambda slope, du: slope).hint(
    "the inner derivative is missing: a function of u changes by its own slope times the slope of u, and this goes "
    "for powers, too."
)
wrong(symbolic, "every-variable-counts", name=lambda e, variable: 1.0).hint(
    "every variable gets the derivative 1; only the one that you differentiate by does, the others are constants."
)
wrong(
    symbolic,
    "quotient-rule-adds",
    rules=_RULES | {"/": lambda u, du, v, dv: ("/", ("+", ("*", du, v), ("*", u, dv)), ("**", v, 2))},
).hint("in the quotient rule the two terms of the numerator are subtracted, not added.")
wrong(symbolic, "minus-of-cosine-missing", outer=_OUTER | {"cos": lambda y, u: ("sin", u)}).hint(
    "the minus of the cosine's derivative is missing: just right of 0 the cosine falls."
)
wrong(symbolic, "exponent-stays", outer=_OUTER | {"**": lambda y, u, n: ("*", n, ("**", u, n))}).hint(
    "the power rule lowers the exponent by one; in your result it stays."
)
wrong(symbolic, "constants-kept", number=lambda e: e).hint(
    "numbers keep their value in your derivative; a constant does not change, so its derivative is 0."
)


def _evaluation_inputs(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    names = draw(st.sampled_from([("x",), ("x", "y")] if style is not Style.TYPICAL else [("x", "y"), ("x", "y", "z")]))
    family = draw(st.sampled_from(list(_FAMILIES)))
    tree = draw(_family_trees(names, family, style))
    if style is Style.EDGE and draw(st.integers(0, 5)) == 0:
        tree = draw(st.sampled_from([3, 2.5, "x", ("*", 2, 3), ("-", 1, ("-", 2, 3)), ("**", 4, 0.5), ("**", 0, 0)]))
        names = ("x",)
    given = {name: draw(_arguments(style)) for name in names}
    try:
        evaluate(tree, given, margin=0.05, largest=1e4)
    except (ArithmeticError, ValueError):
        assume(tree == ("**", 0, 0))
    return {"expression": tree, "values": given}


@exercise(name="evaluate", points=4, inputs=drawn(_evaluation_inputs))
def evaluation(expression: Tree, values: dict) -> float:
    """The value of an expression for given values of its variables: one number.

    values maps names to numbers; for the form of an expression see `differentiate`.
    """
    return _tensor_of(expression, {name: torch.tensor(value, dtype=torch.float64) for name, value in values.items()})


wrong(evaluation, "difference-swapped", operations=_PLAIN | {"-": lambda u, v: v - u}).hint(
    "in differences the operands are swapped: ('-', u, v) means u minus v."
)
wrong(evaluation, "whole-quotients", operations=_PLAIN | {"/": arithmetic.floordiv}).hint(
    "division rounds down to whole numbers: use the operator with one slash."
)
wrong(evaluation, "powers-as-products", operations=_PLAIN | {"**": arithmetic.mul}).hint(
    "'**' is computed as a product; it means u to the power of v."
)
wrong(evaluation, "base-ten", operations=_PLAIN | {"log": math.log10}).hint(
    "'log' is computed to base 10; here, as in NumPy, it means the natural logarithm."
)
wrong(evaluation, "sigmoid-upside-down", operations=_PLAIN | {"sigmoid": lambda u: 1 / (1 + math.exp(u))}).hint(
    "your sigmoid falls: the exponent is minus u, so that σ is near 1 for large u and near 0 for very negative u."
)
wrong(evaluation, "tangent-for-tanh", operations=_PLAIN | {"tanh": math.tan}).hint(
    "'tanh' is computed as the tangent; the hyperbolic tangent is another function, which stays between −1 and 1."
)


Removes = Literal["constants", "zeros and ones", "both, nested"]


def _neutral(u: SearchStrategy[Tree]) -> SearchStrategy[Tree]:
    """Expressions in which a 0 or a 1 is to be removed."""
    zero, one = [0, 0.0], [1, 1.0]
    return st.one_of(
        _tree("+", zero, u),
        _tree("+", u, zero),
        _tree("*", one, u),
        _tree("*", u, one),
        _tree("*", zero, u),
        _tree("*", u, zero),
        _tree("**", u, one),
        _tree("**", u, zero),
    )


def _constant(style: Style) -> SearchStrategy[Tree]:
    """Expressions of numbers only."""
    simple = st.sampled_from([2.0, 3.0, 0.5, 4.0])
    number = simple if style is Style.SIMPLE else st.one_of(_numbers(style), st.sampled_from([2, 3]))
    flat = st.one_of(_tree(["+", "-", "*", "/"], number, number), _tree("**", number, [2, 3]), _tree([*_UNARY], number))
    if style is Style.SIMPLE:
        return flat
    return st.one_of(flat, _tree(["+", "*", "-"], flat, number), _tree(["sin", "tanh"], flat))


def _simplify_inputs(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    asked = draw(st.sampled_from(["constants", "zeros and ones", "both, nested"]))
    name = st.sampled_from(["x", "y"])
    u = name if style is Style.SIMPLE else _trees(("x", "y"), 1, ("+", "*", "-"), ("sin", "exp"), Style.SIMPLE)
    if asked == "constants":
        number = _constant(style)
        trees = st.one_of(number, _tree(["+", "*", "-"], number, u), _tree("/", u, number))
    elif asked == "zeros and ones":
        trees = _neutral(u)
    else:
        inner = st.one_of(
            _neutral(u),
            _tree("*", u, [("-", 1, 1), ("-", 2.0, 1.0), ("*", 0, 5)]),
            _tree("+", [("-", 1, 1), ("*", 0, 3.0), ("sin", 0)], u),
        )
        trees = st.one_of(
            _tree(["+", "-", "*"], inner, inner),
            _tree(["exp", "sin", "tanh", "sigmoid"], inner),
            _neutral(inner),
            _tree("**", inner, [2, 3]),
            _tree(["-", "/"], u, inner),
            _tree(["-", "/"], [0, 1], inner),
        )
    tree = draw(trees)
    assume(len(_points(tree)) >= 3)
    return {"asked": asked, "expression": tree}


@exercise(
    name="simplify",
    points=8,
    inputs=drawn(_simplify_inputs),
    parts=("asked",),
    builds_on=("evaluate",),
    call="(simplify(expression), simplify(simplify(expression)))",
    unique=False,
)
def simplification(asked: Removes, expression: Tree) -> tuple:
    """A shorter expression with the same value, and once simplified it stays as it is.

    Operators whose operands are all numbers are replaced by their value, and 0 + u, 1 * u, 0 * u (in either order),
    u ** 1 and u ** 0 are removed, everywhere in the expression. The result is never longer than the input.
    """

    def shorter(tree: Tree) -> Tree:
        if not isinstance(tree, tuple):
            return tree
        operator, *operands = tree
        operands = [shorter(operand) for operand in operands]
        numbers = [operand for operand in operands if not isinstance(operand, str | tuple)]
        if len(numbers) == len(operands):
            return float(_tensor_of((operator, *operands), {}))
        others = [operand for operand in operands if isinstance(operand, str | tuple)]
        for symbol, number, result in (
            ("+", 0, others[0]),
            ("*", 1, others[0]),
            ("*", 0, 0.0),
            ("**", 1, others[0]),
            ("**", 0, 1.0),
        ):
            if operator == symbol and number in numbers:
                return result
        return (operator, *operands)

    return shorter(expression), shorter(shorter(expression))


def _simplified(result: Any) -> tuple[Tree, Tree]:
    """Both simplified expressions. Raises Malformed."""
    once, again = result
    return _read(once, _POINTS[0]), _read(again, _POINTS[0])


@simplification.relation
def is_an_expression(result, asked, expression):
    """the result is an expression: a number, a name or a tuple of an operator and its operands"""
    try:
        _simplified(result)
    except Malformed as problem:
        return str(problem)
    return True


@simplification.relation
def keeps_the_value(result, asked, expression):
    """the simplified expression has the same value as the original, everywhere"""
    found, _ = _simplified(result)
    for point in _points(expression):
        due = float(_tensor_of(expression, {name: torch.tensor(at, dtype=torch.float64) for name, at in point.items()}))
        where = f"at {_at(point, expression)} {_one_line(expression)} is {due:.6g}"
        try:
            got = evaluate(found, point)
        except (ArithmeticError, ValueError):
            return f"{where}; your simplified expression has no value there"
        if not abs(got - due) <= 1e-8 * (1 + abs(due)):
            return f"{where}; your simplified expression is {got:.6g}"
    return True


@simplification.relation
def is_never_longer(result, asked, expression):
    """the simplified expression is never longer than the original"""
    found, _ = _simplified(result)
    return _size(found) <= _size(expression) or (
        f"{_one_line(expression)} has {_size(expression)} operators, numbers and names; "
        f"simplified it has {_size(found)}"
    )


@simplification.relation
def folds_constants(result, asked, expression):
    """an operator whose operands are all numbers is replaced by its value"""
    found, _ = _simplified(result)
    for part in _subtrees(found):
        if isinstance(part, tuple) and all(isinstance(operand, float) for operand in part[1:]):
            return (
                f"{_one_line(part)} is left in your result, but its operands are all numbers: replace it by its value"
            )
    return True


@simplification.relation
def removes_zeros_and_ones(result, asked, expression):
    """0 + u, 1 * u, 0 * u, u ** 1 and u ** 0 are removed"""
    found, _ = _simplified(result)
    for part in _subtrees(found):
        if not isinstance(part, tuple):
            continue
        operator, *operands = part
        gone = {"+": (0.0,), "*": (0.0, 1.0)}.get(operator, ())
        if any(isinstance(operand, float) and operand in gone for operand in operands):
            return f"{_one_line(part)} is left in your result and could be shorter"
        if operator == "**" and operands[1] in (0.0, 1.0):
            return f"{_one_line(part)} is left in your result and could be shorter"
    return True


@simplification.relation
def changes_nothing_the_second_time(result, asked, expression):
    """applying simplify to its own result changes nothing"""
    once, again = _simplified(result)
    return difference(once, again) is None or (
        f"simplifying {_one_line(expression)} gives {_one_line(once)}, and simplifying that gives {_one_line(again)}"
    )


wrong(simplification, "returned-unchanged", simplify=lambda expression: expression).hint(
    "the expression comes back as it was; nothing has been folded or removed."
)
wrong(simplification, "outermost-only", inside="never").hint(
    "only the outermost operator is simplified; zeros, ones and constants deeper inside stay: simplify the operands "
    "first."
)
wrong(simplification, "from-the-outside-in", inside="last").hint(
    "you look at the operator before its operands are simplified, so that a second pass finds more to do: start at "
    "the leaves."
)
wrong(
    simplification,
    "left-operand-only",
    rules={rule: result for rule, result in _SHORTER.items() if rule not in ("u + 0", "u * 0", "u * 1")},
).hint("a 0 or a 1 is noticed on the left only; u + 0, u * 1 and u * 0 are to be removed as well.")
wrong(simplification, "power-zero-is-zero", rules=_SHORTER | {"u ** 0": 0.0}).hint(
    "u ** 0 becomes 0; anything to the power of 0 is 1."
)
wrong(simplification, "zero-times-u-is-u", rules=_SHORTER | {"0 * u": "u", "u * 0": "u"}).hint(
    "0 * u becomes u, as if 0 were neutral for products; a product with a factor 0 is 0."
)
wrong(
    simplification,
    "neutral-for-every-operator",
    rules=_SHORTER | {"0 - u": "u", "u - 0": "u", "1 / u": "u", "u / 1": "u"},
).hint("0 − u becomes u and 1 / u becomes u; only sums and products may drop a neutral element on the left.")
wrong(simplification, "constants-not-folded", folds=False).hint(
    "zeros and ones are removed, but constants are not folded: an operator whose operands are all numbers has a value "
    "that you can put in its place."
)
