"""What was graded before, so that the next run does only what changed. Loads nothing of nbgrader or the engine.

In `.autograder/` of the course there are, for each assignment, a file with a line for each student (later lines win, so
a run only adds to it; one that a crash cut is no line) and a folder with the result of each student in full.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.course.files import StudentFiles, out_of_course, private, state_folder, write
from autograder.errors import CourseError
from autograder.outcome import Status
from autograder.report.table import Note, Row

_TABLE = ""
"""In the place of a student's name, on the line that holds the table: that is nobody's name."""


@dataclass
class State:
    """What is known of an assignment in a course.

    students   what is known of submissions, by name
    rows       the class table of the last run
    gradebook  when the gradebook was last changed, in nanoseconds: a person may have graded since
    """

    path: Path
    students: dict[str, Note] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    gradebook: int = 0

    @property
    def aside(self) -> dict[str, str]:
        """Those whose submission was put aside, and why."""
        return {student: note.message for student, note in self.students.items() if note.status == Status.ASIDE}

    @classmethod
    def load(cls, course: Path, name: str) -> State:
        """Read the state; a missing or damaged file is an empty state, which only means more work."""
        state = cls(state_folder(course) / f"{name}.jsonl")
        try:
            lines = state.path.read_bytes().splitlines()
        except OSError:
            return state
        for line in lines:
            try:
                entry = json.loads(line)
                student = entry.pop("student")
                if student == _TABLE:
                    state.rows, state.gradebook = list(map(Row.from_json, entry["rows"])), int(entry["gradebook"])
                else:
                    state.students[str(student)] = Note.from_json(entry)
            except (ValueError, LookupError, TypeError, AttributeError):
                continue  # cut by a crash: graded again
        return state

    def add(self, notes: Mapping[str, Note]) -> None:
        """Add students, at the end of the file."""
        if not notes:
            return
        self.students.update(notes)
        private(self.path.parent)
        lines = "".join(_line(student, note.as_json()) for student, note in notes.items())
        with open(self.path, "ab") as file:
            file.write(b"\n" + lines.encode())  # a line that a crash cut ends here
            file.flush()
            os.fsync(file.fileno())

    def put_aside(self, problems: Mapping[str, str]) -> None:
        """Add students whose submission was put aside, and why: whatever it was, the next run grades it."""
        self.add({student: Note(Status.ASIDE, reason) for student, reason in problems.items()})

    def save(self) -> None:
        """Write all of it anew, whole or not at all."""
        lines = [_line(student, note.as_json()) for student, note in sorted(self.students.items())]
        lines.append(_line(_TABLE, {"rows": [row.as_json() for row in self.rows], "gradebook": self.gradebook}))
        write(self.path, "".join(lines).encode())


def not_collected(course: Path, name: str) -> dict[str, str]:
    """Students whose submission could not be collected, and why.

    Those are left out that a person has put in place since, or taken out of the course.
    """
    path = _not_collected_file(course, name)
    try:
        known, written = json.loads(path.read_bytes()), path.stat().st_mtime
        found = {str(student): str(reason) for student, reason in known.items()}
    except (OSError, ValueError, AttributeError):
        return {}

    def stays(student: str) -> bool:
        if out_of_course(course, student).is_dir():
            return False
        try:
            return StudentFiles(course, name, student).submitted.stat().st_ctime <= written
        except OSError:
            return True

    return {student: reason for student, reason in found.items() if stays(student)}


def write_not_collected(course: Path, name: str, found: Mapping[str, str]) -> None:
    """Keep them for the next run that grades."""
    path = _not_collected_file(course, name)
    if found or path.is_file():
        write(path, json.dumps(found, sort_keys=True).encode())


@contextmanager
def locked(course: Path) -> Iterator[None]:
    """Only one run at a time writes into a course. Raises CourseError if there is another one."""
    private(course)
    folder = private(state_folder(course))
    with open(folder / "lock", "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # given up by the system when this process ends
        except BlockingIOError:
            raise CourseError(f"another run is grading in {course}; wait until it has ended, then run again.") from None
        yield


def gradebook_time(course: Path) -> int:
    """When the gradebook was last written, 0 if there is none."""
    try:
        return (course / "gradebook.db").stat().st_mtime_ns
    except OSError:
        return 0


def _not_collected_file(course: Path, name: str) -> Path:
    return state_folder(course) / f"{name}.not-collected.json"


def _line(student: str, entry: Mapping[str, Any]) -> str:
    return json.dumps({"student": student, **entry}, sort_keys=True) + "\n"
