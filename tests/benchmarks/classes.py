"""A class of any size for benchmarks: every submission different, most of them partly wrong."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder import project
from autograder.author.exercise import exercises_of
from autograder.author.files import load_module
from autograder.course.release import release
from autograder.course.sample import mistakes_of, solutions_of

_STAMP = "2026-11-01 12:00:00.000000 UTC"


@dataclass(frozen=True)
class Assignment:
    """What students of an assignment may hand in: its released notebook, right and wrong solutions by exercise."""

    name: str
    released: dict[str, Any]
    solutions: dict[str, str]
    mistakes: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, name: str, course: Path) -> Assignment:
        """An assignment that was released in a course."""
        notebook = json.loads((course / "release" / name / f"{name}.ipynb").read_bytes())
        solutions = solutions_of(course / "source" / name / f"{name}.ipynb")
        bank = exercises_of(load_module(project.hidden_tests(name)))
        return cls(name, notebook, solutions, {entry.name: mistakes_of(entry) for entry in bank})

    def handed_in(self, student: str, seed: int) -> bytes:
        """A notebook with, per exercise, the right solution (80 %), one of the known mistakes (15 %) or the stub."""
        notebook = copy.deepcopy(self.released)
        chance = random.Random(seed)
        for cell in notebook["cells"]:
            grading = cell["metadata"].get("nbgrader", {})
            exercise = grading.get("grade_id", "")
            if grading.get("solution") and cell["cell_type"] == "markdown":
                cell["source"] = f"The loss is known last, so the walk begins there, says {student}."
            elif grading.get("solution") and exercise in self.solutions:
                cell["source"] = self._source(exercise, student, chance) or cell["source"]
        return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True).encode()

    def _source(self, exercise: str, student: str, chance: random.Random) -> str:
        fate, wrong = chance.random(), self.mistakes.get(exercise, ())
        if fate >= 0.95 and wrong:
            return ""
        source = self.solutions[exercise] if fate < 0.8 or not wrong else chance.choice(wrong)
        return f"# by {student}\n{source}"


def new_course(name: str, course: Path) -> Assignment:
    """Release an assignment in a new course."""
    release(name, course)
    return Assignment.of(name, course)


def make_class(name: str, course: Path, count: int) -> list[str]:
    """A new course with a class in it, collected. Returns the students."""
    hand_in(new_course(name, course), course, range(count))
    return list(map(student_name, range(count)))


def student_name(number: int) -> str:
    """The student with a number."""
    return f"student{number:06d}"


def hand_in(assignment: Assignment, course: Path, numbers: Sequence[int]) -> None:
    """Put submissions where collecting would; the same number is always the same student."""
    for number in numbers:
        student = student_name(number)
        folder = course / "submitted" / student / assignment.name
        folder.mkdir(parents=True)
        (folder / f"{assignment.name}.ipynb").write_bytes(assignment.handed_in(student, number))
        (folder / "timestamp.txt").write_text(_STAMP)
