"""Scores out of nbgrader's gradebook: rows for a table, and a CSV plugin for `nbgrader export`."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbgrader.api import BaseCell, Grade, Gradebook, Student, SubmittedAssignment, SubmittedNotebook
from nbgrader.plugins import ExportPlugin

from autograder.course.files import write
from autograder.course.notebook import exercise_of
from autograder.course.state import State

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_COLUMNS = ("assignment", "student", "status", "submitted", "score", "late_penalty", "total", "max_score")


@dataclass(frozen=True)
class Row:
    """One student's line: `total` is `score` without the late penalty; `scores` has one entry per exercise."""

    assignment: str
    student: str
    status: str
    submitted: str
    score: float
    late_penalty: float
    total: float
    max_score: float
    needs_manual_grade: bool
    message: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)


def rows(book: Gradebook, name: str, notes: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """Everyone in the gradebook for one assignment, by name. `notes` has the status and message of each submission."""
    assignment = book.find_assignment(name)
    maximum = float(assignment.max_score)
    exercises = [exercise_of(cell.name) for notebook in assignment.notebooks for cell in notebook.grade_cells]
    grades = _grades(book, name)
    submissions = {entry.student_id: entry for entry in assignment.submissions}
    found = []
    for student in sorted({person.id for person in book.students}):
        note = notes.get(student, {})
        entry = submissions.get(student)
        if entry is None:
            found.append(Row(name, student, "not submitted", "", 0.0, 0.0, 0.0, maximum, False))
            continue
        own = grades.get(student, {})
        penalty = sum(notebook.late_submission_penalty or 0.0 for notebook in entry.notebooks)
        score = round(sum(points for points, _ in own.values()), 2)
        found.append(
            Row(
                assignment=name,
                student=student,
                status=str(note.get("status") or "graded"),
                submitted=entry.timestamp.isoformat(" ", "seconds") if entry.timestamp else "",
                score=score,
                late_penalty=round(penalty, 2),
                total=round(max(0.0, score - penalty), 2),
                max_score=maximum,
                needs_manual_grade=any(needs for _, needs in own.values()),
                message=str(note.get("message") or ""),
                scores={exercise: own[exercise][0] for exercise in exercises if exercise in own},
            )
        )
    return found


def to_csv(table: Iterable[Row]) -> str:
    """Rows as CSV text, with one column per exercise, safe to open in a spreadsheet."""
    lines = list(table)
    exercises = list(dict.fromkeys(name for row in lines for name in row.scores))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*_COLUMNS, "needs_manual_grade", *map(_plain, exercises)])
    for row in lines:
        fixed = [getattr(row, column) for column in _COLUMNS]
        scores: Sequence[Any] = [row.scores.get(name, "") for name in exercises]
        writer.writerow([_plain(value) for value in [*fixed, "yes" if row.needs_manual_grade else "no", *scores]])
    return out.getvalue()


def _grades(book: Gradebook, name: str) -> dict[str, dict[str, tuple[float, bool]]]:
    """Score and "needs a person" of each exercise of each student, in one query: a class has thousands of grades."""
    query = (
        book.db.query(Student.id, BaseCell.name, Grade.score, Grade.needs_manual_grade)
        .select_from(Grade)
        .join(BaseCell, Grade.cell_id == BaseCell.id)
        .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Student, SubmittedAssignment.student_id == Student.id)
        .filter(SubmittedAssignment.assignment_id == book.find_assignment(name).id)
    )
    found: dict[str, dict[str, tuple[float, bool]]] = {}
    for student, cell, score, needs in query:
        found.setdefault(student, {})[exercise_of(cell)] = (float(score), bool(needs))
    return found


def _plain(value: Any) -> str:
    """A cell's text; one that a spreadsheet would take for a formula gets an apostrophe in front."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if text.startswith(("=", "+", "-", "@", "\t", "\r")) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


class CsvExport(ExportPlugin):  # type: ignore[misc]
    """`nbgrader export`: one line per student and assignment, with the points of each exercise."""

    def export(self, gradebook: Gradebook) -> None:
        """Write the CSV to `--to`, else to grades.csv."""
        course = Path(self.config.CourseDirectory.root) if "root" in self.config.CourseDirectory else Path.cwd()
        table = [
            row
            for assignment in gradebook.assignments
            if not self.assignment or assignment.name in self.assignment
            for row in rows(gradebook, assignment.name, State.load(course, assignment.name).students)
            if not self.student or row.student in map(str, self.student)
        ]
        target = Path(self.to or "grades.csv")
        write(target, to_csv(table).encode())
        self.log.info("Exported %d lines to %s", len(table), target)
