"""Syntax that the student's Python knows, and the one that grades does not."""

from __future__ import annotations

import ast
import platform
import re
from collections.abc import Sequence
from pathlib import Path

from autograder.cases import visible
from autograder.judge.diagnosis import Diagnosis
from autograder.outcome import Outcome
from autograder.submission.reading import Cell

_DEFINED = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)


def too_new(cells: Sequence[Cell], file: Path) -> dict[str, Diagnosis]:
    """What to say of names that are defined in cells which the Python that grades cannot read.

    `file` has the visible cases. Python tells most of such syntax; what it does not tell (quotes of the same kind
    inside an f-string) is seen in grading only.
    """
    python, here = visible.python_of(file), tuple(map(int, platform.python_version_tuple()[:2]))
    diagnoses: dict[str, Diagnosis] = {}
    if python is None or python >= here:
        return diagnoses
    for cell in cells:
        error = _refused(cell.source, python)
        if error is not None:
            # Its line is the one where the parser stopped, which may be far below.
            reason = f"raises SyntaxError: {error.msg}; it is graded with Python {python[0]}.{python[1]}"
            for name in _DEFINED.findall(cell.source):
                diagnoses[name] = Diagnosis(Outcome.ERROR, f"`{name}` could not be defined: {reason}")
    return diagnoses


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
