"""Compare: answers of a submission against what is expected, case by case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from autograder.author.exercise import Relation
from autograder.border.batch import Batch, pack
from autograder.border.values import Value, copied, identical
from autograder.cases.equality import Difference, close, difference
from autograder.cases.model import Answer, Case, ExerciseCases
from autograder.text import clean

_TOLD = 400
"""Characters of what a relation says."""


@dataclass(frozen=True)
class Verdict:
    """What one case shows: right, or that it differs, the broken relation, the changed argument or the exception."""

    case: Case
    answer: Answer
    differs: bool = False
    relation: str | None = None

    @property
    def right(self) -> bool:
        """Whether the answer is right and nothing was changed on the way."""
        clean = self.answer.error is None and not self.answer.changed
        return clean and not self.differs and self.relation is None

    @cached_property
    def difference(self) -> Difference | None:
        """How it differs from what is expected; found when it is asked for, since most of it is never told."""
        return difference(self.case.expected, self.answer.value) if self.differs else None


def compare(
    exercise: ExerciseCases,
    answers: Sequence[Answer],
    relations: Sequence[Relation] = (),
    known: Sequence[bool | None] = (),
) -> tuple[Verdict, ...]:
    """One verdict per case, in the order of the cases (smallest first).

    `known` says which have the expected result: not looked at again where it is true or false, unlike None.
    """
    return tuple(
        judge(exercise, case, answer, relations) if same is None else Verdict(case, answer, not same)
        for case, answer, same in zip(exercise.cases, answers, known or [None] * len(answers), strict=True)
    )


def judge(exercise: ExerciseCases, case: Case, answer: Answer, relations: Sequence[Relation] = ()) -> Verdict:
    """The verdict on one answer. A relation that fails on a strange result has been broken by it."""
    if answer.error is not None:
        return Verdict(case, answer)
    if exercise.unique and difference(case.expected, answer.value):
        return Verdict(case, answer, differs=True)
    for relation in relations:
        try:
            holds = relation.predicate(copied(answer.value), **copied(case.arguments))
        except Exception:
            holds = False
        if holds is not True:
            broken = holds if isinstance(holds, str) else relation.name
            return Verdict(case, answer, relation=clean(broken, _TOLD))  # it may quote the answer
    return Verdict(case, answer)


def same_answer(left: Answer, right: Answer) -> bool:
    """Whether two answers are the same behaviour: same value within tolerance, same changes, or same exception."""
    if left.error or right.error:
        return (left.error, left.message) == (right.error, right.message)
    if set(left.changed) != set(right.changed):
        return False
    return identical(left.value, right.value) or difference(left.value, right.value, same_nan=True) is None


def same_again(first: Answer, second: Answer) -> bool:
    """Whether two calls with the same arguments gave the same; messages of exceptions may tell addresses or times."""
    if first.error or second.error:
        return first.error == second.error
    return same_answer(first, second)


class Expected:
    """The expected results of all calls as one batch, to be compared with a submission's at once."""

    def __init__(self, values: Sequence[Value]) -> None:
        self._batch = pack(values)
        self._has_nan = bool(np.isnan(self._batch.array()).any())  # which equals nothing, not even the same bytes
        self._ends = np.cumsum([0, *(len(pack([value]).numbers) // 8 for value in values)])

    def agrees(self, got: Batch) -> Sequence[bool | None]:
        """Which results are the expected ones; None if that takes a closer look."""
        alike = (self._batch.outline, self._batch.others) == (got.outline, got.others)
        if not alike or len(self._batch.numbers) != len(got.numbers):
            return [None] * (len(self._ends) - 1)
        if not self._has_nan and self._batch.numbers == got.numbers:
            return [True] * (len(self._ends) - 1)
        wrong = np.concatenate([[0], np.cumsum(~close(self._batch.array(), got.array()))])
        agreeing: list[bool] = (wrong[self._ends[1:]] == wrong[self._ends[:-1]]).tolist()
        return agreeing
