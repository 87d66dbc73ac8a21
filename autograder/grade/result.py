"""Results: what is said of an exercise, a submission and all of them, as records that can write themselves as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from autograder.author.exercise import Relation
from autograder.cases.model import Answer, Case, ExerciseCases
from autograder.judge.compare import Verdict, compare, same_again
from autograder.judge.diagnosis import Diagnosis, diagnose, outcome_of
from autograder.judge.score import score
from autograder.outcome import Outcome, Status
from autograder.text import call, clean, plain

_NAME, _MESSAGE = 400, 600
"""Characters of a submission's name and of a message about it."""


@dataclass(frozen=True)
class Counterexample:
    """A call that shows what is wrong, as data.

    expected   is None where many results are right
    got        is None where nothing came back
    call       is the code that a student can paste
    shapes     are the named dimensions of arguments and result
    """

    arguments: Mapping[str, Any]
    expected: Any
    got: Any
    call: str
    shapes: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, exercise: ExerciseCases, case: Case, answer: Answer) -> Counterexample:
        """The answer to a case."""
        return cls(
            {name: plain(value) for name, value in case.arguments.items()},
            plain(case.expected),
            None if answer.error else plain(answer.value),
            call(exercise.name, exercise.call, case.arguments),
            {name: list(dims) for name, dims in exercise.shapes.items() if dims},
        )

    def published(self) -> dict[str, Any]:
        """What the document has of it."""
        return {"arguments": self.arguments, "expected": self.expected, "got": self.got}


@dataclass(frozen=True)
class ExerciseResult:
    """What is said of one exercise; `summary` is what it asks."""

    name: str
    summary: str
    score: float
    max_score: float
    outcome: Outcome
    message: str | None
    misconception: str | None
    follow_through: bool
    counterexample: Counterexample | None

    @classmethod
    def of(
        cls, exercise: ExerciseCases, points: float, diagnosis: Diagnosis, follow_through: bool = False
    ) -> ExerciseResult:
        """The result of an exercise that was diagnosed."""
        shown = diagnosis.shown
        return cls(
            exercise.name,
            exercise.summary,
            points,
            exercise.points,
            diagnosis.outcome,
            diagnosis.message,
            diagnosis.misconception,
            follow_through,
            Counterexample.of(exercise, shown.case, shown.answer) if shown else None,
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ExerciseResult:
        """What `SubmissionResult.as_json` wrote. Raises LookupError, TypeError or ValueError for anything else."""
        shown = data["counterexample"]
        own = {**data, "outcome": Outcome(data["outcome"]), "counterexample": shown and Counterexample(**shown)}
        return cls(**own)

    def published(self) -> dict[str, Any]:
        """What the document has of it."""
        told = {key: value for key, value in vars(self).items() if key != "summary"}
        return {**told, "counterexample": self.counterexample and self.counterexample.published()}


@dataclass(frozen=True)
class SubmissionResult:
    """What is said of a submission. One that was put aside has no score."""

    submission: str
    score: float | None
    max_score: float
    status: Status
    message: str | None
    exercises: tuple[ExerciseResult, ...]

    @classmethod
    def graded(
        cls, name: str, exercises: Sequence[ExerciseResult], status: Status = Status.GRADED, message: str | None = None
    ) -> SubmissionResult:
        """A submission with the results of all exercises, or one that could not be read, and why."""
        total = round(sum(each.score for each in exercises), 2)
        maximum = sum(each.max_score for each in exercises)
        return cls(clean(name, _NAME), total, maximum, status, message, tuple(exercises))

    @classmethod
    def put_aside(cls, name: str, maximum: float, reason: str) -> SubmissionResult:
        """A submission on which grading failed, which is nobody's fault but ours."""
        return cls(clean(name, _NAME), None, maximum, Status.ASIDE, clean(reason, _MESSAGE), ())

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SubmissionResult:
        """What `as_json` wrote. Raises LookupError, TypeError or ValueError for anything else."""
        exercises = tuple(map(ExerciseResult.from_json, data["exercises"]))
        return cls(**{**data, "status": Status(data["status"]), "exercises": exercises})

    def with_remark(self, remark: str) -> SubmissionResult:
        """The same with a remark, where nothing else is said."""
        return replace(self, message=self.message or remark or None)

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON-able data."""
        return asdict(self)

    def published(self) -> dict[str, Any]:
        """An entry of the document's "submissions"."""
        return {**vars(self), "exercises": [each.published() for each in self.exercises]}


@dataclass(frozen=True)
class Document:
    """What grading some files comes to; `warning` says what a weak sandbox does not prevent."""

    assignment: str
    version: str
    submissions: tuple[SubmissionResult, ...]
    warning: str = ""

    def published(self) -> dict[str, Any]:
        """The document exactly as `interface` has it, with the warning if there is one."""
        submissions = [each.published() for each in self.submissions]
        told = {"warning": self.warning} if self.warning else {}
        return {"assignment": self.assignment, "version": self.version, "submissions": submissions, **told}


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
    def outcome(self) -> Outcome:
        """What became of it."""
        if self.settled:
            return self.settled.outcome
        found = outcome_of(self.exercise, self.verdicts)
        return Outcome.PARTIAL if found != Outcome.CORRECT and self.points > 0 else found

    @property
    def right(self) -> bool:
        """Whether all of it is."""
        return self.outcome == Outcome.CORRECT

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
            return Judged(exercise, 0.0, settled=Diagnosis(Outcome.WRONG, told))
    return Judged(exercise, score(exercise.points, verdicts), verdicts)
