"""Validate: what must hold before an assignment is released, and what CI runs for a course."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder import project, visible
from autograder.cases import AssignmentCases, load
from autograder.compare import compare
from autograder.diagnose import diagnose
from autograder.equality import RTOL
from autograder.errors import AutograderError
from autograder.grade import grade_files, published
from autograder.mutants import equivalents, mutants_of, survivors
from autograder.sandbox.launcher import Sandbox

_SECRETS = re.compile(r"BEGIN SOLUTION|END SOLUTION|HIDDEN TESTS|MARK SCHEME|misconception|hidden\.py", re.I)
_SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)
_TELLING = 25  # characters: shorter lines of a solution may stand in the text by chance


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
    checks = []
    for name in names:
        kept = _kept(name, sandbox)
        known = None if force else _passed(kept)
        mine = []
        for check in known or _checks(name, sandbox, student_notebook):
            mine.append(check)
            progress(check)
        if not known and all(check.passed for check in mine):
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps([asdict(check) for check in mine]), encoding="utf-8")
        checks += mine
    return checks


def _kept(name: str, sandbox: Sandbox) -> Path:
    """Where the checks of an assignment are, if all passed; named by the content of all that they depend on."""
    digest = hashlib.sha256(f"{project.assignment_key(name)} {sandbox.name} {sys.version_info[:2]}".encode())
    for path in (_released_file(name), project.visible_cases(name), project.root() / "solutions" / "equivalent.toml"):
        digest.update(path.read_bytes() if path.is_file() else b"-")
    for library in ("numpy", "torch", "hypothesis", "nbgrader"):
        digest.update(importlib.metadata.version(library).encode())
    return project.cache_dir() / f"valid-{name}-{digest.hexdigest()[:20]}.json"


def _passed(kept: Path) -> list[Check]:
    try:
        return [Check(**check) for check in json.loads(kept.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def _released_file(name: str) -> Path:
    return project.root() / "assignments" / name / f"{name}.ipynb"


def as_json(checks: Sequence[Check]) -> dict[str, Any]:
    """The checks for machines."""
    return {"valid": all(check.passed for check in checks), "checks": [asdict(check) for check in checks]}


def _checks(name: str, sandbox: Sandbox, student_notebook: Callable[[str], str]) -> Iterator[Check]:
    try:
        assignment = load(name)
    except AutograderError as error:
        yield Check(name, "references agree", False, str(error))
        return
    counts = [len(entry.cases) for entry in assignment.exercises]
    yield Check(
        name,
        "references agree",
        True,
        f"{sum(counts)} cases of {len(counts)} exercises, to {RTOL:g} of their size, version {assignment.version}",
    )
    yield _misconceptions(assignment)
    solution = project.notebook(name)
    released = _released_file(name)
    first, again = (grade_files(name, [solution, released], sandbox=sandbox) for _ in range(2))
    solved, stub = published(first)["submissions"]
    lost = [entry["name"] for entry in solved["exercises"] if entry["outcome"] != "correct"]
    yield Check(
        name,
        "solution scores 100",
        solved["score"] == 100 and not lost,
        f"{solved['score']:g}" + (f"; loses {', '.join(lost)}" if lost else ""),
    )
    attempted = [entry["name"] for entry in stub["exercises"] if entry["outcome"] != "missing"]
    yield Check(
        name,
        "stub scores 0",
        stub["status"] == "graded" and stub["score"] == 0 and not attempted,
        stub["message"] or (f"not missing: {', '.join(attempted)}" if attempted else "all missing"),
    )
    yield Check(name, "same document twice", first == again, "byte for byte" if first == again else "documents differ")
    yield _released(name, released, student_notebook)
    yield _visible(assignment, project.visible_cases(name))
    yield _mutants(assignment, sandbox)


def _misconceptions(assignment: AssignmentCases) -> Check:
    """Every misconception must lose points and be named, and there must be at least four for each exercise."""
    wrong = []
    count = 0
    for exercise in assignment.exercises:
        count += len(exercise.mistakes)
        if len(exercise.mistakes) < 4:
            wrong.append(f"{exercise.name} has only {len(exercise.mistakes)} misconceptions")
        for known in exercise.mistakes:
            found = diagnose(
                exercise,
                compare(exercise, known.answers, assignment.relations(exercise.name) if exercise.relations else ()),
            )
            if found.outcome == "correct":
                wrong.append(f"{exercise.name}: {known.name} is right on every case; it is no misconception")
            elif found.misconception != known.name:
                wrong.append(f"{exercise.name}: {known.name} is named {found.misconception}")
    return Check(assignment.name, "misconceptions lose and are named", not wrong, "; ".join(wrong) or f"all {count}")


def _mutants(assignment: AssignmentCases, sandbox: Sandbox) -> Check:
    """Every mutant of the solutions must lose points, but those that are listed with the reason why they are right."""
    made = mutants_of(assignment.reference)
    alive = {str(mutant) for mutant in survivors(assignment, assignment.reference, made, sandbox)}
    listed = equivalents(assignment.name)
    where = "solutions/equivalent.toml"
    wrong = [
        f"no case tells {mutant!r} from the solution: draw one that does, or list it in {where} with the reason"
        for mutant in sorted(alive - listed.keys())
    ]
    wrong += [
        f"{mutant!r} is listed in {where}, but is no mutant that survives: take it out"
        for mutant in sorted(listed.keys() - alive)
    ]
    told = f"{len(made)} mutants, {len(alive)} of them right solutions, for reasons listed"
    return Check(assignment.name, "mutants lose", not wrong, "; ".join(wrong) or told)


def _released(name: str, released: Path, student_notebook: Callable[[str], str]) -> Check:
    title = "released notebook is up to date and free of answers"
    if not released.exists():
        return Check(name, title, False, f"{released} is missing; run `make release A={name}`")
    text = released.read_text(encoding="utf-8")
    secret = _SECRETS.search(text)
    if secret:
        return Check(name, title, False, f"it contains {secret[0]!r}")
    answer = _answer_in(text, project.notebook(name).read_text(encoding="utf-8"))
    if answer:
        return Check(name, title, False, f"it contains a line of a solution: {answer!r}")
    if text != student_notebook(name):
        return Check(name, title, False, f"it differs from its source; run `make release A={name}`")
    return Check(name, title, True, str(released.relative_to(project.root())))


def _visible(assignment: AssignmentCases, path: Path) -> Check:
    """The visible cases must be those of now, and the file must hold nothing else."""
    title = "visible cases are up to date and hold nothing else"
    again = f"run `make release A={assignment.name}`"
    try:
        content = path.read_bytes()
        found = dataclasses.replace(visible.read(path), version="")
    except (OSError, AutograderError):
        return Check(assignment.name, title, False, f"{path} is missing or cannot be read; {again}")
    if visible.write(found) != content:
        return Check(assignment.name, title, False, f"there is something else in {path}; {again}")
    if not visible.same(found, visible.visible(assignment)):
        return Check(assignment.name, title, False, f"they differ from the hidden tests; {again}")
    count = sum(len(entry.cases) for entry in found.exercises)
    return Check(assignment.name, title, True, f"{count} cases")


def _answer_in(released: str, notebook: str) -> str:
    """A line that stands in the notebook's solutions only, and yet in the released text; "" if there is none."""
    elsewhere = _SOLUTION.sub("", notebook)
    for solution in _SOLUTION.findall(notebook):
        for line in map(str.strip, solution.splitlines()):
            telling = len(line) >= _TELLING and not line.startswith("#") and line not in elsewhere
            if telling and json.dumps(line, ensure_ascii=False)[1:-1] in released:
                return line
    return ""
