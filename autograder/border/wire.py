"""Frames between the two sides: a 4-byte big-endian length, then that many bytes: JSON in one line.

After that line there may be another kind of data as it is, which costs less than to write it as JSON.

Both sides import this file, so it needs only the standard library.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from typing import TypeAlias

MAX_FRAME = 32 << 20
Deadline: TypeAlias = float | Callable[[], float] | None
"""In time.monotonic seconds, or what tells them; None waits for ever."""


class WireError(Exception):
    """The other side closed, was too slow or sent what is no frame; `reason` is "closed", "timeout" or "invalid"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def send_frame(connection: socket.socket, payload: bytes, deadline: Deadline = None) -> None:
    """Send one frame before `deadline`. Raises WireError."""
    if len(payload) > MAX_FRAME:
        raise WireError("invalid")
    left = memoryview(struct.pack(">I", len(payload)) + payload)
    while left:
        try:
            connection.settimeout(_left(deadline))
            left = left[connection.send(left) :]
        except TimeoutError:
            continue  # unless the deadline has moved, there is no time left
        except OSError as error:
            raise WireError("closed") from error


def receive_frame(connection: socket.socket, limit: int = MAX_FRAME, deadline: Deadline = None) -> bytes:
    """Receive one frame of at most `limit` bytes before `deadline`: one deadline for all of it, not per read."""
    (length,) = struct.unpack(">I", _receive(connection, 4, deadline))
    if length > limit:
        raise WireError("invalid")
    return _receive(connection, length, deadline)


def _receive(connection: socket.socket, count: int, deadline: Deadline) -> bytes:
    chunks = bytearray()
    while len(chunks) < count:
        try:
            connection.settimeout(_left(deadline))
            chunk = connection.recv(min(count - len(chunks), 1 << 20))
        except TimeoutError:
            continue
        except OSError as error:
            raise WireError("closed") from error
        if not chunk:
            raise WireError("closed")
        chunks += chunk
    return bytes(chunks)


def _left(deadline: Deadline) -> float | None:
    if deadline is None:
        return None
    left = (deadline() if callable(deadline) else deadline) - time.monotonic()
    if left <= 0:
        raise WireError("timeout")
    return left
