"""Feedback pages: from results and what people graded by hand; and their release to the exchange.

They stand where nbgrader's own would, so its exchange delivers them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import BaseCell, Comment, Gradebook, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import select

from autograder.course.export import Row, rows
from autograder.course.files import submission_file, write
from autograder.course.record import autograded
from autograder.course.state import State, locked, result_file
from autograder.course.tools import exchange, gradebook, run
from autograder.errors import CourseError
from autograder.report.pages import student_page
from autograder.submission import read_bytes

_MANY = 500
_OF_EXCHANGE = ("timestamp.txt", "submission_secret.txt")
"""Files of the exchange by which a student's nbgrader finds the page of a submission."""
_BESIDE_BYTES = 1000
_NOTEBOOK = re.compile(r"[\w .()+-]{1,100}", re.ASCII)
_COPIES = 5
"""Notebooks of other names in one submission that get a page."""


def page_file(course: Path, name: str, student: str) -> Path:
    """Where a student's feedback page is."""
    return course / "feedback" / student / name / f"{name}.html"


@dataclass(frozen=True)
class FeedbackRelease:
    """What a release of feedback did: `students` can fetch theirs; `aside` names those who cannot, and why."""

    students: tuple[str, ...]
    aside: Mapping[str, str]


def write_pages(course: Path, book: Gradebook, name: str, entries: Mapping[str, dict[str, Any]]) -> None:
    """Write the pages of some students, whose results are `entries`, and what the exchange wants beside them."""
    if not entries:
        return
    notes = {student: {"status": entry["status"], "message": entry["message"]} for student, entry in entries.items()}
    said = _comments(book, name, list(entries))
    for row in rows(book, name, notes, list(entries)):
        page = _page(name, row, entries[row.student], said.get(row.student, {}))
        write(page_file(course, name, row.student), page.encode(), durable=False)
        _write_beside(course, name, row.student)


def release_feedback(name: str, course: Path) -> FeedbackRelease:
    """Make all feedback pages anew, with what people graded since, and put them in the exchange for students.

    Raises CourseError where nothing has been graded.
    """
    from nbgrader.exchange.default import ExchangeReleaseFeedback

    with locked(course):
        graded = sorted(State.load(course, name).students)
        if not graded:
            raise CourseError(f"nothing of {name} has been graded in {course}; grade it first.")
        made = make_pages(name, course, graded)
        aside = dict.fromkeys(set(graded) - set(made), f"the result is missing or damaged; grade {name} again")
        for student in made:
            if not all(page_file(course, name, student).with_name(file).is_file() for file in _OF_EXCHANGE):
                aside[student] = f"the autograded notebook is missing or damaged; grade {name} again"
        # nbgrader stops at the first page that it cannot release, and would take pages of students who are gone.
        students = [student for student in made if student not in aside]
        others = {path.name for path in (course / "feedback").iterdir()} - set(students)
        action = exchange(ExchangeReleaseFeedback, course, name)
        action.coursedir.student_id_exclude = ",".join(sorted(others))
        run(action, f"releasing feedback of {name}")
    return FeedbackRelease(tuple(students), aside)


def make_pages(name: str, course: Path, students: Sequence[str]) -> list[str]:
    """Make the feedback pages of students anew. Returns the students whose page was made: whose result is there."""
    made: list[str] = []
    with gradebook(course) as book:
        for start in range(0, len(students), _MANY):
            entries = results(course, name, students[start : start + _MANY])
            write_pages(course, book, name, entries)
            made += entries
    return made


def results(course: Path, name: str, students: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Results of the last run by student, of those whose result is neither missing nor damaged."""
    entries: dict[str, dict[str, Any]] = {}
    for student in students:
        with suppress(OSError, ValueError):
            entries[student] = json.loads(result_file(course, name, student).read_bytes())
    return entries


def _write_beside(course: Path, name: str, student: str) -> None:
    """Write what nbgrader's exchange wants beside a page: of the submission that was graded, not of a later one.

    Students fetch by the names of the notebooks that they handed in, so a notebook with another name gets a page too.
    """
    page, graded = page_file(course, name, student), autograded(course, name, student).parent
    for file in _OF_EXCHANGE:
        content = read_bytes(graded / file, _BESIDE_BYTES)
        if isinstance(content, bytes):
            write(page.with_name(file), content, durable=False)
    handed_in = submission_file(course, name, student).parent.glob("*.ipynb")
    names = {path.stem for path in handed_in if _NOTEBOOK.fullmatch(path.stem)} | {name}
    for other in page.parent.glob("*.html"):
        if other.stem not in names:
            other.unlink()
    for notebook in sorted(names - {name})[:_COPIES]:
        write(page.with_name(f"{notebook}.html"), page.read_bytes(), durable=False)


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
