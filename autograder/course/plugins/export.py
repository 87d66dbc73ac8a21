"""Scores out of nbgrader's gradebook: rows for a table, and a CSV plugin for `nbgrader export`."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.api import BaseCell, Grade, Gradebook, Student, SubmittedAssignment, SubmittedNotebook
from nbgrader.plugins import ExportPlugin
from sqlalchemy import and_, select, true

from autograder.course.files import write
from autograder.course.notebook import exercise_of
from autograder.course.state import State
from autograder.outcome import Status
from autograder.report.table import Note, Row
from autograder.text import printable

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]\d+)?")
# Also after what another country's spreadsheet, or a careless reader, takes for the end of a cell; also wide forms.
_FORMULA = re.compile(r"""(^|[,;])(?=[\s"]*[=+\-@|%＝＋－＠｜％﹢﹣﹦﹪﹫⁺⁻⁼₊₋₌])""")
_COLUMNS = ("assignment", "student", "status", "submitted", "score", "late_penalty", "total", "max_score")


def rows(book: Gradebook, name: str, notes: Mapping[str, Note], students: Sequence[str] | None = None) -> list[Row]:
    """Everyone in the gradebook for one assignment, or only `students`, by name.

    `notes` say what is known of each submission.
    """
    assignment, points = book.find_assignment(name), maxima(book, name)
    maximum = sum(points.values())
    everyone = students
    if everyone is None:
        everyone = sorted({*notes, *(person for (person,) in book.db.execute(select(Student.id)))})
    # What the gradebook has of those whose submission was put aside is of an earlier one, or what was wrong with it.
    aside = {student for student in everyone if student in notes and notes[student].status == Status.ASIDE}
    person = SubmittedAssignment.student_id
    who = and_(person.not_in(aside), true() if students is None else person.in_(students))
    grades = _grades(book, assignment.id, who)
    submissions = _submissions(book, assignment.id, who)
    found = []
    for student in sorted(everyone):
        note = notes.get(student, Note(Status.GRADED))
        if student in aside:
            found.append(
                Row(name, student, note.status, "", None, 0.0, None, maximum, False, note.message, maxima=points)
            )
            continue
        if student not in submissions:
            found.append(Row(name, student, Status.NOT_SUBMITTED, "", 0.0, 0.0, 0.0, maximum, False, maxima=points))
            continue
        timestamp, penalty = submissions[student]
        own = grades.get(student, {})
        score = round(sum(given for given, _ in own.values()), 2)
        found.append(
            Row(
                assignment=name,
                student=student,
                status=note.status,
                submitted=timestamp.isoformat(" ", "seconds") if timestamp else "",
                score=score,
                late_penalty=round(penalty, 2),
                total=round(max(0.0, score - penalty), 2),
                max_score=maximum,
                needs_manual_grade=any(needs for _, needs in own.values()),
                message=note.message,
                scores={exercise: own[exercise][0] for exercise in points if exercise in own},
                maxima=points,
                waiting=[exercise for exercise, (_, needs) in own.items() if needs],
            )
        )
    return found


def maxima(book: Gradebook, name: str) -> dict[str, float]:
    """How many points each exercise and written question of an assignment is worth."""
    cells = [cell for notebook in book.find_assignment(name).notebooks for cell in notebook.grade_cells]
    return {exercise_of(cell.name): float(cell.max_score) for cell in cells}


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


def _grades(book: Gradebook, assignment: str, who: Any) -> dict[str, dict[str, tuple[float, bool]]]:
    """Score and "needs a person" of each exercise of each student, in one query: a class has thousands of grades."""
    query = (
        select(SubmittedAssignment.student_id, BaseCell.name, Grade.score, Grade.needs_manual_grade)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .join(BaseCell, Grade.cell_id == BaseCell.id)
        .where(SubmittedAssignment.assignment_id == assignment, who)
    )
    found: dict[str, dict[str, tuple[float, bool]]] = {}
    for student, cell, score, needs in book.db.execute(query):
        found.setdefault(student, {})[exercise_of(cell)] = (float(score), bool(needs))
    return found


def _submissions(book: Gradebook, assignment: str, who: Any) -> dict[str, tuple[datetime | None, float]]:
    """When each student submitted, and the late penalty."""
    query = (
        select(SubmittedAssignment.student_id, SubmittedAssignment.timestamp, SubmittedNotebook.late_submission_penalty)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .where(SubmittedAssignment.assignment_id == assignment, who)
    )
    found: dict[str, tuple[datetime | None, float]] = {}
    for student, timestamp, penalty in book.db.execute(query):
        found[student] = timestamp, found.get(student, (None, 0.0))[1] + (penalty or 0.0)
    return found


def _plain(value: Any) -> str:
    """A cell's text on one line; what a spreadsheet would take for a formula gets an apostrophe in front."""
    text = "" if value is None else f"{value:g}" if isinstance(value, float) else printable(str(value))
    return text if _NUMBER.fullmatch(text) else _FORMULA.sub(r"\1'", text)


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
