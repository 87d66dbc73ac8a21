"""The class table, the class page and everyone's feedback, from what was graded and what people changed since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.course.export import rows, to_csv
from autograder.course.feedback import make_pages, results, write_pages
from autograder.course.files import class_page_file, table_file, write
from autograder.course.record import penalise
from autograder.course.state import State, locked
from autograder.course.tools import gradebook
from autograder.errors import CourseError
from autograder.report.classroom import class_page


def tabulate(
    name: str, course: Path, state: State, failed: Mapping[str, str], skipped: Sequence[str]
) -> list[dict[str, Any]]:
    """Write table and class page, and the pages of students whose late penalty has changed. Returns the table's rows.

    failed   whom the grader failed at, and why; skipped: names of folders that are no student's
    """
    with gradebook(course) as book:
        moved = penalise(course, book, name)
        write_pages(course, book, name, results(course, name, [each for each in moved if each in state.students]))
        found = rows(book, name, state.students)
        due = book.find_assignment(name).duedate
    table = table_file(course, name)
    write(table, to_csv(found).encode())
    shown = [dict(vars(row)) for row in found]
    page = class_page(name, shown, state.students, table.name, due=due, failed=failed, skipped=skipped)
    write(class_page_file(course, name), page.encode())
    return shown


def report(name: str, course: Path) -> list[str]:
    """Make table, class page and all feedback pages anew, with what people graded since; nothing is released.

    Returns the students. Raises CourseError where nothing has been graded.
    """
    with locked(course):
        state = State.load(course, name)
        if not state.students:
            raise CourseError(f"nothing of {name} has been graded in {course}; grade it first.")
        tabulate(name, course, state, {}, ())  # the state is left: the next run still asks what changed the gradebook
        return make_pages(name, course, sorted(state.students))
