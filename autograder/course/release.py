"""Release and collect: the two ends of nbgrader's exchange that belong to the instructor."""

from __future__ import annotations

import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbgrader.api import MissingEntry
from nbgrader.converters import GenerateAssignment
from nbgrader.exchange.default import ExchangeReleaseAssignment
from traitlets.config import Config

from autograder import project
from autograder.author.exercise import exercises_of
from autograder.author.files import load_module
from autograder.cases import store, visible
from autograder.course.config import course_id, exchange_root
from autograder.course.files import private, released, write
from autograder.course.notebook import source_notebook
from autograder.course.plugins.collecting import SafeCollect
from autograder.course.tools import converter, exchange, gradebook, run
from autograder.errors import CourseError, UsageError


def release(name: str, course: Path, due: datetime | None = None) -> Path:
    """Build an assignment, write what students get to `assignments/`, and release it to the exchange.

    That is the notebook and, beside it, the visible cases for `autograder check`. Whether it may be released is not
    asked here: see `autograder.validate`.

    `due` is in UTC if it has no time zone; without it a due date set earlier stays. Returns the student's notebook.
    Raises AuthoringError for an invalid assignment and CourseError where nbgrader cannot go on; what was released
    before is still there then.
    """
    private(course)
    with _restored_on_failure(course / "release" / name):
        text = _generate(name, course, _points(name))
    if due is not None:
        set_due(name, course, due)
    ours = _written(name, text)
    _open_exchange(exchange_root(course))
    run(exchange(ExchangeReleaseAssignment, course, name, force=True), f"releasing {name}")
    _write_configuration(course)
    return ours


def student_configuration(course: Path) -> Path:
    """Where the file is that tells a student's nbgrader about the exchange and the course; `release` writes it."""
    return exchange_root(course) / course_id() / "nbgrader_config.py"


def closed_to_students(course: Path) -> Path | None:
    """The outermost folder on the way to the exchange that other users cannot enter; None if there is none."""
    way = exchange_root(course)
    closed = [folder for folder in (way, *way.parents) if not folder.stat().st_mode & 0o001]
    return closed[-1] if closed else None


def student_notebook(name: str) -> str:
    """The notebook that students get, as text, without touching any course: what `assignments/` must hold.

    No cases are drawn for it, so that it can be looked at before the assignment is finished.
    """
    declared = exercises_of(load_module(project.hidden_tests(name)))
    return _built(name, {entry.name: entry.points for entry in declared})


def build(name: str) -> Path:
    """Write what students get to `assignments/`, without releasing it. Returns the notebook."""
    return _written(name, _built(name, _points(name)))


def _built(name: str, points: Mapping[str, float]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return _generate(name, Path(folder).resolve(), points, database=False)


@contextmanager
def _restored_on_failure(folder: Path) -> Iterator[None]:
    """Put a folder back as it was where something in a `with` fails: nbgrader removes what was there before."""
    with tempfile.TemporaryDirectory() as beside:
        before = Path(beside) / folder.name
        if folder.is_dir():
            shutil.copytree(folder, before)
        try:
            yield
        except BaseException:
            if before.is_dir():
                shutil.rmtree(folder, ignore_errors=True)
                shutil.copytree(before, folder)
            raise


def _open_exchange(root: Path) -> None:
    """Everyone may write into the exchange, as nbgrader wants it, but nobody may move what belongs to others."""
    root.mkdir(parents=True, exist_ok=True)
    with suppress(PermissionError):  # it is another user's, who has decided
        root.chmod(0o1777)


def _write_configuration(course: Path) -> None:
    """Students copy this file; only the instructor's user can change it, in a folder of the exchange that is theirs."""
    lines = (
        "# Copy this file into the folder ~/.jupyter: then `nbgrader fetch_assignment` and the others find the course.",
        "c = get_config()",
        f"c.Exchange.root = {str(exchange_root(course))!r}",
        f"c.CourseDirectory.course_id = {course_id()!r}",
    )
    write(student_configuration(course), ("\n".join(lines) + "\n").encode())


def _written(name: str, notebook: str) -> Path:
    path = project.released(name)
    write(path, notebook.encode())
    write(project.visible_cases(name), _visible(name))
    return path


def set_due(name: str, course: Path, due: datetime) -> None:
    """Set when an assignment is due (UTC if `due` has no time zone)."""
    moment = due.astimezone(UTC).replace(tzinfo=None) if due.tzinfo else due
    with gradebook(course) as book:
        try:
            book.find_assignment(name)
        except MissingEntry as error:
            raise CourseError(f"{name} is not in the gradebook of {course}; release it first.") from error
        book.update_or_create_assignment(name, duedate=moment)


def collect(name: str, course: Path) -> list[str]:
    """Fetch everyone's latest submission from the exchange. Returns sentences about what was left out, and why.

    Raises CourseError where there is no exchange.
    """
    action = exchange(SafeCollect, course, name, update=True)
    run(action, f"collecting {name}")
    left_out: list[str] = action.left_out
    return left_out


def _points(name: str) -> dict[str, float]:
    return {entry.name: entry.points for entry in store.load(name).exercises}


def _visible(name: str, for_course: bool = False) -> bytes:
    """The file of visible cases: the one that is there, if it says the same but for the last bits of numbers.

    That for a course also says which Python will grade, which is another on another machine.
    """
    made = visible.visible(store.load(name))
    with suppress(UsageError):
        there = visible.read(project.visible_cases(name))
        if visible.same(there, made):
            made = there
    return visible.write(replace(made, version=""), ".".join(platform.python_version_tuple()[:2]) if for_course else "")


def _generate(name: str, course: Path, points: Mapping[str, float], database: bool = True) -> str:
    notebook = source_notebook(project.hidden_tests(name).parent, points)
    write(course / "source" / name / f"{name}.ipynb", nbformat.writes(notebook).encode())
    if database:  # students of a course get them with the notebook: nbgrader passes them on
        beside = course / "source" / name / project.visible_cases(name).name
        write(beside, _visible(name, for_course=True))
    tool = converter(GenerateAssignment, course, name, force=True, no_database=not database)
    if not database:
        tool.update_config(Config({"SaveCells": {"enabled": False}}))
    run(tool, f"generating {name}")
    return released(course, name).read_text(encoding="utf-8")
