"""The warm parent on the untrusted side: it holds nothing worth having, and forks a process for each submission.

Started as `warm.py FD FILES IPYTHON PATH…`; imports only the standard library and NumPy, and reads cells by two files
of IPython in the folder IPYTHON, if that is not empty. It reads only what the trusted side sends over the socket FD,
and never a student's byte:

    {"op": "keep", "inputs": {exercise: [{argument: value}, …]}, "calls": {exercise: expression}, "cells": [source, …],
     "modules": [name, …]}
        inputs that all submissions are called with, and how; cells of the released notebook, which most will have; and
        modules that most will use
    {"op": "fork", "memory", "cpu", "user", "namespaces"}, then a socket   → {"pid"}
    {"op": "end", "pid", "grace"}   → {"status", "cpu"}: how the process ended; if it does not within `grace` seconds,
                                       it is ended, and its status is null

A forked process locks itself in, says `{"ready": true}` over its own socket, then is a `worker`.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import os
import pathlib
import platform
import signal
import socket
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.sandbox.inside.cells import Known
    from autograder.sandbox.inside.kept import Kept

_PRELOADED = [
    "abc",
    "array",
    "bisect",
    "cmath",
    "collections",
    "collections.abc",
    "contextlib",
    "copy",
    "dataclasses",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "heapq",
    "inspect",
    "itertools",
    "json",
    "math",
    "numbers",
    "operator",
    "random",
    "re",
    "statistics",
    "string",
    "textwrap",
    "time",
    "types",
    "typing",
    "numpy.linalg",
    "numpy.typing",
    "numpy.lib.stride_tricks",
]
_LARGE = ["numpy.random", "numpy.fft", "numpy.polynomial", "numpy.testing", "numpy.ma"]
"""Not used by most, and each fork copies the tables of their memory: imported beforehand only where a fork cannot, and
where an assignment is about them."""
_CLONE = {"x86_64": 56, "aarch64": 220}
"""Number of clone(2)."""


def main(arguments: list[str]) -> None:
    """Import all that submissions may use, then serve the trusted side until it closes the socket."""
    descriptor, files, ipython, *paths = arguments
    sys.path += paths
    for name in _PRELOADED if files == "1" else [*_PRELOADED, *_LARGE]:
        importlib.import_module(name)
    # Ours come after NumPy, which is only now on the path.
    from autograder.sandbox.inside import absent, cells, lock

    cells.read_as_ipython(pathlib.Path(ipython) if ipython else None)
    absent.install()
    parent = Parent(socket.socket(fileno=int(descriptor)), files_readable=files == "1")
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.close(null)
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(3000)
    lock.prepare(files == "1")
    parent.serve()


class Parent:
    """Keeps what is the same for all submissions, and forks a process for each."""

    def __init__(self, connection: socket.socket, files_readable: bool) -> None:
        from autograder.border import values, wire
        from autograder.sandbox.inside import cells, kept, lock, worker

        self.connection, self.files_readable = connection, files_readable
        self.values, self.wire, self.lock, self.worker = values, wire, lock, worker
        self.keep, self.compiled = kept.Kept, cells.compiled
        self.kept: dict[str, Kept] = {}
        self.known: Known = {}

    def serve(self) -> None:
        """Answer the trusted side in turn, until it is gone."""
        self.send({"ready": True})
        while True:
            try:
                request = self.values.loads(self.wire.receive_frame(self.connection))
            except self.wire.WireError:
                os._exit(0)
            if request["op"] == "keep":
                self.kept = {name: self.keep(self.worker.decoded(cases)) for name, cases in request["inputs"].items()}
                for name, call in request["calls"].items():
                    self.worker.compiled(call, self.kept[name].names)  # for all forks
                self.known = self.compiled(request["cells"])
                for name in request["modules"]:
                    importlib.import_module(name)
            elif request["op"] == "fork":
                _, (theirs, *_), _, _ = socket.recv_fds(self.connection, 1, 1)
                self.fork(request, socket.socket(fileno=theirs))
            else:
                self.end(request["pid"], request["grace"])

    def send(self, message: dict[str, Any]) -> None:
        self.wire.send_frame(self.connection, self.values.dumps(message))

    def fork(self, request: dict[str, Any], theirs: socket.socket) -> None:
        pid = _clone(request["namespaces"]) if request["namespaces"] else os.fork()
        if pid == 0:
            try:
                self.become_worker(request, theirs)
            finally:
                os._exit(70)
        theirs.close()
        self.send({"pid": pid})

    def become_worker(self, request: dict[str, Any], theirs: socket.socket) -> None:
        """In the forked process: lock it in, then serve. Fails closed: says why, and runs nothing."""
        self.connection.close()
        worker = self.worker.Worker(theirs, self.kept, self.known)
        try:
            os.setsid()
            self.lock.lock(
                memory=request["memory"],
                cpu=request["cpu"],
                files_readable=self.files_readable,
                drop_to=request["user"],
            )
        except Exception as error:
            worker.send({"failed": f"it could not lock itself in ({error})"})
            raise
        worker.serve()

    def end(self, pid: int, grace: float) -> None:
        """See that a process ends, with all that it may have started, and say how it did."""
        deadline = time.monotonic() + grace
        try:
            ended, status, usage = os.wait4(pid, os.WNOHANG)
            while not ended and time.monotonic() < deadline:
                time.sleep(0.002)
                ended, status, usage = os.wait4(pid, os.WNOHANG)
            if not ended:
                os.kill(pid, signal.SIGKILL)
                _, _, usage = os.wait4(pid, 0)
        except ChildProcessError:
            self.send({"status": 0, "cpu": 0.0})
            return
        exit_status = os.waitstatus_to_exitcode(status) if ended else None
        self.send({"status": exit_status, "cpu": usage.ru_utime + usage.ru_stime})


def _clone(namespaces: int) -> int:
    """Fork into new namespaces: fork(2) cannot, and unshare(2) would leave the parent's own behind."""
    number, zero = _CLONE[platform.machine()], ctypes.c_long(0)
    pid: int = _libc().syscall(
        ctypes.c_long(number), ctypes.c_long(namespaces | signal.SIGCHLD), zero, zero, zero, zero
    )
    if pid < 0:
        raise OSError(ctypes.get_errno(), "clone")
    return pid


@functools.cache
def _libc() -> ctypes.PyDLL:
    """It keeps the interpreter's lock over a call: in a fork, nobody would let it go."""
    return ctypes.PyDLL(None, use_errno=True)


if __name__ == "__main__":
    main(sys.argv[1:])
