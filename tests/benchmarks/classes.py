"""A class of any size for benchmarks: every submission different, most of them partly wrong."""

from __future__ import annotations

import random
from pathlib import Path

from autograder import project
from autograder.cases import load_module
from autograder.course.release import release
from autograder.course.sample import mistakes_of, solutions_of
from autograder.course.students import Sheet
from autograder.exercise import exercises_of


def make_class(name: str, course: Path, count: int) -> list[str]:
    """Release an assignment in a new course and put `count` submissions where collecting would. Returns the students.

    Each student has, per exercise, the right solution (80 %), one of the known mistakes (15 %) or the stub (5 %).
    """
    release(name, course)
    released = course / "release" / name / f"{name}.ipynb"
    solutions = solutions_of(course / "source" / name / f"{name}.ipynb")
    mistakes = {entry.name: mistakes_of(entry) for entry in exercises_of(load_module(project.hidden_tests(name)))}
    students = [f"student{number:06d}" for number in range(count)]
    for number, student in enumerate(students):
        path = course / "submitted" / student / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(released.read_bytes())
        sheet = Sheet(path, solutions, mistakes)
        chance = random.Random(number)
        for exercise, solution in solutions.items():
            fate = chance.random()
            wrong = mistakes.get(exercise, ())
            if fate < 0.95 or not wrong:
                source = solution if fate < 0.8 or not wrong else chance.choice(wrong)
                sheet.put(exercise, f"# by {student}\n{source}")
        sheet.answer(f"The loss is known last, so the walk begins there, says {student}.")
        sheet.save()
        (path.parent / "timestamp.txt").write_text("2026-11-01 12:00:00.000000 UTC")
    return students
