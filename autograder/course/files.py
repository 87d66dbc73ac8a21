"""Files of a course: written beside and renamed; submissions found by name. Loads nothing of nbgrader."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from autograder.submission.aside import message
from autograder.submission.choice import Chosen, Released, choose_in
from autograder.submission.reading import read_bytes

STUDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_STAMP_BYTES = 200


@dataclass(frozen=True)
class Collected:
    """What was collected of a student: the name of the file, its bytes or why it has none, and when it came.

    The bytes are read once, so what is graded is what is recorded. `remark` is what a person should know of the other
    files, `problem` why the submission was put aside.
    """

    student: str
    file: str
    content: bytes | str
    timestamp: str = ""
    remark: str = ""
    problem: str = ""

    @classmethod
    def read(cls, course: Path, name: str, student: str, given: Released | None = None) -> Collected:
        """Read what there is; `given` is the released notebook, where it is known already.

        Never raises for what is wrong with a file, or with how it is read.
        """
        try:
            chosen = submission(course, name, student, given or given_out(course, name))
            moment = stamp(course, name, student, "timestamp.txt")
        except Exception as error:
            return cls(student, name, "", problem=message("read", error))
        return cls(student, chosen.file, chosen.content, moment, chosen.remark)

    def key(self, assignment: str) -> str:
        """A digest of all that the result depends on, "" if there will be none; `assignment` is that of the class."""
        if self.problem:
            return ""
        found = self.content if isinstance(self.content, str) else hashlib.sha256(self.content).hexdigest()
        parts = "\0".join((assignment, self.file, found, self.timestamp, self.remark))
        return hashlib.sha256(parts.encode("utf-8", "surrogateescape")).hexdigest()[:20]


def private(folder: Path) -> Path:
    """Make a folder that only its owner can enter, with those above it, unless it is there: then its owner decides."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def write(path: Path, content: bytes, mode: int = 0o644, *, durable: bool = True) -> None:
    """Write a file so that it is there whole or not at all. Does nothing if it already holds `content`.

    `durable` waits until it is on the disk; who writes many files waits once, with `os.sync`.
    """
    try:
        if path.read_bytes() == content:
            return
    except OSError:
        pass
    try:
        descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(descriptor)
        os.chmod(beside, mode)
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise


def students(course: Path, name: str) -> tuple[list[str], list[str]]:
    """Students with a submission, and names in the submissions' folder that cannot be a student's; both sorted."""
    found: list[str] = []
    odd: list[str] = []
    folder = course / "submitted"
    if not folder.is_dir():
        return found, odd
    for entry in sorted(os.scandir(folder), key=lambda item: item.name):
        try:
            os.lstat(os.path.join(entry.path, name))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            pass  # nobody is left out because their folder may not be read
        if out_of_course(course, entry.name).is_dir():
            continue
        usable = STUDENT.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
        (found if usable else odd).append(entry.name)
    return found, odd


def out_of_course(course: Path, student: str) -> Path:
    """The folder that holds what a student handed in and got, once they were taken out of the course."""
    return course / "removed" / student


def table_file(course: Path, name: str) -> Path:
    """Where the table of an assignment is."""
    return course / f"grades-{name}.csv"


def class_page_file(course: Path, name: str) -> Path:
    """Where the class page of an assignment is."""
    return course / f"grades-{name}.html"


def released(course: Path, name: str) -> Path:
    """Where the released notebook of an assignment is."""
    return course / "release" / name / f"{name}.ipynb"


@dataclass(frozen=True)
class StudentFiles:
    """Where is what a student handed in for an assignment, and what was made of it."""

    course: Path
    assignment: str
    student: str

    @property
    def submitted(self) -> Path:
        """The folder of what was collected."""
        return self.course / "submitted" / self.student / self.assignment

    @property
    def autograded(self) -> Path:
        """The autograded notebook."""
        return self.course / "autograded" / self.student / self.assignment / f"{self.assignment}.ipynb"

    @property
    def page(self) -> Path:
        """The feedback page."""
        return self.course / "feedback" / self.student / self.assignment / f"{self.assignment}.html"

    @property
    def result(self) -> Path:
        """The result in full, as JSON with code to paste."""
        return state_folder(self.course) / self.assignment / f"{self.student}.json"


def state_folder(course: Path) -> Path:
    """The folder of what this framework knows of a course."""
    return course / ".autograder"


def given_out(course: Path, name: str) -> Released:
    """What the released notebook of an assignment is compared with."""
    content = read_bytes(released(course, name))
    return Released(content if isinstance(content, bytes) else b"")


def submission(course: Path, name: str, student: str, given: Released) -> Chosen:
    """The file of a student that is graded: what was worked on, by its name, else the only one."""
    folder = StudentFiles(course, name, student).submitted
    if os.path.islink(folder):
        return Chosen(name, read_bytes(folder))  # which is never read: another student's may be behind it
    return choose_in(folder, name, given)


def stamp(course: Path, name: str, student: str, file: str) -> str:
    """The text of a file that nbgrader's exchange puts beside a submission, "" if there is none such."""
    folder = StudentFiles(course, name, student).submitted
    content = "" if os.path.islink(folder) else read_bytes(folder / file, _STAMP_BYTES)
    return content.decode("utf-8", "replace").strip() if isinstance(content, bytes) else ""
