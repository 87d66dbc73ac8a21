"""Visible cases: what students get of an assignment's tests, as a file of data beside their notebook.

It is a compiled assignment (see `autograder.cases`) cut down to a few cases that a person can read: inputs, expected
results, shapes, points and the sentence about each exercise. References, misconceptions and relations are not in it;
where only relations judge, it holds inputs and no results. The cases are some of the hidden ones: every point needs
all of those, many dozens for an exercise, so to know the answers of a few gains nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from autograder.border.values import Code, Value
from autograder.cases.equality import difference
from autograder.cases.model import AssignmentCases, Case, ExerciseCases
from autograder.cases.store import parse, to_json
from autograder.errors import UsageError

SUFFIX = ".cases.json"
_ENTRIES = (6, 12, 12, 16, 20)
"""How many entries the arguments of a case may have; for each, the case with the most different numbers is taken."""
_SHARE, _MOST = 4, 24
"""At most one in so many cases of an exercise is visible, and not more than so many."""


def visible(compiled: AssignmentCases) -> AssignmentCases:
    """The part of a compiled assignment that students get. Its version is that of the file; see `read`."""
    exercises = tuple(
        dataclasses.replace(entry, cases=_chosen(entry), mistakes=(), seconds=None, given={})
        for entry in compiled.exercises
    )
    return dataclasses.replace(compiled, version="", exercises=exercises, reference=())


def write(cases: AssignmentCases, python: str = "") -> bytes:
    """The content of the file, with the version of Python that will grade, like "3.11", where that is known."""
    told = {"python": python} if python else {}
    return (json.dumps({**told, **to_json(cases)}, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def read(path: Path) -> AssignmentCases:
    """The visible cases in a file. Raises UsageError if there are none."""
    try:
        content = path.read_bytes()
        found = parse(content)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise UsageError(f"{path} holds no visible cases: fetch the assignment again.") from error
    return dataclasses.replace(found, version=hashlib.sha256(content).hexdigest()[:16])


def python_of(path: Path) -> tuple[int, int] | None:
    """The version of Python that will grade, as a file that `read` accepts tells it."""
    told = json.loads(path.read_bytes()).get("python")
    version = re.fullmatch(r"(\d{1,3})\.(\d{1,3})", told) if isinstance(told, str) else None
    return (int(version[1]), int(version[2])) if version else None


def same(left: AssignmentCases, right: AssignmentCases) -> bool:
    """Whether two sets of visible cases say the same; numbers may differ in the last bits, as machines do."""
    return _outline(left) == _outline(right) and difference(_values(left), _values(right), tighten=0.1) is None


def _outline(cases: AssignmentCases) -> Any:
    return cases.name, [dataclasses.replace(entry, cases=()) for entry in cases.exercises], cases.reference


def _values(cases: AssignmentCases) -> list[Value]:
    return [
        [case.part, case.plan, *_plain(case.arguments), *_plain(case.expected)]
        for entry in cases.exercises
        for case in entry.cases
    ]


def _plain(value: Value) -> list[Value]:
    """A value as lists, numbers and texts."""
    if isinstance(value, dict):
        return [item for name, inner in value.items() for item in (name, *_plain(inner))]
    if isinstance(value, list | tuple):
        return [[item for inner in value for item in _plain(inner)]]
    return [value.source if isinstance(value, Code) else value]


def _chosen(exercise: ExerciseCases) -> tuple[Case, ...]:
    """For each part of an exercise the smallest case and the most telling ones of those that can be read."""
    parts = list(dict.fromkeys(case.part for case in exercise.cases))
    found: list[int] = []
    for largest, telling in ((_ENTRIES[-1], False), *((entries, True) for entries in _ENTRIES)):
        for part in parts:
            readable = [
                number
                for number, case in enumerate(exercise.cases)
                if case.part == part and number not in found and len(_numbers(case.arguments)) <= largest
            ]
            if telling:
                readable.sort(key=lambda number: -len(set(_numbers(exercise.cases[number].arguments))))
            found += readable[:1]
    allowed = min(_MOST, len(exercise.cases) // _SHARE if exercise.unique else len(exercise.cases))
    return tuple(exercise.cases[number] for number in sorted(found[:allowed]))


def _numbers(value: Value) -> list[Any]:
    if isinstance(value, np.ndarray):
        return list(value.ravel().tolist())
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [number for item in value for number in _numbers(item)]
    return [] if isinstance(value, str | Code) or value is None else [value]
