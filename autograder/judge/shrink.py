"""Shrink: from the smallest failing case that was drawn to one that is smaller, or easier to read.

Only where arguments are `free`: there an array may be cut along its named dimensions, together with all others that
have them, and an entry may become one that another case has, and the input stays in its domain. A smaller case
counts only if it fails in the same way. The same answers give the same case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from autograder.cases.drawing import size_of
from autograder.cases.model import Case, ExerciseCases
from autograder.judge.compare import Verdict
from autograder.judge.evidence import dimensions
from autograder.judge.trials import Arguments, Trials

_ROUNDS = 16
_PLACES = 6
"""Indices of a dimension, or entries of an array, that are tried in one round."""
_READABLE = 4
"""Characters of a number that is easy to read."""


def shrink(trials: Trials, cases: Sequence[Case], shown: Verdict) -> Verdict:
    """The smallest case found that fails as the one shown does, or that one itself."""
    if not trials.exercise.free:
        return shown
    cutting = True
    for _ in range(_ROUNDS):
        arguments = shown.case.arguments
        tried = _cuts(trials.exercise, shown.case) if cutting else _simpler(arguments, cases)
        smaller = sorted((each for each in tried if size_of(each) < size_of(arguments)), key=size_of)
        verdicts = trials.verdicts([(shown.case, each) for each in smaller])
        found = next((verdict for verdict in verdicts if verdict and _alike(verdict, shown)), None)
        if found:
            shown = found
        elif cutting:
            cutting = False
        else:
            break
    return shown


def _alike(left: Verdict, right: Verdict) -> bool:
    """Whether two verdicts are failures of the same kind."""
    kinds = [
        (
            verdict.right,
            verdict.answer.error,
            verdict.answer.line,
            set(verdict.answer.changed),
            verdict.relation is None,
            verdict.difference and (verdict.difference.kind, verdict.difference.path),
        )
        for verdict in (left, right)
    ]
    return kinds[0] == kinds[1]


def _cuts(exercise: ExerciseCases, case: Case) -> Iterator[Arguments]:
    """The case with one of its dimensions cut to one index, or made one less."""
    for name, size in dimensions(exercise, case).items():
        if size > 1:
            for index in range(min(size, _PLACES)):
                yield _taken(exercise, case.arguments, name, [index])
            for index in range(min(size, _PLACES) if size > 2 else 0):
                yield _taken(exercise, case.arguments, name, [i for i in range(size) if i != index])


def _taken(exercise: ExerciseCases, arguments: Arguments, name: str, indices: Sequence[int]) -> Arguments:
    """The arguments with only some indices of a dimension left, in all arrays that have it."""
    taken = dict(arguments)
    for argument, value in arguments.items():
        for axis, dim in enumerate(exercise.shapes.get(argument) or ()):
            if dim == name and isinstance(value, np.ndarray):
                taken[argument] = np.take(taken[argument], indices, axis)
    return taken


def _simple_entries(cases: Sequence[Case], name: str) -> list[float]:
    """The numbers that are easiest to read among those that were drawn for an array argument."""
    drawn = {entry for case in cases for entry in case.arguments[name].ravel().tolist() if _readable(entry)}
    return sorted(drawn, key=_plainness)[:_PLACES]


def _plainness(entry: float) -> tuple[int, bool, float]:
    """1 before 2, positive before negative, and 0 after both, where much is right by chance."""
    return len(repr(entry)) if entry else _READABLE, entry < 0, abs(entry)


def _readable(entry: float) -> bool:
    return len(repr(entry)) <= _READABLE


def _simpler(arguments: Arguments, cases: Sequence[Case]) -> Iterator[Arguments]:
    """The arguments with entries that are hard to read made easy: all of an array, or one."""
    for name, value in arguments.items():
        if not isinstance(value, np.ndarray):
            continue
        hard = [i for i, entry in enumerate(value.ravel().tolist()) if not _readable(entry)]
        simple = _simple_entries(cases, name) if hard else []
        for places in ([hard] if len(hard) > 1 else []) + [[i] for i in hard[:_PLACES]]:
            for entry in simple:
                changed = value.copy()
                changed.ravel()[places] = entry
                yield {**arguments, name: changed}
