"""Mutants: the instructor's solutions with one small change each, all of which must lose points.

Each is judged in the sandbox, as a submission is. How they are made: `autograder.validate.mutations`.
"""

from __future__ import annotations

import ast
import os
import random
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from autograder import project
from autograder.border.batch import Batch
from autograder.border.values import Value
from autograder.cases.model import Answer, AssignmentCases
from autograder.errors import AuthoringError
from autograder.grade.grader import Grader
from autograder.grade.session import encoded
from autograder.judge.compare import judge
from autograder.outcome import Outcome
from autograder.sandbox.launcher import Sandbox
from autograder.sandbox.parent import Limits, WorkerDied
from autograder.submission.reading import Submission
from autograder.validate.mutations import Mutant, mutants_of

_LIMITS = Limits(wall=3.0)
"""A mutant may well loop for ever; the solutions need a small part of that for an exercise."""


LISTED = "solutions/equivalent.toml"
"""Where mutants that are right have their reasons: a table for each assignment, in it one, "torch", for references."""


def listed() -> dict[str, Any]:
    """What solutions/equivalent.toml holds; nothing where it is not there. Raises AuthoringError if it is not TOML."""
    path = project.root() / LISTED
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise AuthoringError(f"{path}: cannot be read: {error}.") from error


def equivalents(name: str, *within: str) -> dict[str, str]:
    """Mutants of an assignment that are right solutions, as `str` writes them, and why: from solutions/equivalent.toml.

    `within` it, "torch" has those of the torch references. Raises AuthoringError for a file that cannot be read.
    """
    found = listed()
    for table in (name, *within):
        inner = found.get(table)
        found = inner if isinstance(inner, dict) else {}
    return {change: reason for change, reason in found.items() if isinstance(reason, str)}


def misplaced(name: str, made: Mapping[str, Collection[str]]) -> Iterator[str]:
    """What is listed of an assignment and is no mutant with a reason; `made` are its mutants, by "" and by "torch"."""
    found = listed().get(name, {})
    own, nested = (found, found.get("torch", {})) if isinstance(found, dict) else ({}, {})
    if not isinstance(found, dict) or not isinstance(nested, dict):
        yield f"{LISTED}: [{name}] and [{name}.torch] are tables of changes and reasons; write them so"
        return
    for table, entries, mutants in ((name, own, made[""]), (f"{name}.torch", nested, made["torch"])):
        for change, reason in entries.items():
            if entries is own and change == "torch":
                continue
            if isinstance(reason, dict):
                yield f"{LISTED}: there is no table [{table}.{change}]; {_meant(change, ['torch'])}"
            elif change not in mutants:
                yield f"{LISTED}: [{table}] has {change!r}, which is no mutant; {_meant(change, mutants)}"
            elif not isinstance(reason, str) or not reason.strip():
                yield f"{LISTED}: [{table}] gives no reason for {change!r}; write one in quotes"


def strangers() -> Iterator[str]:
    """Tables of solutions/equivalent.toml for assignments that do not exist."""
    known = project.assignments()
    for table in listed():
        if table not in known:
            yield f"there is no assignment {table!r}; {_meant(table, known)}"


