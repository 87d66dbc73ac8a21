"""Validate: what must hold before an assignment is released, and what CI runs for a course."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder import project
from autograder.cases.drawing import AGREEMENT
from autograder.cases.equality import RTOL
from autograder.cases.model import AssignmentCases
from autograder.cases.store import load
from autograder.errors import AutograderError
from autograder.grade.grader import grade_files
from autograder.grade.result import Document
from autograder.judge.compare import compare
from autograder.judge.diagnosis import diagnose
from autograder.outcome import Outcome, Status
from autograder.sandbox.launcher import Sandbox
from autograder.validate import oracles
from autograder.validate.coverage import branches_missed, inputs_reached
from autograder.validate.draft import Draft, draft
from autograder.validate.memory import Memory
from autograder.validate.mutants import LISTED, equivalents, misplaced, strangers, survivors
from autograder.validate.mutations import mutants_of
from autograder.validate.released import graded_cells, leaks, outdated

_FEWEST = 2
"""Misconceptions that an exercise must have: with fewer, nothing says that its cases reject what is nearly right."""


@dataclass(frozen=True)
class Check:
    """One property of one assignment, and what was seen."""

    assignment: str
    name: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class Subject:
    """One assignment under examination; what several checks need is made once.

    Where it is not finished, `problems` say why, `assignment` has the exercises that can be drawn, and `undrawn` the
    others, with the number of misconceptions that each has.
    """

    assignment: AssignmentCases
    sandbox: Sandbox
    student_notebook: Callable[[str], str]
    problems: tuple[str, ...] = ()
    undrawn: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def documents(self) -> tuple[Document, Document]:
        """The instructor's notebook and the students', graded twice."""
        name = self.assignment.name
        with tempfile.TemporaryDirectory() as folder:
            stub = Path(folder) / f"{name}.ipynb"
            stub.write_text(self.made, encoding="utf-8")
            paths = [project.notebook(name), stub]
            first, again = (grade_files(name, paths, sandbox=self.sandbox) for _ in range(2))
        return first, again

    @cached_property
    def made(self) -> str:
        """The notebook for students as it would be released now."""
        return self.student_notebook(self.assignment.name)


Seen = tuple[list[str], str]
"""What is wrong, a sentence each, and what to tell if nothing is."""
Examine = Callable[[Subject], Seen]


def run(subject: Subject, checks: Mapping[str, Examine]) -> Iterator[Check]:
    """Examine a subject in every way, one check at a time; what stops an examination is what it found wrong."""
    for title, examine in checks.items():
        try:
            wrong, told = _examined(subject, examine)
        except AutograderError as error:
            wrong, told = [str(error)], ""
        yield Check(subject.assignment.name, title, not wrong, "; ".join(wrong) or told)


def _examined(subject: Subject, examine: Examine) -> Seen:
    """What is wrong; of an assignment that is not finished what can be said already, and never that nothing is."""
    there = subject.assignment.exercises
    early = examine is _references or (examine in _EARLY and (there or subject.undrawn))
    if subject.problems and not early:
        return [_LATER], ""
    wrong, told = examine(subject)
    if not wrong and subject.undrawn and examine is not _notebook:
        wrong = [_LATER]
    return wrong, told


def _references(subject: Subject) -> Seen:
    """They agree, or nothing could have been loaded."""
    if subject.problems:
        return list(subject.problems), ""
    counts = [len(entry.cases) for entry in subject.assignment.exercises]
    told = f"{sum(counts)} cases of {len(counts)} exercises, to {AGREEMENT * RTOL:g} of their size"
    return [], f"{told}; students to {RTOL:g}; version {subject.assignment.version}"


def _misconceptions(subject: Subject) -> Seen:
    """Every misconception must lose points and be named."""
    assignment = subject.assignment
    counts = {entry.name: len(entry.mistakes) for entry in assignment.exercises} | dict(subject.undrawn)
    wrong = [f"{name} has {n} misconceptions; write at least {_FEWEST}" for name, n in counts.items() if n < _FEWEST]
    for exercise in assignment.exercises:
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
    return wrong, f"all {sum(counts.values())}"


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


def _leaks(subject: Subject) -> Seen:
    return list(leaks(subject.assignment, subject.made)), "no mark, solution, hint or hidden name"


def _published(subject: Subject) -> Seen:
    told = str(project.released(subject.assignment.name).relative_to(project.root()))
    return list(outdated(subject.assignment, subject.made)), told


def _reasons(subject: Subject) -> Seen:
    """What is listed as right must be a mutant: a key that is misspelt excuses nothing."""
    assignment = subject.assignment
    references = oracles.references_of(project.hidden_tests(assignment.name).read_text(encoding="utf-8"))
    solutions = {str(mutant) for mutant in mutants_of(assignment.reference)}
    made = {"": solutions, "torch": {str(mutant) for mutant in oracles.mutants_of_references(references)}}
    count = len(equivalents(assignment.name)) + len(equivalents(assignment.name, "torch"))
    return list(misplaced(assignment.name, made)), f"{count} in {LISTED}"


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
        f"no case tells {mutant!r} {original}: draw one that does, or list it in {LISTED} with the reason"
        for mutant in sorted(alive - listed.keys())
    ]
    wrong += [
        f"{mutant!r} is listed in {LISTED}, but is no mutant that survives: take it out"
        for mutant in sorted(listed.keys() - alive)
    ]
    return wrong


_EARLY = (_misconceptions, _inputs, _notebook)
"""What can be examined of an assignment that is not finished."""
_LATER = "not examined yet: first the cases of all exercises must be drawn"

QUICK: dict[str, Examine] = {
    "cases are drawn, references agree": _references,
    "misconceptions lose and are named": _misconceptions,
    "cases reach every edge": _inputs,
    "cases run every branch of the solutions": _branches,
    "notebook is valid for nbgrader": _notebook,
    "notebook for students is free of answers": _leaks,
    "solution scores 100": _solution,
    "stub scores 0": _stub,
    "same document twice": _same_twice,
    "reasons given for right mutants are of mutants": _reasons,
}
"""What must hold before a release. Takes seconds."""
CHECKS: dict[str, Examine] = {
    **QUICK,
    "mutants lose": _mutants,
    "mutants of the torch references disagree": _oracles,
}
"""All checks of an assignment, in the order in which they run. Those of mutants may take minutes."""
PUBLISHED: dict[str, Examine] = {"assignments/ is what would be released now": _published}
"""What must hold of files that are kept with the sources; what passed is not remembered."""


def validate(
    names: Sequence[str],
    sandbox: Sandbox,
    student_notebook: Callable[[str], str],
    progress: Callable[[Check], None] = lambda check: None,
    force: bool = False,
    examined: Mapping[str, Examine] = CHECKS,
) -> list[Check]:
    """Run checks on the assignments; `student_notebook(name)` makes the text of the notebook to be released.

    What passed is not run again, unless `force`d, before anything that it depends on has changed.
    """
    memories = {name: Memory.of(name, sandbox) for name in names}
    new = {name: _new(memories[name], examined, force) for name in names}
    checks: list[Check] = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as executor:
        # Cases are drawn by processes of their own: the next assignments' while this one is checked.
        drawn = {name: executor.submit(_subject, name, sandbox, student_notebook) for name in names if new[name]}
        try:
            for name in names:
                passed = memories[name].passed
                old = {title: Check(name, title, True, passed[title]) for title in examined if title not in new[name]}
                run_now = run(drawn[name].result(), new[name]) if new[name] else iter(())
                for title in examined:
                    check = old.get(title) or next(run_now)
                    if check.passed and title in new[name] and title in CHECKS:
                        memories[name].remember(title, check.detail)
                    checks.append(check)
                    progress(check)
        finally:
            executor.shutdown(cancel_futures=True)
    return checks


def unseen(name: str, sandbox: Sandbox) -> list[str]:
    """Titles of the checks that an assignment, as it is now, has not passed yet."""
    return list(_new(Memory.of(name, sandbox), CHECKS))


def strange_tables() -> Iterator[Check]:
    """The check of what concerns no assignment: tables of solutions/equivalent.toml for one that does not exist."""
    try:
        wrong = list(strangers())
    except AutograderError as error:
        wrong = [str(error)]
    if wrong:
        yield Check(LISTED, "each table is of an assignment", False, "; ".join(wrong))


def as_json(checks: Sequence[Check]) -> dict[str, Any]:
    """The checks for machines."""
    return {"valid": all(check.passed for check in checks), "checks": [asdict(check) for check in checks]}


def _new(memory: Memory, examined: Mapping[str, Examine], force: bool = False) -> dict[str, Examine]:
    return {title: examine for title, examine in examined.items() if force or title not in memory.passed}


def _subject(name: str, sandbox: Sandbox, student_notebook: Callable[[str], str]) -> Subject:
    try:
        return Subject(load(name), sandbox, student_notebook)
    except AutograderError as error:
        first = str(error)
    try:
        there = draft(name)
    except AutograderError as error:
        there = Draft(AssignmentCases(name, 0, "", (), ()), {}, (str(error),))
    return Subject(there.assignment, sandbox, student_notebook, there.problems or (first,), there.undrawn)
