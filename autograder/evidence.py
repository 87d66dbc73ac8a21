"""Evidence: all numbers that came, beside those expected and those given, as long vectors that a claim is tested on.

A claim about a wrong solution is a formula in `wanted`, in the arguments and in the dimensions. It is tested on all
entries of all cases at once, and counts only if enough of them would have shown it to be false.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from autograder.cases import Case, ExerciseCases
from autograder.compare import Verdict
from autograder.equality import Array, as_array, close
from autograder.values import Value

ENTRIES, CASES = 12, 4
"""In how many entries, of how many cases, a claim must differ from its alternatives before it is believed."""
_PRECISION = 1e-7

Position = tuple[int, ...]


@dataclass(frozen=True)
class Leaf:
    """One array (or number) of a result: where it is in the result, what was expected, what came."""

    case: int
    path: Position
    wanted: Array
    got: Array


@dataclass(frozen=True)
class Evidence:
    """Vectors with one number for each entry of some leaves; `terms` are the arguments and dimensions beside them."""

    wanted: Array
    got: Array
    case: Array
    terms: dict[str, Array]

    @property
    def wrong(self) -> Array:
        """Which entries are wrong."""
        return ~close(self.wanted, self.got)

    def shows(self, formula: Array, scale: Array | float = 0.0) -> bool:
        """Whether what came is this in every entry, and that is something else than what was expected in enough."""
        with np.errstate(all="ignore"):
            slack = _PRECISION * (np.abs(formula) + np.abs(scale)) + 1e-12
            if (
                not np.isfinite(formula).all()
                or not ((np.abs(self.got - formula) <= slack) | (self.got == formula)).all()
            ):
                return False
            differs = np.abs(formula - self.wanted) > 1e-6 * (np.abs(formula) + np.abs(self.wanted)) + 1e-9
        return self.enough(differs & np.isfinite(self.got))

    def enough(self, where: Array) -> bool:
        """Whether there are enough such entries, in enough cases."""
        return int(where.sum()) >= ENTRIES and len(np.unique(self.case[where])) >= CASES


def leaves_of(verdicts: Sequence[Verdict]) -> list[Leaf] | None:
    """The arrays of all results; None where one is not built like the expected one, or was not returned at all."""
    found: list[Leaf] = []
    for number, verdict in enumerate(verdicts):
        if verdict.answer.error or not _pair(number, (), verdict.case.expected, verdict.answer.value, found):
            return None
    return found


def _pair(number: int, path: Position, expected: Value, got: Value, found: list[Leaf]) -> bool:
    if isinstance(expected, list | tuple):
        array = isinstance(got, np.ndarray) and got.ndim > 0
        if not (isinstance(got, list | tuple) or array) or len(got) != len(expected):
            return False
        return all(_pair(number, (*path, i), *pair, found) for i, pair in enumerate(zip(expected, got, strict=True)))
    wanted, came = as_array(expected), as_array(got)
    if wanted is None or came is None or wanted.shape != came.shape:
        return False
    found.append(Leaf(number, path, wanted.astype(np.float64), came.astype(np.float64)))
    return True


def gathered(exercise: ExerciseCases, cases: Sequence[Case], leaves: Sequence[Leaf]) -> Evidence:
    """The evidence of some leaves. A term is there if it fits all of them."""
    terms: dict[str, list[Array]] | None = None
    for leaf in leaves:
        mine = dict(_terms(exercise, cases[leaf.case], leaf.wanted.shape))
        if terms is None:
            terms = {name: [] for name in mine}
        for name in [name for name in terms if name not in mine]:
            del terms[name]
        for name, values in terms.items():
            values.append(np.broadcast_to(mine[name], leaf.wanted.shape).ravel())
    sizes = [leaf.wanted.size for leaf in leaves]
    return Evidence(
        np.concatenate([leaf.wanted.ravel() for leaf in leaves]),
        np.concatenate([leaf.got.ravel() for leaf in leaves]),
        np.repeat([leaf.case for leaf in leaves], sizes),
        {name: np.concatenate(values) for name, values in (terms or {}).items()},
    )


def _terms(exercise: ExerciseCases, case: Case, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
    """Arguments that lie beside a result of this shape entry by entry, and the dimensions."""
    for name, value in case.arguments.items():
        if isinstance(value, bool | str):
            continue
        array = as_array(value) if not isinstance(value, list | tuple) else None
        if array is None:
            continue
        if array.shape in (shape, ()):
            yield name, array.astype(np.float64)
        elif len(shape) == 2 and array.shape == (shape[1], 1):
            yield f"{name}ᵀ", array.T.astype(np.float64)
        elif len(shape) == 2 and array.shape == (shape[0], 1) and exercise.shapes.get(name):
            yield name, array.astype(np.float64)
    for name, size in dimensions(exercise, case).items():
        yield name, np.asarray(float(size))


def dimensions(exercise: ExerciseCases, case: Case) -> dict[str, int]:
    """Sizes of the named dimensions in one case."""
    sizes: dict[str, int] = {}
    for name, dims in exercise.shapes.items():
        if dims and name in case.arguments:
            sizes.update(zip(dims, np.shape(case.arguments[name]), strict=False))
    return {name: size for name, size in sizes.items() if not name.isdigit()}


def derived(terms: dict[str, Array], sizes: Sequence[str]) -> Iterator[tuple[str, Array]]:
    """The terms, and what formulas of this chapter make of them."""
    yield from terms.items()
    makers: dict[str, Callable[[Array], Array]] = {
        "1 − {}": lambda x: 1 - x,
        "{}²": np.square,
        "{}³": lambda x: x**3,
        "{} (1 − {})": lambda x: x * (1 - x),
        "1 − {}²": lambda x: 1 - x**2,
        "1 + {}": lambda x: 1 + x,
        "exp({})": np.exp,
        "log({})": np.log,
        "tanh({})": np.tanh,
        "σ({})": lambda x: 0.5 * (1 + np.tanh(x / 2)),
        "(1 − tanh²({}))": lambda x: 1 - np.tanh(x) ** 2,
        "sin({})": np.sin,
        "cos({})": np.cos,
    }
    for name, values in terms.items():
        if name in sizes:
            yield f"{name}²", values**2
            continue
        for words, make in makers.items():
            yield words.replace("{}", name), make(values)
