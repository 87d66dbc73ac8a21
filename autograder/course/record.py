"""Record one graded submission: the gradebook in one transaction, then the autograded notebook.

The order matters. The notebook of the last time tells whether a written answer has changed, so it is replaced only
when the gradebook has been told; killed in between, the next run finds the same difference and does the same again.
"""

from __future__ import annotations

import contextlib
import copy
import secrets
import warnings
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode, v4
from nbgrader.api import Comment, Grade, Gradebook, MissingEntry, Student, SubmittedAssignment, SubmittedNotebook
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, parse_utc
from traitlets.config import Config
from traitlets.utils.importstring import import_item

from autograder import submission
from autograder.course.files import stamp, submission_file, write
from autograder.course.outputs import write_outputs
from autograder.course.tools import directory, released, settings
from autograder.errors import CourseError

_READ_ONLY = 0o444
_SECRET_BYTES = 64


def record(course: Path, book: Gradebook, name: str, student: str, graded: dict[str, Any]) -> None:
    """Record an entry of the document's "submissions" for a student. Doing it twice changes nothing.

    Manual scores, extra credit and manual comments stay. Raises CourseError if the assignment was never released.
    """
    where = released(course, name)
    if not where.is_file():
        raise CourseError(f"{name} was never released in {course}; release it first.")
    original = nbformat.read(where, as_version=4)
    config = settings(course)
    notebook = _autograded(course, name, student, graded, original, config)
    write_outputs(notebook, graded)

    folder = course / "autograded" / student / name
    before = _answers(folder / f"{name}.ipynb")
    try:
        _save(book, config, name, student, _timestamp(course, name, student), notebook, before)
        book.db.commit()
    except MissingEntry as error:
        raise CourseError(f"{name} is not in the gradebook of {course}; release it first.") from error
    finally:
        book.db.rollback()

    # nbgrader's release_feedback stops at a submission without these two, however it came here.
    secret = stamp(course, name, student, "submission_secret.txt")
    if secret or not (folder / "submission_secret.txt").is_file():
        write(folder / "submission_secret.txt", (secret or secrets.token_hex(_SECRET_BYTES)).encode(), _READ_ONLY)
    write(folder / "timestamp.txt", stamp(course, name, student, "timestamp.txt").encode(), _READ_ONLY)
    write(folder / f"{name}.ipynb", nbformat.writes(notebook).encode(), _READ_ONLY)


def _autograded(
    course: Path, name: str, student: str, graded: dict[str, Any], original: NotebookNode, config: Config
) -> NotebookNode:
    """The student's notebook, through nbgrader's own sanitising preprocessors."""
    url = directory(course, name).db_url
    resources = {"nbgrader": {"student": student, "assignment": name, "notebook": name, "db_url": url}}

    def sanitised(notebook: NotebookNode) -> NotebookNode:
        for preprocessor in config.Autograde.sanitize_preprocessors:
            notebook, _ = import_item(preprocessor)(config=config)(notebook, copy.deepcopy(resources))
        nbformat.validate(notebook)
        return notebook

    path = submission_file(course, name, student)
    if graded["status"] == "unreadable":
        return sanitised(copy.deepcopy(original))
    if path.suffix == ".ipynb":
        # Whatever is wrong with a notebook whose code was readable, the released one can show that code.
        with contextlib.suppress(Exception), warnings.catch_warnings(action="ignore"):
            return sanitised(nbformat.reads(path.read_text(encoding="utf-8-sig"), as_version=4))
    return sanitised(_with_code(original, path))


def _with_code(original: NotebookNode, path: Path) -> NotebookNode:
    """The released notebook with a student's code at its end."""
    notebook = copy.deepcopy(original)
    if path.suffix == ".py":
        sources: tuple[str, ...] = (path.read_text(encoding="utf-8-sig"),)
    else:
        found = submission.read(path)
        sources = found.cells if isinstance(found, submission.Submission) else ()
    notebook.cells += [v4.new_code_cell(source, id=f"code-{number}") for number, source in enumerate(sources, 1)]
    return notebook


def _answers(path: Path) -> dict[str, str]:
    """Written answers by name, as the autograded notebook of the last time shows them."""
    try:
        notebook = nbformat.read(path, as_version=4)
        cells = [cell for cell in notebook.cells if is_grade(cell) and is_solution(cell)]
        return {cell.metadata.nbgrader["grade_id"]: cell.source for cell in cells}
    except Exception:  # none yet, or not one of ours: then every answer is new
        return {}


def _timestamp(course: Path, name: str, student: str) -> datetime | None:
    text = stamp(course, name, student, "timestamp.txt")
    try:
        moment: datetime | None = parse_utc(text) if text else None
    except (ValueError, OverflowError):
        return None
    return moment


def _save(
    book: Gradebook,
    config: Config,
    name: str,
    student: str,
    timestamp: datetime | None,
    notebook: NotebookNode,
    before: dict[str, str],
) -> None:
    """Tell the session everything about a submission. The caller commits."""
    entry = _submitted(book, name, student, timestamp)
    grades = {grade.name: grade for grade in entry.grades}
    comments = {comment.name: comment for comment in entry.comments}
    for cell in notebook.cells:
        if not (is_grade(cell) or is_solution(cell)):
            continue
        grade_id = cell.metadata.nbgrader["grade_id"]
        if is_grade(cell):
            _set_grade(grades[grade_id], cell, before.get(grade_id))
        if is_solution(cell):
            unanswered = cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
            comments[grade_id].auto_comment = "No response." if unanswered else None
    book.db.flush()
    book.db.expire(entry)
    _set_penalty(entry, config, student)


def _set_grade(grade: Grade, cell: NotebookNode, before: str | None) -> None:
    """The automatic score. A person looks (again) at what has changed since a person looked."""
    score, _ = determine_grade(cell)
    changed = cell.source != before if is_solution(cell) else score != grade.auto_score
    if grade.manual_score is None:
        grade.needs_manual_grade = score is None
    elif changed:
        grade.needs_manual_grade = True
    grade.auto_score = score


def _set_penalty(entry: SubmittedNotebook, config: Config, student: str) -> None:
    """The late penalty by the configured plugin, within 0 and the score as in nbgrader."""
    assigner = AssignLatePenalties(config=config)
    assigner.init_plugin()
    late: Callable[[str, float, float], float | None] = assigner.plugin_inst.late_submission_penalty
    seconds = entry.assignment.total_seconds_late
    penalty = late(student, entry.score, seconds) if seconds > 0 else None
    entry.late_submission_penalty = None if penalty is None else min(max(penalty, 0.0), entry.score)


def _submitted(book: Gradebook, name: str, student: str, timestamp: datetime | None) -> SubmittedNotebook:
    """The student's notebook in the gradebook, made as `Gradebook.add_submission` does, which would commit halfway."""
    assignment = book.find_assignment(name)
    try:
        submitted = book.find_submission(name, student)
        submitted.timestamp = timestamp
    except MissingEntry:
        person = book.db.get(Student, student) or Student(id=student)
        with book.db.no_autoflush:
            submitted = SubmittedAssignment(assignment=assignment, student=person, timestamp=timestamp)
            for notebook in assignment.notebooks:
                entry = SubmittedNotebook(notebook=notebook, assignment=submitted)
                for cell in notebook.grade_cells:
                    Grade(cell=cell, notebook=entry)
                for cell in notebook.solution_cells:
                    Comment(cell=cell, notebook=entry)
            book.db.add(submitted)
            book.db.flush()
    try:
        return next(entry for entry in submitted.notebooks if entry.name == name)
    except StopIteration:
        raise MissingEntry(name) from None
