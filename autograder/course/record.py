"""Record marked submissions: the gradebook in one transaction for many, then the autograded notebooks.

The order matters. The notebook of the last time tells whether a written answer has changed, so it is replaced only
when the gradebook has been told; killed in between, the next run finds the same difference and does the same again.

nbgrader's `Gradebook` loads a dozen computed columns for each object and commits for each call. Here its tables, as
`nbgrader.api` declares them, are read and written by SQLAlchemy's statements, each for all submissions at once.
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
from sqlalchemy import bindparam, insert, select, update

from autograder.course.files import stamp, write
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

Rows = list[dict[str, Any]]


def record(course: Path, book: Gradebook, name: str, marked: Sequence[Marked]) -> None:
    """Record submissions that have a result. Doing it twice changes nothing.

    Manual scores, extra credit and manual comments stay. Raises CourseError if the assignment is not in the gradebook;
    whatever is raised, nothing is recorded then.
    """
    before = {
        each.collected.student: written_answers(autograded(course, name, each.collected.student)) for each in marked
    }
    with transaction(book):
        _record(book, _Places.find(book, name, course), marked, before)
    for each in marked:
        _save_files(course, name, each)


def autograded(course: Path, name: str, student: str) -> Path:
    """Where a student's autograded notebook is."""
    return course / "autograded" / student / name / f"{name}.ipynb"


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
        penalties = SubmittedNotebook.late_submission_penalty
        person = SubmittedAssignment.student_id, SubmittedAssignment.timestamp, SubmittedAssignment.extension
        query = (
            select(*person, SubmittedNotebook.id, penalties)
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .where(SubmittedNotebook.notebook_id == places.notebook)
        )
        if students is not None:
            query = query.where(SubmittedAssignment.student_id.in_(students))
        late = [
            row for row in book.db.execute(query) if row[4] is not None or _seconds_late(places.due, row[1], row[2])
        ]
        if not late:
            return []
        from nbgrader.preprocessors import AssignLatePenalties  # and with it nbconvert

        scores = _scores(book, [row[3] for row in late])
        assigner = AssignLatePenalties(config=settings(course))
        assigner.init_plugin()
        changed: Rows = []
        moved: list[str] = []
        for student, timestamp, extension, notebook, current in late:
            seconds, score = _seconds_late(places.due, timestamp, extension), scores.get(notebook, 0.0)
            wanted = assigner.plugin_inst.late_submission_penalty(student, score, seconds) if seconds else None
            wanted = None if wanted is None else min(max(wanted, 0.0), score)
            if wanted != current:
                changed.append({"row": notebook, "late_submission_penalty": wanted})
                moved.append(student)
        _update(book, SubmittedNotebook, changed)
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
    students = {each.collected.student: each for each in marked}
    notebooks = _submitted(book, places, students)
    owners = {notebook: student for student, notebook in notebooks.items()}
    grades = _entries(book, Grade, places.graded, owners, ("auto_score", "manual_score"))
    comments = _entries(book, Comment, places.written, owners, ("auto_comment",))
    new_grades, changed_grades, new_comments, changed_comments = ([] for _ in range(4))
    for student, each in students.items():
        for cell in each.cells:
            place = {"notebook_id": notebooks[student]}
            if cell.graded:
                old = grades.get((student, cell.name), {})
                values = {**_grade(cell, old, before[student].get(cell.name)), "row": old.get("id")}
                if old:
                    changed_grades.append(values)
                else:
                    new_grades.append({**place, "cell_id": places.graded[cell.name], **values})
            if cell.written:
                found = comments.get((student, cell.name))
                said = {"auto_comment": "No response." if cell.unanswered else None}
                if found is None:
                    new_comments.append({**place, "cell_id": places.written[cell.name], **said})
                elif found["auto_comment"] != said["auto_comment"]:
                    changed_comments.append({"row": found["id"], **said})
    _insert(book, Grade, [{key: value for key, value in row.items() if key != "row"} for row in new_grades])
    _insert(book, Comment, new_comments)
    _update(book, Grade, changed_grades)
    _update(book, Comment, changed_comments)


def _grade(cell: Cell, old: Mapping[str, Any], answer: str | None) -> dict[str, Any]:
    """The automatic score. A person looks (again) at what has changed since a person looked."""
    changed = cell.answer != answer if cell.written else cell.score != old.get("auto_score")
    if old.get("manual_score") is None:
        return {"auto_score": cell.score, "needs_manual_grade": cell.score is None}
    if changed:
        return {"auto_score": cell.score, "needs_manual_grade": True}
    return {"auto_score": cell.score, "needs_manual_grade": old["needs_manual_grade"]}


