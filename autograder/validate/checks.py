"""Validate: what must hold before an assignment is released, and what CI runs for a course."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder import project
from autograder.cases import visible
from autograder.cases.drawing import AGREEMENT
from autograder.cases.equality import RTOL
from autograder.cases.model import AssignmentCases
from autograder.cases.store import load
from autograder.errors import AutograderError
from autograder.grade.grader import grade_files
from autograder.grade.result import Document, Status
from autograder.judge.compare import compare
from autograder.judge.diagnosis import diagnose
from autograder.outcome import Outcome
from autograder.sandbox.launcher import Sandbox
from autograder.validate import oracles
from autograder.validate.coverage import branches_missed, inputs_reached
from autograder.validate.mutants import equivalents, survivors
from autograder.validate.mutations import mutants_of
from autograder.validate.released import graded_cells, problems

_FEWEST = 2
"""Misconceptions that an exercise must have: with fewer, nothing says that its cases reject what is nearly right."""
_LISTED = "solutions/equivalent.toml"


@dataclass(frozen=True)
class Check:
    """One property of one assignment, and what was seen."""

    assignment: str
    name: str
    passed: bool
    detail: str


def validate(
    names: Sequence[str],
    sandbox: Sandbox,
    student_notebook: Callable[[str], str],
    progress: Callable[[Check], None] = lambda check: None,
    force: bool = False,
) -> list[Check]:
    """Run all checks on the assignments; `student_notebook(name)` makes the text of the file to be released.

    What passed is not run again, unless `force`d, before anything that it depends on has changed.
    """
    kept = {name: _kept(name, sandbox) for name in names}
    known = {name: [] if force else _passed(kept[name]) for name in names}
    checks: list[Check] = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as executor:
        # Cases are drawn by processes of their own: the next assignments' while this one is checked.
        drawn = {name: executor.submit(load, name) for name in names if not known[name]}
        try:
            for name in names:
                mine = []
                for check in known[name] or _checks(name, drawn[name].result, sandbox, student_notebook):
                    mine.append(check)
                    progress(check)
                if not known[name] and all(check.passed for check in mine):
                    kept[name].write_text(json.dumps([asdict(check) for check in mine]), encoding="utf-8")
                checks += mine
        finally:
            executor.shutdown(cancel_futures=True)
    return checks


def _kept(name: str, sandbox: Sandbox) -> Path:
    """Where the checks of an assignment are, if all passed; named by the content of all that they depend on."""
    digest = hashlib.sha256(f"{project.assignment_key(name)} {sandbox.name} {sys.version_info[:2]}".encode())
    for path in (project.released(name), project.visible_cases(name), project.root() / "solutions" / "equivalent.toml"):
        digest.update(path.read_bytes() if path.is_file() else b"-")
    for library in ("numpy", "torch", "hypothesis", "nbgrader"):
        digest.update(importlib.metadata.version(library).encode())
    return project.cache_dir() / f"valid-{name}-{digest.hexdigest()[:20]}.json"


def _passed(kept: Path) -> list[Check]:
    try:
        return [Check(**check) for check in json.loads(kept.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def as_json(checks: Sequence[Check]) -> dict[str, Any]:
    """The checks for machines."""
    return {"valid": all(check.passed for check in checks), "checks": [asdict(check) for check in checks]}


@dataclass(frozen=True)
class Subject:
    """One assignment under examination; what several checks need is made once."""

    assignment: AssignmentCases
    sandbox: Sandbox
    student_notebook: Callable[[str], str]

    @cached_property
    def documents(self) -> tuple[Document, Document]:
        """The instructor's notebook and the released one, graded twice."""
        name = self.assignment.name
        paths = [project.notebook(name), project.released(name)]
        first, again = (grade_files(name, paths, sandbox=self.sandbox) for _ in range(2))
        return first, again

    @cached_property
    def made(self) -> str:
        """The notebook for students as it would be released now."""
        return self.student_notebook(self.assignment.name)


Seen = tuple[list[str], str]
"""What is wrong, a sentence each, and what to tell if nothing is."""
Examine = Callable[[Subject], Seen]


def _checks(
    name: str, loaded: Callable[[], AssignmentCases], sandbox: Sandbox, student_notebook: Callable[[str], str]
) -> Iterator[Check]:
    try:
        subject = Subject(loaded(), sandbox, student_notebook)
    except AutograderError as error:
        yield Check(name, "references agree", False, str(error))
        return
    yield from run(subject, CHECKS)


def run(subject: Subject, checks: Mapping[str, Examine]) -> Iterator[Check]:
    """Examine a subject in every way, one check at a time; what stops an examination is what it found wrong."""
    for title, examine in checks.items():
        try:
            wrong, told = examine(subject)
        except AutograderError as error:
            wrong, told = [str(error)], ""
        yield Check(subject.assignment.name, title, not wrong, "; ".join(wrong) or told)


def _references(subject: Subject) -> Seen:
    """They agree, or nothing could have been loaded."""
    counts = [len(entry.cases) for entry in subject.assignment.exercises]
    told = f"{sum(counts)} cases of {len(counts)} exercises, to {AGREEMENT * RTOL:g} of their size"
    return [], f"{told}; students to {RTOL:g}; version {subject.assignment.version}"


