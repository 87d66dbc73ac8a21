"""Result: what is said of one exercise, from the answers to its cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from autograder.author.exercise import Relation
from autograder.cases.model import Answer, Case, ExerciseCases
from autograder.judge.compare import Verdict, compare, same_again
from autograder.judge.diagnosis import Diagnosis, diagnose, outcome_of
from autograder.judge.score import score
from autograder.text import call, plain

Result = dict[str, Any]


@dataclass(frozen=True)
class Judged:
    """What an exercise is worth; why is found out when it is asked for, since most of it is never told.

    settled    the diagnosis where there are no verdicts that could say more
    """

    exercise: ExerciseCases
    points: float
    verdicts: tuple[Verdict, ...] = ()
    settled: Diagnosis | None = None

    @property
    def outcome(self) -> str:
        """The outcome (see `interface`)."""
        if self.settled:
            return self.settled.outcome
        found = outcome_of(self.exercise, self.verdicts)
        return "partial" if found != "correct" and self.points > 0 else found

    @property
    def right(self) -> bool:
        """Whether all of it is."""
        return self.outcome == "correct"

    def as_before(self, before: Judged) -> bool:
        """Whether this comes of the same answers: they are judged once, and are settled alike."""
        if self is before or self.settled is None or before.settled is None:
            return self is before
        return (self.settled.outcome, self.settled.message) == (before.settled.outcome, before.settled.message)

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """What is wrong, and a case that shows it."""
        return self.settled or replace(diagnose(self.exercise, self.verdicts), outcome=self.outcome)


def judge_answers(
    exercise: ExerciseCases,
    answers: Sequence[Answer],
    again: Mapping[int, Answer],
    relations: Sequence[Relation] = (),
    known: Sequence[bool | None] = (),
) -> Judged:
    """Points and verdicts. `again` holds second answers to some cases, by index; `known` is that of `compare`."""
    verdicts = compare(exercise, answers, relations, known)
    for index, second in again.items():
        if not same_again(answers[index], second):
            told = "the same arguments gave another result the second time: it must depend on nothing else"
            # Without an example: what it gave this time is not what it gives the next time it is graded.
            return Judged(exercise, 0.0, settled=Diagnosis("wrong", told))
    return Judged(exercise, score(exercise.points, verdicts), verdicts)


def result_of(exercise: ExerciseCases, points: float, diagnosis: Diagnosis, follow_through: bool = False) -> Result:
    """One entry of the document's "exercises", with more than `interface` has: see `autograder.grade.grader`."""
    return {
        "name": exercise.name,
        "summary": exercise.summary,
        "score": points,
        "max_score": exercise.points,
        "outcome": diagnosis.outcome,
        "message": diagnosis.message,
        "misconception": diagnosis.misconception,
        "follow_through": follow_through,
        "counterexample": diagnosis.shown and _counterexample(exercise, diagnosis.shown.case, diagnosis.shown.answer),
    }


def _counterexample(exercise: ExerciseCases, case: Case, answer: Answer) -> Result:
    return {
        "arguments": {name: plain(value) for name, value in case.arguments.items()},
        "expected": plain(case.expected),
        "got": None if answer.error else plain(answer.value),
        "call": call(exercise.name, exercise.call, case.arguments),
        "shapes": {name: list(dims) for name, dims in exercise.shapes.items() if dims},
    }
