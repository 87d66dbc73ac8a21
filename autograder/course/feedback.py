"""Feedback pages: from results and what people graded by hand; and their release to the exchange.

They stand where nbgrader's own would, so its exchange delivers them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nbgrader.api import BaseCell, Comment, Gradebook, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import select

from autograder.course.export import Row, rows
from autograder.course.files import write
from autograder.course.state import State, locked, result_file
from autograder.course.tools import exchange, gradebook, run
from autograder.errors import CourseError
from autograder.report.pages import student_page

_MANY = 500


def page_file(course: Path, name: str, student: str) -> Path:
    """Where a student's feedback page is."""
    return course / "feedback" / student / name / f"{name}.html"


def write_pages(course: Path, book: Gradebook, name: str, entries: Mapping[str, dict[str, Any]]) -> None:
    """Write the pages of some students, whose results are `entries`."""
    if not entries:
        return
    notes = {student: {"status": entry["status"], "message": entry["message"]} for student, entry in entries.items()}
    said = _comments(book, name, list(entries))
    for row in rows(book, name, notes, list(entries)):
        page = _page(name, row, entries[row.student], said.get(row.student, {}))
        write(page_file(course, name, row.student), page.encode(), durable=False)


def release_feedback(name: str, course: Path) -> list[str]:
    """Make all feedback pages anew, with what people graded since, and put them in the exchange for students.

    Raises CourseError where nothing has been graded.
    """
    from nbgrader.exchange.default import ExchangeReleaseFeedback

    with locked(course):
        students = sorted(State.load(course, name).students)
        if not students:
            raise CourseError(f"nothing of {name} has been graded in {course}; grade it first.")
        make_pages(name, course, students)
        run(exchange(ExchangeReleaseFeedback, course, name), f"releasing feedback of {name}")
    return students


def make_pages(name: str, course: Path, students: Sequence[str]) -> list[str]:
    """Make the feedback pages of students anew. Returns the students."""
    with gradebook(course) as book:
        for start in range(0, len(students), _MANY):
            write_pages(course, book, name, results(course, name, students[start : start + _MANY]))
    return list(students)


def results(course: Path, name: str, students: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Results of the last run by student. Raises CourseError where one is damaged."""
    found: dict[str, dict[str, Any]] = {}
    for student in students:
        path = result_file(course, name, student)
        try:
            found[student] = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise CourseError(
                f"the result of {student} in {path} is missing or damaged; grade {name} again."
            ) from error
    return found


def _page(name: str, row: Row, entry: dict[str, Any], comments: Mapping[str, str]) -> str:
    tested = {exercise["name"] for exercise in entry["exercises"]}
    exercises = [_as_recorded(exercise, row.scores) for exercise in entry["exercises"]]
    manual: list[tuple[str, float | None, float, str]] = [
        (cell, None if cell in row.waiting else score, row.maxima[cell], comments.get(cell, ""))
        for cell, score in row.scores.items()
        if cell not in tested
    ]
    manual += [
        (cell, row.scores.get(cell), row.maxima.get(cell, 0.0), text)
        for cell, text in comments.items()
        if cell in tested or cell not in row.scores
    ]
    return student_page(
        {**entry, "exercises": exercises},
        assignment=name,
        student=row.student,
        manual=manual,
        late_penalty=row.late_penalty,
        total=row.total,
        max_total=row.max_score,
        submitted=row.submitted,
    )


def _as_recorded(exercise: dict[str, Any], scores: Mapping[str, float]) -> dict[str, Any]:
    """The result of an exercise with the score that a person gave instead, if one did."""
    score = scores.get(exercise["name"], exercise["score"])
    if score == exercise["score"]:
        return exercise
    told = f"{exercise['message']} (A person has given {score:g} instead of {exercise['score']:g} points.)"
    return {**exercise, "score": score, "message": told.strip()}


def _comments(book: Gradebook, name: str, students: Sequence[str]) -> dict[str, dict[str, str]]:
    """What people wrote about cells, by student and name of the cell."""
    query = (
        select(SubmittedAssignment.student_id, BaseCell.name, Comment.manual_comment)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Comment, Comment.notebook_id == SubmittedNotebook.id)
        .join(BaseCell, Comment.cell_id == BaseCell.id)
        .where(
            SubmittedAssignment.assignment_id == book.find_assignment(name).id,
            SubmittedAssignment.student_id.in_(students),
            Comment.manual_comment.is_not(None),
        )
    )
    found: dict[str, dict[str, str]] = {}
    for student, cell, text in book.db.execute(query):
        if text:
            found.setdefault(student, {})[cell] = text
    return found
