"""Statements: what is true of a wrong solution on every case, when no known misconception gives its results.

Each is a sentence about all cases that the cases could have shown to be false, in the words of the exercise: its
arguments, its dimensions, the items of its result. The most telling one comes first.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from autograder.border.values import Code
from autograder.cases.equality import Array, as_array, close
from autograder.cases.model import ExerciseCases
from autograder.judge.compare import Verdict
from autograder.judge.evidence import CASES, ENTRIES, Evidence, Leaf, Position, dimensions, gathered, leaves_of
from autograder.judge.formulas import formulas
from autograder.text import clean

FEW = 3
"""Right cases that a claim about sizes needs."""
_MORE = 3
"""How much more evidence a claim needs that could be true of all cases by chance."""
_PREDICATES: dict[str, Callable[[Array], Array]] = {
    "{} = 0": lambda x: x == 0,
    "{} = 1": lambda x: x == 1,
    "{} > 0": lambda x: x > 0,
    "{} < 0": lambda x: x < 0,
    "{} ≥ 0": lambda x: x >= 0,
    "{} ≤ 0": lambda x: x <= 0,
    "{} ≠ 0": lambda x: x != 0,
    "{} ≠ 1": lambda x: x != 1,
}
_EXTREME: dict[str, Callable[[Array], Array]] = {
    "{} is within 1e-5 of 0 or 1": lambda x: (np.abs(x) < 1e-5) | (np.abs(1 - x) < 1e-5),
    "|{}| is 12 or more": lambda x: np.abs(x) >= 12,
    "|{}| is 100 or more": lambda x: np.abs(x) >= 100,
}


def statements(exercise: ExerciseCases, verdicts: Sequence[Verdict], more: Sequence[str] = ()) -> Iterator[str]:
    """True sentences about the verdicts on one exercise, most telling first; none if there is nothing to say.

    `more` are sentences that were found true in other ways.
    """
    leaves = leaves_of(verdicts)
    if leaves is None:
        yield from more
        yield from _sizes(exercise, verdicts)
        return
    wrong, of, rest = _told_apart(leaves, not _is_program(verdicts))
    if all(leaf.fits for leaf in wrong):
        yield from _numbers(exercise, verdicts, wrong, _subject(of, rest), more)
    else:
        yield from more
        yield from _sizes(exercise, verdicts)
    if of:
        yield f"only {of} {_be(of)} wrong; {rest or 'everything else'} {_be(rest)} right in every case"
    elif rest:
        yield f"only {rest} {_be(rest)} right in every case"


def _subject(of: str, rest: str) -> str:
    if of:
        return f"each of {of}" if of.startswith("items") else of
    return f"everything but {rest}" if rest else "your result"


def _be(items: str) -> str:
    return "are" if items.startswith("items") else "is"


def _numbers(
    exercise: ExerciseCases, verdicts: Sequence[Verdict], wrong: Sequence[Leaf], subject: str, more: Sequence[str]
) -> Iterator[str]:
    """Statements about results of the right shapes, in the items that are wrong."""
    cases, sizes = [verdict.case for verdict in verdicts], _size_names(exercise, verdicts)
    evidence = gathered(exercise, cases, wrong)
    yield from formulas(evidence, subject, sizes)
    yield from more
    if not _is_program(verdicts):
        yield from _where(evidence, subject, sizes)
    yield from _sizes(exercise, verdicts)
    yield from _whole_arguments(verdicts)
    yield from _signs(evidence, subject)
    if (np.isinf(evidence.got) & np.isfinite(evidence.wanted)).any():
        yield f"{subject} is infinite for some arguments: a division by 0, an overflow, or the logarithm of 0?"
    if not _is_program(verdicts):
        yield from _rearranged(wrong, subject)
        yield from _functions(evidence, subject, sizes)
        yield from _rows(wrong, subject)
        yield from _one_factor(exercise, verdicts, evidence, subject)
        yield from _ranges(evidence, subject)


def _is_program(verdicts: Sequence[Verdict]) -> bool:
    """Whether arguments are pieces of code: then numbers in the result do not lie beside numbers of the arguments."""
    return any(isinstance(value, Code) for value in verdicts[0].case.arguments.values())


def _size_names(exercise: ExerciseCases, verdicts: Sequence[Verdict]) -> list[str]:
    return list(dimensions(exercise, verdicts[0].case))


# ------------------------------------------------------------------------------------------------------ which items


def _told_apart(leaves: Sequence[Leaf], from_the_end: bool) -> tuple[list[Leaf], str, str]:
    """The leaves whose item of the result is ever wrong, words for these items, and for the others."""
    of = rest = ""
    for seen in (leaves, *([list(map(_from_the_end, leaves))] if from_the_end else [])):
        wrong, right = _by_position(seen)
        of, rest = _items(wrong, right), _items(right, wrong)
        if of or rest:
            break
    return [leaf for leaf, place in zip(leaves, seen, strict=True) if place.path in wrong], of, rest


def _by_position(leaves: Sequence[Leaf]) -> tuple[set[Position], set[Position]]:
    """Positions of a result that are wrong in some case, and those that are right in every one."""
    seen = Counter(leaf.path for leaf in leaves)
    wrong = {leaf.path for leaf in leaves if not close(leaf.wanted.ravel(), leaf.got.ravel()).all()}
    right = seen.keys() - wrong
    if not wrong or any(seen[path] < _MORE * FEW for path in right):
        return set(seen), set()
    return wrong, right


def _from_the_end(leaf: Leaf) -> Leaf:
    """The same with its item counted from the end, as in `result[-1]`."""
    return replace(leaf, path=(leaf.path[0] - leaf.length, *leaf.path[1:])) if leaf.path else leaf


def _items(some: set[Position], others: set[Position]) -> str:
    """Words for some positions of a result, if others do not fit them; "" if there are none."""
    if not some or not others:
        return ""
    lengths = {len(path) for path in some}
    if lengths == {1} and len(some) > 1:
        return f"items {', '.join(str(path[0]) for path in sorted(some))} of the result"
    if len(lengths) > 1 or lengths == {0}:
        return ""
    columns = [set(column) for column in zip(*some, strict=True)]
    pattern = [column.copy().pop() if len(column) == 1 else None for column in columns]
    if any(_fits(path, pattern) for path in others):
        return ""
    if len(pattern) == 1:
        return f"item {pattern[0]} of the result"
    return f"`result{''.join('[i]' if index is None else f'[{index}]' for index in pattern)}`"


def _fits(path: Position, pattern: Sequence[int | None]) -> bool:
    return len(path) == len(pattern) and all(want in (None, index) for index, want in zip(path, pattern, strict=True))


# ------------------------------------------------------------------------------------------------------------ where


def _where(seen: Evidence, subject: str, sizes: Sequence[str]) -> Iterator[str]:
    """A condition on an argument without which no entry is wrong."""
    wrong = seen.wrong
    if wrong.all():
        return
    loose = ""
    for name, term in seen.terms.items():
        if name in sizes:
            continue
        for words, holds in {**_PREDICATES, **_EXTREME}.items():
            inside = holds(term)
            if (wrong & ~inside).any() or not seen.enough(~inside & (np.abs(seen.wanted) > 0)):
                continue
            told = words.replace("{}", f"`{name}`")
            if np.array_equal(inside, wrong) and seen.enough(inside):
                yield f"{subject} is wrong only where {told}; elsewhere it is right"
            elif not loose and seen.enough(wrong) and inside.mean() < 0.9:
                loose = f"{subject} is wrong only where {told}; elsewhere it is right"
    if loose:
        yield loose


def _sizes(exercise: ExerciseCases, verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Dimensions, lengths or numbers with which the result is right."""
    right = [verdict.right for verdict in verdicts]
    if not any(right):
        return
    for name, values in _counted(exercise, verdicts):
        for least in (1, 0):
            at = [value == least for value in values]
            if not any(at) or all(at):
                continue
            here = [value for value, there in zip(right, at, strict=True) if there]
            elsewhere = [value for value, there in zip(right, at, strict=True) if not there]
            if all(here) and len(here) >= 2 * FEW and elsewhere.count(False) >= FEW:
                yield f"right for {name} = {least}, but not in general"
            elif all(elsewhere) and len(elsewhere) >= 2 * FEW and here.count(False) >= FEW:
                yield f"wrong only for {name} = {least}"


