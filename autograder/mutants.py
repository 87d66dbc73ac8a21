"""Mutants: the instructor's solutions with one small change each, all of which must lose points.

Each is judged in the sandbox, as a submission is. How they are made: `autograder.mutations`.
"""

from __future__ import annotations

import ast
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from autograder import project
from autograder.batch import Batch
from autograder.cases import AssignmentCases
from autograder.errors import AuthoringError
from autograder.grade import Grader
from autograder.mutations import Mutant, mutants_of
from autograder.sandbox.launcher import Limits, Sandbox, WorkerDied
from autograder.submission import Submission

_LIMITS = Limits(wall=3.0)
"""A mutant may well loop for ever; the solutions need a small part of that for an exercise."""


def equivalents(name: str) -> dict[str, str]:
    """Mutants of an assignment that are right solutions, as `str` writes them, and why: from solutions/equivalent.toml.

    Raises AuthoringError for a file that cannot be read.
    """
    path = project.root() / "solutions" / "equivalent.toml"
    try:
        listed = tomllib.loads(path.read_text(encoding="utf-8")).get(name, {}) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise AuthoringError(f"{path}: cannot be read: {error}.") from error
    return {str(change): str(reason) for change, reason in listed.items()}


def survivors(
    assignment: AssignmentCases,
    cells: Sequence[str],
    mutants: Sequence[Mutant],
    sandbox: Sandbox,
    progress: Callable[[], None] = lambda: None,
) -> list[Mutant]:
    """The mutants that lose no point in any exercise."""
    graders: dict[str, Grader] = {}
    for mutant in mutants:
        graders.setdefault(mutant.function, _grader_of(assignment, mutant.function, sandbox))
    whole = Grader(assignment, sandbox, _LIMITS)

    def survives(mutant: Mutant) -> bool:
        submission = Submission("mutant", _with(cells, mutant))
        alive = all(_full(grader, submission) for grader in (graders[mutant.function], whole))
        progress()
        return alive

    with ThreadPoolExecutor(os.cpu_count() or 1) as executor:
        return [mutant for mutant, alive in zip(mutants, executor.map(survives, mutants), strict=True) if alive]


def let_through(
    assignment: AssignmentCases, sandbox: Sandbox, visible: Mapping[str, str], progress: Callable[[], None]
) -> dict[str, int]:
    """How many wrong solutions there are (mutants that are not listed as right), and how many of them pass

    hidden    the hidden tests of the assignment
    fixed     one fixed example for each exercise, of middling size, compared as strictly
    visible   the tests that students see, by exercise
    """
    cells, right = assignment.reference, equivalents(assignment.name)
    wrong = [mutant for mutant in mutants_of(cells) if str(mutant) not in right]
    one = tuple(replace(entry, cases=(entry.cases[len(entry.cases) // 2],)) for entry in assignment.exercises)
    tests = {f"visible_{number}": source for number, source in enumerate(visible.values())}
    callable_tests = [_as_function(name, source) for name, source in tests.items()]

    def passes(mutant: Mutant) -> bool:
        progress()
        return _passes_visible([*_with(cells, mutant), *callable_tests], list(tests), sandbox)

    with ThreadPoolExecutor(os.cpu_count() or 1) as executor:
        seen = sum(executor.map(passes, wrong))
    return {
        "wrong": len(wrong),
        "hidden": len(survivors(assignment, cells, wrong, sandbox, progress)),
        "fixed": len(survivors(replace(assignment, exercises=one), cells, wrong, sandbox, progress)),
        "visible": seen,
    }


def _as_function(name: str, source: str) -> str:
    """Tests of the notebook, to be called; what they define is theirs alone."""
    function = ast.parse(f"def {name}(): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = ast.parse(source).body or function.body
    return ast.unparse(function)


def _passes_visible(cells: Sequence[str], names: Sequence[str], sandbox: Sandbox) -> bool:
    try:
        with sandbox.start(_LIMITS) as worker:
            worker.request({"op": "load", "cells": list(cells), "names": list(names)})
            for name in names:
                reply = worker.request({"op": "call", "name": name, "call": f"{name}()", "cases": [{}]})
                (result,) = Batch.from_json(reply).entries()
                if "error" in result:
                    return False
    except (WorkerDied, ValueError):
        return False
    return True


def _with(cells: Sequence[str], mutant: Mutant) -> tuple[str, ...]:
    return (*cells[: mutant.cell], mutant.source, *cells[mutant.cell + 1 :])


def _full(grader: Grader, submission: Submission) -> bool:
    result = grader.grade(submission)
    return all(entry["outcome"] == "correct" and not entry["follow_through"] for entry in result["exercises"])


def _grader_of(assignment: AssignmentCases, function: str, sandbox: Sandbox) -> Grader:
    """For the exercise of this name, or those of its class: nearly all mutants lose there, and need go no further."""
    owner = function.partition(".")[0]
    own = tuple(entry for entry in assignment.exercises if entry.name == function)
    near = tuple(entry for entry in assignment.exercises if entry.name.partition(".")[0] == owner)
    return Grader(replace(assignment, exercises=own or near or assignment.exercises), sandbox, _LIMITS)
