"""The kinds of sandboxes: how each starts workers, whether it works here, and the choice among them.

Best first: `bubblewrap` (an empty file system and no network, around a warm parent; each submission is forked from it
into namespaces of its own and locks itself in), `bubblewrap-fresh` (a bubblewrap for each submission, where namespaces
cannot be nested), `seccomp` (the lock alone) and `rlimits` (where there is no Linux).
"""

from __future__ import annotations

import functools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from autograder.border import wire
from autograder.border.batch import Batch
from autograder.border.values import encode
from autograder.errors import SandboxError
from autograder.sandbox.mounts import (
    MOUNTED,
    MOUNTED_IPYTHON,
    PACKAGE,
    interpreter,
    ipython_folder,
    mounts,
    numpy_folder,
)
from autograder.sandbox.parent import Inputs, Limits, Parent, Worker, WorkerDied, is_root

_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",  # the order of a student's sets must not decide a grade
    "PYTHONSAFEPATH": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OPENBLAS_NUM_THREADS": "1",  # threads could not be started once locked
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
_NEW_USER = 0x10000000
_NEW_NAMESPACES = 0x00020000 | 0x04000000 | 0x08000000 | 0x20000000
"""Mounts, host name, interprocess communication and processes; <linux/sched.h>. No network of its own: that of the
warm parent has nothing in it, forks have no way to make a socket, and there is one at a time."""


class Sandbox(Protocol):
    """A way to start workers; `weakness` says what it does not prevent, and is empty if it is strong."""

    @property
    def name(self) -> str: ...
    @property
    def strong(self) -> bool: ...
    @property
    def weakness(self) -> str: ...
    def __hash__(self) -> int: ...

    def start(self, limits: Limits, inputs: Inputs | None = None) -> Worker:
        """Start a worker and wait until it has locked itself in. Raises SandboxError."""


@dataclass(frozen=True)
class Bubblewrap:
    """A file system with the interpreter, its library and NumPy in it, no network, no other process; then the lock.

    `warm` forks workers, into namespaces of their own, from a parent that is in such a place already.
    """

    name: str = "bubblewrap"
    warm: bool = True
    strong: bool = True
    weakness: str = ""

    def start(self, limits: Limits, inputs: Inputs | None = None) -> Worker:
        """Start a worker in namespaces of its own."""
        if not self.warm:
            return self._parent().fork(limits, inputs, 0, only=True)
        # Root becomes another user instead: a user namespace would still have root's files in it.
        namespaces = _NEW_NAMESPACES | (0 if is_root() else _NEW_USER)
        return _here(self, self._parent).fork(limits, inputs, namespaces)

    def _parent(self) -> Parent:
        program = shutil.which("bwrap")
        if program is None:
            raise SandboxError("bubblewrap is not installed")
        info, info_out = os.pipe()
        try:
            command = [program, *_namespaces(program, self.warm), *mounts(), "--info-fd", str(info_out), "--"]
            return _launch(command, MOUNTED, MOUNTED_IPYTHON, files_readable=True, info=(info, info_out))
        finally:
            os.close(info)
            os.close(info_out)


@dataclass(frozen=True)
class Plain:
    """Ordinary processes that lock themselves in; what they may import has been imported before."""

    name: str
    weakness: str
    strong: bool = False

    def start(self, limits: Limits, inputs: Inputs | None = None) -> Worker:
        """Start a worker in a session of its own."""
        return _here(self, lambda: _launch([], PACKAGE.parent, ipython_folder(), files_readable=False)).fork(
            limits, inputs, 0
        )


_warm = threading.local()


def _here(sandbox: Sandbox, launch: Callable[[], Parent]) -> Parent:
    """The warm parent of this thread, started if there is none. It ends with the thread."""
    parents: dict[Sandbox, Parent] = vars(_warm).setdefault("parents", {})
    found = parents.get(sandbox)
    if found is None or not found.alive:
        found = parents[sandbox] = launch()
    return found