def _counted(exercise: ExerciseCases, verdicts: Sequence[Verdict]) -> Iterator[tuple[str, list[object]]]:
    """What may be counted in each case: dimensions, lengths of lists, whole numbers."""
    for name in _size_names(exercise, verdicts):
        yield name, [dimensions(exercise, verdict.case).get(name) for verdict in verdicts]
    for name in verdicts[0].case.arguments:
        values = [verdict.case.arguments[name] for verdict in verdicts]
        if all(isinstance(value, list) for value in values):
            yield f"len({name})", list(map(len, values))
        elif all(type(value) is int for value in values):
            yield name, values


# --------------------------------------------------------------------------------------------------- weaker patterns


def _whole_arguments(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """An argument that is returned as it came, though its shape is not always that of the result."""
    for name in verdicts[0].case.arguments:
        pairs = [(as_array(verdict.answer.value), as_array(verdict.case.arguments[name])) for verdict in verdicts]
        if all(a is not None and b is not None and a.shape == b.shape and np.array_equal(a, b) for a, b in pairs):
            yield f"your result is `{clean(name, 40)}`, unchanged"


_ORDERS: dict[str, Callable[[Array], Array]] = {
    "its rows come in the reverse order": lambda x: x[::-1],
    "its columns come in the reverse order": lambda x: x[:, ::-1],
}


def _rearranged(leaves: Sequence[Leaf], subject: str) -> Iterator[str]:
    """The right numbers in another order."""
    for words, order in _ORDERS.items():
        if all(leaf.wanted.ndim == 2 for leaf in leaves) and all(
            np.allclose(leaf.got, order(leaf.wanted), 1e-9, 1e-9)
            for leaf in leaves
            if order(leaf.wanted).shape == leaf.got.shape
        ):
            yield f"{subject} is right but for its order: {words}"


def _signs(seen: Evidence, subject: str) -> Iterator[str]:
    """Right up to the sign."""
    with np.errstate(all="ignore"):
        same = np.isclose(np.abs(seen.got), np.abs(seen.wanted), 1e-9, 1e-9)
    wrong = seen.wrong
    if same.all() and seen.enough(wrong):
        where = next((f", namely where {words}" for words in _exactly(seen, wrong)), "")
        yield f"{subject} has the wrong sign in some entries{where}; its size is right in all"


def _exactly(seen: Evidence, wrong: Array) -> Iterator[str]:
    for name, term in seen.terms.items():
        for words, holds in _PREDICATES.items():
            if np.array_equal(holds(term), wrong):
                yield words.replace("{}", f"`{name}`")


def _functions(seen: Evidence, subject: str, sizes: Sequence[str]) -> Iterator[str]:
    """What is too much or too little, as a factor or as a term, depends on one argument alone."""
    with np.errstate(all="ignore"):
        factor, term = seen.got / seen.wanted, seen.got - seen.wanted
    usable = np.isfinite(factor) & (np.abs(seen.wanted) > 1e-6) & np.isfinite(term)
    for name, values in seen.terms.items():
        for words, ratio in (("times a factor", factor), ("plus a term", term)):
            if seen.determines(values, ratio, usable):
                what = "the size" if name in sizes else "the entry of"
                yield f"{subject} is the expected one {words} that depends on {what} `{name}` alone"


def _one_factor(exercise: ExerciseCases, verdicts: Sequence[Verdict], seen: Evidence, subject: str) -> Iterator[str]:
    """With some dimensions 1, all numbers of a result are off by one factor: the mistake comes before they part."""
    numbers, starts = np.unique(seen.case, return_index=True)
    results = list(zip(np.split(seen.wanted, starts[1:]), np.split(seen.got, starts[1:]), strict=True))
    sizes = [dimensions(exercise, verdicts[int(index)].case) for index in numbers]
    fits = [bool(np.isfinite(got).all()) and _proportional(wanted, got) for wanted, got in results]
    telling = [np.ptp(wanted) > 1e-6 and int((np.abs(wanted) > 1e-6).sum()) > 1 for wanted, _ in results]
    names = list(sizes[0])
    for ones in (*itertools.combinations(names, 1), *itertools.combinations(names, 2)):
        inside = [all(size.get(name) == 1 for name in ones) for size in sizes]
        shown = sum(here and tells for here, tells in zip(inside, telling, strict=True))
        if shown >= CASES and all(fit for here, fit in zip(inside, fits, strict=True) if here):
            told = " and ".join(f"{name} = 1" for name in ones)
            yield f"for {told}, all numbers of {subject} are the expected ones times one factor, the same for all"


def _rows(leaves: Sequence[Leaf], subject: str) -> Iterator[str]:
    """Rows or columns that are the expected ones times a number, or plus a number, each its own."""
    for axis, words in ((1, "row"), (0, "column")):
        lines = [
            (wanted, got)
            for leaf in leaves
            if leaf.wanted.ndim == 2 and leaf.wanted.shape[axis] > 1
            for wanted, got in zip(np.moveaxis(leaf.wanted, axis, 1), np.moveaxis(leaf.got, axis, 1), strict=True)
        ]
        telling = [pair for pair in lines if np.ptp(pair[0]) > 1e-6 and np.isfinite(pair[1]).all()]
        if len(telling) < ENTRIES or len(telling) < len(lines) / 3:
            continue
        with np.errstate(all="ignore"):
            if all(_proportional(wanted, got) and got.any() for wanted, got in telling):
                yield f"each {words} of {subject} is the expected one times a number of its own"
            if all(np.ptp(got - wanted) <= 1e-8 * (1 + np.abs(wanted).max()) for wanted, got in telling):
                yield f"each {words} of {subject} is the expected one plus a number of its own"


def _proportional(wanted: Array, got: Array) -> bool:
    at = int(np.abs(wanted).argmax())
    return bool(np.allclose(got * wanted[at], wanted * got[at], 1e-8, 1e-12))


_OUTSIDE: dict[str, Callable[[Array], Array]] = {
    "between 0 and 1": lambda x: (x < -1e-9) | (x > 1 + 1e-9),
    "between −1 and 1": lambda x: np.abs(x) > 1 + 1e-9,
    "0 or more": lambda x: x < -1e-9,
    "0 or less": lambda x: x > 1e-9,
}


def _ranges(seen: Evidence, subject: str) -> Iterator[str]:
    """Where all that is expected lies and some of what came does not, and on which side everything is wrong."""
    wanted, got, wrong = seen.wanted, seen.got, seen.wrong
    if np.isnan(got).any():
        return
    for words, outside in _OUTSIDE.items():
        if not outside(wanted).any() and seen.enough(outside(got)) and seen.enough(np.abs(wanted) > 0):
            yield f"the expected result is {words} in every case; {subject} is not"
    if seen.enough(wrong, _MORE):
        if (got[wrong] > wanted[wrong]).all():
            yield f"{subject} is too large wherever it is wrong"
        if (got[wrong] < wanted[wrong]).all():
            yield f"{subject} is too small wherever it is wrong"
        if (np.abs(got[wrong]) > np.abs(wanted[wrong])).all():
            yield f"{subject} is too far from 0 wherever it is wrong"
        if (np.abs(got[wrong]) < np.abs(wanted[wrong])).all():
            yield f"{subject} is too close to 0 wherever it is wrong"
