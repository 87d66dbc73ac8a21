"""Where things are: the project's folder, its assignments, and the cache; and digests of what is there."""

from __future__ import annotations

import difflib
import hashlib
import os
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.errors import UsageError

if TYPE_CHECKING:
    import subprocess

COURSE_FOLDERS = ("solutions", "assignments")


@cache
def root() -> Path:
    """The folder that holds `solutions/`: AUTOGRADER_ROOT, else the nearest one above here, else the package's."""
    named = os.environ.get("AUTOGRADER_ROOT")
    if named:
        return Path(named).resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "solutions").is_dir() and (folder / "autograder").is_dir():
            return folder
    return Path(__file__).resolve().parent.parent


def run_apart(module: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `main` of a module of ours in a process of its own, where the same files give the same whoever asks.

    `words` are its arguments. What it prints, and its exit status, are for who asks to read.
    """
    import subprocess  # most commands start nothing

    return subprocess.run(
        [sys.executable, "-c", f"from {module} import main; main()", *words],
        cwd=root(),
        env={**os.environ, "PYTHONHASHSEED": "0", "AUTOGRADER_ROOT": str(root())},
        capture_output=True,
        text=True,
        check=False,
    )


def assignments() -> list[str]:
    """Names of all assignments that have hidden tests, sorted."""
    return sorted(path.parent.name for path in (root() / "solutions").glob("*/hidden.py"))


def hidden_tests(name: str) -> Path:
    """Path of an assignment's hidden tests. Raises UsageError, with a near name, where there is none."""
    path = root() / "solutions" / name / "hidden.py"
    if name in assignments():
        return path
    known = assignments()
    near = difflib.get_close_matches(name, known, 1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    raise UsageError(f"there is no assignment {name!r}; there are: {', '.join(known) or 'none'}.{meant}")


def notebook(name: str) -> Path:
    """Path of an assignment's instructor notebook (jupytext percent format)."""
    return hidden_tests(name).with_name(f"{name}.py")


def released(name: str) -> Path:
    """Path of the notebook that students get."""
    return root() / "assignments" / name / f"{name}.ipynb"


def visible_cases(name: str) -> Path:
    """Where the visible cases of an assignment are released."""
    return released(name).with_name(f"{name}.cases.json")


def sources(name: str) -> list[Path]:
    """All files that an assignment is made of (hidden tests, notebook, data, helpers), sorted; not its figures."""
    return sorted(path for path in hidden_tests(name).parent.iterdir() if path.is_file())


def cache_dir() -> Path:
    """The folder where drawn cases are kept, keyed by content: AUTOGRADER_CACHE, else `.cache/` in the project.

    Where it is made, only its owner may enter it.
    """
    folder = Path(os.environ.get("AUTOGRADER_CACHE") or root() / ".cache")
    with suppress(OSError):  # a project that may not be written to: who wants to keep something finds out
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # expected results are in it
    return folder


def assignment_key(name: str) -> str:
    """A digest of all that a grade depends on besides the submission: the hidden tests and this framework."""
    digest = hashlib.sha256(framework_key().encode())
    for path in sources(name):
        digest.update(path.read_bytes() if path.is_file() else b"-")
    return digest.hexdigest()[:20]


@cache
def framework_key() -> str:
    """A digest of this framework: the same on two machines that grade the same way."""
    package = Path(__file__).resolve().parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.suffix in (".py", ".j2"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:20]
