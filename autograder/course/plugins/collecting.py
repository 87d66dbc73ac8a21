"""Collect from nbgrader's exchange: a student's own regular files, and nothing that they only point at.

The folders in the exchange belong to the students, who may put into them what they like and change it at any moment.
nbgrader copies what is behind links (a solution, another submission), and one pipe, one odd name or one file that may
not be read ends it for the whole class. Here such a thing is left out and told; a submission that cannot be collected
at all is put aside by name.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect

from autograder.course.files import STUDENT, out_of_course
from autograder.course.moment import moment, plausible
from autograder.course.state import not_collected, write_not_collected
from autograder.submission import aside
from autograder.submission.reading import MAX_BYTES, MAX_NOTEBOOK, kind_of, read_bytes
from autograder.text import clean

MAX_FILES = 500
MAX_TOTAL = 200 << 20
"""Bytes of one submission, all files together."""
MAX_FOLDERS = 100
MAX_DEPTH = 20
"""Folders in one another: each is held open while those in it are looked at."""
_STAMP = "timestamp.txt"
_NOBODY = ""
_FOLDER, _FILE = 0o755, 0o644


class SafeCollect(ExchangeCollect):  # type: ignore[misc]
    """nbgrader's collect; `left_out` are sentences about what was not taken."""

    src_records: list[dict[str, Any]]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.left_out: list[str] = []

    def init_src(self) -> None:
        """Find the latest submission of each student."""
        super().init_src()
        self.src_records = [record for record in self.src_records if record["username"] != _NOBODY]

    def _path_to_record(self, path: str) -> dict[str, Any]:
        """What the name of a submission says. One that counts for no student is nobody's, whatever its time."""
        try:
            record: dict[str, Any] = super()._path_to_record(path)
            problem = self._problem(path, record["username"])
            if not plausible(record["timestamp"]):
                problem = "nothing can have been handed in at the time that its name says"
        except Exception:  # its name has no time, or not three parts
            problem = "it is not named as the exchange names submissions"
        if problem:
            self._leave_out(f"{Path(path).name}: {problem}")
            return {"username": _NOBODY, "filename": Path(path).name, "timestamp": datetime.min}
        return record

    def _problem(self, path: str, student: str) -> str:
        if not STUDENT.fullmatch(student):
            return "this cannot be the name of a student"
        if out_of_course(Path(self.coursedir.root), student).is_dir():
            return f"{student} was taken out of the course; `autograder course readmit {student}` takes them in again"
        status = os.lstat(path)
        if not os.path.isdir(path) or os.path.islink(path):
            return "it is no folder"
        if not os.access(path, os.R_OK | os.X_OK):
            return "it may not be read"
        if not self.check_owner or status.st_uid in (0, os.geteuid()):
            return ""
        try:
            owner = pwd.getpwuid(status.st_uid).pw_name
        except KeyError:
            owner = f"user {status.st_uid}"
        return "" if owner == student else f"it belongs to {owner}; CHECK_OWNER=0 takes it all the same"

    def _leave_out(self, sentence: str) -> None:
        self.left_out.append(clean(sentence, 300))

    def copy_files(self) -> None:
        """Copy what is new. A submission for which that fails is put aside, and the class goes on."""
        course = Path(self.coursedir.root)
        name = self.coursedir.assignment_id
        failed = not_collected(course, name)
        for record in self.src_records:
            student = record["username"]
            try:
                self._take(record)
                failed.pop(student, None)
            except Exception as error:
                if aside.stops_all(error):
                    raise
                failed[student] = aside.message("collected", error)
                self._leave_out(f"{record['filename']}: {failed[student]}")
        write_not_collected(course, name, failed)

    def _take(self, record: dict[str, Any]) -> None:
        """Copy a submission if nbgrader's options say so: a new one, or one that is newer than what is there."""
        student, name = record["username"], self.coursedir.assignment_id
        target = Path(self.coursedir.format_path(self.coursedir.submitted_directory, student, name))
        if target.is_dir():
            there = _handed_in(target)
            newer = self.update and (there is None or record["timestamp"] > there)
            if not newer and not (self.before_duedate and there != record["timestamp"]):
                self.log.info("No newer submission to collect: %s %s", student, name)
                return
        self.log.info("Collecting submission: %s %s", student, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._copy(Path(self.inbound_path) / record["filename"], target, record["timestamp"])
        finally:
            with suppress(OSError):
                target.parent.rmdir()  # empty if nothing was copied

    def _copy(self, source: Path, target: Path, handed_in: datetime) -> None:
        """Copy a submission, whole or not at all; what cannot be copied is left out. An older one stays until then."""
        beside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
        try:
            for place, content in self._files(source):
                file = beside / "new" / place
                file.parent.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
                with file.open("wb") as out:
                    out.truncate(content) if isinstance(content, int) else out.write(content)
                file.chmod(_FILE)
            (beside / "new").mkdir(mode=_FOLDER, exist_ok=True)
            # The time by which it was chosen, and not what a student wrote: nbgrader stops at one that it cannot read.
            (beside / "new" / _STAMP).write_text(f"{handed_in:%Y-%m-%d %H:%M:%S.%f} UTC", encoding="ascii")
            (beside / "new").chmod(_FOLDER)
            if os.path.lexists(target):
                target.rename(beside / "old")
            (beside / "new").rename(target)
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def _files(self, source: Path) -> Iterator[tuple[Path, bytes | int]]:
        """Regular files with their bytes, or how many there are where these are too many."""
        count, total, folders = 1, 0, 0  # the time is ours
        for root, inner, names, descriptor in os.fwalk(source, follow_symlinks=False):
            where = Path(root).relative_to(source)
            folders += 1
            if inner and len(where.parts) >= MAX_DEPTH:
                self._leave_out(f"{source.name}: there are more than {MAX_DEPTH} folders in one another in it")
                inner.clear()
            inner[:] = sorted(filter(self._wanted, inner))
            for name in sorted(filter(self._wanted, names), key=_graded_first):
                if where / name == Path(_STAMP):
                    continue
                limit = MAX_NOTEBOOK if kind_of(name) == ".ipynb" else MAX_BYTES
                content = read_bytes(Path(name), limit, descriptor)
                if isinstance(content, str):
                    size = _size(name, descriptor) if _is_graded(name) else None
                    if size is None:
                        self._leave_out(f"{source.name}/{where / name}: {content}")
                        continue
                    yield where / name, size  # who grades it says that it is too large
                    continue
                count, total = count + 1, total + len(content)
                if count > MAX_FILES or total > MAX_TOTAL or folders > MAX_FOLDERS:
                    self._leave_out(f"{source.name}: there is more in it than is collected")
                    return
                yield where / name, content

    def _wanted(self, name: str) -> bool:
        """Whether nbgrader's options leave a file or folder in."""
        return not any(fnmatch(name, pattern) for pattern in self.coursedir.ignore)


def _handed_in(folder: Path) -> datetime | None:
    """When the submission in a folder was handed in, as far as is known."""
    content = read_bytes(folder / _STAMP, MAX_BYTES)
    return moment(content.decode("utf-8", "replace").strip()) if isinstance(content, bytes) else None


def _is_graded(name: str) -> bool:
    return kind_of(name) in (".ipynb", ".py", ".zip")


def _graded_first(name: str) -> tuple[bool, str]:
    return not _is_graded(name), name


def _size(name: str, descriptor: int) -> int | None:
    """The size of a regular file that is too large to be read; None for anything else."""
    try:
        status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) and status.st_size > MAX_BYTES else None
