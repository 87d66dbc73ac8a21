"""Hidden tests of `alternatives`: forward mode with dual numbers, numerical and symbolic differentiation.

The references know nothing of dual numbers: a dual number is the curve t ↦ real + dual·t, and autograd differentiates
at t = 0. A central difference is the mean of the derivative over [x − h, x + h], by Gauss's quadrature. Expressions are
drawn as trees; a tree is written out as Python where an exercise takes a function. What a student's `differentiate` or
`simplify` returns is evaluated here, at several points, and judged by its values.
"""

import functools
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import numpy as np
import torch
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.strategies import SearchStrategy
from torch import Tensor

from autograder.author.domains import Style, decimals
from autograder.author.exercise import Exercise, exercise
from autograder.border import values as border
from autograder.border.values import Code
from autograder.cases.equality import as_array, difference

Tree = Any
"""An expression: a number, a variable's name, or a tuple (operator, operand, …)."""

_BINARY = ("+", "-", "*", "/", "**")
_UNARY = ("exp", "log", "sin", "cos", "tanh", "sigmoid")


# --- dual numbers: autograd's, and plain ones for the mistakes -------------------------------------------------------

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


class Dual:
    """Right dual numbers in plain Python: what the mistakes below are mistakes in."""

    def __init__(self, real, dual=0.0):
        self.real = real
        self.dual = dual

    def lift(self, other):
        return other if isinstance(other, Dual) else type(self)(other)

    def __add__(self, other):
        other = self.lift(other)
        return type(self)(self.real + other.real, self.dual + other.dual)

    def __sub__(self, other):
        other = self.lift(other)
        return type(self)(self.real - other.real, self.dual - other.dual)

    def __mul__(self, other):
        other = self.lift(other)
        return type(self)(self.real * other.real, self.dual * other.real + self.real * other.dual)

    def __truediv__(self, other):
        other = self.lift(other)
        slope = (self.dual * other.real - self.real * other.dual) / other.real**2
        return type(self)(self.real / other.real, slope)

    def __radd__(self, other):
        return self + other

    def __rsub__(self, other):
        return self.lift(other) - self

    def __rmul__(self, other):
        return self * other

    def __rtruediv__(self, other):
        return self.lift(other) / self

    def __neg__(self):
        return type(self)(-self.real, -self.dual)

    def __pow__(self, n):
        return type(self)(self.real**n, n * self.real ** (n - 1) * self.dual)

    def exp(self):
        return type(self)(np.exp(self.real), np.exp(self.real) * self.dual)

    def log(self):
        return type(self)(np.log(self.real), self.dual / self.real)

    def sin(self):
        return type(self)(np.sin(self.real), np.cos(self.real) * self.dual)

    def cos(self):
        return type(self)(np.cos(self.real), -np.sin(self.real) * self.dual)

    def tanh(self):
        return type(self)(np.tanh(self.real), (1 - np.tanh(self.real) ** 2) * self.dual)

    def sigmoid(self):
        s = 1 / (1 + np.exp(-self.real))
        return type(self)(s, s * (1 - s) * self.dual)


def _with(program: Code, **methods: Callable[..., Any]) -> Any:
    """The value of a program in which these methods of `Dual` are wrong."""
    for name, method in methods.items():
        method.__name__, method.__qualname__ = name, f"Dual.{name}"  # a TypeError names them
    return border.evaluate(program, {"Dual": type("Dual", (Dual,), methods)})


def _as_dual(real: float, dual: float) -> Callable[[Any], Any]:
    """A method without arguments that makes a dual number of two formulas' results."""
    return lambda u: type(u)(real(u.real, u.dual), dual(u.real, u.dual))


def _not_offered(u: Any, v: Any) -> Any:
    """What Python does where a class lacks a reflected operator."""
    return NotImplemented


