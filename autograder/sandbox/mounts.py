"""What a worker in bubblewrap sees: the interpreter, its library, NumPy and a few files of ours, all read-only."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from importlib.machinery import PathFinder
from pathlib import Path

from autograder.errors import SandboxError
from autograder.sandbox.inside.cells import IPYTHON_FILES

PACKAGE = Path(__file__).resolve().parent.parent
_ROOMS = ("border", "sandbox/inside")
_INSIDE = (
    "__init__.py",
    "sandbox/__init__.py",
    *sorted(f"{room}/{path.name}" for room in _ROOMS for path in (PACKAGE / room).glob("*.py")),
)
"""The files of ours that a worker sees."""

MOUNTED = Path("/worker")
MOUNTED_IPYTHON = Path("/worker/reader/IPython")
"""Not on the interpreter's path: to a submission, IPython is what a stand-in is for."""
_MASKED = ("site-packages", "dist-packages", "ensurepip")
_UNUSED = ("_tkinter", "_ssl", "_sqlite3", "_curses", "_dbm", "_gdbm", "_test", "_ctypes_test", "nis", "readline")
"""What no exercise needs, and what would bring many libraries in."""


@functools.cache
def mounts() -> tuple[str, ...]:
    """Bubblewrap's options for all that a worker sees, read-only.

    Things are where they are outside too, because interpreters find their parts by place.
    """
    library, numpy = _library(), numpy_folder()
    extensions = library[0] / "lib-dynload"
    used = [file for file in extensions.glob("*.so") if not file.name.startswith(_UNUSED)]
    folders = [numpy, *(path for path in [numpy.parent / "numpy.libs"] if path.is_dir())]
    shared = _shared_libraries(extensions, used) | _shared_libraries(numpy, list(numpy.rglob("*.so")))
    loose = [path for path in sorted(shared) if not any(path.is_relative_to(folder) for folder in (*library, *folders))]
    masked = [str(library[1] / name) for name in _MASKED if (library[0] / name).is_dir()]

    shown = {path: path for path in (interpreter(), *folders, *loose)}
    shown |= {PACKAGE / name: MOUNTED / "autograder" / name for name in _INSIDE}
    ipython = ipython_folder()
    if ipython:
        shown |= {ipython / name: MOUNTED_IPYTHON / name for name in IPYTHON_FILES if (ipython / name).is_file()}
    words = []
    # Folders on the way are made by name: those that bubblewrap makes by itself are closed to other users than root.
    ways = {
        way for place in (library[1], Path(os.devnull), *shown.values()) for way in place.parents if way != way.parent
    }
    for way in sorted(ways):
        words += [] if way.is_relative_to(library[1]) else ["--dir", str(way)]
    words += ["--ro-bind", str(library[0]), str(library[1])]
    for folder in masked:
        words += ["--tmpfs", folder]
    for path, place in shown.items():
        words += ["--ro-bind", str(path), str(place)]
    words += ["--dev-bind", os.devnull, os.devnull]
    for folder in (*masked, "/"):
        words += ["--remount-ro", folder]
    return (*words, "--chdir", "/")


def interpreter() -> Path:
    """The real interpreter: that of a virtual environment is a link to it."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def _library() -> tuple[Path, Path]:
    """Where the standard library is, and where the interpreter looks for it when called by its real path."""
    found = Path(sysconfig.get_path("stdlib"))
    return found.resolve(), Path(sys.base_prefix).resolve() / found.relative_to(sys.base_prefix)


@functools.cache
def numpy_folder() -> Path:
    """The folder of NumPy. Raises SandboxError if there is none."""
    spec = importlib.util.find_spec("numpy")
    if spec is None or spec.origin is None:
        raise SandboxError("NumPy is not installed")
    return Path(spec.origin).resolve().parent


@functools.cache
def ipython_folder() -> Path | None:
    """The folder of IPython, whose reader of cells is used; it is found on the path, not imported.

    `importlib.util.find_spec` would ask every finder, and with it whatever stands in for IPython in this process.
    """
    spec = PathFinder.find_spec("IPython")
    return Path(spec.origin).resolve().parent if spec and spec.origin else None


def _shared_libraries(folder: Path, files: Sequence[Path]) -> set[Path]:
    """What the dynamic linker loads for the interpreter and these files in a folder, by the names it looks for.

    As ldd does it, but for all at once: as preloaded by a program that is not run. Their names in the folder have no
    spaces or colons, which would separate them. Raises SandboxError if the linker does not tell.
    """
    traced = {"LD_TRACE_LOADED_OBJECTS": "1", "LD_PRELOAD": ":".join(f"./{file.relative_to(folder)}" for file in files)}
    listing = subprocess.run(
        [str(interpreter()), "-c", ""],
        cwd=folder,
        env={**os.environ, **traced},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    found = re.findall(r"^\s+(?:\S+ => )?(/.*) \(0x[0-9a-f]+\)$", listing, re.MULTILINE)
    if not found:
        raise SandboxError("the dynamic linker does not tell which libraries the interpreter needs")
    return {Path(os.path.normpath(path)) for path in found}
