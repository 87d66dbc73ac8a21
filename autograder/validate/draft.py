"""Draft: an assignment that is not finished, drawn as far as it goes, with all that keeps it from being graded.

Drawing the cases of an assignment (`autograder.cases.drawing`) stops at the first thing that is wrong. An author who
is at work wants all of them at once; so here every exercise is drawn by itself, in a process of its own, as there.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from autograder import project
from autograder.author.exercise import Exercise, exercises_of
from autograder.author.files import definitions_of, load_module, reference_cells
from autograder.border.values import dumps
from autograder.cases.drawing import compile_exercise, wrong_points
from autograder.cases.model import AssignmentCases, ExerciseCases
from autograder.cases.store import parse, to_json
from autograder.errors import AutograderError

T = TypeVar("T")


@dataclass(frozen=True)
class Draft:
    """What there is of an unfinished assignment: the exercises that can be drawn, and what is wrong with it.

    `undrawn` are the other exercises, with the number of misconceptions that each has.
    """

    assignment: AssignmentCases
    undrawn: dict[str, int]
    problems: tuple[str, ...]


def draft(name: str) -> Draft:
    """Draw what can be drawn. Raises AutograderError only where that itself fails."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drawn.json"
        done = project.run_apart("autograder.validate.draft", name, str(path))
        try:
            found = json.loads(path.with_suffix(".told").read_text(encoding="utf-8"))
            return Draft(parse(path.read_bytes()), found["undrawn"], tuple(found["problems"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            told = done.stderr.strip()[-2000:]
            raise AutograderError(f"drawing what there is of {name} failed unexpectedly:\n{told}") from error


def drawn_apart(name: str, hidden: Path, notebook: Path, seed: int = 0) -> Draft:
    """What `draft` finds, in the process that runs it."""
    problems: list[str] = []

    def tried(what: Callable[[], T], otherwise: T, where: str = "") -> T:
        try:
            return what()
        except AutograderError as error:
            told = str(error)
        except Exception as error:  # an author's relation or domain may raise anything
            told = f"{where}{type(error).__name__}: {error}."
        problems.append(" ".join(told.split()))
        return otherwise

    exercises: list[Exercise] = tried(lambda: exercises_of(load_module(hidden)), [])
    if exercises and (problem := wrong_points(exercises)):
        problems.append(problem)
    cells: tuple[str, ...] | None = tried(lambda: reference_cells(notebook), None)
    functions = None if cells is None else tried(partial(definitions_of, name, cells), None)
    drawn: dict[str, ExerciseCases | None] = {
        entry.name: tried(partial(compile_exercise, entry, functions, seed), None, f"{entry.name}: ")
        for entry in exercises
        if functions is not None
    }
    undrawn = {entry.name: len(entry.misconceptions) for entry in exercises if drawn.get(entry.name) is None}
    there = tuple(entry for entry in drawn.values() if entry is not None)
    return Draft(AssignmentCases(name, seed, "", there, cells or ()), undrawn, tuple(problems))


def main() -> None:
    """Draw what there is of one assignment, and write it to a file and what is wrong beside it."""
    name, path = sys.argv[1], Path(sys.argv[2])
    found = drawn_apart(name, project.hidden_tests(name), project.notebook(name))
    path.write_bytes(dumps(to_json(found.assignment)))
    told = {"undrawn": found.undrawn, "problems": found.problems}
    path.with_suffix(".told").write_text(json.dumps(told), encoding="utf-8")
