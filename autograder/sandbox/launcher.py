"""The trusted side of the sandbox: starts workers, talks to them, ends them.

Three kinds, best first: `bubblewrap` (an empty file system and no network, around the lock), `seccomp` (the lock
alone) and `rlimits` (where there is no Linux). Nothing that a worker sends is more than data: a reply that is late,
malformed or missing is a dead worker, whatever its exit status.
"""

from __future__ import annotations

import functools
import os
import re
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from autograder.errors import SandboxError
from autograder.sandbox import wire
from autograder.sandbox.mounts import MOUNTED, PACKAGE, interpreter, mounts, numpy_folder
from autograder.values import decode, dumps, encode, loads

Message = dict[str, Any]

_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",  # the order of a student's sets must not decide a grade
    "PYTHONSAFEPATH": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OPENBLAS_NUM_THREADS": "1",  # threads could not be started once locked
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
_START_SECONDS = 20.0
_END_SECONDS = 5.0
_MAX_ASKS = 5000
_OUT_OF_CPU_TIME = (-24, 128 + 24)
"""Exit status after SIGXCPU: of the worker itself, and as bubblewrap passes it on."""


@dataclass(frozen=True)
class Limits:
    """What one worker may use."""

    wall: float = 10.0
    """Seconds per request, call backs included."""
    cpu: int = 120
    """Seconds of processor time per worker."""
    memory: int = 1 << 30
    """Bytes of address space per worker."""
    reply: int = 16 << 20
    """Bytes per reply."""


class WorkerDied(Exception):
    """The worker gave no valid answer and has been closed; `reason` is "timeout" or "crashed"."""

    def __init__(self, reason: str) -> None:
        what = "did not answer in time" if reason == "timeout" else "ended or did not answer as it should"
        super().__init__(f"The process that runs the submission {what}.")
        self.reason = reason


class Worker:
    """One process for one submission. It ends with the thread that started it, so use it in that thread."""

    def __init__(self, process: subprocess.Popen[bytes], connection: socket.socket, limits: Limits) -> None:
        self.limits = limits
        self._process, self._connection = process, connection
        self._init: int | None = None
        self._closed = False

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def request(
        self, message: Message, *, wall: float | None = None, answer: Callable[[Message], Message] | None = None
    ) -> Message:
        """Send a request and return the reply, within `wall` seconds; `answer` replies to what the worker asks.

        Raises WorkerDied. The reply is a dict; what is in it is not trusted.
        """
        if self._closed:
            raise WorkerDied("crashed")
        # A fresh number each time: a reply cannot be sent before its request is known.
        identity = secrets.token_hex(8)
        payload = dumps({**message, "id": identity})
        if len(payload) > wire.MAX_FRAME:
            raise ValueError("the request is larger than a frame")
        deadline = time.monotonic() + (self.limits.wall if wall is None else wall)
        try:
            wire.send_frame(self._connection, payload, deadline)
            return self._reply(identity, deadline, answer)
        except wire.WireError as error:
            reason = self._reason(error)
            self.close()
            raise WorkerDied(reason) from None
        except BaseException:
            self.close()  # the two sides are out of step
            raise

    def _reply(self, identity: str, deadline: float, answer: Callable[[Message], Message] | None) -> Message:
        for left in reversed(range(_MAX_ASKS + 1)):
            frame = self._receive(deadline)
            if frame.get("id") != identity:
                continue
            if "ask" not in frame:
                return frame
            if answer is None or not left:
                break
            wire.send_frame(self._connection, dumps({**answer(frame), "id": identity}), deadline)
        raise wire.WireError("invalid")

    def _receive(self, deadline: float) -> Message:
        try:
            frame = loads(wire.receive_frame(self._connection, self.limits.reply, deadline))
        except (ValueError, MemoryError) as error:
            raise wire.WireError("invalid") from error
        if not isinstance(frame, dict):
            raise wire.WireError("invalid")
        return frame

    def _reason(self, error: wire.WireError) -> str:
        if error.reason == "closed":
            with suppress(subprocess.TimeoutExpired):
                if self._process.wait(_END_SECONDS / 5) in _OUT_OF_CPU_TIME:
                    return "timeout"
        return "timeout" if error.reason == "timeout" else "crashed"

    def close(self) -> None:
        """End the worker and everything it may have started, and wait until it is gone. Never raises."""
        if self._closed:
            return
        self._closed = True
        with suppress(OSError):
            self._connection.close()
        if self._init is not None:
            self._end_namespace(self._init)
        with suppress(OSError):
            self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)

    def _end_namespace(self, init: int) -> None:
        # The first process of a process namespace ends only after all others in it have.
        with suppress(OSError):
            signal.pidfd_send_signal(init, signal.SIGKILL)
            poll = select.poll()
            poll.register(init, select.POLLIN)
            poll.poll(_END_SECONDS * 1000)
        with suppress(OSError):
            os.close(init)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)  # bubblewrap follows, and leaves no zombie if not killed before

    def _wait_until_ready(self, info: int | None = None) -> None:
        """Wait until the lock is on; `info` is where bubblewrap wrote which process it made. Raises if it fails."""
        frame = self._receive(time.monotonic() + _START_SECONDS)
        if frame.get("ready") is not True:
            raise ValueError(str(frame.get("failed", "it sent no valid frame")))
        if info is not None:
            found = re.search(rb'"child-pid": (\d+)', os.read(info, 4096))
            with suppress(OSError):  # without it, --die-with-parent still ends the rest, a moment later
                self._init = os.pidfd_open(int(found[1])) if found else None


