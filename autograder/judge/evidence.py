"""Evidence: all numbers that came, beside those expected and those given, as long vectors that a claim is tested on.

A claim about a wrong solution is a formula in `wanted`, in the arguments and in the dimensions. It is tested on all
entries of all cases at once, and counts only if enough of them would have shown it to be false.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.border.values import Value
from autograder.cases.equality import Array, as_array, close
from autograder.cases.model import Case, ExerciseCases
from autograder.judge.compare import Verdict

ENTRIES, CASES = 12, 4
"""In how many entries, of how many cases, a claim must differ from its alternatives before it is believed."""
_PRECISION = 1e-7

Position = tuple[int, ...]


@dataclass(frozen=True)
class Leaf:
    """One array (or number) of a result: where it is in the result, what was expected, what came.

    `case` is the number of the case, `length` that of the items of the whole result (0 if it is no list). What came
    in another shape is NaN, and does not fit.
    """

    case: int
    path: Position
    wanted: Array
    got: Array
    length: int = 0
    fits: bool = True


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

    def shows(self, formula: Array, scale: Array | float = 0.0, finite: bool = True) -> bool:
        """Whether what came is this in every entry, and that is something else than what was expected in enough."""
        if finite and not np.isfinite(formula).all():
            return False
        with np.errstate(all="ignore"):
            slack = _PRECISION * (np.abs(formula) + np.abs(scale)) + 1e-12
            if not ((np.abs(self.got - formula) <= slack) | (self.got == formula)).all():
                return False
            differs = np.abs(formula - self.wanted) > 1e-6 * (np.abs(formula) + np.abs(self.wanted)) + 1e-9
        return self.enough(differs & np.isfinite(self.got))

    def determines(self, term: Array, ratio: Array, usable: Array) -> bool:
        """Whether the ratio is the same wherever a term is, in enough pairs of cases that differ in the rest."""
        if np.ptp(term) == 0 or not usable.any() or np.ptp(ratio[usable]) < 1e-6:
            return False
        term, ratio, wanted, case = term[usable], ratio[usable], self.wanted[usable], self.case[usable]
        order = np.lexsort((case, term))
        term, ratio, wanted, case = term[order], ratio[order], wanted[order], case[order]
        same = (term[1:] == term[:-1]) & (case[1:] != case[:-1])
        slack = _PRECISION * (np.abs(ratio[1:]) + np.abs(ratio[:-1])) + 1e-9
        if (np.abs(ratio[1:] - ratio[:-1]) > slack)[same].any():
            return False
        telling = same & (np.abs(wanted[1:] - wanted[:-1]) > 1e-6) & (np.abs(ratio[1:] - 1) > 1e-6)
        return int(telling.sum()) >= ENTRIES and len(np.unique(term[1:][telling])) >= CASES

    def enough(self, where: Array, times: int = 1) -> bool:
        """Whether there are enough such entries, in enough cases; some times more where chance could do it."""
        return int(where.sum()) >= times * ENTRIES and len(np.unique(self.case[where])) >= times * CASES


def leaves_of(verdicts: Sequence[Verdict]) -> list[Leaf] | None:
    """The arrays of all results; None where one is not built like the expected one, or was not returned at all."""
    found: list[Leaf] = []
    for number, verdict in enumerate(verdicts):
        expected = verdict.case.expected
        length = len(expected) if isinstance(expected, list | tuple) else 0
        if verdict.answer.error or not _pair((number, length), (), expected, verdict.answer.value, found):
            return None
    return found


def _pair(case: tuple[int, int], path: Position, expected: Value, got: Value, found: list[Leaf]) -> bool:
    if isinstance(expected, list | tuple):
        array = isinstance(got, np.ndarray) and got.ndim > 0
        if not (isinstance(got, list | tuple) or array) or len(got) != len(expected):
            return False
        return all(_pair(case, (*path, i), *pair, found) for i, pair in enumerate(zip(expected, got, strict=True)))
    if expected is None or isinstance(expected, str):
        return type(got) is type(expected) and got == expected
    wanted, came = as_array(expected), as_array(got)
    if wanted is None or came is None:
        return False
    number, length = case
    fits = wanted.shape == came.shape
    shown = came.astype(np.float64) if fits else np.full(wanted.shape, np.nan)
    found.append(Leaf(number, path, wanted.astype(np.float64), shown, length, fits))
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


_SUMMARIES: dict[str, Callable[[Array], Any]] = {
    "min({})": np.min,
    "max({})": np.max,
    "sum({})": np.sum,
    "mean({})": np.mean,
}


def _terms(exercise: ExerciseCases, case: Case, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
    """Arguments that lie beside a result of this shape entry by entry, and the dimensions."""
    for name, value in case.arguments.items():
        if isinstance(value, bool | str):
            continue
        array = as_array(value) if not isinstance(value, list | tuple) else None
        if array is None:
            continue
        if shape == () and array.ndim:
            for words, of in _SUMMARIES.items():
                yield words.format(name), np.asarray(of(array), np.float64)
        elif array.shape in (shape, ()):
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