def _misconceptions(subject: Subject) -> Seen:
    """Every misconception must lose points and be named."""
    assignment = subject.assignment
    wrong = []
    for exercise in assignment.exercises:
        if len(exercise.mistakes) < _FEWEST:
            wrong.append(f"{exercise.name} has {len(exercise.mistakes)} misconceptions; write at least {_FEWEST}")
        relations = assignment.relations(exercise.name) if exercise.relations else ()
        for known in exercise.mistakes:
            found = diagnose(exercise, compare(exercise, known.answers, relations))
            if found.outcome == Outcome.CORRECT:
                wrong.append(
                    f"{exercise.name}: {known.name} is right on every case, it is no misconception: remove it, or draw "
                    "a case that tells"
                )
            elif found.misconception != known.name:
                wrong.append(
                    f"{exercise.name}: {known.name} is named {found.misconception}: remove one of both, or draw a case "
                    "that tells them apart"
                )
    return wrong, f"all {sum(len(exercise.mistakes) for exercise in assignment.exercises)}"


def _solution(subject: Subject) -> Seen:
    solved = subject.documents[0].submissions[0]
    wrong = [
        f"{each.name}: {each.message or each.outcome}" for each in solved.exercises if each.outcome != Outcome.CORRECT
    ]
    if solved.score != 100 and not wrong:
        wrong.append(f"it scores {solved.score:g}")
    return wrong, "100"


def _stub(subject: Subject) -> Seen:
    stub = subject.documents[0].submissions[1]
    if stub.status != Status.GRADED:
        return [stub.message or stub.status], ""
    attempted = [each.name for each in stub.exercises if each.outcome != Outcome.MISSING]
    return [f"{name} is not missing from the released notebook" for name in attempted], "0, all missing"


def _same_twice(subject: Subject) -> Seen:
    first, again = (json.dumps(document.published(), ensure_ascii=False) for document in subject.documents)
    return [] if first == again else ["two runs give documents that differ"], "byte for byte"


def _inputs(subject: Subject) -> Seen:
    """Every edge of a signature is reached, or its exercise says why it cannot be."""
    reached = inputs_reached(subject.assignment)
    wrong = [f"{found.exercise}: {sentence}" for found in reached for sentence in found.missing]
    return wrong, "dimensions, domains and their edges"


def _branches(subject: Subject) -> Seen:
    return branches_missed(subject.assignment), "all that are not excused"


def _notebook(subject: Subject) -> Seen:
    """Making it fails where a written question has no model answer, or cells and exercises do not fit."""
    tests, written, points = graded_cells(subject.made)
    wrong = [f"its automatic points add up to {points:g}, not 100"] if abs(points - 100) > 1e-9 else []
    return wrong, f"{tests} tests, {points:g} points, {written} written with a model answer"


def _released(subject: Subject) -> Seen:
    told = str(project.released(subject.assignment.name).relative_to(project.root()))
    return list(problems(subject.assignment, subject.made)), told


def _visible(subject: Subject) -> Seen:
    """The visible cases must be those of now, and the file must hold nothing else."""
    path, again = project.visible_cases(subject.assignment.name), f"run `make release A={subject.assignment.name}`"
    try:
        content = path.read_bytes()
        found = dataclasses.replace(visible.read(path), version="")
    except (OSError, AutograderError):
        return [f"{path} is missing or cannot be read; {again}"], ""
    if visible.write(found) != content:
        return [f"there is something else in {path}; {again}"], ""
    if not visible.same(found, visible.visible(subject.assignment)):
        return [f"they differ from the hidden tests; {again}"], ""
    return [], f"{sum(len(entry.cases) for entry in found.exercises)} cases"


def _mutants(subject: Subject) -> Seen:
    """Every mutant of the solutions must lose points, but those that are listed with the reason why they are right."""
    assignment = subject.assignment
    made = mutants_of(assignment.reference)
    alive = {str(mutant) for mutant in survivors(assignment, assignment.reference, made, subject.sandbox)}
    wrong = _unexplained(alive, equivalents(assignment.name), "from the solution")
    return wrong, f"{len(made)} mutants, {len(alive)} of them right solutions, for reasons listed"


def _oracles(subject: Subject) -> Seen:
    """Every mutant of the torch references must disagree with NumPy's, but those that are listed with the reason."""
    name = subject.assignment.name
    count, alive = oracles.survivors(name)
    wrong = _unexplained(set(alive), equivalents(name, "torch"), "from the torch reference")
    return wrong, f"{count} mutants, {len(alive)} of them right references, for reasons listed"


def _unexplained(alive: Set[str], listed: Mapping[str, str], original: str) -> list[str]:
    """Mutants that no case tells from the original and no reason excuses, and the other way round."""
    wrong = [
        f"no case tells {mutant!r} {original}: draw one that does, or list it in {_LISTED} with the reason"
        for mutant in sorted(alive - listed.keys())
    ]
    wrong += [
        f"{mutant!r} is listed in {_LISTED}, but is no mutant that survives: take it out"
        for mutant in sorted(listed.keys() - alive)
    ]
    return wrong


CHECKS: dict[str, Examine] = {
    "references agree": _references,
    "misconceptions lose and are named": _misconceptions,
    "cases reach every edge": _inputs,
    "cases run every branch of the solutions": _branches,
    "solution scores 100": _solution,
    "stub scores 0": _stub,
    "same document twice": _same_twice,
    "notebook is valid for nbgrader": _notebook,
    "released notebook is up to date and free of answers": _released,
    "visible cases are up to date and hold nothing else": _visible,
    "mutants lose": _mutants,
    "mutants of the torch references disagree": _oracles,
}
"""All checks of an assignment, in the order in which they run."""