class Sandbox(Protocol):
    """A way to start workers; `weakness` says what it does not prevent, and is empty if it is strong."""

    @property
    def name(self) -> str: ...
    @property
    def strong(self) -> bool: ...
    @property
    def weakness(self) -> str: ...
    def __hash__(self) -> int: ...

    def start(self, limits: Limits) -> Worker:
        """Start a worker and wait until it has locked itself in. Raises SandboxError."""


@dataclass(frozen=True)
class Bubblewrap:
    """A file system with the interpreter, its library and NumPy in it, no network, no other process; then the lock."""

    name: str = "bubblewrap"
    strong: bool = True
    weakness: str = ""

    def start(self, limits: Limits) -> Worker:
        """Start a worker in namespaces of its own."""
        program = shutil.which("bwrap")
        if program is None:
            raise SandboxError("bubblewrap is not installed")
        info, info_out = os.pipe()
        try:
            command = [program, *_namespaces(program), *mounts(), "--info-fd", str(info_out), "--"]
            return _launch(command, MOUNTED, limits, late_imports=True, info=(info, info_out))
        finally:
            os.close(info)
            os.close(info_out)


@dataclass(frozen=True)
class Plain:
    """An ordinary process that locks itself in; what it may import has been imported before."""

    name: str
    weakness: str
    strong: bool = False

    def start(self, limits: Limits) -> Worker:
        """Start a worker in a session of its own."""
        return _launch([], PACKAGE.parent, limits, late_imports=False)


def _launch(
    prefix: list[str], root: Path, limits: Limits, *, late_imports: bool, info: tuple[int, int] | None = None
) -> Worker:
    ours, theirs = socket.socketpair()
    # The worker's errors are read only if it does not start; before a student's code it points its output elsewhere.
    with theirs, tempfile.TemporaryFile() as errors:
        words = [
            theirs.fileno(),
            limits.memory,
            limits.cpu,
            int(late_imports),
            _throw_away_user(),
            numpy_folder().parent,
            root,
        ]
        # Not -I, which would ignore the environment: there is nothing in it but what is set here.
        command = [
            *prefix,
            str(interpreter()),
            "-s",
            "-S",
            str(root / "autograder/sandbox/worker.py"),
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
        worker = Worker(process, ours, limits)
        try:
            worker._wait_until_ready(info[0] if info else None)
        except (wire.WireError, ValueError) as error:
            worker.close()
            errors.seek(max(0, errors.seek(0, os.SEEK_END) - 500))
            said = " ".join(errors.read().decode("utf-8", "replace").split())
            raise SandboxError(f"the worker did not start ({error}): {said or 'it said nothing'}") from None
        except BaseException:
            worker.close()
            raise
        return worker


def _throw_away_user() -> str:
    """The user that a worker started by root becomes: one that owns nothing, a different one nearly every time."""
    if not _is_root():
        return "-"
    import pwd

    taken = {entry.pw_uid for entry in pwd.getpwall()}
    return str(secrets.choice([number for number in range(61184, 65280) if number not in taken]))


def _is_root() -> bool:
    return os.geteuid() == 0


def _namespaces(program: str) -> list[str]:
    flags = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    flags += ["--die-with-parent", "--new-session"]
    if not _is_root():
        return [*flags, "--unshare-user", *_if_known(program, "--disable-userns")]
    # No user namespace: root may own files that no other user can reach. The lock then changes the user, as which
    # nothing of root's is left; these rights are needed for that.
    kept = [word for name in ("SETUID", "SETGID", "SETPCAP") for word in ("--cap-add", f"CAP_{name}")]
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
        return Bubblewrap(), _SECCOMP
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
        result = reply["results"][0]
        return "" if decode(result["value"]) == 3 else "it computes wrongly"
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
