"""How long a worker may take: time in which the machine had no processor for it does not count.

So a grade does not depend on what else the machine does. Linux tells for each process how long it was ready to run
and had to wait; elsewhere, and where that is hidden, all time counts.
"""

from __future__ import annotations

import os
import socket
import struct
import time

from autograder.errors import SandboxError

_BUSY = 6.0
"""How many times its own time a worker may be kept waiting; more is told as the machine's failure."""
_CREDENTIALS = struct.Struct("3i")


class Patience:
    """A deadline in time.monotonic seconds, for `wire`, that moves by what the process `pid` had to wait."""

    def __init__(self, seconds: float, pid: int | None) -> None:
        self._seconds, self._pid = seconds, pid
        self._begin, self._waited = time.monotonic(), waited(pid)
        self._moment = self._begin + seconds

    def __call__(self) -> float:
        """The deadline, as it is known now. Raises SandboxError where the machine is much too busy."""
        if time.monotonic() >= self._moment:
            lost = waited(self._pid) - self._waited
            if lost > _BUSY * self._seconds:
                raise SandboxError("this machine is too busy to run the submission in a reasonable time")
            self._moment = self._begin + self._seconds + max(0.0, lost)
        return self._moment


def waited(pid: int | None) -> float:
    """Seconds in which a process was ready to run, but did not; 0 where that is not told."""
    if pid is None:
        return 0.0
    try:
        descriptor = os.open(f"/proc/{pid}/schedstat", os.O_RDONLY)
        try:
            return int(os.read(descriptor, 100).split()[1]) / 1e9
        finally:
            os.close(descriptor)
    except (OSError, ValueError, IndexError):
        return 0.0


def ask_who_sends(connection: socket.socket) -> None:
    """From now on the system notes who sends something; `sender` reads it."""
    if hasattr(socket, "SO_PASSCRED"):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)


def sender(connection: socket.socket, deadline: float) -> int | None:
    """The process that sends what is to be read next, by its number on this side; None where that is not told."""
    if not hasattr(socket, "SO_PASSCRED"):
        return None
    connection.settimeout(max(0.001, deadline - time.monotonic()))
    _, notes, _, _ = connection.recvmsg(1, socket.CMSG_SPACE(_CREDENTIALS.size), socket.MSG_PEEK)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
    for level, kind, data in notes:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS) and len(data) == _CREDENTIALS.size:
            return int(_CREDENTIALS.unpack(data)[0]) or None
    return None
