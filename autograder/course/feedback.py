"""Feedback pages: nbgrader's own, from the autograded notebooks; and their release to the exchange."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from nbgrader.converters import GenerateFeedback
from nbgrader.exchange.default import ExchangeReleaseFeedback

from autograder.course.tools import converter, exchange, run
from autograder.errors import CourseError

_FEW = 8  # a page takes about a third of a second; starting another process about a second and a half


def generate(name: str, course: Path, students: Sequence[str]) -> list[str]:
    """Make the feedback pages of some students anew, in parallel if they are many; return those who have one now.

    Raises CourseError if no page could be made.
    """
    pages = {student: course / "feedback" / student / name / f"{name}.html" for student in students}
    for page in pages.values():
        page.unlink(missing_ok=True)  # so that a page that is there afterwards is a new one
    problem = _in_parallel(name, course, students) if len(students) > _FEW else _here(name, course, students)
    made = [student for student, page in pages.items() if page.is_file()]
    if students and not made:
        raise CourseError(problem or f"feedback of {name} failed.")
    return made


def release_feedback(name: str, course: Path) -> list[str]:
    """Make all feedback pages anew, with what people graded since, and put them in the exchange for students."""
    students = sorted(folder.parent.name for folder in (course / "autograded").glob(f"*/{name}"))
    if not students:
        raise CourseError(f"nothing of {name} has been graded in {course}; grade it first.")
    made = generate(name, course, students)
    run(exchange(ExchangeReleaseFeedback, course, name), f"releasing feedback of {name}")
    return made


def _here(name: str, course: Path, students: Sequence[str]) -> str:
    """Make pages in this process. Returns what went wrong: nbgrader goes on after a page that fails and removes it."""
    tool = converter(GenerateFeedback, course, name, force=True)
    others = {folder.parent.name for folder in (course / "autograded").glob(f"*/{name}")} - set(students)
    tool.coursedir.student_id_exclude = ",".join(sorted(others))
    try:
        run(tool, f"feedback of {name}")
    except CourseError as error:
        return str(error)
    return ""


def _in_parallel(name: str, course: Path, students: Sequence[str]) -> str:
    """Make pages in a few processes, a share of the students in each. Returns the last thing that went wrong."""
    count = min(os.cpu_count() or 1, -(-len(students) // _FEW))
    package = str(Path(__file__).resolve().parent.parent.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([package, os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "autograder.course.feedback", name, str(course)]
    processes = [
        subprocess.Popen([*command, *students[start::count]], env=environment, stderr=subprocess.PIPE, text=True)
        for start in range(count)
    ]
    try:
        said = [process.communicate()[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    return next((lines.strip().splitlines()[-1] for lines in said if lines.strip()), "")


if __name__ == "__main__":
    problem = _here(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
    sys.exit(problem or None)
