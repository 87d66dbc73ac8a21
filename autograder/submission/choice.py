"""Choice: which of the files that a student handed in is graded, and what a person should know of the others.

People hand in the fetched notebook untouched beside the one that they worked on, a zip, a folder in a folder. What was
worked on counts: what differs from the released notebook. Where several files were, the one with the expected name is
graded, and it is said that there are others.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from autograder.submission.archive import unzipped
from autograder.submission.reading import (
    Unreadable,
    kind_of,
    notebook_cells,
    parse,
    read_bytes,
    read_work,
    source_of,
    work_in,
)

MAX_FILES = 20
"""Notebooks and modules that are looked at."""
MAX_DEPTH = 5
_SEEN = 1000
"""Files and folders that are passed by to find them."""
_NAMES = 5
_NOT_WORK = ("__MACOSX", "__pycache__", "node_modules", "feedback")
_DEFINED = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)|^[ \t]*(\w+)[ \t]*[:=]", re.MULTILINE)


@dataclass(frozen=True)
class Chosen:
    """The file that is graded: its name as it was handed in, its bytes or why there are none, and a remark, or ""."""

    file: str
    content: bytes | str
    remark: str = ""


class Released:
    """What was given out, against which is told whether a file was worked on; nothing, if `content` is empty."""

    def __init__(self, content: bytes = b"") -> None:
        self._content = content

    @cached_property
    def texts(self) -> set[str]:
        """The texts of all cells."""
        return {source_of(cell).strip() for cell in notebook_cells(self._content)} | {""}

    @cached_property
    def names(self) -> set[str]:
        """The names that its code defines."""
        return {name for text in self.texts for name in _defined(text)}

    def worked_on(self, file: str, content: bytes | str, name: str) -> bool:
        """Whether a student did something in a file for the assignment of that name: it can be read, and is new."""
        if isinstance(content, str) or isinstance(parse(content, kind_of(file), file), Unreadable):
            return False
        if kind_of(file) == ".ipynb":
            own = [text for cell in notebook_cells(content) if (text := source_of(cell).strip()) not in self.texts]
            if own and _stem(file).startswith(name):
                return True
        else:
            text = content.decode("utf-8", "replace")
            for given in sorted(self.texts, key=len, reverse=True):
                text = text.replace(given, "") if len(given) > 1 else text
            own = [text]
        found = {defined for text in own for defined in _defined(text)}
        return bool(found & self.names if self.names else found)


def choose_in(folder: Path, name: str, released: Released) -> Chosen:
    """The file to grade in a folder that was handed in. Never raises for what is wrong with it."""
    files: list[tuple[str, bytes | str | Path]] = []
    others: list[str] = []
    try:
        os.scandir(folder).close()
    except PermissionError:
        return Chosen(f"{name}.ipynb", "the folder may not be read")
    except OSError:
        pass  # there is nothing in it then
    for place, path in _places(folder):
        kind = kind_of(place)
        if kind in (".ipynb", ".py"):
            files.append((place, path))
        elif kind == ".zip":
            inside = list(_in_zip(place, read_bytes(path)))
            files += inside
            others += [] if inside else [place]
        elif place not in ("timestamp.txt", "submission_secret.txt") and not place.endswith(".cases.json"):
            others.append(place)
    return _best(files, others, name, released)


def choose(path: Path, name: str, released: Released) -> Chosen:
    """The file to grade, by the path of it, of its folder or of the zip that it is in."""
    if path.is_dir() and not path.is_symlink():
        return choose_in(path, name, released)
    if kind_of(path.name) == ".zip" and isinstance(content := read_bytes(path), bytes):
        return _best(list(_in_zip(path.name, content)), [], name, released)
    return Chosen(path.name, read_work(path))


def _best(files: list[tuple[str, bytes | str | Path]], others: list[str], name: str, released: Released) -> Chosen:
    files = sorted(files, key=lambda entry: _rank(entry[0], name))[:MAX_FILES]
    if not files:
        told = f", but {_listed(others)}" if others else ""
        told = f"there is no notebook ({name}.ipynb) and no module ({name}.py) in it{told}"
        return Chosen(f"{name}.ipynb", f"{told}; save your work as {name}.ipynb, then hand it in again")
    found = [(place, read_work(what) if isinstance(what, Path) else what) for place, what in files]
    if len(found) == 1:
        return Chosen(*found[0])
    worked_on = [entry for entry in found if released.worked_on(*entry, name)]
    (first, _), (file, content) = found[0], (worked_on or found)[0]
    rest = list(dict.fromkeys(place for place, other in worked_on[1:] if other != content))
    if rest:
        told = f"{_listed(rest)} {'was' if len(rest) == 1 else 'were'} worked on, too"
        return Chosen(file, content, f"{_listed([file])} was graded; {told}: a person must decide which one counts")
    if file != first:
        told = f"{_listed([first])} is as it was given out, or cannot be read"
        return Chosen(file, content, f"{_listed([file])} was graded, for {told}")
    return Chosen(file, content)


def _places(folder: Path) -> Iterator[tuple[str, Path]]:
    """Files in a folder by their place in it, without hidden ones and without following a link to a folder."""
    seen = 0
    for root, inner, names in os.walk(folder):
        where = Path(root).relative_to(folder)
        deep = len(where.parts) >= MAX_DEPTH
        inner[:] = [] if deep else sorted(filter(_is_work, inner))
        for name in sorted(filter(_is_work, names)):
            yield (where / name).as_posix(), Path(root) / name
        seen += len(inner) + len(names)
        if seen > _SEEN:
            return


def _in_zip(archive: str, content: bytes | str) -> Iterator[tuple[str, bytes | str]]:
    """The notebooks and modules in an archive, or that it cannot be read, in the place of one."""
    if isinstance(content, str):
        yield f"{archive}/{archive}.ipynb", content
        return

    def wanted(place: PurePosixPath) -> bool:
        return kind_of(place.name) in (".ipynb", ".py") and all(map(_is_work, place.parts))

    for place, file in unzipped(content, wanted, MAX_FILES):
        inner = work_in(file) if isinstance(file, bytes) and kind_of(place) == ".ipynb" else file
        yield f"{archive}/{place}", inner


def _rank(place: str, name: str) -> tuple[bool, int, bool, str]:
    """The expected name first, then what is less deep, then notebooks."""
    return _stem(place) != name, place.count("/"), kind_of(place) != ".ipynb", place


def _stem(place: str) -> str:
    """`backprop` of `a/Backprop.ipynb.txt`."""
    file = PurePosixPath(place).name.lower()
    return file.partition(kind_of(file))[0] if kind_of(file) else file


def _listed(places: list[str]) -> str:
    """Some names of files, fit to be shown: students made them."""
    more = f" and {len(places) - _NAMES} more" if len(places) > _NAMES else ""
    shown = ["".join(char if char.isprintable() else "?" for char in place[:80]) for place in places[:_NAMES]]
    return ", ".join(shown) + more


def _is_work(name: str) -> bool:
    return not name.startswith(".") and name not in _NOT_WORK


def _defined(text: str) -> set[str]:
    return {name for match in _DEFINED.finditer(text) for name in match.groups() if name}
