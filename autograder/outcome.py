"""Outcomes: what became of an exercise, and of a submission, in one word."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What became of an exercise. The last two are of a check alone, which does not see all that grading judges."""

    CORRECT = "correct"
    PARTIAL = "partial"
    WRONG = "wrong"
    ERROR = "error"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASHED = "crashed"
    MISSING = "missing"
    FORBIDDEN = "forbidden"
    RUNS = "runs"
    LATER = "later"


class Status(StrEnum):
    """What became of a submission. The last one is of a class alone."""

    GRADED = "graded"
    UNREADABLE = "unreadable"
    ASIDE = "aside"
    NOT_SUBMITTED = "not submitted"


RESULTS = frozenset({Outcome.CORRECT, Outcome.PARTIAL, Outcome.WRONG})
"""Of an exercise that gave results, right or not."""
STOPPED = (Outcome.ERROR, Outcome.TIMEOUT, Outcome.MEMORY, Outcome.CRASHED, Outcome.FORBIDDEN)
"""Of one that did not come to a result."""
EXHAUSTED = frozenset({Outcome.TIMEOUT, Outcome.MEMORY, Outcome.CRASHED})
"""Of one that took all that there is."""
