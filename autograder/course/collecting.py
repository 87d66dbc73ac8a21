"""Collect from nbgrader's exchange: a student's own regular files, and nothing that they only point at.

The folders in the exchange belong to the students, who may put into them what they like and change it at any moment.
nbgrader copies what is behind links (a solution, another submission), and one pipe, one odd name or one file that may
not be read ends it for the whole class. Here such a thing is left out and told.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect

from autograder.course.files import STUDENT, out_of_course
from autograder.submission import MAX_BYTES, read_bytes
from autograder.text import clean

MAX_FILES = 500
MAX_TOTAL = 200 << 20
"""Bytes of one submission, all files together."""
MAX_FOLDERS = 100
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

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy a submission, whole or not at all; what cannot be copied is left out."""
        target = Path(dest)
        beside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
        try:
            for place, content in self._files(Path(src)):
                file = beside / place
                file.parent.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
                with file.open("wb") as out:
                    out.truncate(content) if isinstance(content, int) else out.write(content)
                file.chmod(_FILE)
            beside.chmod(_FOLDER)
            beside.rename(target)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise

    def _files(self, source: Path) -> Iterator[tuple[Path, bytes | int]]:
        """Regular files with their bytes, or how many there are where these are too many."""
        count = total = folders = 0
        for root, inner, names, descriptor in os.fwalk(source, follow_symlinks=False):
            where = Path(root).relative_to(source)
            folders += 1
            inner[:] = sorted(filter(self._wanted, inner))
            for name in sorted(filter(self._wanted, names), key=_graded_first):
                content = read_bytes(Path(name), MAX_BYTES, descriptor)
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


def _is_graded(name: str) -> bool:
    return Path(name).suffix in (".ipynb", ".py")


def _graded_first(name: str) -> tuple[bool, str]:
    return not _is_graded(name), name


def _size(name: str, descriptor: int) -> int | None:
    """The size of a regular file that is too large to be read; None for anything else."""
    try:
        status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) and status.st_size > MAX_BYTES else None
