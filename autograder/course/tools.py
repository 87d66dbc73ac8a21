"""nbgrader in this process: its converters, exchange classes and gradebook, with the course's configuration."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from traitlets.config import Config

from autograder.course.config import configure
from autograder.errors import CourseError

UNUSABLE = (OperationalError,)
"""What a database raises that nobody can use: locked, damaged, without room."""
_OURS = f"{CourseError.__module__}.{CourseError.__qualname__}: "


def settings(course: Path) -> Config:
    """nbgrader's configuration for a course."""
    config = Config()
    configure(config, course)
    return config


def directory(course: Path, name: str, student: str = "*") -> CourseDirectory:
    """nbgrader's view of a course directory, for one assignment and one student or all."""
    return CourseDirectory(config=settings(course), assignment_id=name, student_id=student)


def converter(kind: type, course: Path, name: str, **options: Any) -> Any:
    """An nbgrader converter (GenerateAssignment, GenerateFeedback, …) for an assignment."""
    return kind(coursedir=directory(course, name), config=settings(course), **options)


def exchange(kind: type, course: Path, name: str, student: str = "*", **options: Any) -> Any:
    """An nbgrader exchange action (release, fetch, submit, collect, …) for an assignment."""
    config = settings(course)
    where = directory(course, name, student)
    return kind(coursedir=where, authenticator=Authenticator(config=config), config=config, **options)


def run(tool: Any, doing: str) -> None:
    """Start a converter or an exchange action quietly. Raises CourseError with the last thing that it said."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setLevel(logging.ERROR)
    log, passed_on = tool.log, tool.log.propagate
    log.addHandler(handler)
    log.propagate = False
    try:
        tool.start()
    except Exception as error:
        raise CourseError(f"{doing} failed: {_reason(said.getvalue(), error)}") from error
    finally:
        log.removeHandler(handler)
        log.propagate = passed_on


def _reason(log: str, error: Exception) -> str:
    """The first exception in a log with tracebacks, else what was raised: nbgrader logs causes and raises hints."""
    lines = log.splitlines()
    if "Traceback (most recent call last):" in lines:
        start = lines.index("Traceback (most recent call last):")
        cause = next((line for line in lines[start + 1 :] if line and not line.startswith(" ")), "")
        if cause:
            return cause.removeprefix(_OURS)
    return str(error) or type(error).__name__


@contextmanager
def gradebook(course: Path) -> Iterator[Gradebook]:
    """The course's gradebook, closed afterwards. Raises CourseError, in one sentence, for what the database says."""
    where = directory(course, "")
    try:
        with Gradebook(where.db_url, where.course_id) as book:
            try:
                yield book
            finally:
                book.db.rollback()
                book.engine.dispose()
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).split("\n")[0]
        raise CourseError(
            f"the gradebook of {course} cannot be used ({said}); close what else uses it or make room, then run again."
        ) from error