def _launch(
    prefix: list[str], root: Path, ipython: Path | None, *, files_readable: bool, info: tuple[int, int] | None = None
) -> Parent:
    ours, theirs = socket.socketpair()
    # Its errors are read only if it does not start.
    with theirs, tempfile.TemporaryFile() as errors:
        words = [theirs.fileno(), int(files_readable), ipython or "", numpy_folder().parent, root]
        # Not -I, which would ignore the environment: there is nothing in it but what is set here.
        command = [
            *prefix,
            str(interpreter()),
            "-s",
            "-S",
            str(root / "autograder/sandbox/inside/warm.py"),
            *map(str, words),
        ]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=_ENVIRONMENT,
                cwd="/",
                pass_fds=(theirs.fileno(), *(info[1:] if info else ())),
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise SandboxError(f"the worker did not start ({error})") from None
        theirs.close()
        parent = Parent(command, ours, process)
        try:
            parent.wait_until_ready(info[0] if info else None)
        except (wire.WireError, ValueError) as error:
            parent.close()
            errors.seek(max(0, errors.seek(0, os.SEEK_END) - 500))
            said = errors.read().decode("utf-8", "replace").strip().rpartition("\n")[2].strip()
            raise SandboxError(f"the worker did not start ({error}): {said or 'it said nothing'}") from None
        except BaseException:
            parent.close()
            raise
        return parent


def _namespaces(program: str, nested: bool) -> list[str]:
    flags = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    flags += ["--die-with-parent", "--new-session"]
    if not is_root():
        # Workers get user namespaces of their own; once locked in, they can make no more.
        return [*flags, "--unshare-user", *(() if nested else _if_known(program, "--disable-userns"))]
    # No user namespace: root may own files that no other user can reach. The lock then changes the user, as which
    # nothing of root's is left; these rights are needed for that, and to end it.
    needed = ("KILL", "SETUID", "SETGID", "SETPCAP", *(["SYS_ADMIN"] if nested else []))
    kept = [word for name in needed for word in ("--cap-add", f"CAP_{name}")]
    return [*flags, "--cap-drop", "ALL", *kept]


@functools.cache
def _if_known(program: str, option: str) -> tuple[str, ...]:
    shown = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
    return (option,) if option in shown.stdout + shown.stderr else ()


_SECCOMP = Plain(
    "seccomp",
    "Student code runs beside your own processes; only a filter of system calls keeps it from files, network and "
    "processes, and modules that are not imported beforehand are missing.",
)
_RLIMITS = Plain(
    "rlimits",
    "Student code can read your files and use the network: only time, memory and the size of files are limited.",
)


def sandboxes() -> tuple[Sandbox, ...]:
    """Those meant for this system, best first, whether they work or not."""
    if sys.platform == "linux":
        return Bubblewrap(), Bubblewrap("bubblewrap-fresh", warm=False), _SECCOMP
    return () if sys.platform == "win32" else (_RLIMITS,)


@functools.cache
def problem(sandbox: Sandbox) -> str:
    """Why a sandbox does not work here, found out by using it; empty if it does."""
    cell = "import numpy as np\ndef f(x):\n    return np.sum(x)"
    if sandbox.strong:
        cell = cell.replace("return", "import colorsys; return")  # is the standard library readable once locked in?
    try:
        with sandbox.start(Limits()) as worker:
            worker.request({"op": "load", "cells": [cell], "names": ["f"]})
            case = {"x": encode([1.0, 2.0])}
            reply = worker.request({"op": "call", "name": "f", "call": "f(x)", "cases": [case]})
        (result,) = Batch.from_bytes(reply["block"]).entries()
        return "" if result["value"] == 3 else "it computes wrongly"
    except (SandboxError, WorkerDied, OSError) as error:
        return str(error)
    except (LookupError, TypeError, ValueError):
        return f"its self-test fails: {reply}"[:300]


def choose(*, allow_weak: bool = True) -> Sandbox:
    """The best sandbox that works here, or the one that AUTOGRADER_SANDBOX names.

    Raises SandboxError if it does not work, if there is none, or if there is only a weak one when not allowed.
    """
    named = os.environ.get("AUTOGRADER_SANDBOX")
    if named:
        return _named(named)
    for sandbox in sandboxes():
        if not problem(sandbox) and (sandbox.strong or allow_weak):
            return sandbox
    reasons = "; ".join(f"{sandbox.name}: {problem(sandbox) or sandbox.weakness}" for sandbox in sandboxes())
    wanted = "sandbox" if allow_weak else "strong sandbox"
    raise SandboxError(
        f"No {wanted} for student code works here ({reasons or sys.platform}): use Linux with bubblewrap installed and "
        "user namespaces allowed" + ("." if allow_weak else ", or ask for a weak one by name: AUTOGRADER_SANDBOX=….")
    )


def _named(name: str) -> Sandbox:
    known = {sandbox.name: sandbox for sandbox in sandboxes()}
    if name not in known:
        raise SandboxError(f"There is no sandbox {name!r}; AUTOGRADER_SANDBOX may be {' or '.join(known)}.")
    if problem(known[name]):
        raise SandboxError(f"The sandbox {name!r} does not work here: {problem(known[name])}.")
    return known[name]
