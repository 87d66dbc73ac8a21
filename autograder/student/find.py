"""Finding the file of visible cases that belongs to a notebook, a folder or a function."""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Sequence
from pathlib import Path

from autograder.cases import AssignmentCases
from autograder.errors import UsageError
from autograder.visible import SUFFIX, read


def file_for(folder: Path, assignment: str | None, asked: Sequence[str], defined: Collection[str]) -> Path:
    """The file of `assignment`, or whichever near `folder` has what is asked for, or most of what is defined.

    Raises UsageError if there is none, or more than one.
    """
    files = near(folder)
    if assignment is not None:
        return _named(assignment, files)
    if not files:
        raise UsageError(
            f"there are no visible cases (*{SUFFIX}) in {folder}: work in the folder of the assignment, where they "
            "came with it, or let AUTOGRADER_ASSIGNMENTS name that folder."
        )
    names = {path: names_of(read(path)) for path in files}
    having = [path for path in files if names[path].issuperset(asked)]
    if not having:
        raise UsageError(f"there is no exercise {_missing(asked, set().union(*names.values()))}")
    most = max(len(names[path] & set(defined)) for path in having)
    best = [path for path in having if len(names[path] & set(defined)) == most]
    if len(best) > 1:
        found = ", ".join(map(name_of, best))
        raise UsageError(f"that may belong to {found}: say which one is meant, as the assignment.")
    return best[0]


def near(folder: Path) -> list[Path]:
    """Files of visible cases: those of AUTOGRADER_ASSIGNMENTS, else the nearest to `folder`, in it or below."""
    place = Path(os.environ.get("AUTOGRADER_ASSIGNMENTS") or folder)
    for pattern in ("", "*/", "assignments/*/"):
        files = sorted(place.glob(f"{pattern}*{SUFFIX}"))
        if files:
            return files
    return []


def name_of(path: Path) -> str:
    """The assignment whose visible cases a file holds."""
    return path.name.removesuffix(SUFFIX)


def exercises_asked(cases: AssignmentCases, asked: Sequence[str]) -> list[str]:
    """Names of the exercises asked for, of all if nothing is; a class stands for all its methods. Raises UsageError."""
    names = [entry.name for entry in cases.exercises]
    wrong = [name for name in asked if name not in names_of(cases)]
    if wrong:
        raise UsageError(f"{cases.name} has no exercise {_missing(wrong, names_of(cases))}")
    return [name for name in names if not asked or name in asked or name.partition(".")[0] in asked]


def names_of(cases: AssignmentCases) -> set[str]:
    """Names of the exercises, and of the classes that their methods belong to."""
    return {name for entry in cases.exercises for name in (entry.name, entry.name.partition(".")[0])}


def _missing(asked: Sequence[str], known: Collection[str]) -> str:
    name = next((name for name in asked if name not in known), asked[0])
    close = difflib.get_close_matches(name, sorted(known), 1) or [
        each for each in sorted(known) if each.lower() == name.lower()
    ]
    meant = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(sorted(known))}."
    return f"{name!r}; {meant}"


def _named(assignment: str, files: Sequence[Path]) -> Path:
    if assignment.endswith(SUFFIX):
        return Path(assignment)
    for path in files:
        if name_of(path) == assignment:
            return path
    known = [name_of(path) for path in files]
    close = difflib.get_close_matches(assignment, known, 1)
    meant = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known) or 'none'}."
    raise UsageError(f"there are no visible cases of {assignment!r} here; {meant}")
