"""A sample class: simulated students who go through nbgrader's real exchange."""

from __future__ import annotations

import ast
import inspect
import shutil
import textwrap
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbgrader.exchange.default import ExchangeFetchAssignment, ExchangeSubmit

from autograder import project
from autograder.author.exercise import Exercise, Function, exercises_of
from autograder.author.files import load_module
from autograder.course.files import private
from autograder.course.release import collect, release, set_due
from autograder.course.students import CLASS, LATE, Sheet, Work
from autograder.course.tools import exchange, run

_MARKERS = ("### BEGIN SOLUTION", "### END SOLUTION")


def sample_class(name: str, course: Path) -> list[str]:
    """Release an assignment, let every simulated student fetch, edit and submit it, and collect. Returns their names.

    Those of `LATE` submit after the others, and after the assignment was due.
    """
    private(course.parent / "students")
    release(name, course)
    solutions = solutions_of(course / "source" / name / f"{name}.ipynb")
    bank = exercises_of(load_module(project.hidden_tests(name)))
    mistakes = {entry.name: mistakes_of(entry) for entry in bank if entry.name in solutions}
    for student, work in CLASS.items():
        _hand_in(name, course, student, work, solutions, mistakes)
    set_due(name, course, datetime.now(UTC))
    for student, work in LATE.items():
        _hand_in(name, course, student, work, solutions, mistakes)
    collect(name, course)
    return [*CLASS, *LATE]


def solutions_of(source: Path) -> dict[str, str]:
    """The instructor's solutions by exercise, without the markers around them."""
    found = {}
    for cell in nbformat.read(source, as_version=4).cells:
        grading = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and grading.get("solution"):
            lines = [line for line in cell.source.split("\n") if line.strip() not in _MARKERS]
            found[grading["grade_id"]] = "\n".join(lines)
    return found


def mistakes_of(exercise: Exercise) -> tuple[str, ...]:
    """Sources of an exercise's misconceptions, of those that stand alone."""
    functions = [wrong.function for wrong in exercise.misconceptions]
    return tuple(wrong_source(exercise, function) for function in functions if _alone(function))


def wrong_source(exercise: Exercise, function: Function) -> str:
    """The source of a misconception as a student would have written it: under the exercise's name, undecorated."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):
        raise TypeError(f"{exercise.name}: {function!r} is not defined with def")
    definition.decorator_list = []
    definition.name = exercise.name.rpartition(".")[2]
    return ast.unparse(definition)


def _alone(function: Function) -> bool:
    """Whether a misconception uses nothing of the hidden tests' own names but NumPy."""
    definition = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    if not isinstance(definition, ast.FunctionDef):
        return False
    nodes = [node for line in definition.body for node in ast.walk(line)]
    used = {node.id for node in nodes if isinstance(node, ast.Name)} - set(function.__code__.co_varnames)
    return not used & {name for name in function.__globals__ if not name.startswith("__")} - {"np"}


def _hand_in(
    name: str,
    course: Path,
    student: str,
    work: Work,
    solutions: Mapping[str, str],
    mistakes: Mapping[str, tuple[str, ...]],
) -> None:
    """One student: fetch into a directory of one's own, work, submit.

    nbgrader's cache is each student's own too: it holds the secrets with which feedback is fetched.
    """
    home = course.parent / "students" / student
    own = {"assignment_dir": str(home), "cache": str(home / "cache")}
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    run(exchange(ExchangeFetchAssignment, course, name, student, **own), f"fetching {name} as {student}")
    sheet = Sheet(home / name / f"{name}.ipynb", solutions, mistakes)
    work(sheet)
    sheet.save()
    run(exchange(ExchangeSubmit, course, name, student, **own), f"submitting {name} as {student}")
