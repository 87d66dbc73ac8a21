"""Archives as a learning platform gives them out, for `nbgrader zip_collect`: unpacked with limits.

Students' own archives are in it. nbgrader unpacks them as they are: through links and upwards, however much comes out,
and stops for all at one that is damaged. Here only regular files come out, below where they belong; the rest is told.
"""

from __future__ import annotations

import errno
import gzip
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from nbgrader.plugins import ExtractorPlugin

from autograder.submission.archive import DAMAGED, below
from autograder.submission.reading import MAX_BYTES, read_bytes
from autograder.text import clean

MAX_FILES = 20_000
MAX_TOTAL = 2 << 30
"""Bytes that come out of one archive, with those in it."""
MAX_DEPTH = 3
_DAMAGED = (*DAMAGED, tarfile.TarError)
_OURS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
"""What is wrong with this machine's disk, and not with an archive."""
Member = tuple[str, IO[bytes]]


class _TooMuch(Exception):
    """There is more in an archive than is unpacked."""


class SafeExtractor(ExtractorPlugin):  # type: ignore[misc]
    """nbgrader's extractor; what is left out is logged."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Unpack the archives in a folder into folders of their names, and copy the other files in it."""
        source = Path(archive_path)
        for path in sorted(source.rglob("*")):
            if not path.is_file() or path.is_symlink():
                continue
            target = Path(extracted_path) / path.relative_to(source)
            if path.suffix in self.zip_ext:
                self._unpack(path, _without_suffix(target), _Budget(), 1)
            elif isinstance(content := read_bytes(path), bytes):
                _put(target, content)
            else:
                self._leave_out(path, content)

    def _unpack(self, archive: Path, target: Path, budget: _Budget, depth: int) -> None:
        target.mkdir(parents=True, exist_ok=True)
        try:
            for name, file in _members(archive, budget):
                place = below(name)
                if place is None:
                    self._leave_out(archive, f"{name} leads out of it")
                    continue
                content = file.read(min(MAX_BYTES, budget.left) + 1)
                budget.spend(len(content))
                if len(content) > MAX_BYTES:
                    self._leave_out(archive, f"{name} is too large")
                elif place.suffix not in self.zip_ext:
                    _put(target / place, content)
                elif depth < MAX_DEPTH:
                    self._unpack_inner(content, target / place, budget, depth)
                else:
                    self._leave_out(archive, f"{name} is an archive in too many others")
        except _TooMuch:
            if depth > 1:
                raise
            self._leave_out(archive, "there is more in it than is unpacked")
        except _DAMAGED as error:
            if getattr(error, "errno", None) in _OURS:
                raise
            self._leave_out(archive, str(error) or type(error).__name__)

    def _unpack_inner(self, content: bytes, path: Path, budget: _Budget, depth: int) -> None:
        _put(path, content)
        try:
            self._unpack(path, _without_suffix(path), budget, depth + 1)
        finally:
            path.unlink()

    def _leave_out(self, path: Path, reason: str) -> None:
        self.log.warning("Left out of %s: %s", clean(path.name, 100), clean(reason))


class _Budget:
    """What may still come out."""

    def __init__(self) -> None:
        self.files, self.left = MAX_FILES, MAX_TOTAL

    def spend(self, count: int, files: int = 1) -> None:
        self.files, self.left = self.files - files, self.left - count
        if self.files < 0 or self.left < 0:
            raise _TooMuch


class _Counted:
    """A compressed stream that ends where there is too much in it: also what is passed over has to be unpacked."""

    def __init__(self, stream: gzip.GzipFile, budget: _Budget) -> None:
        self._stream, self._budget = stream, budget

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read(size)
        self._budget.spend(len(content), files=0)
        return content


def _members(path: Path, budget: _Budget) -> Iterator[Member]:
    """Names and open files of the regular files in an archive. Raises _TooMuch, or one of _DAMAGED."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                mode = entry.external_attr >> 16
                if not entry.is_dir() and (stat.S_ISREG(mode) or stat.S_IFMT(mode) == 0):
                    with archive.open(entry) as file:
                        yield entry.filename, file
        return
    with gzip.open(path) as stream:
        counted: Any = _Counted(stream, budget)
        with tarfile.open(fileobj=counted, mode="r|") as tar:
            for member in tar:
                budget.spend(0)
                inner = tar.extractfile(member) if member.isreg() else None
                if inner is not None:
                    yield member.name, inner


def _without_suffix(path: Path) -> Path:
    """`a/b` for `a/b.zip` and `a/b.tar.gz`."""
    return path.with_name(path.stem.removesuffix(".tar") or "archive")


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(content)