def _meant(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f"did you mean {near[0]!r}?" if near else "take it out"


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
        submission = Submission.of("mutant", _with(cells, mutant))
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
    fixed     one example for each exercise, as courses usually write them: an ordinary case of all different sizes,
              drawn at random, whose result is compared by `numpy.allclose`
    visible   the tests that students see, by exercise
    """
    cells, right = assignment.reference, equivalents(assignment.name)
    wrong = [mutant for mutant in mutants_of(cells) if str(mutant) not in right]

    def count(passes: Callable[[Sequence[str]], bool]) -> int:
        def judged(mutant: Mutant) -> bool:
            progress()
            return passes(_with(cells, mutant))

        with ThreadPoolExecutor(os.cpu_count() or 1) as executor:
            return sum(executor.map(judged, wrong))

    return {
        "wrong": len(wrong),
        "hidden": len(survivors(assignment, cells, wrong, sandbox, progress)),
        "fixed": count(fixed_examples(assignment, sandbox)),
        "visible": count(visible_tests(assignment, visible, sandbox)),
    }


def fixed_examples(assignment: AssignmentCases, sandbox: Sandbox) -> Callable[[Sequence[str]], bool]:
    """A test of solutions, as cells, by one example for each exercise. Nobody looks whether arguments are changed."""
    from autograder.author.domains import TYPICAL  # and with it Hypothesis, which nothing else here needs

    relations = {entry.name: assignment.relations(entry.name) for entry in assignment.exercises if entry.relations}
    chosen = []
    for entry in assignment.exercises:
        ordinary = [case for case in entry.cases if case.plan == TYPICAL] or entry.cases
        case = random.Random(f"{entry.name} {assignment.seed}").choice(ordinary)
        chosen.append((entry, case, Call(entry.name, entry.call, encoded(case.arguments), entry.seconds)))

    def passes(cells: Sequence[str]) -> bool:
        answers = _answers(cells, [call for _, _, call in chosen], sandbox)
        for (entry, case, _), answer in zip(chosen, answers, strict=False):
            if entry.unique and not _allclose(case.expected, answer):
                return False
            if judge(replace(entry, unique=False), case, Answer(answer), relations.get(entry.name, ())).relation:
                return False
        return len(answers) == len(chosen)

    return passes


def visible_tests(
    assignment: AssignmentCases, visible: Mapping[str, str], sandbox: Sandbox
) -> Callable[[Sequence[str]], bool]:
    """A test of solutions, as cells, by what students can run: `visible`, sources of tests by exercise."""
    seconds = {entry.name: entry.seconds for entry in assignment.exercises}
    names = {f"visible_{number}": exercise for number, exercise in enumerate(visible)}
    tests = [_as_function(name, visible[exercise]) for name, exercise in names.items()]
    calls = [Call(name, f"{name}()", {}, seconds.get(exercise)) for name, exercise in names.items()]
    return lambda cells: len(_answers([*cells, *tests], calls, sandbox)) == len(calls)


@dataclass(frozen=True)
class Call:
    """An expression to be evaluated with what a solution defines, and with arguments as a worker reads them."""

    name: str
    expression: str
    arguments: dict[str, Any]
    seconds: float | None


def _answers(cells: Sequence[str], calls: Sequence[Call], sandbox: Sandbox) -> list[Value]:
    """What calls of a solution give, up to the first that fails."""
    found: list[Value] = []
    try:
        with sandbox.start(_LIMITS) as worker:
            names = list(dict.fromkeys(call.name.partition(".")[0] for call in calls))
            worker.request({"op": "load", "cells": list(cells), "names": names})
            for call in calls:
                message = {"op": "call", "name": call.name, "call": call.expression, "cases": [call.arguments]}
                (result,) = Batch.from_bytes(worker.request(message, wall=call.seconds)["block"]).entries()
                if "value" not in result:
                    break
                found.append(result["value"])
    except (WorkerDied, ValueError):
        pass
    return found


def _allclose(expected: Value, got: Value) -> bool:
    """What people write: NumPy's `allclose` for numbers, item by item in lists."""
    if isinstance(expected, list | tuple):
        same = isinstance(got, list | tuple | np.ndarray) and len(got) == len(expected)
        return same and all(_allclose(one, other) for one, other in zip(expected, got, strict=True))
    if expected is None or isinstance(expected, str):
        return bool(type(got) is type(expected) and expected == got)
    try:
        return bool(np.allclose(np.asarray(got, dtype=np.float64), np.asarray(expected, dtype=np.float64)))
    except (TypeError, ValueError):
        return False


def _as_function(name: str, source: str) -> str:
    """Tests of the notebook, to be called; what they define is theirs alone."""
    function = ast.parse(f"def {name}(): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = ast.parse(source).body or function.body
    return ast.unparse(function)


def _with(cells: Sequence[str], mutant: Mutant) -> tuple[str, ...]:
    return (*cells[: mutant.cell], mutant.source, *cells[mutant.cell + 1 :])


def _full(grader: Grader, submission: Submission) -> bool:
    result = grader.grade(submission)
    return all(each.outcome == Outcome.CORRECT and not each.follow_through for each in result.exercises)


def _grader_of(assignment: AssignmentCases, function: str, sandbox: Sandbox) -> Grader:
    """For the exercise of this name, or those of its class: nearly all mutants lose there, and need go no further."""
    owner = function.partition(".")[0]
    own = tuple(entry for entry in assignment.exercises if entry.name == function)
    near = tuple(entry for entry in assignment.exercises if entry.name.partition(".")[0] == owner)
    return Grader(replace(assignment, exercises=own or near or assignment.exercises), sandbox, _LIMITS)
