"""Where things are: the project's folder, its assignments, and the cache; and digests of what is there."""

from __future__ import annotations

import difflib
import hashlib
import os
import shutil
import sys
import tomllib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.errors import UsageError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence


@cache
def root() -> Path:
    """The course repository: AUTOGRADER_ROOT, else the nearest one from here upwards, else the one this package is in.

    A folder is one if its `pyproject.toml` has a table `[tool.autograder]`, or if it has a `solutions/*/hidden.py`.
    Raises UsageError where there is none.
    """
    named = os.environ.get("AUTOGRADER_ROOT")
    if named:
        if not Path(named).is_dir():
            raise UsageError(f"AUTOGRADER_ROOT is {named}, which is no folder; name the one that holds solutions/.")
        return Path(named).resolve()
    here = Path.cwd()
    checkout = Path(__file__).resolve().parent.parent
    for folder in (here, *here.parents, checkout):
        if _is_course(folder):
            return folder
    raise UsageError(
        f"{here} is in no course repository: in the folder that shall be one, put a line [tool.autograder] into "
        f"pyproject.toml, then run `{program()} new NAME` there."
    )


def _is_course(folder: Path) -> bool:
    configuration = folder / "pyproject.toml"
    try:
        text = configuration.read_text(encoding="utf-8")
        # Another project's file that is not right is none of our business.
        if "autograder" in text and "autograder" in tomllib.loads(text).get("tool", {}):
            return True
    except OSError:
        pass
    except ValueError as error:
        raise UsageError(f"{configuration} cannot be read: {error}; mend it.") from error
    return next((folder / "solutions").glob("*/hidden.py"), None) is not None


def program() -> str:
    """What a person types here to run this command line: its name if a shell finds it, else its path."""
    ours = Path(sys.executable).with_name("autograder")
    if not ours.exists():  # installed into a folder of its own
        return "python -m autograder.cli"
    if shutil.which("autograder") == str(ours):
        return "autograder"
    return str(ours.relative_to(Path.cwd()) if ours.is_relative_to(Path.cwd()) else ours)


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
    known = assignments()
    if name in known:
        return root() / "solutions" / name / "hidden.py"
    if not known:
        raise UsageError(f"there is no assignment in {root()} yet; `{program()} new NAME` makes one.")
    near = difflib.get_close_matches(name, known, 1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    raise UsageError(f"there is no assignment {name!r}; there are: {', '.join(known)}.{meant}")


def chosen(names: Sequence[str]) -> list[str]:
    """These assignments, or all where none is named. Raises UsageError for one that is not there, or if none is."""
    wanted = list(names) or assignments() or [""]
    for name in wanted:
        hidden_tests(name)
    return wanted


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
