"""Record marked submissions: the gradebook in one transaction for many, then the autograded notebooks.

The order matters. The notebook of the last time tells whether a written answer has changed, so it is replaced only
when the gradebook has been told; killed in between, the next run finds the same difference and does the same again.

nbgrader's `Gradebook` commits for each call, and each of its objects computes a dozen sums when it is loaded. Here the
same objects are loaded with their own columns alone, for all submissions of a batch at once, and committed together.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    MissingEntry,
    SolutionCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from sqlalchemy import select
from sqlalchemy.orm import load_only

from autograder.course.files import StudentFiles, stamp, write
from autograder.course.marking import Cell, Marked, written_answers
from autograder.course.moment import moment
from autograder.course.notebook import exercise_of
from autograder.course.tools import settings
from autograder.errors import CourseError

_READ_ONLY = 0o444
_SECRET_BYTES = 64
_ROUNDING = 1e-6
_MANY = 500
"""Names in one statement: databases limit how many values one may have."""


def record(course: Path, book: Gradebook, name: str, marked: Sequence[Marked]) -> None:
    """Record submissions that have a result. Doing it twice changes nothing.

    Manual scores, extra credit and manual comments stay. Raises CourseError if the assignment is not in the gradebook;
    whatever is raised, nothing is recorded then.
    """
    before = {
        each.collected.student: written_answers(StudentFiles(course, name, each.collected.student).autograded)
        for each in marked
    }
    with transaction(book):
        _record(book, _Places.find(book, name, course), marked, before)
    for each in marked:
        _save_files(course, name, each)


@dataclass(frozen=True)
class Recorded:
    """What was recorded of a submission: automatic points by exercise, and the text of when it was handed in."""

    points: Mapping[str, float]
    submitted: str | None = None


def lost(course: Path, book: Gradebook, name: str, recorded: Mapping[str, Recorded]) -> list[str]:
    """Students whose gradebook entry is not what was recorded: it is an old backup, or a new gradebook.

    Exercises that the assignment no longer has do not count.
    """
    places = _Places.find(book, name, course)
    query = (
        select(SubmittedAssignment.student_id, SubmittedAssignment.timestamp, Grade.cell_id, Grade.auto_score)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .where(SubmittedNotebook.notebook_id == places.notebook)
    )
    if len(recorded) == 1:  # of others the gradebook may hold what cannot be read
        query = query.where(SubmittedAssignment.student_id.in_(list(recorded)))
    cells = {identifier: exercise_of(cell) for cell, identifier in places.graded.items()}
    moments: dict[str, datetime | None] = {}
    points: dict[str, dict[str, float]] = {}
    for student, handed_in, cell, score in book.db.execute(query):
        moments[student] = handed_in
        points.setdefault(student, {})[cells[cell]] = score or 0.0
    exercises = set(cells.values())

    def same(student: str, entry: Recorded) -> bool:
        known = points.get(student)
        if known is None or (entry.submitted is not None and moments[student] != moment(entry.submitted)):
            return False
        wanted = {exercise: score for exercise, score in entry.points.items() if exercise in exercises}
        return all(abs(known.get(exercise, -1.0) - score) < _ROUNDING for exercise, score in wanted.items())

    return [student for student, entry in recorded.items() if not same(student, entry)]


@contextmanager
def transaction(book: Gradebook) -> Iterator[None]:
    """All or nothing."""
    try:
        yield
        book.db.commit()
    finally:
        book.db.rollback()


def penalise(course: Path, book: Gradebook, name: str, students: Sequence[str] | None = None) -> list[str]:
    """Set late penalties, of all or of some, by the configured plugin, within 0 and the score as in nbgrader.

    They depend on when the assignment was due and on manual scores, which may have changed since the last time.
    Returns those whose penalty did. Raises CourseError as `record` does.
    """
    with transaction(book):
        places = _Places.find(book, name, course)
        query = (
            select(SubmittedAssignment, SubmittedNotebook)
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .where(SubmittedNotebook.notebook_id == places.notebook)
            .options(
                load_only(SubmittedAssignment.student_id, SubmittedAssignment.timestamp, SubmittedAssignment.extension),
                load_only(SubmittedNotebook.late_submission_penalty),
            )
        )
        if students is not None:
            query = query.where(SubmittedAssignment.student_id.in_(students))
        late = [
            (submission, notebook, seconds)
            for submission, notebook in book.db.execute(query)
            if (seconds := _seconds_late(places.due, submission.timestamp, submission.extension))
            or notebook.late_submission_penalty is not None
        ]
        if not late:
            return []
        from nbgrader.preprocessors import AssignLatePenalties  # and with it nbconvert

        scores = _scores(book, [notebook.id for _, notebook, _ in late])
        assigner = AssignLatePenalties(config=settings(course))
        assigner.init_plugin()
        moved: list[str] = []
        for submission, notebook, seconds in late:
            student, score = submission.student_id, scores.get(notebook.id, 0.0)
            penalty = assigner.plugin_inst.late_submission_penalty(student, score, seconds) if seconds else None
            penalty = None if penalty is None else min(max(penalty, 0.0), score)
            if penalty != notebook.late_submission_penalty:
                notebook.late_submission_penalty = penalty
                moved.append(student)
    return moved


def _seconds_late(due: datetime | None, timestamp: datetime | None, extension: timedelta | None) -> float:
    if due is None or timestamp is None:
        return 0.0
    return max(0.0, (timestamp - due - (extension or timedelta())).total_seconds())


def _scores(book: Gradebook, notebooks: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for some in _parts(notebooks):
        for notebook, score in book.db.execute(
            select(Grade.notebook_id, Grade.score).where(Grade.notebook_id.in_(some))
        ):
            found[notebook] = found.get(notebook, 0.0) + float(score)
    return found


@dataclass(frozen=True)
class _Places:
    """Where an assignment is in the gradebook: its identifiers, and those of its cells by name."""

    assignment: str
    notebook: str
    due: datetime | None
    graded: Mapping[str, str] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def find(cls, book: Gradebook, name: str, course: Path) -> _Places:
        try:
            assignment, notebook = book.find_assignment(name), book.find_notebook(name, name)
        except MissingEntry as error:
            raise CourseError(
                f"{name} is not in the gradebook of {course}; put a backup of gradebook.db back or release {name}, "
                "then run again."
            ) from error
        cells = [
            dict(book.db.execute(select(kind.name, kind.id).where(kind.notebook_id == notebook.id)).all())
            for kind in (GradeCell, SolutionCell)
        ]
        return cls(assignment.id, notebook.id, assignment.duedate, *cells)


def _record(
    book: Gradebook, places: _Places, marked: Sequence[Marked], before: Mapping[str, Mapping[str, str]]
) -> None:
    notebooks = _submitted_notebooks(book, places, marked)
    grades = _by_place(book, Grade, notebooks, (Grade.auto_score, Grade.manual_score, Grade.needs_manual_grade))
    comments = _by_place(book, Comment, notebooks, (Comment.auto_comment,))
    for each in marked:
        student = each.collected.student
        notebook = notebooks[student].id
        for cell in each.cells:
            if cell.graded:
                place = notebook, places.graded[cell.name]
                _grade(grades.get(place) or _added(book, Grade, place), cell, before[student].get(cell.name))
            if cell.written:
                place = notebook, places.written[cell.name]
                comment = comments.get(place) or _added(book, Comment, place)
                comment.auto_comment = "No response." if cell.unanswered else None


def _grade(grade: Grade, cell: Cell, answer: str | None) -> None:
    """Set the automatic score; `answer` is that of the last time.

    A person looks at what has no automatic score, and again at what has changed since a person looked.
    """
    changed = cell.answer != answer if cell.written else cell.score != grade.auto_score
    waits = cell.score is None if grade.manual_score is None else changed or grade.needs_manual_grade
    grade.auto_score, grade.needs_manual_grade = cell.score, waits


def _submitted_notebooks(book: Gradebook, places: _Places, marked: Sequence[Marked]) -> dict[str, SubmittedNotebook]:
    """The students' submitted notebooks, by name; what misses of them is added."""
    moments = {each.collected.student: moment(each.collected.timestamp) for each in marked}
    known = set(_all_of(book, select(Student.id), Student.id, moments))
    book.db.add_all(Student(id=student) for student in moments if student not in known)
    own = SubmittedAssignment.student_id, SubmittedAssignment.timestamp
    query = select(SubmittedAssignment).where(SubmittedAssignment.assignment_id == places.assignment)
    submissions = {
        submission.student_id: submission
        for submission in _all_of(book, query.options(load_only(*own)), SubmittedAssignment.student_id, moments)
    }
    for student, timestamp in moments.items():
        if student not in submissions:
            submissions[student] = SubmittedAssignment(
                id=new_uuid(), assignment_id=places.assignment, student_id=student
            )
            book.db.add(submissions[student])
        if submissions[student].timestamp != timestamp:
            submissions[student].timestamp = timestamp
    owners = {submission.id: student for student, submission in submissions.items()}
    query = select(SubmittedNotebook).where(SubmittedNotebook.notebook_id == places.notebook)
    query = query.options(load_only(SubmittedNotebook.assignment_id))
    notebooks = {
        owners[notebook.assignment_id]: notebook
        for notebook in _all_of(book, query, SubmittedNotebook.assignment_id, owners)
    }
    for identifier, student in owners.items():
        if student not in notebooks:
            notebooks[student] = SubmittedNotebook(
                id=new_uuid(), assignment_id=identifier, notebook_id=places.notebook, flagged=False
            )
            book.db.add(notebooks[student])
    return notebooks


