"""Grade a course: find what changed, mark it in parallel, record it, write feedback, the class page and CSV.

When nothing changed this answers from the state; nbgrader and the engine are imported only when needed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.course.files import Collected, StudentFiles, class_page_file, given_out, released, students, table_file
from autograder.course.state import State, gradebook_time, locked, not_collected
from autograder.errors import CourseError
from autograder.project import assignment_key
from autograder.report.table import ExerciseNote, Note, Row
from autograder.submission import aside
from autograder.submission.choice import Released

if TYPE_CHECKING:
    from autograder.course.marking import Marked

Progress = Callable[[str, int], None]
Workers = Callable[[str, str, Iterable[Collected], int], AbstractContextManager[Iterator["Marked"]]]
"""Marks submissions, in any order: of an assignment, by the text of its released notebook; and how many there are."""

_BATCH = 64
"""Results that are recorded together, and lost where a run is killed before they are."""
_LEAST = 8


@dataclass(frozen=True)
class Summary:
    """What a run did.

    rows      the class table
    graded    students graded in this run
    skipped   names in the folder of submissions that cannot be a student's
    aside     students whose submission was put aside, and why: nobody's fault but ours, tried again next time
    csv       where the table was written
    page      where the class page was written
    """

    rows: list[Row]
    graded: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    aside: dict[str, str] = field(default_factory=dict)
    csv: Path = Path()
    page: Path = Path()

    @property
    def nothing_to_do(self) -> bool:
        """Whether all was graded before."""
        return not self.graded and not self.aside


def grade_course(
    name: str,
    course: Path,
    *,
    workers: Workers,
    force: bool = False,
    progress: Progress = lambda stage, total: None,
) -> Summary:
    """Grade what changed since the last run; `force` grades all. `workers` are those of `autograder.course.pool`,
    or of `autograder.course.cluster`.

    `progress(stage, total)` is called when a stage of `total` submissions begins and again for each one that is done.

    Raises UsageError for an unknown assignment, CourseError where nothing was collected or released, or while another
    run is at work in this course.
    """
    assignment = assignment_key(name)
    found, odd = students(course, name)
    absent = not_collected(course, name)
    found = sorted({*found, *absent})
    if not found:
        raise CourseError(f"there are no submissions of {name} in {course / 'submitted'}; collect them first.")
    table, page = table_file(course, name), class_page_file(course, name)
    with locked(course):
        state = State.load(course, name)
        untouched = state.gradebook == gradebook_time(course)
        if not untouched:
            _forget(course, name, state, _lost(course, name, state))
        for student in set(state.aside) - set(found):
            del state.students[student]
        given = given_out(course, name)
        changed = [
            student
            for student in found
            if force or student in absent or _changed(state, course, name, student, assignment, given)
        ]
        written = untouched and table.is_file() and page.is_file()
        if not changed and written:
            return Summary(state.rows, skipped=odd, csv=table, page=page)
        if changed:
            _grade(name, course, changed, absent, assignment, state, progress, workers)
        from autograder.course.reporting import tabulate

        state.rows = tabulate(name, course, state, odd)
        state.gradebook = gradebook_time(course)
        state.save()
    done = [student for student in changed if student not in state.aside]
    return Summary(state.rows, done, odd, state.aside, table, page)


def _changed(state: State, course: Path, name: str, student: str, assignment: str, given: Released) -> bool:
    own = StudentFiles(course, name, student)
    files = own.autograded, own.page, own.result
    known = state.students.get(student)
    try:
        if known is None or not all(path.is_file() for path in files):
            return True
    except OSError:  # a folder of theirs may not be read: who records it says so
        return True
    return bool(known.key != Collected.read(course, name, student, given).key(assignment))


def _lost(course: Path, name: str, state: State) -> list[str]:
    """Students of whom the gradebook does not have what the state says was recorded."""
    if not state.students:
        return []
    from autograder.course.record import Recorded, lost
    from autograder.course.tools import UNUSABLE, gradebook

    recorded = {
        student: Recorded({each.name: each.score for each in note.exercises}, note.submitted)
        for student, note in state.students.items()
        if student not in state.aside
    }
    found: list[str] = []
    with gradebook(course) as book:

        def look(some: Sequence[str]) -> None:
            found.extend(lost(course, book, name, {student: recorded[student] for student in some}))

        return [*aside.apart(look, list(recorded), "looked up", fatal=UNUSABLE), *found]


def _forget(course: Path, name: str, state: State, students: Sequence[str]) -> None:
    """Students are graded anew, and a person looks again at their answers: which this gradebook knew is lost."""
    for student in students:
        StudentFiles(course, name, student).autograded.unlink(missing_ok=True)
        del state.students[student]


def _grade(
    name: str,
    course: Path,
    changed: Sequence[str],
    absent: Mapping[str, str],
    assignment: str,
    state: State,
    progress: Progress,
    workers: Workers,
) -> None:
    """Grade and record, batch by batch; who is put aside is in the state, too."""
    progress("grading", len(changed))
    notebook = released(course, name)
    if not notebook.is_file():
        raise CourseError(f"{name} was never released in {course}; release it first.")
    given = given_out(course, name)
    collected = (
        Collected(student, name, "", problem=absent[student])
        if student in absent
        else Collected.read(course, name, student, given)
        for student in changed
    )
    with ExitStack() as stack:
        text = notebook.read_text(encoding="utf-8")
        marked = stack.enter_context(workers(name, text, collected, len(changed)))
        from autograder.course.feedback import tell_aside, write_pages, write_result
        from autograder.course.record import penalise, record
        from autograder.course.tools import UNUSABLE, gradebook

        book = stack.enter_context(gradebook(course))

        def keep(some: Sequence[Marked]) -> None:
            results = {each.collected.student: each.result for each in some if each.result}
            record(course, book, name, some)
            penalise(course, book, name, list(results))
            for student, result in results.items():
                write_result(course, name, student, result)
            write_pages(course, book, name, results)

        left = len(changed)
        # Fewer and fewer, or much would still have to be recorded when the last one has been graded.
        while batch := list(_counted(islice(marked, min(_BATCH, max(_LEAST, left // 4))), progress, len(changed))):
            left -= len(batch)
            problems = {each.collected.student: each.problem for each in batch if each.problem}
            good = [each for each in batch if not each.problem]
            problems |= aside.apart(keep, good, "recorded", _student, UNUSABLE)
            notes = {
                each.collected.student: note(each, assignment)
                for each in good
                if each.collected.student not in problems
            }
            tell_aside(course, book, name, problems)
            os.sync()  # what the state says is done must be on the disk
            state.add(notes)
            state.put_aside(problems)


def _student(marked: Marked) -> str:
    return marked.collected.student


def _counted(marked: Iterable[Marked], progress: Progress, total: int) -> Iterator[Marked]:
    for each in marked:
        progress("grading", total)
        yield each


def note(marked: Marked, assignment: str) -> Note:
    """What the state keeps of a submission that was graded by the assignment with this key."""
    result = marked.result
    assert result is not None, "it was put aside"
    exercises = tuple(
        ExerciseNote(
            exercise.name,
            exercise.outcome,
            exercise.score,
            exercise.max_score,
            exercise.misconception,
            exercise.message if exercise.misconception else None,
        )
        for exercise in result.exercises
    )
    key, moment = marked.collected.key(assignment), marked.collected.timestamp
    return Note(result.status, result.message or "", key, moment, exercises)