def _submitted(book: Gradebook, places: _Places, students: Mapping[str, Marked]) -> dict[str, str]:
    """Identifiers of the students' submitted notebooks; those that miss are made."""
    moments = {student: moment(each.collected.timestamp) for student, each in students.items()}
    names = list(students)
    known = {
        row[0] for some in _parts(names) for row in book.db.execute(select(Student.id).where(Student.id.in_(some)))
    }
    _insert(book, Student, [{"id": student} for student in names if student not in known])
    found: dict[str, tuple[str, datetime | None]] = {}
    for some in _parts(names):
        query = select(SubmittedAssignment.student_id, SubmittedAssignment.id, SubmittedAssignment.timestamp)
        query = query.where(
            SubmittedAssignment.assignment_id == places.assignment, SubmittedAssignment.student_id.in_(some)
        )
        found |= {student: (identifier, moment) for student, identifier, moment in book.db.execute(query)}
    missing = [
        {"id": new_uuid(), "assignment_id": places.assignment, "student_id": student, "timestamp": moments[student]}
        for student in names
        if student not in found
    ]
    _insert(book, SubmittedAssignment, missing)
    moved = [
        {"row": identifier, "timestamp": moments[student]}
        for student, (identifier, moment) in found.items()
        if moment != moments[student]
    ]
    _update(book, SubmittedAssignment, moved)
    ours = {identifier: student for student, (identifier, _) in found.items()}
    ours |= {row["id"]: row["student_id"] for row in missing}
    notebooks: dict[str, str] = {}
    for some in _parts(list(ours)):
        query = select(SubmittedNotebook.assignment_id, SubmittedNotebook.id)
        query = query.where(SubmittedNotebook.notebook_id == places.notebook, SubmittedNotebook.assignment_id.in_(some))
        notebooks |= {ours[assignment]: identifier for assignment, identifier in book.db.execute(query)}
    fresh = [
        {"id": new_uuid(), "assignment_id": identifier, "notebook_id": places.notebook, "flagged": False}
        for identifier, student in ours.items()
        if student not in notebooks
    ]
    _insert(book, SubmittedNotebook, fresh)
    return notebooks | {ours[row["assignment_id"]]: row["id"] for row in fresh}


def _entries(
    book: Gradebook, kind: Any, cells: Mapping[str, str], owners: Mapping[str, str], columns: Sequence[str]
) -> dict[tuple[str, str], dict[str, Any]]:
    """Rows of grades or comments by student and name of the cell."""
    names = {identifier: name for name, identifier in cells.items()}
    table = kind.__table__
    found = {}
    for some in _parts(list(owners)):
        for row in book.db.execute(select(table).where(table.c.notebook_id.in_(some))).mappings():
            if row["cell_id"] in names:
                found[owners[row["notebook_id"]], names[row["cell_id"]]] = dict(row)
    return found


def _insert(book: Gradebook, kind: Any, rows: Rows) -> None:
    if rows:
        book.db.execute(insert(kind.__table__), rows)


def _update(book: Gradebook, kind: Any, rows: Rows) -> None:
    """Rows with the identifier in "row"; the other keys are columns, the same in all of them."""
    if rows:
        table = kind.__table__
        columns: dict[Any, Any] = {key: bindparam(key) for key in rows[0] if key != "row"}
        book.db.connection().execute(update(table).where(table.c.id == bindparam("row")).values(columns), rows)


def _parts(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + _MANY] for start in range(0, len(values), _MANY))


def _save_files(course: Path, name: str, marked: Marked) -> None:
    student = marked.collected.student
    notebook = autograded(course, name, student)
    if not marked.collected.timestamp:  # formgrader reads this file, too, and stops at one that is no time
        with suppress(OSError):
            (course / "submitted" / student / name / "timestamp.txt").unlink()
    # nbgrader's release_feedback stops at a submission without these two, however it came here.
    secret = stamp(course, name, student, "submission_secret.txt")
    kept = notebook.with_name("submission_secret.txt")
    if secret or not kept.is_file():
        write(kept, (secret or secrets.token_hex(_SECRET_BYTES)).encode(), _READ_ONLY, durable=False)
    write(notebook.with_name("timestamp.txt"), marked.collected.timestamp.encode(), _READ_ONLY, durable=False)
    write(notebook, marked.notebook, _READ_ONLY, durable=False)