def _by_place(
    book: Gradebook, kind: Any, notebooks: Mapping[str, SubmittedNotebook], columns: Sequence[Any]
) -> dict[tuple[str, str], Any]:
    """Grades or comments of submitted notebooks by the identifiers of notebook and cell."""
    query = select(kind).options(load_only(kind.notebook_id, kind.cell_id, *columns))
    identifiers = [notebook.id for notebook in notebooks.values()]
    return {(each.notebook_id, each.cell_id): each for each in _all_of(book, query, kind.notebook_id, identifiers)}


def _added(book: Gradebook, kind: Any, place: tuple[str, str]) -> Any:
    notebook, cell = place
    new = kind(notebook_id=notebook, cell_id=cell)
    book.db.add(new)
    return new


def _all_of(book: Gradebook, query: Any, column: Any, values: Iterable[str]) -> list[Any]:
    """What a query gives for a column's values, however many there are."""
    return [each for some in _parts(list(values)) for each in book.db.scalars(query.where(column.in_(some)))]


def _parts(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + _MANY] for start in range(0, len(values), _MANY))


def _save_files(course: Path, name: str, marked: Marked) -> None:
    student = marked.collected.student
    files = StudentFiles(course, name, student)
    notebook = files.autograded
    if not marked.collected.timestamp:  # formgrader reads this file, too, and stops at one that is no time
        with suppress(OSError):
            (files.submitted / "timestamp.txt").unlink()
    # nbgrader's release_feedback stops at a submission without these two, however it came here.
    secret = stamp(course, name, student, "submission_secret.txt")
    kept = notebook.with_name("submission_secret.txt")
    if secret or not kept.is_file():
        write(kept, (secret or secrets.token_hex(_SECRET_BYTES)).encode(), _READ_ONLY, durable=False)
    write(notebook.with_name("timestamp.txt"), marked.collected.timestamp.encode(), _READ_ONLY, durable=False)
    write(notebook, marked.notebook, _READ_ONLY, durable=False)
