"""Grade a course: find what changed, grade it in parallel, record it, write feedback and CSV.

When nothing changed this answers from the state file; nbgrader and the engine are imported only when needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from autograder.course.files import students, submission_file, write
from autograder.course.state import State, assignment_key, gradebook_time, submission_key
from autograder.errors import CourseError

Engine = Callable[..., dict[str, Any]]
Progress = Callable[[str, int], None]

_BATCH = 64  # killed in the middle, a run loses at most this many results


@dataclass(frozen=True)
class Summary:
    """What a run did.

    rows      the class table: the fields of `autograder.course.export.Row`, as dicts
    graded    students graded in this run
    skipped   names in the folder of submissions that cannot be a student's
    failed    students that could not be graded or recorded, and why: nobody's fault but ours, tried again next time
    csv       where the table was written
    """

    rows: list[dict[str, Any]]
    graded: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    csv: Path = Path()

    @property
    def nothing_to_do(self) -> bool:
        """Whether all was graded before."""
        return not self.graded and not self.failed


def grade_course(
    name: str,
    course: Path,
    *,
    force: bool = False,
    progress: Progress = lambda stage, total: None,
    engine: Engine | None = None,
) -> Summary:
    """Grade what changed since the last run; `force` grades all. The engine may be any function like `grade_files`.

    `progress(stage, total)` is called when a stage of `total` submissions begins and again for each one that is graded.

    Raises UsageError for an unknown assignment, CourseError where nothing was collected or released.
    """
    assignment = assignment_key(name)
    found, odd = students(course, name)
    if not found:
        raise CourseError(f"there are no submissions of {name} in {course / 'submitted'}; collect them first.")
    state = State.load(course, name)
    keys = {student: submission_key(course, name, student, assignment) for student in found}
    changed = [
        student
        for student in found
        if force or state.students.get(student, {}).get("key") != keys[student] or not _recorded(course, name, student)
    ]
    table = csv_file(course, name)
    unshown = [student for student in found if not _shown(state, course, name, student)]
    if not changed and not unshown and table.is_file() and state.gradebook == gradebook_time(course):
        return Summary(state.rows, skipped=odd, csv=table)

    failed = _grade(name, course, changed, keys, state, progress, engine)
    done = [student for student in changed if student not in failed]
    wanted = [student for student in found if student in {*done, *unshown} - {*failed}]
    if wanted:
        progress("feedback", len(wanted))
    _feedback(name, course, wanted, state)
    _tabulate(name, course, state)
    return Summary(state.rows, done, odd, failed, table)


def csv_file(course: Path, name: str) -> Path:
    """Where the class table of an assignment is written."""
    return course / f"grades-{name}.csv"


def _recorded(course: Path, name: str, student: str) -> bool:
    return (course / "autograded" / student / name / f"{name}.ipynb").is_file()


def _shown(state: State, course: Path, name: str, student: str) -> bool:
    page = course / "feedback" / student / name / f"{name}.html"
    return bool(state.students.get(student, {}).get("feedback")) and page.is_file()


def _grade(
    name: str,
    course: Path,
    changed: Sequence[str],
    keys: dict[str, str],
    state: State,
    progress: Progress,
    engine: Engine | None,
) -> dict[str, str]:
    """Grade and record, batch by batch. Returns those that failed, and why."""
    if not changed:
        return {}
    from autograder.course.record import record
    from autograder.course.tools import gradebook, released

    if not released(course, name).is_file():
        raise CourseError(f"{name} was never released in {course}; release it first.")
    failed: dict[str, str] = {}
    grade = engine or _engine()
    progress("grading", len(changed))

    def one(result: dict[str, Any]) -> None:
        progress("grading", len(changed))

    with gradebook(course) as book:
        for start in range(0, len(changed), _BATCH):
            batch = list(changed[start : start + _BATCH])
            paths = [submission_file(course, name, student) for student in batch]
            results = grade(name, paths, names=batch, progress=lambda _: progress("grading", len(changed)))[
                "submissions"
            ]
            for student, graded in zip(batch, results, strict=True):
                try:
                    record(course, book, name, student, graded)
                except Exception as error:  # one submission never stops the class
                    failed[student] = str(error) or type(error).__name__
                    continue
                note = {"status": graded["status"], "message": graded["message"] or ""}
                state.students[student] = {"key": keys[student], "feedback": False, **note}
            state.save()
    return failed


def _engine() -> Engine:
    from autograder.grade import grade_files

    return grade_files


def _feedback(name: str, course: Path, wanted: Sequence[str], state: State) -> None:
    if not wanted:
        return
    from autograder.course.feedback import generate

    for student in generate(name, course, wanted):
        state.students[student]["feedback"] = True
    state.save()


def _tabulate(name: str, course: Path, state: State) -> None:
    from autograder.course.export import rows, to_csv
    from autograder.course.tools import gradebook

    with gradebook(course) as book:
        table = rows(book, name, state.students)
    write(csv_file(course, name), to_csv(table).encode())
    state.rows = [asdict(row) for row in table]
    state.gradebook = gradebook_time(course)
    state.save()
