"""The trusted side of workers: the warm parent that they are forked from, what they are asked, and their end.

Nothing that a worker sends is more than data: a reply that is late, malformed or missing is a dead worker, whatever its
exit status.
"""

from __future__ import annotations

import functools
import os
import re
import secrets
import select
import signal
import socket
import subprocess
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from autograder.border import wire
from autograder.border.values import dumps, loads
from autograder.errors import SandboxError
from autograder.sandbox.patience import Patience, ask_who_sends, sender

Message = dict[str, Any]

_START_SECONDS = 20.0
_END_SECONDS = 5.0
_GRACE_SECONDS = 1.0
_MAX_ASKS = 5000


@dataclass(frozen=True)
class Limits:
    """What one worker may use."""

    wall: float = 10.0
    """Seconds per request, call backs included; not counted is what the process waits for a processor."""
    cpu: int = 120
    """Seconds of processor time per worker."""
    memory: int = 1 << 30
    """Bytes of address space per worker."""
    reply: int = 16 << 20
    """Bytes per reply."""


@dataclass(frozen=True)
class Inputs:
    """What all submissions are called with, as the frame that gives it to a warm parent, made once."""

    frame: bytes

    @classmethod
    def of(
        cls,
        inputs: dict[str, list[Any]],
        calls: Mapping[str, str] = MappingProxyType({}),
        cells: Sequence[str] = (),
        modules: Sequence[str] = (),
    ) -> Inputs:
        """Inputs by exercise: a list of cases, each a dict of encoded arguments.

        `calls` are expressions that most will be called by, `cells` those that most submissions will have, `modules`
        those that most will use.
        """
        kept = {"inputs": inputs, "calls": dict(calls), "cells": list(cells), "modules": list(modules)}
        return cls(dumps({"op": "keep", **kept}))


class WorkerDied(Exception):
    """The worker gave no valid answer and has been closed; `reason` is "timeout" or "crashed"."""

    def __init__(self, reason: str) -> None:
        what = "did not answer in time" if reason == "timeout" else "ended or did not answer as it should"
        super().__init__(f"The process that runs the submission {what}.")
        self.reason = reason


class Worker:
    """One process for one submission. It ends with the thread that started it, so use it in that thread."""

    def __init__(
        self, end: Callable[[float], Ended], connection: socket.socket, limits: Limits, pid: int | None = None
    ) -> None:
        self.limits, self._pid = limits, pid
        self._end, self._connection = end, connection
        self._ended: Ended | None = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def request(
        self,
        message: Message,
        *,
        block: bytes = b"",
        wall: float | None = None,
        answer: Callable[[Message], Message] | None = None,
    ) -> Message:
        """Send a request and return the reply, within `wall` seconds; `answer` replies to what the worker asks.

        `block` goes with the request as it is. The reply is a dict, its "block" the bytes that came with it; what is in
        them is not trusted. Raises WorkerDied, and SandboxError if it was ended, or kept from running, by something
        else than the submission in it.
        """
        with self._in_step():
            deadline = Patience(self.limits.wall if wall is None else wall, self._pid)
            return self._reply(self._send(message, block, deadline), deadline, answer)

    def _send(self, message: Message, block: bytes, deadline: wire.Deadline) -> str:
        # A fresh number each time: a reply cannot be sent before its request is known.
        identity = secrets.token_hex(8)
        payload = b"\n".join([dumps({**message, "id": identity}), block])
        if len(payload) > wire.MAX_FRAME:
            raise ValueError("the request is larger than a frame")
        wire.send_frame(self._connection, payload, deadline)
        return identity

    @contextmanager
    def _in_step(self) -> Iterator[None]:
        """Ends the worker if anything fails in here: the two sides would not be in step any more."""
        if self._ended:
            raise WorkerDied("crashed")
        try:
            yield
        except wire.WireError as error:
            # A socket closes a moment before its process has ended; a student may also have closed it.
            ended = self.close(_GRACE_SECONDS if error.reason == "closed" else 0.0)
            raise WorkerDied(self._reason(error, ended)) from None
        except BaseException:
            self.close()
            raise

    def _reply(self, identity: str, deadline: wire.Deadline, answer: Callable[[Message], Message] | None) -> Message:
        for left in reversed(range(_MAX_ASKS + 1)):
            frame = _receive(self._connection, self.limits.reply, deadline)
            if frame.get("id") != identity:
                continue
            if "ask" not in frame:
                return frame
            if answer is None or not left:
                break
            wire.send_frame(self._connection, dumps({**answer(frame), "id": identity}), deadline)
        raise wire.WireError("invalid")

    def _reason(self, error: wire.WireError, ended: Ended) -> str:
        if error.reason != "closed":
            return "timeout" if error.reason == "timeout" else "crashed"
        if ended.status == -signal.SIGXCPU or ended.cpu >= self.limits.cpu:
            return "timeout"
        if ended.status == -signal.SIGKILL:
            # A submission has no way to do that to itself: what the machine does to it is never its mistake.
            raise SandboxError("the process that runs the submission was killed from outside")
        return "crashed"

    def close(self, grace: float = 0.0) -> Ended:
        """End the worker and everything it may have started, and wait until it is gone. Never raises."""
        if self._ended is None:
            # Asked for before the socket closes: a worker whose socket closes ends by itself, as if it had crashed.
            self._ended = self._end(grace)
            with suppress(OSError):
                self._connection.close()
        return self._ended


