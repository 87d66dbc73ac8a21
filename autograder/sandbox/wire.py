"""Frames between the two sides: a 4-byte big-endian length, then that many bytes of JSON.

Both sides import this file, so it needs only the standard library.
"""

from __future__ import annotations

import socket
import struct
import time

MAX_FRAME = 32 << 20


class WireError(Exception):
    """The other side closed, was too slow or sent what is no frame; `reason` is "closed", "timeout" or "invalid"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def send_frame(connection: socket.socket, payload: bytes, deadline: float | None = None) -> None:
    """Send one frame before `deadline` (time.monotonic seconds; None waits for ever). Raises WireError."""
    if len(payload) > MAX_FRAME:
        raise WireError("invalid")
    try:
        connection.settimeout(_left(deadline))
        connection.sendall(struct.pack(">I", len(payload)) + payload)
    except TimeoutError as error:
        raise WireError("timeout") from error
    except OSError as error:
        raise WireError("closed") from error


def receive_frame(connection: socket.socket, limit: int = MAX_FRAME, deadline: float | None = None) -> bytes:
    """Receive one frame of at most `limit` bytes before `deadline`: one deadline for all of it, not per read."""
    (length,) = struct.unpack(">I", _receive(connection, 4, deadline))
    if length > limit:
        raise WireError("invalid")
    return _receive(connection, length, deadline)


def _receive(connection: socket.socket, count: int, deadline: float | None) -> bytes:
    chunks = bytearray()
    while len(chunks) < count:
        try:
            connection.settimeout(_left(deadline))
            chunk = connection.recv(min(count - len(chunks), 1 << 20))
        except TimeoutError as error:
            raise WireError("timeout") from error
        except OSError as error:
            raise WireError("closed") from error
        if not chunk:
            raise WireError("closed")
        chunks += chunk
    return bytes(chunks)


def _left(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise WireError("timeout")
    return left