def called_as(entry: Exercise, twice: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a wrong function what a student's would get: functions for Code, and only the arguments of its call."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        own = inspect.signature(function).parameters

        @functools.wraps(function)
        def call(**arguments: Any) -> Any:
            flat = {**arguments, **arguments.get("options", {})}
            given = {
                name: border.evaluate(value, {"np": np}) if isinstance(value, Code) else value
                for name, value in flat.items()
                if name in own
            }
            result = function(**given)
            return (result, function(function(**given))) if twice else result

        kind = inspect.Parameter.KEYWORD_ONLY
        call.__signature__ = inspect.Signature([inspect.Parameter(known.name, kind) for known in entry.parameters])
        return call

    return decorate


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


def _apply(operator: str, u: float, v: float = 0.0, *, margin: float) -> float:
    if operator == "/" and abs(v) <= margin:
        raise ZeroDivisionError
    if operator == "log" and u <= margin:
        raise ValueError
    if operator == "**" and v % 1 and (u < 0 or u < margin):
        raise ValueError
    if operator == "**" and v <= 0 and abs(u) < margin:
        raise ZeroDivisionError
    return {
        "+": lambda: u + v,
        "-": lambda: u - v,
        "*": lambda: u * v,
        "/": lambda: u / v,
        "**": lambda: u**v,
        "exp": lambda: math.exp(u),
        "log": lambda: math.log(u),
        "sin": lambda: math.sin(u),
        "cos": lambda: math.cos(u),
        "tanh": lambda: math.tanh(u),
        "sigmoid": lambda: 1 / (1 + math.exp(-u)) if u > 0 else math.exp(u) / (1 + math.exp(u)),
    }[operator]()


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
    {"x": 0.7, "y": 1.3, "z": -0.4},
    {"x": 1.9, "y": -0.8, "z": 0.6},
    {"x": -1.1, "y": 0.45, "z": 1.7},
    {"x": 2.6, "y": 2.2, "z": 0.9},
    {"x": 0.35, "y": 3.1, "z": 2.3},
    {"x": -0.55, "y": -1.6, "z": -2.1},
    {"x": 3.4, "y": 0.15, "z": 1.2},
    {"x": -2.3, "y": 1.75, "z": 0.25},
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


@functools.cache
def _numbers(style: Style) -> SearchStrategy[float]:
    if style is Style.SIMPLE:
        return st.sampled_from([2.0, 3.0, 1.0, -1.0, 0.5, 4.0])
    if style is Style.TYPICAL:
        return decimals(-3, 3)
    return st.sampled_from([0, 1, 2, -1, 0.0, 1.0, 10.0])


@functools.cache
def _exponents(style: Style) -> SearchStrategy[float]:
    return st.sampled_from([2, 3, -1] if style is Style.SIMPLE else [2, 3, -1, -2, 0.5, 1.5, 1, 4, -0.5, 2.0])


@functools.cache
def _trees(
    names: tuple[str, ...], depth: int, binary: tuple[str, ...], unary: tuple[str, ...], style: Style
) -> SearchStrategy[Tree]:
    """Expressions at most `depth` operators deep."""
    names_ = st.sampled_from(names)
    if depth == 0:
        return st.one_of(names_, names_, _numbers(style))
    smaller = _trees(names, depth - 1, binary, unary, style)
    kinds = [
        st.tuples(st.just("**"), smaller, _exponents(style))
        if symbol == "**"
        else st.tuples(st.just(symbol), smaller, smaller)
        for symbol in binary
    ]
    kinds += [st.tuples(st.just(name), smaller) for name in unary]
    return st.one_of(*kinds, names_) if depth < 3 else st.one_of(*kinds)


def _family_trees(names: tuple[str, ...], family: str, style: Style) -> SearchStrategy[Tree]:
    depth = st.sampled_from({Style.SIMPLE: [1, 1, 2], Style.EDGE: [2], Style.TYPICAL: [2, 3, 3]}[style])
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


# --- programs of dual numbers ----------------------------------------------------------------------------------------


@functools.cache
def _parts(style: Style, zero: bool = True, largest: float = 1000.0) -> SearchStrategy[float]:
    """Real or dual parts of a dual number, without 0 where something is divided by them."""
    if style is Style.SIMPLE:
        numbers = [2.0, 3.0, 1.0, -1.0, 0.5, 4.0, -2.0, 5.0, 1.5, -3.0, 2.5, -0.5]
    elif style is Style.EDGE:
        numbers = [0.0, 1.0, -1.0, largest, -largest, 10.0, 2, -3, 0.25, 7]
    else:
        return decimals(-4, 4) if zero else decimals(-4, 4).filter(lambda number: abs(number) >= 0.25)
    return st.sampled_from([number for number in numbers if zero or number])


def _program(*lines: str, show: str) -> Code:
    return Code("\n".join([*lines, f"({show})"]))


_OPERANDS = ["two duals", "number on the right", "number on the left"]
Operands = Literal["two duals", "number on the right", "number on the left"]


def _binary(symbol: str) -> Callable[..., SearchStrategy[dict[str, Any]]]:
    """Programs that apply one operator to duals and numbers."""

    @st.composite
    def programs(draw: st.DrawFn, style: Style) -> dict[str, Any]:
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

    return lambda dims, style: programs(style)


def _unary(line: str, real: Callable[[Style], SearchStrategy[float]]) -> Callable[..., SearchStrategy[dict[str, Any]]]:
    """Programs that apply one method or sign to a dual number."""

    @st.composite
    def programs(draw: st.DrawFn, style: Style) -> dict[str, Any]:
        u = f"u = Dual({draw(real(style))!r}, {draw(_parts(style))!r})"
        shown = ["w.real, w.dual", "w.real, w.dual, u.real, u.dual"]
        return {"program": _program(u, line, show=draw(st.sampled_from(shown)))}

    return lambda dims, style: programs(style)


def _within(bound: float) -> Callable[[Style], SearchStrategy[float]]:
    """Arguments of a function, up to ±bound at the edges."""
    edges = [0.0, 1.0, -1.0, bound, -bound, bound / 2, 1, -2, 0.001, -bound / 2, 0, 3]
    return lambda style: st.sampled_from(edges) if style is Style.EDGE else _parts(style)


def _positive(style: Style) -> SearchStrategy[float]:
    if style is Style.SIMPLE:
        return st.sampled_from([1.0, 2.0, 0.5, 4.0, 10.0, 3.0, 5.0, 8.0, 0.25, 1.5, 2.5, 6.0, 7.0, 9.0, 12.0, 20.0])
    if style is Style.EDGE:
        return st.sampled_from([1.0, 0.01, 1000.0, 0.25, 2, 100, 1, 0.1, 20.0, 3, 0.05, 500, 7.5, 0.02, 50.0, 9])
    return st.integers(10, 500).map(lambda hundredths: hundredths / 100)


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


@st.composite
def _construction(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    """Programs that make dual numbers and look at their parts."""
    program = draw(st.sampled_from(_CONSTRUCTIONS))
    return {"program": Code(program.format(*(repr(draw(_parts(style))) for _ in range(program.count("{}")))))}


# ---------------------------------------------------------------------------------------------------------------------


@exercise(name="Dual", points=4, inputs=lambda dims, style: _construction(style), call="program")
def construction(program: Code) -> tuple:
    """A dual number keeps its two parts, and the dual part is 0 unless it is given.

    Dual(real, dual=0.0) has the attributes `.real` and `.dual`.
    """
    return _by_autograd(program)


@construction.misconception(
    hint="a dual number of one argument is a constant, and a constant does not change with the input: its dual part "
    "is 0, not 1."
)
def dual_part_one_by_default(program):
    def init(self, real, dual=1.0):
        self.real, self.dual = real, dual

    return _with(program, __init__=init)


@construction.misconception(hint="the two parts are swapped: the value comes first, its derivative second.")
def parts_swapped(program):
    def init(self, real, dual=0.0):
        self.real, self.dual = dual, real

    return _with(program, __init__=init)


@construction.misconception(
    hint="the dual part that was given gets lost: store the argument, not the default that it would have."
)
def dual_part_ignored(program):
    def init(self, real, dual=0.0):
        self.real, self.dual = real, 0.0

    return _with(program, __init__=init)


@construction.misconception(
    hint="a second dual number overwrites the parts of the first: they belong on `self`, not on the class that all "
    "dual numbers share."
)
def shared_by_all(program):
    def init(self, real, dual=0.0):
        type(self).real, type(self).dual = real, dual

    return _with(program, __init__=init)


@construction.misconception(
    hint="the parts are rounded to whole numbers on the way in; store them as they are, values have decimals."
)
def rounded_to_integers(program):
    def init(self, real, dual=0.0):
        self.real, self.dual = int(real), int(dual)

    return _with(program, __init__=init)


# ---------------------------------------------------------------------------------------------------------------------


@exercise(name="Dual.__add__", points=4, inputs=_binary("+"), parts=("operands",), call="program")
def addition(operands: Operands, program: Code) -> tuple:
    """The sum of two dual numbers, or of a dual number and a number on either side.

    (a + a'ε) + (b + b'ε), as a new dual number; a number is a dual number whose dual part is 0.
    """
    return _by_autograd(program)


@addition.misconception(
    hint="adding a number shifts the value and nothing else: it has no dual part that could be added to the slope."
)
def number_added_to_both_parts(operands, program):
    def add(u, v):
        v = v if isinstance(v, Dual) else type(u)(v, v)
        return type(u)(u.real + v.real, u.dual + v.dual)

    return _with(program, __add__=add)


@addition.misconception(
    hint="the derivative of a sum is the sum of both derivatives; the one of the right operand is missing."
)
def only_the_left_slope(operands, program):
    return _with(program, __add__=lambda u, v: type(u)(u.real + u.lift(v).real, u.dual))


@addition.misconception(
    hint="numbers have no dual part: before you add, turn a plain number into a dual number with dual part 0, and "
    "define the reflected operator for a number on the left."
)
def sum_without_numbers(operands, program):
    return _with(program, __add__=lambda u, v: type(u)(u.real + v.real, u.dual + v.dual), __radd__=_not_offered)


@addition.misconception(
    hint="a number on the left is not handled: Python asks the number first, and then your class for `__radd__`."
)
def no_reflected_sum(operands, program):
    return _with(program, __radd__=_not_offered)


@addition.misconception(
    hint="the sum is right, but it is stored in the left operand, which may be used again: make a new dual number."
)
def sum_in_place(operands, program):
    def add(u, v):
        v = u.lift(v)
        u.real, u.dual = u.real + v.real, u.dual + v.dual
        return u

    return _with(program, __add__=add)


# ---------------------------------------------------------------------------------------------------------------------


@exercise(name="Dual.__sub__", points=4, inputs=_binary("-"), parts=("operands",), call="program")
def subtraction(operands: Operands, program: Code) -> tuple:
    """The difference of two dual numbers, or of a dual number and a number on either side.

    (a + a'ε) − (b + b'ε), as a new dual number; a number is a dual number whose dual part is 0.
    """
    return _by_autograd(program)


@subtraction.misconception(
    hint="with a number on the left the operands are the wrong way round: 3 − u is not u − 3; in `__rsub__` the "
    "number comes first."
)
def reflected_the_wrong_way(operands, program):
    return _with(program, __rsub__=lambda u, v: u - v)


@subtraction.misconception(
    hint="the values are subtracted, but the slopes are added: a difference falls where its right operand rises."
)
def slopes_added(operands, program):
    def sub(u, v):
        v = u.lift(v)
        return type(u)(u.real - v.real, u.dual + v.dual)

    return _with(program, __sub__=sub)


@subtraction.misconception(
    hint="in 3 − u the value is right, but the slope is not: as u rises, 3 − u falls, so its slope is minus that of u."
)
def reflected_slope_unchanged(operands, program):
    return _with(program, __rsub__=lambda u, v: type(u)(v - u.real, u.dual))


@subtraction.misconception(hint="the slope of the right operand is missing; both operands may depend on the input.")
def right_slope_dropped(operands, program):
    return _with(program, __sub__=lambda u, v: type(u)(u.real - u.lift(v).real, u.dual))


@subtraction.misconception(
    hint="a number on the left is not handled: Python asks the number first, and then your class for `__rsub__`."
)
def no_reflected_difference(operands, program):
    return _with(program, __rsub__=_not_offered)


@subtraction.misconception(
    hint="numbers have no dual part: before you subtract, turn a plain number into a dual number with dual part 0, "
    "and define the reflected operator for a number on the left."
)
def difference_without_numbers(operands, program):
    return _with(program, __sub__=lambda u, v: type(u)(u.real - v.real, u.dual - v.dual), __rsub__=_not_offered)


# ---------------------------------------------------------------------------------------------------------------------


@exercise(name="Dual.__mul__", points=5, inputs=_binary("*"), parts=("operands",), call="program")
def multiplication(operands: Operands, program: Code) -> tuple:
    """The product of two dual numbers, or of a dual number and a number on either side.

    (a + a'ε)(b + b'ε) with ε² = 0, as a new dual number; a number is a dual number whose dual part is 0.
    """
    return _by_autograd(program)


@multiplication.misconception(
    hint="the dual parts are multiplied with each other, but that product carries ε² and vanishes; multiply out the "
    "brackets and see what stands before ε."
)
def parts_multiplied_separately(operands, program):
    def mul(u, v):
        v = u.lift(v)
        return type(u)(u.real * v.real, u.dual * v.dual)

    return _with(program, __mul__=mul)


@multiplication.misconception(
    hint="one half of the product rule is missing: when you multiply out the brackets, two terms carry ε."
)
def half_of_the_product_rule(operands, program):
    def mul(u, v):
        v = u.lift(v)
        return type(u)(u.real * v.real, u.dual * v.real)

    return _with(program, __mul__=mul)


@multiplication.misconception(
    hint="this is how complex numbers are multiplied: there i² is −1, but here ε² is 0, so that the product of the "
    "dual parts drops out of the value."
)
def complex_product(operands, program):
    def mul(u, v):
        v = u.lift(v)
        return type(u)(u.real * v.real - u.dual * v.dual, u.real * v.dual + u.dual * v.real)

    return _with(program, __mul__=mul)


@multiplication.misconception(
    hint="besides the product rule your slope contains the product of both slopes; that term carries ε², which is 0."
)
def epsilon_squared_kept(operands, program):
    def mul(u, v):
        v = u.lift(v)
        return type(u)(u.real * v.real, u.real * v.dual + u.dual * v.real + u.dual * v.dual)

    return _with(program, __mul__=mul)


@multiplication.misconception(
    hint="a number multiplies the value, but it has to multiply the slope, too: three times u is three times as steep."
)
def number_scales_the_value_only(operands, program):
    def mul(u, v):
        return Dual.__mul__(u, v) if isinstance(v, Dual) else type(u)(u.real * v, u.dual)

    return _with(program, __mul__=mul)


@multiplication.misconception(
    hint="the product rule adds its two terms; yours subtracts them, which belongs to the quotient."
)
def product_rule_with_minus(operands, program):
    def mul(u, v):
        v = u.lift(v)
        return type(u)(u.real * v.real, u.dual * v.real - u.real * v.dual)

    return _with(program, __mul__=mul)


@multiplication.misconception(
    hint="a number on the left is not handled: Python asks the number first, and then your class for `__rmul__`."
)
def no_reflected_product(operands, program):
    return _with(program, __rmul__=_not_offered)


# ---------------------------------------------------------------------------------------------------------------------


@exercise(name="Dual.__truediv__", points=6, inputs=_binary("/"), parts=("operands",), call="program")
def division(operands: Operands, program: Code) -> tuple:
    """The quotient of two dual numbers, or of a dual number and a number on either side.

    (a + a'ε)/(b + b'ε) with b ≠ 0, as a new dual number; a number is a dual number whose dual part is 0.
    """
    return _by_autograd(program)


@division.misconception(
    hint="the parts are divided separately; the quotient's slope mixes values and slopes, as the derivation with "
    "(b − b'ε) shows."
)
def parts_divided_separately(operands, program):
    def div(u, v):
        v = u.lift(v)
        return type(u)(u.real / v.real, u.dual / v.dual if v.dual else u.dual)

    return _with(program, __truediv__=div)


@division.misconception(
    hint="the slope has the wrong sign: in the numerator of the quotient rule the term with the slope of the "
    "numerator comes first and the other one is subtracted."
)
def numerator_the_wrong_way(operands, program):
    def div(u, v):
        v = u.lift(v)
        return type(u)(u.real / v.real, (u.real * v.dual - u.dual * v.real) / v.real**2)

    return _with(program, __truediv__=div)


@division.misconception(
    hint="the denominator of the quotient rule is the square of the denominator; yours is not squared."
)
def denominator_not_squared(operands, program):
    def div(u, v):
        v = u.lift(v)
        return type(u)(u.real / v.real, (u.dual * v.real - u.real * v.dual) / v.real)

    return _with(program, __truediv__=div)


@division.misconception(
    hint="the two terms of the quotient rule are added; a quotient falls as its denominator rises, so that term is "
    "subtracted."
)
def quotient_rule_with_plus(operands, program):
    def div(u, v):
        v = u.lift(v)
        return type(u)(u.real / v.real, (u.dual * v.real + u.real * v.dual) / v.real**2)

    return _with(program, __truediv__=div)


@division.misconception(
    hint="with a number on the left the operands are the wrong way round: 3 / u is not u / 3; in `__rtruediv__` the "
    "number is the numerator."
)
def quotient_reflected_the_wrong_way(operands, program):
    return _with(program, __rtruediv__=lambda u, v: u / v)


@division.misconception(
    hint="3 / u is not 3 times the slope of u: a number divided by u falls where u rises, and the square of u is in "
    "the denominator."
)
def number_over_dual_by_parts(operands, program):
    return _with(program, __rtruediv__=lambda u, v: type(u)(v / u.real, v * u.dual))


@division.misconception(
    hint="a number on the left is not handled: Python asks the number first, and then your class for `__rtruediv__`."
)
def no_reflected_quotient(operands, program):
    return _with(program, __rtruediv__=_not_offered)


@division.misconception(hint="division rounds down to whole numbers; use the operator with one slash.")
def floor_division(operands, program):
    def div(u, v):
        v = u.lift(v)
        return type(u)(u.real // v.real, (u.dual * v.real - u.real * v.dual) // v.real**2)

    return _with(program, __truediv__=div)


# ---------------------------------------------------------------------------------------------------------------------


@exercise(name="Dual.__neg__", points=2, inputs=_unary("w = -u", _parts), call="program")
def negation(program: Code) -> tuple:
    """Minus a dual number, as a new dual number.

    −(a + a'ε): both parts change their sign.
    """
    return _by_autograd(program)


@negation.misconception(hint="the value changes its sign, but the slope does not: minus u falls where u rises.")
def slope_keeps_its_sign(program):
    return _with(program, __neg__=_as_dual(lambda a, b: -a, lambda a, b: b))


@negation.misconception(
    hint="only the dual part changes its sign, which is conjugation; minus u has the opposite value as well."
)
def conjugated(program):
    return _with(program, __neg__=_as_dual(lambda a, b: a, lambda a, b: -b))


@negation.misconception(hint="your minus returns a plain number; the result has to be a dual number with both parts.")
def minus_returns_a_number(program):
    return _with(program, __neg__=lambda u: -u.real)


@negation.misconception(
    hint="the result is right, but u itself has changed its sign, and may be used again: make a new dual number."
)
def negated_in_place(program):
    def neg(u):
        u.real, u.dual = -u.real, -u.dual
        return u

    return _with(program, __neg__=neg)


@negation.misconception(hint="your minus returns u as it was: both parts have to change their sign.")
def minus_does_nothing(program):
    return _with(program, __neg__=lambda u: u)


# ---------------------------------------------------------------------------------------------------------------------


@st.composite
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


@exercise(name="Dual.__pow__", points=5, inputs=lambda dims, style: _power_programs(style), call="program")
def powers(program: Code) -> tuple:
    """A dual number to the power of a number: whole, negative or a fraction.

    (a + a'ε)ⁿ as a new dual number. a may be negative or 0 where n is whole (and positive, for a = 0).
    """
    return _by_autograd(program)


@powers.misconception(hint="the exponent in the derivative is n; the power rule lowers it by one.")
def exponent_not_lowered(program):
    return _with(program, __pow__=lambda u, n: type(u)(u.real**n, n * u.real**n * u.dual))


@powers.misconception(
    hint="the inner derivative is missing: the power rule gives the slope with respect to u; multiply by the slope of "
    "u itself."
)
def power_without_inner_derivative(program):
    return _with(program, __pow__=lambda u, n: type(u)(u.real**n, n * u.real ** (n - 1)))


@powers.misconception(hint="the factor n of the power rule is missing.")
def factor_n_missing(program):
    return _with(program, __pow__=lambda u, n: type(u)(u.real**n, u.real ** (n - 1) * u.dual))


@powers.misconception(hint="both parts are raised to the power n; the slope of a power follows the power rule instead.")
def both_parts_to_the_power(program):
    def power(u, n):
        return type(u)(u.real**n, u.dual**n if u.dual > 0 else u.dual)

    return _with(program, __pow__=power)


@powers.misconception(
    hint="by way of the logarithm only positive bases work; the power rule also holds for negative ones and, with a "
    "whole exponent, for 0."
)
def power_by_logarithm(program):
    def power(u, n):
        exponent = type(u)(math.log(u.real), u.dual / u.real)
        return (exponent * n).exp()

    return _with(program, __pow__=power)


@powers.misconception(
    hint="repeated multiplication works for the exponents 1, 2, 3, … only; the power rule takes any number."
)
def repeated_multiplication(program):
    def power(u, n):
        result = u
        for _ in range(int(n) - 1):
            result = result * u
        return result

    return _with(program, __pow__=power)


# ---------------------------------------------------------------------------------------------------------------------


@exercise(name="Dual.exp", points=3, inputs=_unary("w = u.exp()", _within(5.0)), call="program")
def exponential(program: Code) -> tuple:
    """The exponential of a dual number.

    exp(a + a'ε), as a new dual number.
    """
    return _by_autograd(program)


@exponential.misconception(
    hint="the inner derivative is missing: the slope of exp at a has to be multiplied by the dual part of u."
)
def exp_without_inner_derivative(program):
    return _with(program, exp=_as_dual(lambda a, b: np.exp(a), lambda a, b: np.exp(a)))


@exponential.misconception(
    hint="exp is applied to each part by itself; the dual part is a slope, and is multiplied by the derivative of exp."
)
def exp_of_each_part(program):
    return _with(program, exp=_as_dual(lambda a, b: np.exp(a), lambda a, b: np.exp(b)))


@exponential.misconception(
    hint="the dual part is passed on as it was; it has to be multiplied by the slope of exp at a."
)
def exp_leaves_the_slope(program):
    return _with(program, exp=_as_dual(lambda a, b: np.exp(a), lambda a, b: b))


@exponential.misconception(
    hint="this is the power rule, but in exp the exponent varies and the base is fixed: exp is its own derivative."
)
def exp_by_power_rule(program):
    return _with(program, exp=_as_dual(lambda a, b: np.exp(a), lambda a, b: a * np.exp(a - 1) * b))


# ---------------------------------------------------------------------------------------------------------------------


@exercise(name="Dual.log", points=3, inputs=_unary("w = u.log()", _positive), call="program")
def logarithm(program: Code) -> tuple:
    """The natural logarithm of a dual number.

    log(a + a'ε) for a > 0, as a new dual number.
    """
    return _by_autograd(program)


@logarithm.misconception(
    hint="the inner derivative is missing: 1/a is the slope of log at a; multiply it by the dual part of u."
)
def log_without_inner_derivative(program):
    return _with(program, log=_as_dual(lambda a, b: np.log(a), lambda a, b: 1 / a))


@logarithm.misconception(hint="the dual part is passed on as it was; it has to be multiplied by the slope of log at a.")
def log_leaves_the_slope(program):
    return _with(program, log=_as_dual(lambda a, b: np.log(a), lambda a, b: b))


@logarithm.misconception(
    hint="your fraction is upside down: the steeper u is, the steeper its logarithm, and the larger a is, the flatter."
)
def log_slope_upside_down(program):
    return _with(program, log=_as_dual(lambda a, b: np.log(a), lambda a, b: a / b if b else 0.0))


@logarithm.misconception(
    hint="this is the logarithm to base 10; here, as everywhere in mathematics and NumPy, log means the natural one."
)
def log_to_base_ten(program):
    return _with(program, log=_as_dual(lambda a, b: np.log10(a), lambda a, b: b / (a * np.log(10))))


@logarithm.misconception(
    hint="the slope of log at a is 1/a; you divide by the logarithm of a instead, or multiply by it."
)
def slope_times_log(program):
    return _with(program, log=_as_dual(lambda a, b: np.log(a), lambda a, b: np.log(a) * b))


# ---------------------------------------------------------------------------------------------------------------------


@exercise(name="Dual.sin", points=3, inputs=_unary("w = u.sin()", _within(30.0)), call="program")
def sine(program: Code) -> tuple:
    """The sine of a dual number, in radians.

    sin(a + a'ε), as a new dual number.
    """
    return _by_autograd(program)


@sine.misconception(hint="the sign is off: the sine rises at 0, so its derivative there is +1; it is cos, not −cos.")
def sine_falls(program):
    return _with(program, sin=_as_dual(lambda a, b: np.sin(a), lambda a, b: -np.cos(a) * b))


@sine.misconception(hint="the inner derivative is missing: multiply the slope of sin at a by the dual part of u.")
def sin_without_inner_derivative(program):
    return _with(program, sin=_as_dual(lambda a, b: np.sin(a), lambda a, b: np.cos(a)))


@sine.misconception(
    hint="sin is applied to each part by itself; the dual part is a slope, and is multiplied by the derivative of sin."
)
def sin_of_each_part(program):
    return _with(program, sin=_as_dual(lambda a, b: np.sin(a), lambda a, b: np.sin(b)))


@sine.misconception(
    hint="the derivative is taken at the wrong place: cos is needed at a, the value of u, and not at its dual part."
)
def cos_of_the_dual_part(program):
    return _with(program, sin=_as_dual(lambda a, b: np.sin(a), lambda a, b: np.cos(b) * a))


@sine.misconception(hint="the angle is in radians already; do not convert it from degrees.")
def sin_in_degrees(program):
    return _with(program, sin=_as_dual(lambda a, b: np.sin(np.radians(a)), lambda a, b: np.cos(np.radians(a)) * b))


# ---------------------------------------------------------------------------------------------------------------------


@exercise(name="Dual.cos", points=3, inputs=_unary("w = u.cos()", _within(30.0)), call="program")
def cosine(program: Code) -> tuple:
    """The cosine of a dual number, in radians.

    cos(a + a'ε), as a new dual number.
    """
    return _by_autograd(program)


@cosine.misconception(hint="the minus is missing: just right of 0 the cosine falls, so its derivative is −sin.")
def cosine_rises(program):
    return _with(program, cos=_as_dual(lambda a, b: np.cos(a), lambda a, b: np.sin(a) * b))


@cosine.misconception(hint="the inner derivative is missing: multiply the slope of cos at a by the dual part of u.")
def cos_without_inner_derivative(program):
    return _with(program, cos=_as_dual(lambda a, b: np.cos(a), lambda a, b: -np.sin(a)))


@cosine.misconception(
    hint="cos is applied to each part by itself; the dual part is a slope, and is multiplied by the derivative of cos."
)
def cos_of_each_part(program):
    return _with(program, cos=_as_dual(lambda a, b: np.cos(a), lambda a, b: np.cos(b)))


@cosine.misconception(
    hint="the slope uses cos once more; the derivative of the cosine is another function: look where it is flat."
)
def cosine_as_its_own_derivative(program):
    return _with(program, cos=_as_dual(lambda a, b: np.cos(a), lambda a, b: np.cos(a) * b))


@cosine.misconception(hint="the angle is in radians already; do not convert it from degrees first.")
def cos_in_degrees(program):
    return _with(program, cos=_as_dual(lambda a, b: np.cos(np.radians(a)), lambda a, b: -np.sin(np.radians(a)) * b))


# ---------------------------------------------------------------------------------------------------------------------


@exercise(name="Dual.tanh", points=4, inputs=_unary("w = u.tanh()", _within(30.0)), call="program")
def hyperbolic(program: Code) -> tuple:
    """The hyperbolic tangent of a dual number.

    tanh(a + a'ε), as a new dual number; |a| ≤ 30.
    """
    return _by_autograd(program)


@hyperbolic.misconception(hint="1 − t² is written in terms of the output t = tanh a; you square the input a instead.")
def tanh_slope_from_the_input(program):
    return _with(program, tanh=_as_dual(lambda a, b: np.tanh(a), lambda a, b: (1 - a**2) * b))


@hyperbolic.misconception(hint="the inner derivative is missing: multiply the slope of tanh by the dual part of u.")
def tanh_without_inner_derivative(program):
    return _with(program, tanh=_as_dual(lambda a, b: np.tanh(a), lambda a, b: 1 - np.tanh(a) ** 2))


@hyperbolic.misconception(
    hint="this is the rule of the sigmoid, s (1 − s); tanh runs from −1 to 1, and its slope is 1 at 0."
)
def tanh_with_sigmoids_slope(program):
    return _with(program, tanh=_as_dual(lambda a, b: np.tanh(a), lambda a, b: np.tanh(a) * (1 - np.tanh(a)) * b))


@hyperbolic.misconception(hint="a square is missing: the slope of tanh is the same at a and at −a.")
def square_missing(program):
    return _with(program, tanh=_as_dual(lambda a, b: np.tanh(a), lambda a, b: (1 - np.tanh(a)) * b))


@hyperbolic.misconception(
    hint="the sign inside is off: this is the rule of the tangent, 1 + t²; tanh flattens out for large arguments."
)
def slope_of_the_tangent(program):
    return _with(program, tanh=_as_dual(lambda a, b: np.tanh(a), lambda a, b: (1 + np.tanh(a) ** 2) * b))


# ---------------------------------------------------------------------------------------------------------------------


@exercise(name="Dual.sigmoid", points=4, inputs=_unary("w = u.sigmoid()", _within(30.0)), call="program")
def logistic(program: Code) -> tuple:
    """The sigmoid of a dual number.

    σ(a + a'ε) with σ(a) = 1/(1 + exp(−a)), as a new dual number; |a| ≤ 30.
    """
    return _by_autograd(program)


@logistic.misconception(
    hint="s (1 − s) is written in terms of the output s = σ(a); you put the input a into it instead."
)
def sigmoid_slope_from_the_input(program):
    return _with(program, sigmoid=_as_dual(lambda a, b: 1 / (1 + np.exp(-a)), lambda a, b: a * (1 - a) * b))


@logistic.misconception(hint="the inner derivative is missing: multiply the slope of σ by the dual part of u.")
def sigmoid_without_inner_derivative(program):
    def slope(a, b):
        s = 1 / (1 + np.exp(-a))
        return s * (1 - s)

    return _with(program, sigmoid=_as_dual(lambda a, b: 1 / (1 + np.exp(-a)), slope))


@logistic.misconception(
    hint="the sign in the exponent is off: your sigmoid falls, but σ is near 0 for very negative and near 1 for large "
    "arguments."
)
def falling_sigmoid(program):
    def slope(a, b):
        s = 1 / (1 + np.exp(a))
        return s * (1 - s) * b

    return _with(program, sigmoid=_as_dual(lambda a, b: 1 / (1 + np.exp(a)), slope))


@logistic.misconception(
    hint="this is the rule of tanh, 1 − t²; for the sigmoid differentiate 1/(1 + exp(−a)) and write the result in "
    "terms of s."
)
def sigmoid_with_tanhs_slope(program):
    def slope(a, b):
        return (1 - (1 / (1 + np.exp(-a))) ** 2) * b

    return _with(program, sigmoid=_as_dual(lambda a, b: 1 / (1 + np.exp(-a)), slope))


@logistic.misconception(
    hint="the sigmoid is applied once more before its slope is computed; s (1 − s) takes s as it is."
)
def sigmoid_applied_twice(program):
    def slope(a, b):
        s = 1 / (1 + np.exp(-1 / (1 + np.exp(-a))))
        return s * (1 - s) * b

    return _with(program, sigmoid=_as_dual(lambda a, b: 1 / (1 + np.exp(-a)), slope))


# ---------------------------------------------------------------------------------------------------------------------


@functools.cache
def _arguments(style: Style) -> SearchStrategy[float]:
    """Where a function is differentiated."""
    if style is Style.SIMPLE:
        return st.sampled_from([1.0, 2.0, 0.5, -1.0, 3.0, -2.0])
    return decimals(-3, 3) if style is Style.TYPICAL else st.sampled_from([0.0, 1.0, -1.0, 5.0, 0.1])


@st.composite
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


@exercise(
    name="derivative",
    points=6,
    inputs=lambda dims, style: _of_one_variable(style),
    parts=("rules",),
    call="derivative(f, x)",
)
def forward_derivative(rules: Family, f: Code, x: float) -> float:
    """The derivative of f at x by forward mode: one number.

    f takes a Dual and returns a Dual, or a plain number where it does not depend on x.
    """
    at = torch.tensor(float(x), dtype=torch.float64, requires_grad=True)
    value = border.evaluate(f, {})(at) + 0 * at
    return float(torch.autograd.grad(value, at)[0])


@forward_derivative.misconception(
    hint="f is evaluated at a dual number without a dual part, so that no slope comes out: x changes with itself at "
    "the rate 1, and this 1 is the seed."
)
@called_as(forward_derivative)
def seed_missing(f, x):
    result = f(Dual(x))
    return getattr(result, "dual", 0.0)


@forward_derivative.misconception(hint="this is the value of f; its derivative is in the other part of the result.")
@called_as(forward_derivative)
def value_returned(f, x):
    result = f(Dual(x, 1.0))
    return getattr(result, "real", result)


@forward_derivative.misconception(
    hint="the seed is x itself, so that your result is x times too large; x changes with itself at the rate 1."
)
@called_as(forward_derivative)
def seeded_with_x(f, x):
    result = f(Dual(x, x))
    return getattr(result, "dual", 0.0)


@forward_derivative.misconception(
    hint="a function that returns a plain number is constant, and its derivative is 0; a number has no dual part to "
    "ask for."
)
@called_as(forward_derivative)
def constant_functions_fail(f, x):
    return f(Dual(x, 1.0)).dual


@forward_derivative.misconception(
    hint="the whole dual number is returned; the derivative is one of its parts, a plain number."
)
@called_as(forward_derivative)
def whole_dual_returned(f, x):
    return f(Dual(x, 1.0))


@forward_derivative.misconception(
    hint="this is a finite difference, right to a few digits only; forward mode is exact: look at what the dual part "
    "of the result carries."
)
@called_as(forward_derivative)
def finite_difference_instead(f, x):
    above, here = f(Dual(x + 1e-5)), f(Dual(x))
    return (getattr(above, "real", above) - getattr(here, "real", here)) / 1e-5


# ---------------------------------------------------------------------------------------------------------------------


@st.composite
def _of_several_variables(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    rules = draw(st.sampled_from(list(_FAMILIES)))
    largest = {Style.SIMPLE: 2, Style.EDGE: 4, Style.TYPICAL: 3}[style]
    n = draw(st.integers(1, largest))
    x = draw(hnp.arrays(np.float64, n, elements=_arguments(style), fill=st.nothing()))
    if style is Style.EDGE and rules == "sums and products" and draw(st.booleans()):
        source = draw(
            st.sampled_from(["sum(v)", "sum(u * u for u in v)", "v[0]", "v[-1] * v[0]", "sum(u * v[0] for u in v)"])
        )
    else:
        names = tuple("abcd"[:n])
        tree = draw(_family_trees(names, rules, style))
        assume(_tame(tree, dict(zip(names, x, strict=True))))
        source = _written(tree, {name: f"v[{index}]" for index, name in enumerate(names)}, "methods")
    return {"rules": rules, "f": Code(f"lambda v: {source}"), "x": x}


@exercise(
    name="gradient",
    points=8,
    inputs=lambda dims, style: _of_several_variables(style),
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


@forward_gradient.misconception(
    hint="all inputs carry the seed 1 at the same time, so that their derivatives are added up; seed one input in each "
    "pass and leave the others constant."
)
@called_as(forward_gradient)
def all_seeded_at_once(f, x):
    result = f([Dual(value, 1.0) for value in x])
    return np.full(len(x), result.dual)


@forward_gradient.misconception(
    hint="one pass is not enough: with the seed on the first input you learn the first derivative only; n inputs need "
    "n passes."
)
@called_as(forward_gradient)
def first_entry_only(f, x):
    found = np.zeros(len(x))
    found[0] = f([Dual(value, 1.0 if index == 0 else 0.0) for index, value in enumerate(x)]).dual
    return found


@forward_gradient.misconception(
    hint="the seeds of earlier passes stay in place, so that derivatives are added up on the way; each pass starts "
    "with a fresh list and a single seed."
)
@called_as(forward_gradient)
def seeds_pile_up(f, x):
    inputs = [Dual(value) for value in x]
    found = []
    for entry in inputs:
        entry.dual = 1.0
        found.append(f(inputs).dual)
    return np.array(found)


@forward_gradient.misconception(
    hint="each entry is the value of f; the derivative that a pass was made for is in the other part of its result."
)
@called_as(forward_gradient)
def values_instead_of_slopes(f, x):
    return np.array([f([Dual(v, float(j == i)) for j, v in enumerate(x)]).real for i in range(len(x))])


@forward_gradient.misconception(
    hint="the seed is the input's own value; each entry comes out that many times too large; the seed is 1."
)
@called_as(forward_gradient)
def seeded_with_the_value(f, x):
    return np.array([f([Dual(v, v if j == i else 0.0) for j, v in enumerate(x)]).dual for i in range(len(x))])


@forward_gradient.misconception(
    hint="the numbers are right, but they stand in a column; the gradient has the shape of x, (n,)."
)
@called_as(forward_gradient)
def gradient_as_a_column(f, x):
    return np.array([[f([Dual(v, float(j == i)) for j, v in enumerate(x)]).dual] for i in range(len(x))])


# ---------------------------------------------------------------------------------------------------------------------


class _Torch:
    """What stands for `np` where a drawn function is run on tensors."""

    exp, log, sin, cos, tanh = torch.exp, torch.log, torch.sin, torch.cos, torch.tanh
    sum, mean = torch.sum, torch.mean


def _in_torch(f: Code) -> Callable[[Tensor], Tensor]:
    return border.evaluate(f, {"np": _Torch})


@functools.cache
def _entrywise(style: Style) -> SearchStrategy[Tree]:
    """Smooth functions of one entry, defined everywhere and of ordinary size on [−3, 3]."""
    simple = st.sampled_from(
        [
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
    )
    if style is Style.SIMPLE:
        return simple
    inner = st.one_of(
        st.tuples(st.just("*"), decimals(-2, 2), st.just("x")),
        st.tuples(st.just("+"), st.just("x"), decimals(-1, 1)),
        st.just("x"),
    )
    outer = st.one_of(
        st.tuples(st.sampled_from(["exp", "sin", "cos", "tanh", "sigmoid"]), inner),
        st.tuples(st.just("**"), inner, st.sampled_from([2, 3])),
        st.tuples(st.just("log"), st.tuples(st.just("+"), st.tuples(st.just("**"), inner, st.just(2)), st.just(2.0))),
        st.tuples(
            st.just("/"),
            st.just(1.0),
            st.tuples(st.just("+"), st.tuples(st.just("**"), inner, st.just(2)), st.just(2.0)),
        ),
    )
    return st.one_of(outer, st.tuples(st.sampled_from(["+", "*", "-"]), outer, outer), simple)


_WHOLES = [
    "np.sum({u})",
    "np.sum({u})",
    "np.mean({u})",
    "np.sum({u}) * np.cos(np.mean(x))",
    "np.sum({u}) + np.sum(x) ** 2",
]


@st.composite
def _fields(draw: st.DrawFn, style: Style, entries: SearchStrategy[float] | None = None) -> tuple[str, np.ndarray]:
    """The body of a function of an array `x`, and an array."""
    shapes = {
        Style.SIMPLE: [(1,), (2,), (), (1, 2), (2, 2), (3,)],
        Style.TYPICAL: [(3,), (2, 3), (4,), (3, 2), (2, 1, 2), ()],
        Style.EDGE: [(), (1,), (1, 1), (3, 1), (1, 3), (2,), (2, 2, 2)],
    }
    shape = draw(st.sampled_from(shapes[style]))
    elements = {
        Style.SIMPLE: st.sampled_from([1.0, 2.0, 0.5, -1.0, 0.0, 1.5]),
        Style.TYPICAL: decimals(-2, 2),
        Style.EDGE: st.sampled_from([0.0, 1.0, -1.0, 2.5, 0.001]),
    }[style]
    x = draw(hnp.arrays(np.float64, shape, elements=entries or elements, fill=st.nothing()))
    u = _written(draw(_entrywise(style)), {"x": "x"}, "numpy")
    whole = _WHOLES[0] if style is Style.SIMPLE else draw(st.sampled_from(_WHOLES))
    return whole.format(u=u), np.asarray(x)


@st.composite
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
    inputs=lambda dims, style: _numerical_inputs(style),
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


@numerical.misconception(
    hint="this is the forward difference, with an error of the order h; take the step to both sides, and the first "
    "error term cancels."
)
@called_as(numerical)
def forward_difference(f, x, h=1e-5):
    g = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        above = x.copy()
        above[i] += h
        g[i] = (f(above) - f(x)) / h
    return g


@numerical.misconception(hint="your result is twice too large: between x − h and x + h lies a distance of 2h, not h.")
@called_as(numerical)
def factor_two_missing(f, x, h=1e-5):
    g = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        above, below = x.copy(), x.copy()
        above[i] += h
        below[i] -= h
        g[i] = (f(above) - f(below)) / h
    return g


@numerical.misconception(
    hint="the difference of the two values is not divided by the distance: a slope is rise over run, and the run "
    "depends on h."
)
@called_as(numerical)
def step_forgotten(f, x, h=1e-5):
    g = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        above, below = x.copy(), x.copy()
        above[i] += h
        below[i] -= h
        g[i] = (f(above) - f(below)) / 2
    return g


@numerical.misconception(hint="the step that is given is ignored: h is an argument, and 1e-5 only its default.")
@called_as(numerical)
def step_ignored(f, x, h=1e-5):
    g = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        above, below = x.copy(), x.copy()
        above[i] += 1e-5
        below[i] -= 1e-5
        g[i] = (f(above) - f(below)) / 2e-5
    return g


@numerical.misconception(
    hint="all entries of x are moved at the same time, so that every entry of your result is the sum of all partial "
    "derivatives; move one entry and leave the others where they are."
)
@called_as(numerical)
def all_entries_moved(f, x, h=1e-5):
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


@numerical.misconception(
    hint="the numbers are right, but x itself is changed afterwards: work on a copy, or put the original value back."
)
@called_as(numerical)
def x_left_moved(f, x, h=1e-5):
    g = np.zeros(x.shape)
    start = x.copy()
    for i in np.ndindex(*x.shape):
        above, below = start.copy(), start.copy()
        above[i] += h
        below[i] -= h
        g[i] = (f(above) - f(below)) / (2 * h)
        x[i] = below[i]
    return g


@numerical.misconception(
    hint="x comes back almost, but not quite: adding and subtracting h rounds, and the last digits are lost; remember "
    "the original value and put it back."
)
@called_as(numerical)
def restored_by_adding(f, x, h=1e-5):
    g = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        x[i] += h
        above = f(x)
        x[i] -= 2 * h
        below = f(x)
        x[i] += h
        g[i] = (above - below) / (2 * h)
    return g


@numerical.misconception(hint="the numbers are right, but they come as one flat row; the gradient has the shape of x.")
@called_as(numerical)
def flat_result(f, x, h=1e-5):
    g = []
    for i in np.ndindex(*x.shape):
        above, below = x.copy(), x.copy()
        above[i] += h
        below[i] -= h
        g.append((f(above) - f(below)) / (2 * h))
    return np.array(g)


@numerical.misconception(
    hint="the step that you use by default is so small that rounding eats the digits of the difference; about 1e-5 "
    "balances rounding against truncation."
)
@called_as(numerical)
def step_too_small(f, x, h=1e-12):
    g = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        above, below = x.copy(), x.copy()
        above[i] += h
        below[i] -= h
        g[i] = (f(above) - f(below)) / (2 * h)
    return g


# ---------------------------------------------------------------------------------------------------------------------


def central_difference(f, x, h=1e-5):
    """A right one, for the mistakes in `gradient_check`."""
    g = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        above, below = x.copy(), x.copy()
        above[i] += h
        below[i] -= h
        g[i] = (f(above) - f(below)) / (2 * h)
    return g


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


@st.composite
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


@exercise(
    name="gradient_check",
    points=5,
    inputs=lambda dims, style: _check_inputs(style),
    builds_on=("central_difference",),
    unique=False,
)
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


@checking.misconception(
    hint="this is the absolute error; whether a distance is large can only be told beside the lengths of the "
    "gradients, so divide by their sum."
)
@called_as(checking)
def absolute_error(f, grad, x):
    return np.linalg.norm(grad(x) - central_difference(f, x))


@checking.misconception(
    hint="you divide by the length of one gradient only; the sum of both lengths keeps the error between 0 and 1, "
    "whichever of the two is wrong."
)
@called_as(checking)
def divided_by_one_length(f, grad, x):
    g, numeric = grad(x), central_difference(f, x)
    return np.linalg.norm(g - numeric) / max(np.linalg.norm(numeric), 1e-12)


@checking.misconception(
    hint="where both gradients are 0 you divide 0 by 0; the maximum in the denominator is there for this case."
)
@called_as(checking)
def zero_by_zero(f, grad, x):
    g, numeric = grad(x), central_difference(f, x)
    return float(np.linalg.norm(g - numeric)) / float(np.linalg.norm(g) + np.linalg.norm(numeric))


@checking.misconception(
    hint="you compare the lengths of the gradients; two gradients of the same length may point in different "
    "directions, so take the length of their difference."
)
@called_as(checking)
def difference_of_lengths(f, grad, x):
    g, numeric = np.linalg.norm(grad(x)), np.linalg.norm(central_difference(f, x))
    return abs(g - numeric) / max(g + numeric, 1e-12)


@checking.misconception(
    hint="the squares are summed, but the root is missing: a length is the root of the sum of the squares."
)
@called_as(checking)
def root_missing(f, grad, x):
    g, numeric = grad(x), central_difference(f, x)
    return np.sum((g - numeric) ** 2) / max(np.sum(g**2) + np.sum(numeric**2), 1e-12)


@checking.misconception(
    hint="you return the error of each entry; what is asked for is one number, from the lengths of whole gradients."
)
@called_as(checking)
def error_of_each_entry(f, grad, x):
    g, numeric = grad(x), central_difference(f, x)
    return np.abs(g - numeric) / np.maximum(np.abs(g) + np.abs(numeric), 1e-12)


# ---------------------------------------------------------------------------------------------------------------------


@st.composite
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
    inputs=lambda dims, style: _symbolic_inputs(style),
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


@symbolic.misconception(
    hint="the derivative of a product is not the product of the derivatives: each factor is differentiated in turn, "
    "while the other stays."
)
@called_as(symbolic)
def product_of_the_derivatives(expression, variable):
    def d(e):
        if isinstance(e, str):
            return 1.0 if e == variable else 0.0
        if not isinstance(e, tuple | list):
            return 0.0
        op, u = e[0], e[1]
        if op in ("+", "-", "*"):
            return (op, d(u), d(e[2]))
        if op == "/":
            return ("/", ("-", ("*", d(u), e[2]), ("*", u, d(e[2]))), ("**", e[2], 2))
        if op == "**":
            return ("*", ("*", e[2], ("**", u, e[2] - 1)), d(u))
        outer = {
            "exp": e,
            "log": ("/", 1.0, u),
            "sin": ("cos", u),
            "cos": ("*", -1.0, ("sin", u)),
            "tanh": ("-", 1.0, ("**", e, 2)),
            "sigmoid": ("*", e, ("-", 1.0, e)),
        }[op]
        return ("*", outer, d(u))

    return d(expression)


@symbolic.misconception(
    hint="the inner derivative is missing: a function of u changes by its own slope times the slope of u, and this "
    "goes for powers, too."
)
@called_as(symbolic)
def chain_rule_forgotten(expression, variable):
    def d(e):
        if isinstance(e, str):
            return 1.0 if e == variable else 0.0
        if not isinstance(e, tuple | list):
            return 0.0
        op, u = e[0], e[1]
        if op in ("+", "-"):
            return (op, d(u), d(e[2]))
        if op == "*":
            return ("+", ("*", d(u), e[2]), ("*", u, d(e[2])))
        if op == "/":
            return ("/", ("-", ("*", d(u), e[2]), ("*", u, d(e[2]))), ("**", e[2], 2))
        if op == "**":
            return ("*", e[2], ("**", u, e[2] - 1))
        return {
            "exp": e,
            "log": ("/", 1.0, u),
            "sin": ("cos", u),
            "cos": ("*", -1.0, ("sin", u)),
            "tanh": ("-", 1.0, ("**", e, 2)),
            "sigmoid": ("*", e, ("-", 1.0, e)),
        }[op]

    return d(expression)


@symbolic.misconception(
    hint="every variable gets the derivative 1; only the one that you differentiate by does, the others are constants."
)
@called_as(symbolic)
def every_variable_counts(expression, variable):
    def d(e):
        if isinstance(e, str):
            return 1.0
        if not isinstance(e, tuple | list):
            return 0.0
        op, u = e[0], e[1]
        if op in ("+", "-"):
            return (op, d(u), d(e[2]))
        if op == "*":
            return ("+", ("*", d(u), e[2]), ("*", u, d(e[2])))
        if op == "/":
            return ("/", ("-", ("*", d(u), e[2]), ("*", u, d(e[2]))), ("**", e[2], 2))
        if op == "**":
            return ("*", ("*", e[2], ("**", u, e[2] - 1)), d(u))
        outer = {
            "exp": e,
            "log": ("/", 1.0, u),
            "sin": ("cos", u),
            "cos": ("*", -1.0, ("sin", u)),
            "tanh": ("-", 1.0, ("**", e, 2)),
            "sigmoid": ("*", e, ("-", 1.0, e)),
        }[op]
        return ("*", outer, d(u))

    return d(expression)


@symbolic.misconception(hint="in the quotient rule the two terms of the numerator are subtracted, not added.")
@called_as(symbolic)
def quotient_rule_adds(expression, variable):
    def d(e):
        if isinstance(e, str):
            return 1.0 if e == variable else 0.0
        if not isinstance(e, tuple | list):
            return 0.0
        op, u = e[0], e[1]
        if op in ("+", "-"):
            return (op, d(u), d(e[2]))
        if op == "*":
            return ("+", ("*", d(u), e[2]), ("*", u, d(e[2])))
        if op == "/":
            return ("/", ("+", ("*", d(u), e[2]), ("*", u, d(e[2]))), ("**", e[2], 2))
        if op == "**":
            return ("*", ("*", e[2], ("**", u, e[2] - 1)), d(u))
        outer = {
            "exp": e,
            "log": ("/", 1.0, u),
            "sin": ("cos", u),
            "cos": ("*", -1.0, ("sin", u)),
            "tanh": ("-", 1.0, ("**", e, 2)),
            "sigmoid": ("*", e, ("-", 1.0, e)),
        }[op]
        return ("*", outer, d(u))

    return d(expression)


@symbolic.misconception(hint="the minus of the cosine's derivative is missing: just right of 0 the cosine falls.")
@called_as(symbolic)
def minus_of_cosine_missing(expression, variable):
    def d(e):
        if isinstance(e, str):
            return 1.0 if e == variable else 0.0
        if not isinstance(e, tuple | list):
            return 0.0
        op, u = e[0], e[1]
        if op in ("+", "-"):
            return (op, d(u), d(e[2]))
        if op == "*":
            return ("+", ("*", d(u), e[2]), ("*", u, d(e[2])))
        if op == "/":
            return ("/", ("-", ("*", d(u), e[2]), ("*", u, d(e[2]))), ("**", e[2], 2))
        if op == "**":
            return ("*", ("*", e[2], ("**", u, e[2] - 1)), d(u))
        outer = {
            "exp": e,
            "log": ("/", 1.0, u),
            "sin": ("cos", u),
            "cos": ("sin", u),
            "tanh": ("-", 1.0, ("**", e, 2)),
            "sigmoid": ("*", e, ("-", 1.0, e)),
        }[op]
        return ("*", outer, d(u))

    return d(expression)


@symbolic.misconception(hint="the power rule lowers the exponent by one; in your result it stays.")
@called_as(symbolic)
def exponent_stays(expression, variable):
    def d(e):
        if isinstance(e, str):
            return 1.0 if e == variable else 0.0
        if not isinstance(e, tuple | list):
            return 0.0
        op, u = e[0], e[1]
        if op in ("+", "-"):
            return (op, d(u), d(e[2]))
        if op == "*":
            return ("+", ("*", d(u), e[2]), ("*", u, d(e[2])))
        if op == "/":
            return ("/", ("-", ("*", d(u), e[2]), ("*", u, d(e[2]))), ("**", e[2], 2))
        if op == "**":
            return ("*", ("*", e[2], ("**", u, e[2])), d(u))
        outer = {
            "exp": e,
            "log": ("/", 1.0, u),
            "sin": ("cos", u),
            "cos": ("*", -1.0, ("sin", u)),
            "tanh": ("-", 1.0, ("**", e, 2)),
            "sigmoid": ("*", e, ("-", 1.0, e)),
        }[op]
        return ("*", outer, d(u))

    return d(expression)


@symbolic.misconception(
    hint="numbers keep their value in your derivative; a constant does not change, so its derivative is 0."
)
@called_as(symbolic)
def constants_kept(expression, variable):
    def d(e):
        if isinstance(e, str):
            return 1.0 if e == variable else 0.0
        if not isinstance(e, tuple | list):
            return e
        op, u = e[0], e[1]
        if op in ("+", "-"):
            return (op, d(u), d(e[2]))
        if op == "*":
            return ("+", ("*", d(u), e[2]), ("*", u, d(e[2])))
        if op == "/":
            return ("/", ("-", ("*", d(u), e[2]), ("*", u, d(e[2]))), ("**", e[2], 2))
        if op == "**":
            return ("*", ("*", e[2], ("**", u, e[2] - 1)), d(u))
        outer = {
            "exp": e,
            "log": ("/", 1.0, u),
            "sin": ("cos", u),
            "cos": ("*", -1.0, ("sin", u)),
            "tanh": ("-", 1.0, ("**", e, 2)),
            "sigmoid": ("*", e, ("-", 1.0, e)),
        }[op]
        return ("*", outer, d(u))

    return d(expression)


# ---------------------------------------------------------------------------------------------------------------------


@st.composite
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


@exercise(name="evaluate", points=4, inputs=lambda dims, style: _evaluation_inputs(style))
def evaluation(expression: Tree, values: dict) -> float:
    """The value of an expression for given values of its variables: one number.

    values maps names to numbers; for the form of an expression see `differentiate`.
    """
    return _tensor_of(expression, {name: torch.tensor(value, dtype=torch.float64) for name, value in values.items()})


@evaluation.misconception(hint="in differences the operands are swapped: ('-', u, v) means u minus v.")
@called_as(evaluation)
def difference_swapped(expression, values):
    import math

    def go(e):
        if not isinstance(e, tuple | list):
            return f"({float(values[e] if isinstance(e, str) else e)!r})"
        op, *args = [e[0], *map(go, e[1:])]
        if op == "-":
            return f"({args[1]} - {args[0]})"
        if len(args) == 2:
            return f"({args[0]} {op} {args[1]})"
        return f"(1 / (1 + math.exp(-{args[0]})))" if op == "sigmoid" else f"math.{op}({args[0]})"

    return float(eval(go(expression), {"math": math}))


@evaluation.misconception(hint="division rounds down to whole numbers: use the operator with one slash.")
@called_as(evaluation)
def whole_quotients(expression, values):
    import math

    def go(e):
        if not isinstance(e, tuple | list):
            return f"({float(values[e] if isinstance(e, str) else e)!r})"
        op, *args = [e[0], *map(go, e[1:])]
        if len(args) == 2:
            return f"({args[0]} {'//' if op == '/' else op} {args[1]})"
        return f"(1 / (1 + math.exp(-{args[0]})))" if op == "sigmoid" else f"math.{op}({args[0]})"

    return float(eval(go(expression), {"math": math}))


@evaluation.misconception(hint="'**' is computed as a product; it means u to the power of v.")
@called_as(evaluation)
def powers_as_products(expression, values):
    import math

    def go(e):
        if not isinstance(e, tuple | list):
            return f"({float(values[e] if isinstance(e, str) else e)!r})"
        op, *args = [e[0], *map(go, e[1:])]
        if len(args) == 2:
            return f"({args[0]} {'*' if op == '**' else op} {args[1]})"
        return f"(1 / (1 + math.exp(-{args[0]})))" if op == "sigmoid" else f"math.{op}({args[0]})"

    return float(eval(go(expression), {"math": math}))


@evaluation.misconception(hint="'log' is computed to base 10; here, as in NumPy, it means the natural logarithm.")
@called_as(evaluation)
def base_ten(expression, values):
    import math

    def go(e):
        if not isinstance(e, tuple | list):
            return f"({float(values[e] if isinstance(e, str) else e)!r})"
        op, *args = [e[0], *map(go, e[1:])]
        if len(args) == 2:
            return f"({args[0]} {op} {args[1]})"
        op = "log10" if op == "log" else op
        return f"(1 / (1 + math.exp(-{args[0]})))" if op == "sigmoid" else f"math.{op}({args[0]})"

    return float(eval(go(expression), {"math": math}))


@evaluation.misconception(
    hint="your sigmoid falls: the exponent is minus u, so that σ is near 1 for large u and near 0 for very negative u."
)
@called_as(evaluation)
def sigmoid_upside_down(expression, values):
    import math

    def go(e):
        if not isinstance(e, tuple | list):
            return f"({float(values[e] if isinstance(e, str) else e)!r})"
        op, *args = [e[0], *map(go, e[1:])]
        if len(args) == 2:
            return f"({args[0]} {op} {args[1]})"
        return f"(1 / (1 + math.exp({args[0]})))" if op == "sigmoid" else f"math.{op}({args[0]})"

    return float(eval(go(expression), {"math": math}))


@evaluation.misconception(
    hint="'tanh' is computed as the tangent; the hyperbolic tangent is another function, which stays between −1 and 1."
)
@called_as(evaluation)
def tangent_for_tanh(expression, values):
    import math

    def go(e):
        if not isinstance(e, tuple | list):
            return f"({float(values[e] if isinstance(e, str) else e)!r})"
        op, *args = [e[0], *map(go, e[1:])]
        if len(args) == 2:
            return f"({args[0]} {op} {args[1]})"
        op = "tan" if op == "tanh" else op
        return f"(1 / (1 + math.exp(-{args[0]})))" if op == "sigmoid" else f"math.{op}({args[0]})"

    return float(eval(go(expression), {"math": math}))


# ---------------------------------------------------------------------------------------------------------------------

Removes = Literal["constants", "zeros and ones", "both, nested"]


def _neutral(u: SearchStrategy[Tree]) -> SearchStrategy[Tree]:
    """Expressions in which a 0 or a 1 is to be removed."""
    zero, one = st.sampled_from([0, 0.0]), st.sampled_from([1, 1.0])
    return st.one_of(
        st.tuples(st.just("+"), zero, u),
        st.tuples(st.just("+"), u, zero),
        st.tuples(st.just("*"), one, u),
        st.tuples(st.just("*"), u, one),
        st.tuples(st.just("*"), zero, u),
        st.tuples(st.just("*"), u, zero),
        st.tuples(st.just("**"), u, one),
        st.tuples(st.just("**"), u, zero),
    )


def _constant(style: Style) -> SearchStrategy[Tree]:
    """Expressions of numbers only."""
    number = (
        st.sampled_from([2.0, 3.0, 0.5, 4.0])
        if style is Style.SIMPLE
        else st.one_of(_numbers(style), st.sampled_from([2, 3]))
    )
    flat = st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "/"]), number, number),
        st.tuples(st.just("**"), number, st.sampled_from([2, 3])),
        st.tuples(st.sampled_from(_UNARY), number),
    )
    if style is Style.SIMPLE:
        return flat
    return st.one_of(
        flat,
        st.tuples(st.sampled_from(["+", "*", "-"]), flat, number),
        st.tuples(st.sampled_from(["sin", "tanh"]), flat),
    )


@st.composite
def _simplify_inputs(draw: st.DrawFn, style: Style) -> dict[str, Any]:
    asked = draw(st.sampled_from(["constants", "zeros and ones", "both, nested"]))
    name = st.sampled_from(["x", "y"])
    plain = name if style is Style.SIMPLE else _trees(("x", "y"), 1, ("+", "*", "-"), ("sin", "exp"), Style.SIMPLE)
    if asked == "constants":
        folded = _constant(style)
        tree = draw(
            st.one_of(
                folded,
                st.tuples(st.sampled_from(["+", "*", "-"]), folded, plain),
                st.tuples(st.just("/"), plain, folded),
            )
        )
    elif asked == "zeros and ones":
        tree = draw(_neutral(plain))
    else:
        inner = st.one_of(
            _neutral(plain),
            st.tuples(st.just("*"), plain, st.sampled_from([("-", 1, 1), ("-", 2.0, 1.0), ("*", 0, 5)])),
            st.tuples(st.just("+"), st.sampled_from([("-", 1, 1), ("*", 0, 3.0), ("sin", 0)]), plain),
        )
        outer = st.one_of(
            st.tuples(st.sampled_from(["+", "-", "*"]), inner, inner),
            st.tuples(st.sampled_from(["exp", "sin", "tanh", "sigmoid"]), inner),
            _neutral(inner),
            st.tuples(st.just("**"), inner, st.sampled_from([2, 3])),
            st.tuples(st.sampled_from(["-", "/"]), plain, inner),
            st.tuples(st.sampled_from(["-", "/"]), st.sampled_from([0, 1]), inner),
        )
        tree = draw(outer)
    assume(len(_points(tree)) >= 3)
    return {"asked": asked, "expression": tree}


@exercise(
    name="simplify",
    points=8,
    inputs=lambda dims, style: _simplify_inputs(style),
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


@simplification.misconception(hint="the expression comes back as it was; nothing has been folded or removed.")
@called_as(simplification, twice=True)
def returned_unchanged(expression):
    return expression


@simplification.misconception(
    hint="only the outermost operator is simplified; zeros, ones and constants deeper inside stay: simplify the "
    "operands first."
)
@called_as(simplification, twice=True)
def outermost_only(expression):
    if not isinstance(expression, tuple | list):
        return expression
    op, *args = expression
    if all(isinstance(a, int | float) for a in args):
        return evaluate(tuple(expression), {})
    if op == "+" and args[0] == 0:
        return args[1]
    if op == "+" and args[1] == 0:
        return args[0]
    if op == "*" and 0 in args:
        return 0.0
    if op == "*" and args[0] == 1:
        return args[1]
    if op == "*" and args[1] == 1:
        return args[0]
    if op == "**" and args[1] == 0:
        return 1.0
    if op == "**" and args[1] == 1:
        return args[0]
    return tuple(expression)


@simplification.misconception(
    hint="you look at the operator before its operands are simplified, so that a second pass finds more to do: start "
    "at the leaves."
)
@called_as(simplification, twice=True)
def from_the_outside_in(expression):
    def go(e):
        if not isinstance(e, tuple | list):
            return e
        op, *args = e
        if all(isinstance(a, int | float) for a in args):
            return evaluate((op, *args), {})
        if op == "+" and args[0] == 0:
            return go(args[1])
        if op == "+" and args[1] == 0:
            return go(args[0])
        if op == "*" and 0 in args:
            return 0.0
        if op == "*" and args[0] == 1:
            return go(args[1])
        if op == "*" and args[1] == 1:
            return go(args[0])
        if op == "**" and args[1] == 0:
            return 1.0
        if op == "**" and args[1] == 1:
            return go(args[0])
        return (op, *[go(a) for a in args])

    return go(expression)


@simplification.misconception(
    hint="a 0 or a 1 is noticed on the left only; u + 0, u * 1 and u * 0 are to be removed as well."
)
@called_as(simplification, twice=True)
def left_operand_only(expression):
    def go(e):
        if not isinstance(e, tuple | list):
            return e
        op, *args = e
        args = [go(a) for a in args]
        if all(isinstance(a, int | float) for a in args):
            return evaluate((op, *args), {})
        if op == "+" and args[0] == 0:
            return args[1]
        if op == "*" and args[0] == 0:
            return 0.0
        if op == "*" and args[0] == 1:
            return args[1]
        if op == "**" and args[1] == 0:
            return 1.0
        if op == "**" and args[1] == 1:
            return args[0]
        return (op, *args)

    return go(expression)


@simplification.misconception(hint="u ** 0 becomes 0; anything to the power of 0 is 1.")
@called_as(simplification, twice=True)
def power_zero_is_zero(expression):
    def go(e):
        if not isinstance(e, tuple | list):
            return e
        op, *args = e
        args = [go(a) for a in args]
        if all(isinstance(a, int | float) for a in args):
            return evaluate((op, *args), {})
        if op == "+" and args[0] == 0:
            return args[1]
        if op == "+" and args[1] == 0:
            return args[0]
        if (op == "*" and 0 in args) or (op == "**" and args[1] == 0):
            return 0.0
        if op == "*" and args[0] == 1:
            return args[1]
        if op in ("*", "**") and args[1] == 1:
            return args[0]
        return (op, *args)

    return go(expression)


@simplification.misconception(
    hint="0 * u becomes u, as if 0 were neutral for products; a product with a factor 0 is 0."
)
@called_as(simplification, twice=True)
def zero_times_u_is_u(expression):
    def go(e):
        if not isinstance(e, tuple | list):
            return e
        op, *args = e
        args = [go(a) for a in args]
        if all(isinstance(a, int | float) for a in args):
            return evaluate((op, *args), {})
        if op in ("+", "*") and args[0] == 0:
            return args[1]
        if op in ("+", "*") and args[1] == 0:
            return args[0]
        if op == "*" and args[0] == 1:
            return args[1]
        if op == "*" and args[1] == 1:
            return args[0]
        if op == "**" and args[1] == 0:
            return 1.0
        if op == "**" and args[1] == 1:
            return args[0]
        return (op, *args)

    return go(expression)


@simplification.misconception(
    hint="0 − u becomes u and 1 / u becomes u; only sums and products may drop a neutral element on the left."
)
@called_as(simplification, twice=True)
def neutral_for_every_operator(expression):
    def go(e):
        if not isinstance(e, tuple | list):
            return e
        op, *args = e
        args = [go(a) for a in args]
        if all(isinstance(a, int | float) for a in args):
            return evaluate((op, *args), {})
        if op == "*" and 0 in args:
            return 0.0
        if op in ("+", "-") and args[0] == 0:
            return args[1]
        if op in ("+", "-") and args[1] == 0:
            return args[0]
        if op in ("*", "/") and args[0] == 1:
            return args[1]
        if op in ("*", "/") and args[1] == 1:
            return args[0]
        if op == "**" and args[1] == 0:
            return 1.0
        if op == "**" and args[1] == 1:
            return args[0]
        return (op, *args)

    return go(expression)


@simplification.misconception(
    hint="zeros and ones are removed, but constants are not folded: an operator whose operands are all numbers has a "
    "value that you can put in its place."
)
@called_as(simplification, twice=True)
def constants_not_folded(expression):
    def go(e):
        if not isinstance(e, tuple | list):
            return e
        op, *args = e
        args = [go(a) for a in args]
        if op == "+" and args[0] == 0:
            return args[1]
        if op == "+" and args[1] == 0:
            return args[0]
        if op == "*" and 0 in args:
            return 0.0
        if op == "*" and args[0] == 1:
            return args[1]
        if op == "*" and args[1] == 1:
            return args[0]
        if op == "**" and args[1] == 0:
            return 1.0
        if op == "**" and args[1] == 1:
            return args[0]
        return (op, *args)

    return go(expression)