@dataclass(frozen=True)
class Ended:
    """How a worker ended: its exit status (minus the signal; None if it had to be ended) and seconds of CPU time."""

    status: int | None
    cpu: float = 0.0


class Parent:
    """The trusted side of a warm parent, from which workers are forked; for the thread that started it."""

    def __init__(self, command: list[str], connection: socket.socket, process: subprocess.Popen[bytes]) -> None:
        self.command = command
        self._connection, self._process = connection, process
        self._holds: Inputs | None = None
        self._init: list[int] = []
        self.close = weakref.finalize(self, _end_parent, process, connection, self._init)

    def wait_until_ready(self, info: int | None) -> None:
        """Wait until all is imported; `info` is where bubblewrap wrote which process it made. Raises if it fails."""
        frame = _receive(self._connection, 1 << 16, time.monotonic() + _START_SECONDS)
        if frame.get("ready") is not True:
            raise ValueError("it sent no valid frame")
        if info is not None:
            found = re.search(rb'"child-pid": (\d+)', os.read(info, 4096))
            with suppress(OSError):  # without it, --die-with-parent still ends the rest, a moment later
                self._init += [os.pidfd_open(int(found[1]))] if found else []

    def fork(self, limits: Limits, inputs: Inputs | None, namespaces: int, *, only: bool = False) -> Worker:
        """Fork a worker and wait until it has locked itself in; with `only`, the parent ends with it.

        Raises SandboxError; then this parent is of no use any more.
        """
        user = _throw_away_user()
        message = {"memory": limits.memory, "cpu": limits.cpu, "user": user, "namespaces": namespaces}
        deadline = time.monotonic() + _START_SECONDS
        ours, theirs = socket.socketpair()
        try:
            ask_who_sends(ours)
            with theirs:
                if inputs is not None and inputs is not self._holds:
                    wire.send_frame(self._connection, inputs.frame, deadline)
                    self._holds = inputs
                wire.send_frame(self._connection, dumps({"op": "fork", **message}), deadline)
                socket.send_fds(self._connection, [b"."], [theirs.fileno()])
            pid = _receive(self._connection, 1 << 16, deadline)["pid"]
            seen_as = sender(ours, deadline)
            frame = _receive(ours, 1 << 16, deadline)
            if frame.get("ready") is not True:
                raise ValueError(str(frame.get("failed", "it sent no valid frame")))
        except (wire.WireError, ValueError, LookupError, OSError) as error:
            ours.close()
            self.close()
            raise SandboxError(f"the worker did not start ({error})") from None
        except BaseException:
            ours.close()
            self.close()
            raise
        return Worker(functools.partial(self._end, pid, only), ours, limits, seen_as)

    def _end(self, pid: int, only: bool, grace: float) -> Ended:
        try:
            deadline = time.monotonic() + _END_SECONDS
            wire.send_frame(self._connection, dumps({"op": "end", "pid": pid, "grace": grace}), deadline)
            frame = _receive(self._connection, 1 << 16, deadline)
            ended = Ended(frame["status"], frame["cpu"])
        except (wire.WireError, LookupError, OSError):
            self.close()
            return Ended(-signal.SIGKILL)  # with its parent
        if only:
            self.close()
        return ended

    @property
    def alive(self) -> bool:
        """Whether workers can be forked from it."""
        return self.close.alive and self._process.poll() is None


def _receive(connection: socket.socket, limit: int, deadline: wire.Deadline) -> Message:
    """A message; what followed it in its frame is in its "block"."""
    line, _, block = wire.receive_frame(connection, limit, deadline).partition(b"\n")
    try:
        frame = loads(line)
    except (ValueError, MemoryError) as error:
        raise wire.WireError("invalid") from error
    if not isinstance(frame, dict):
        raise wire.WireError("invalid")
    return {**frame, "block": block}


def _end_parent(process: subprocess.Popen[bytes], connection: socket.socket, init: list[int]) -> None:
    """End a parent with all its workers, and wait until they are gone. Never raises."""
    with suppress(OSError):
        connection.close()
    for descriptor in init:
        # The first process of a process namespace ends only after all others in it have.
        with suppress(OSError):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            poll.poll(_END_SECONDS * 1000)
        with suppress(OSError):
            os.close(descriptor)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_SECONDS)  # bubblewrap follows, and leaves no zombie if not killed before
    with suppress(OSError):
        process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_END_SECONDS)


def _throw_away_user() -> int | None:
    """The user that a worker started by root becomes: one that owns nothing, a different one nearly every time."""
    return secrets.choice(_free_users()) if is_root() else None


@functools.cache
def _free_users() -> tuple[int, ...]:
    import pwd

    taken = {entry.pw_uid for entry in pwd.getpwall()}
    return tuple(number for number in range(61184, 65280) if number not in taken)


def is_root() -> bool:
    """Whether the grader was started by root."""
    return os.geteuid() == 0
