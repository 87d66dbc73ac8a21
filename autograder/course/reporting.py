"""The class table, the class page and everyone's feedback, from what was graded and what people changed since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder.course.feedback import make_pages
from autograder.course.files import class_page_file, table_file, write
from autograder.course.plugins.export import rows, to_csv
from autograder.course.record import penalise
from autograder.course.state import State, locked
from autograder.course.tools import UNUSABLE, gradebook
from autograder.errors import CourseError
from autograder.report.classroom import class_page
from autograder.report.table import Note, Row
from autograder.submission import aside

_MANY = 500


def tabulate(name: str, course: Path, state: State, skipped: Sequence[str]) -> list[Row]:
    """Write table and class page, and the pages of students whose late penalty has changed. Returns the table's rows.

    Who cannot be shown is put aside. `skipped` are names of folders that are no student's.
    """
    moved: list[str] = []
    with gradebook(course) as book:

        def take_off(some: Sequence[str]) -> None:
            moved.extend(penalise(course, book, name, some))

        graded = sorted(set(state.students) - set(state.aside))
        for start in range(0, len(graded), _MANY):
            state.put_aside(aside.apart(take_off, graded[start : start + _MANY], "recorded", fatal=UNUSABLE))
    make_pages(name, course, state, [student for student in moved if student not in state.aside])
    with gradebook(course) as book:
        assignment = book.find_assignment(name)
        table = table_file(course, name)

        def written(notes: Mapping[str, Note], some: Sequence[str] | None) -> tuple[list[Row], bytes, bytes]:
            """Rows, table and class page of some students, or all."""
            shown = rows(book, name, notes, some)
            page = class_page(name, shown, notes, table.name, due=assignment.duedate, skipped=skipped)
            return shown, to_csv(shown).encode(), page.encode()

        try:
            shown, lines, page = written(state.students, None)
        except Exception as error:
            if aside.stops_all(error) or isinstance(error, UNUSABLE):
                raise
            alone = aside.apart(
                lambda some: written({student: state.students[student] for student in some}, some),
                sorted(state.students),
                "reported",
                fatal=UNUSABLE,
            )
            state.put_aside(alone)
            shown, lines, page = written(state.students, None)
    write(table, lines)
    write(class_page_file(course, name), page)
    return shown


def report(name: str, course: Path) -> list[str]:
    """Make table, class page and all feedback pages anew, with what people graded since; nothing is released.

    Returns the students. Raises CourseError where nothing has been graded.
    """
    with locked(course):
        state = State.load(course, name)
        if not state.students:
            raise CourseError(f"nothing of {name} has been graded in {course}; grade it first.")
        make_pages(name, course, state, sorted(state.students))
        tabulate(name, course, state, ())  # the rest of the state is left: the next run still asks what changed
        return sorted(state.students)
