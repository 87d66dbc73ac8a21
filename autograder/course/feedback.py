"""Feedback pages: from results and what people graded by hand; and their release to the exchange.

They stand where nbgrader's own would, so its exchange delivers them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nbgrader.api import BaseCell, Comment, Gradebook, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import select

from autograder.course.files import StudentFiles, stamp, write
from autograder.course.plugins.export import maxima, rows
from autograder.course.state import State, locked
from autograder.course.tools import UNUSABLE, exchange, gradebook, run
from autograder.errors import CourseError
from autograder.grade.result import ExerciseResult, SubmissionResult
from autograder.report.pages import student_page
from autograder.report.table import Note, Row
from autograder.submission import aside
from autograder.submission.reading import read_bytes

_MANY = 500
_OF_EXCHANGE = ("timestamp.txt", "submission_secret.txt")
"""Files of the exchange by which a student's nbgrader finds the page of a submission."""
_BESIDE_BYTES = 1000
_NOTEBOOK = re.compile(r"[\w .()+-]{1,100}", re.ASCII)
_COPIES = 5
"""Notebooks of other names in one submission that get a page."""


@dataclass(frozen=True)
class FeedbackRelease:
    """What a release of feedback did: `students` can fetch theirs; `aside` names those who cannot, and why."""

    students: tuple[str, ...]
    aside: Mapping[str, str]


def write_pages(course: Path, book: Gradebook, name: str, results: Mapping[str, SubmissionResult]) -> None:
    """Write the pages of some students, whose results are `results`, and what the exchange wants beside them."""
    if not results:
        return
    notes = {student: Note(result.status, result.message or "") for student, result in results.items()}
    said = _comments(book, name, list(results))
    for row in rows(book, name, notes, list(results)):
        page = _page(name, row, results[row.student], said.get(row.student, {}))
        write(StudentFiles(course, name, row.student).page, page.encode(), durable=False)
        _write_beside(course, name, row.student)


def tell_aside(course: Path, book: Gradebook, name: str, problems: Mapping[str, str]) -> None:
    """Tell students on their pages that their submission was put aside.

    What the gradebook has of an earlier submission stays. Where even such a page cannot be written, there is none.
    """
    maximum = sum(maxima(book, name).values())
    results = {student: SubmissionResult.put_aside(student, maximum, told) for student, told in problems.items()}

    def keep(some: Sequence[str]) -> None:
        for student in some:
            result = results[student]
            write_result(course, name, student, result)
            page = StudentFiles(course, name, student).page
            write(page, student_page(result, assignment=name, student=student).encode(), durable=False)
            for file in _OF_EXCHANGE:
                if text := stamp(course, name, student, file):
                    write(page.with_name(file), text.encode(), durable=False)

    aside.apart(keep, list(results), "reported")


def release_feedback(name: str, course: Path) -> FeedbackRelease:
    """Make all feedback pages anew, with what people graded since, and put them in the exchange for students.

    Raises CourseError where nothing has been graded.
    """
    from nbgrader.exchange.default import ExchangeReleaseFeedback

    with locked(course):
        state = State.load(course, name)
        graded = sorted(state.students)
        if not graded:
            raise CourseError(f"nothing of {name} has been graded in {course}; grade it first.")
        failed = make_pages(name, course, state, graded)
        missing = {
            student: f"the autograded notebook is missing or damaged; grade {name} again"
            for student in graded
            if not all(StudentFiles(course, name, student).page.with_name(file).is_file() for file in _OF_EXCHANGE)
        }
        # nbgrader stops at the first page that it cannot release, and would take pages of students who are gone.
        missing |= failed
        students = [student for student in graded if student not in missing]
        others = {path.name for path in (course / "feedback").iterdir()} - set(students)
        action = exchange(ExchangeReleaseFeedback, course, name)
        action.coursedir.student_id_exclude = ",".join(sorted(others))
        run(action, f"releasing feedback of {name}")
    return FeedbackRelease(tuple(students), missing)


def make_pages(name: str, course: Path, state: State, students: Sequence[str]) -> dict[str, str]:
    """Make the feedback pages of students anew. Those for whom that fails are put aside, and keep their pages.

    Returns them, and why.
    """
    failed: dict[str, str] = {}
    with gradebook(course) as book:

        def write_some(some: Sequence[str]) -> None:
            write_pages(course, book, name, {student: read_result(course, name, student) for student in some})

        for start in range(0, len(students), _MANY):
            failed |= aside.apart(write_some, students[start : start + _MANY], "reported", fatal=UNUSABLE)
    state.put_aside(failed)
    return failed


def write_result(course: Path, name: str, student: str, result: SubmissionResult) -> None:
    """Keep the result of a student for pages that are made anew."""
    text = json.dumps(result.as_json(), ensure_ascii=False, allow_nan=False)
    write(StudentFiles(course, name, student).result, text.encode(), durable=False)


def read_result(course: Path, name: str, student: str) -> SubmissionResult:
    """The result of the last run of a student. Raises LookupError where it is missing or damaged."""
    path = StudentFiles(course, name, student).result
    try:
        return SubmissionResult.from_json(json.loads(path.read_bytes()))
    except (OSError, ValueError, LookupError, TypeError) as error:
        path.unlink(missing_ok=True)  # then the next run grades it
        raise LookupError("its result is missing or damaged") from error


def _write_beside(course: Path, name: str, student: str) -> None:
    """Write what nbgrader's exchange wants beside a page: of the submission that was graded, not of a later one.

    Students fetch by the names of the notebooks that they handed in, so a notebook with another name gets a page too.
    """
    files = StudentFiles(course, name, student)
    page, graded = files.page, files.autograded.parent
    for file in _OF_EXCHANGE:
        content = read_bytes(graded / file, _BESIDE_BYTES)
        if isinstance(content, bytes):
            write(page.with_name(file), content, durable=False)
    handed_in = files.submitted.glob("*.ipynb")
    names = {path.stem for path in handed_in if _NOTEBOOK.fullmatch(path.stem)} | {name}
    for other in page.parent.glob("*.html"):
        if other.stem not in names:
            other.unlink()
    for notebook in sorted(names - {name})[:_COPIES]:
        write(page.with_name(f"{notebook}.html"), page.read_bytes(), durable=False)


def _page(name: str, row: Row, result: SubmissionResult, comments: Mapping[str, str]) -> str:
    tested = {exercise.name for exercise in result.exercises}
    exercises = tuple(_as_recorded(exercise, row.scores) for exercise in result.exercises)
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
        replace(result, exercises=exercises),
        assignment=name,
        student=row.student,
        manual=manual,
        late_penalty=row.late_penalty,
        total=row.total,
        max_total=row.max_score,
        submitted=row.submitted,
    )


def _as_recorded(exercise: ExerciseResult, scores: Mapping[str, float]) -> ExerciseResult:
    """The result of an exercise with the score that a person gave instead, if one did."""
    score = scores.get(exercise.name, exercise.score)
    if score == exercise.score:
        return exercise
    told = f"{exercise.message or ''} (A person has given {score:g} instead of {exercise.score:g} points.)"
    return replace(exercise, score=score, message=told.strip())


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
