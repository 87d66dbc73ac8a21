"""The same attacks as another user: the sandbox works differently for root, who needs no user namespace."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.cases.model import AssignmentCases

ROOT = Path(__file__).resolve().parents[1]
USER = "64321"
TESTS = ["tests/test_attacks.py", "tests/test_sandbox.py", "tests/test_patience.py"]


def visible() -> list[str]:
    """Options of bubblewrap for a view of this machine in which another user can reach the project and its Python.

    Folders on the way that are closed to others (like root's home) are replaced by open ones with nothing else in them.
    The network and the folders for everyone are its own: the same attacks may be running outside.
    """
    needed = [Path(prefix).resolve() for prefix in (ROOT, sys.prefix, sys.base_prefix)]
    closed = {way for path in needed for way in path.parents if not way.stat().st_mode & 0o001}
    own = {Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")}
    outermost = {way for way in closed if not closed & set(way.parents)} | own
    words = ["--unshare-net"]
    for way in sorted(outermost):
        words += ["--perms", "1777" if way in own else "0755", "--tmpfs", str(way)]
    hidden = [path for path in needed if outermost & set(path.parents)]
    ways = {way for path in hidden for way in path.parents if outermost & set(way.parents)}
    for way in sorted(ways):  # those that bubblewrap makes by itself are closed too
        words += ["--perms", "0755", "--dir", str(way)]
    return words + [word for path in hidden for word in ("--ro-bind", str(path), str(path))]


def opened(beside: Path) -> list[str]:
    """Options for copies, which the other user owns, in the place of those folders that are this user's alone."""
    words: list[str] = []
    for name in ("solutions", "tests", ".cache"):
        if (ROOT / name).is_dir() and (ROOT / name).stat().st_mode & 0o005 != 0o005:
            copy = shutil.copytree(ROOT / name, beside / name)
            for path in (copy, *copy.rglob("*")):
                os.chown(path, int(USER), int(USER), follow_symlinks=False)
            words += ["--bind", str(copy), str(ROOT / name)]
    return words


@pytest.mark.skipif(os.geteuid() != 0, reason="these tests run as an ordinary user already")
@pytest.mark.skipif(not shutil.which("bwrap") or not shutil.which("setpriv"), reason="needs bubblewrap and setpriv")
def test_the_sandbox_holds_for_an_ordinary_user(tmp_path: Path, backprop: AssignmentCases) -> None:
    """`backprop` has been drawn then, and its cases are among the copies: the other user cannot keep any."""
    become = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups"]
    view = ["bwrap", "--dev-bind", "/", "/", *visible(), *opened(tmp_path), "--chdir", str(ROOT)]
    pytest_ = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *TESTS]
    told: dict[str, Any] = {"capture_output": True, "text": True, "check": False}
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"}
    run = [*view, *become]
    state = subprocess.run([*run, sys.executable, "-m", "autograder.cli", "doctor"], env=environment, **told)
    assert "bubblewrap: works" in state.stdout, state
    done = subprocess.run([*run, *pytest_], env=environment, **told)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "passed" in done.stdout
