"""Syntax that the student's Python knows, and the one that grades does not."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from autograder.cases import visible
from autograder.judge.diagnosis import Diagnosis
from autograder.judge.places import definitions
from autograder.outcome import Outcome
from autograder.submission.reading import Cell


def too_new(cells: Sequence[Cell], names: Sequence[str], file: Path) -> dict[str, Diagnosis]:
    """What to say of exercises whose last definition is in a cell that the Python that grades cannot read.

    `file` has the visible cases. Python tells most of such syntax; what it does not tell (quotes of the same kind
    inside an f-string) is seen in grading only.
    """
    python = visible.python_of(file)
    diagnoses: dict[str, Diagnosis] = {}
    if python is None or python >= sys.version_info[:2]:
        return diagnoses
    for name in names:
        owner = name.partition(".")[0]
        defining = [index for index, _ in definitions(cells, owner)]
        error = _refused(cells[defining[-1]].source, python) if defining else None
        if error is not None:
            # Its line is the one where the parser stopped, which may be far below.
            reason = f"raises SyntaxError: {error.msg}; it is graded with Python {python[0]}.{python[1]}"
            diagnoses[name] = Diagnosis(Outcome.ERROR, f"`{owner}` could not be defined: {reason}")
    return diagnoses


@cache
def _refused(source: str, python: tuple[int, int]) -> SyntaxError | None:
    """Why this Python says that an older one cannot read a source; None where it says nothing."""
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # it is no Python at all, or what only IPython reads
    try:
        ast.parse(source, feature_version=python)
    except SyntaxError as error:
        return error
    return None
