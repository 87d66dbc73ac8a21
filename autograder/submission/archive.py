"""Zip archives that students made: the files wanted in them, read with limits, and nothing unpacked on the disk."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from autograder.submission.reading import MAX_NOTEBOOK

MAX_ENTRIES = 5000
DAMAGED = (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What is raised at an archive that is damaged, encrypted, or written in a way that is not known here."""
_ENTRY = b"PK\x01\x02"
_OUT = "unpack it, then hand in the notebook itself"


def unzipped(content: bytes, wanted: Callable[[PurePosixPath], bool], most: int) -> Iterator[tuple[str, bytes | str]]:
    """Names and bytes of the wanted files in an archive, at most `most`; a text says why it cannot be read."""
    if content.count(_ENTRY) > MAX_ENTRIES:
        yield "archive.ipynb", f"there are more than {MAX_ENTRIES} files in the archive; {_OUT}"
        return
    left = MAX_NOTEBOOK
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                place = below(entry.filename)
                mode = entry.external_attr >> 16
                regular = not entry.is_dir() and (stat.S_ISREG(mode) or stat.S_IFMT(mode) == 0)
                if place is None or not regular or not wanted(place) or most < 1:
                    continue
                with archive.open(entry) as file:
                    found = file.read(left + 1)
                if len(found) > left:
                    yield str(place), f"there is more in the archive than is read; {_OUT}"
                    return
                yield str(place), found
                most, left = most - 1, left - len(found)
    except DAMAGED as error:
        yield "archive.ipynb", f"the archive cannot be read ({str(error)[:100] or type(error).__name__}); {_OUT}"


def below(name: str) -> PurePosixPath | None:
    """A name in an archive as a path below where it is unpacked, None if it is none."""
    place = PurePosixPath(name.replace("\\", "/"))
    usual = not place.is_absolute() and place.parts and ".." not in place.parts and "\0" not in name
    return place if usual and ":" not in place.parts[0] and len(place.parts) < 20 else None
