"""Students who are taken out of a course, and taken in again: nobody else is touched, and nothing of theirs is lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from autograder.course.files import STUDENT, out_of_course, private, state_folder, write
from autograder.course.state import State, locked
from autograder.course.tools import gradebook
from autograder.errors import UsageError

_FOLDERS = ("submitted", "autograded", "feedback")


def remove(course: Path, student: str) -> Path:
    """Take a student out: out of the gradebook, and what they handed in and got into a folder, which is returned.

    Collecting and grading leave them out from then on. Raises UsageError where there is no such student.
    """
    with locked(course), gradebook(course) as book:
        try:
            book.find_student(student)
        except MissingEntry:
            raise UsageError(f"there is no student {student!r} in the gradebook of {course}.") from None
        if not STUDENT.fullmatch(student):
            raise UsageError(f"{student!r} cannot be a student's name here; nbgrader db student remove takes them out.")
        folder = private(out_of_course(course, student))
        write(folder / "grades.json", json.dumps(_grades(book, student), indent=1, ensure_ascii=False).encode())
        for name in _FOLDERS:
            if (course / name / student).is_dir():
                shutil.rmtree(folder / name, ignore_errors=True)
                (course / name / student).rename(folder / name)
        book.remove_student(student)
        for path in sorted(state_folder(course).glob("*.jsonl")):
            state = State.load(course, path.stem)
            if state.students.pop(student, None):
                state.save()
    return folder


def readmit(course: Path, student: str) -> None:
    """Take a student in again: what they handed in is graded in the next run. Raises UsageError if they are not out."""
    folder = out_of_course(course, student)
    if not STUDENT.fullmatch(student) or not folder.is_dir():
        raise UsageError(f"{student!r} has not been taken out of {course}.")
    with locked(course):
        if (folder / "submitted").is_dir() and not (course / "submitted" / student).exists():
            private(course / "submitted")
            (folder / "submitted").rename(course / "submitted" / student)
        folder.rename(folder.with_name(f".{student}.readmitted"))


def _grades(book: Gradebook, student: str) -> list[dict[str, Any]]:
    """All that the gradebook says of a student, for people to read."""
    return [
        {
            "assignment": submission.assignment.name,
            "submitted": str(submission.timestamp or ""),
            "grades": [
                {
                    "cell": grade.name,
                    "auto_score": grade.auto_score,
                    "manual_score": grade.manual_score,
                    "extra_credit": grade.extra_credit,
                }
                for notebook in submission.notebooks
                for grade in notebook.grades
            ],
            "comments": {
                comment.name: comment.manual_comment
                for notebook in submission.notebooks
                for comment in notebook.comments
                if comment.manual_comment
            },
        }
        for submission in book.student_submissions(student)
    ]
