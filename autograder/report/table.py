"""What a class page and a table show: a line for each student, and what is known of each submission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from autograder.outcome import Outcome, Status


@dataclass(frozen=True)
class ExerciseNote:
    """The short form of the result of an exercise; `hint` is what is said of its misconception."""

    name: str
    outcome: Outcome
    score: float
    max_score: float
    misconception: str | None = None
    hint: str | None = None


@dataclass(frozen=True)
class Note:
    """What is known of a submission without its result in full.

    key         a digest of what was graded; empty if it is to be graded again
    submitted   the text of when it was handed in, where that is known
    """

    status: Status
    message: str = ""
    key: str = ""
    submitted: str | None = None
    exercises: tuple[ExerciseNote, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Note:
        """What `as_json` wrote. Raises LookupError, TypeError or ValueError for anything else."""
        exercises = tuple(
            ExerciseNote(**{**each, "outcome": Outcome(each["outcome"]), "score": float(each["score"])})
            for each in data["exercises"]
        )
        texts = {name: str(data[name]) for name in ("message", "key")}
        return cls(**{**data, **texts, "status": Status(data["status"]), "exercises": exercises})

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON-able data."""
        return {**vars(self), "exercises": [vars(each) for each in self.exercises]}


@dataclass(frozen=True)
class Row:
    """One student's line: `total` is `score` without the late penalty; both are None of what was put aside.

    scores     points of each exercise and written question; maxima: how many there are
    waiting    those that a person must still grade
    """

    assignment: str
    student: str
    status: Status
    submitted: str
    score: float | None
    late_penalty: float
    total: float | None
    max_score: float
    needs_manual_grade: bool
    message: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    maxima: Mapping[str, float] = field(default_factory=dict)
    waiting: Sequence[str] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Row:
        """What `as_json` wrote. Raises LookupError, TypeError or ValueError for anything else."""
        return cls(**{**data, "status": Status(data["status"])})

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON-able data."""
        return asdict(self)
