"""The untrusted side: a warm parent that holds nothing worth having, and one process per submission forked from it.

Started as `worker.py FD FILES IPYTHON PATH…`; imports only the standard library and NumPy, and reads cells by two files
of IPython in the folder IPYTHON, if that is not empty. The parent reads only what the
trusted side sends over the socket FD, and never a student's byte:

    {"op": "keep", "inputs": {exercise: [{argument: value}, …]}, "calls": {exercise: expression}, "cells": [source, …],
     "modules": [name, …]}
        inputs that all submissions are called with, and how; cells of the released notebook, which most will have; and
        modules that most will use
    {"op": "fork", "memory", "cpu", "user", "namespaces"}, then a socket   → {"pid"}
    {"op": "end", "pid", "grace"}   → {"status", "cpu"}: how the process ended; if it does not within `grace` seconds,
                                       it is ended, and its status is null

A forked process locks itself in, says `{"ready": true}` over its own socket, then answers requests there:

    {"id", "op": "load", "cells": [source, …], "names": [name, …], "given": [numbers of cells, …], "whole": bool}
        → {"id", "defined": [name, …], "others": [name, …], "problems": {name: {type, message, line, cell}},
           "forbidden": {name: module}, "complete": bool, "rebound", "settled": numbers of cells}
           (see `definitions`; "given" and "whole" may be left out)
    {"id", "op": "call", "name", "call": expression, "cases": [{argument: value}, …] or "kept": exercise and "which":
     [[index, the one after the last], …] and "shared": whether their arguments need not be copied, "replace": {name:
     [bytes of tags, of sizes, of sealed results]}} and all these bytes in the lines after it
        → {"id", "missing": whether there is nothing to call, "untouched": whether it is only a stub}, and in the lines
          after it a batch with a result for each call; or {"id", "changed": true} if shared arguments were changed, or
          memory did not suffice

A name in `replace` becomes, for this call, a proxy that knows right results for some arguments ("tags" of these, and
the results sealed with them: who does not have the arguments cannot read the result), and asks the trusted side for
others (`{"id", "ask": name, "arguments"}`).
Nothing here judges: a reply is only ever an answer, and answers are checked outside.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import io
import os
import pathlib
import platform
import random
import signal
import socket
import struct
import sys
import time
import types
import warnings
from collections.abc import Callable, Iterator
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

Case = dict[str, Any]


def main(arguments: list[str]) -> None:
    """Import all that submissions may use, then serve the trusted side until it closes the socket."""
    descriptor, files, ipython, *paths = arguments
    sys.path += paths
    for name in _PRELOADED if files == "1" else [*_PRELOADED, *_LARGE]:
        importlib.import_module(name)
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
        from autograder.border import batch, values, wire
        from autograder.sandbox.inside import cells, definitions, kept, lock, shell, stubs

        self.connection, self.files_readable = connection, files_readable
        self.batch, self.values, self.definitions, self.lock, self.wire = batch, values, definitions, lock, wire
        self.keep, self.compiled, self.untouched = kept.Kept, cells.compiled, stubs.untouched
        self.session = shell.Session
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
                self.kept = {name: self.keep(_decoded(self.values, cases)) for name, cases in request["inputs"].items()}
                for name, call in request["calls"].items():
                    _compiled(call, self.kept[name].names)  # for all forks
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
        worker = Worker(theirs, self)
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


@functools.cache
def _compiled(call: str, names: tuple[str, ...]) -> types.CodeType:
    """A call as code for a function of its arguments."""
    return compile(f"lambda {', '.join(names)}: {call}", "<call>", "eval")


def _numbers(ranges: list[list[int]]) -> list[int]:
    return [index for start, end in ranges for index in range(start, end)]


def _decoded(values: Any, cases: list[Case]) -> list[Case]:
    return [{key: values.decode(value) for key, value in case.items()} for case in cases]


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


class _NoOutput:
    """Where a student's prints go."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        return None

    def isatty(self) -> bool:
        return False


class _ChangedError(Exception):
    """Calls that should have left their arguments alone did not."""


class Worker:
    """Serves requests for one submission."""

    def __init__(self, connection: socket.socket, parent: Parent) -> None:
        self.connection, self.kept, self.batch, self.values = connection, parent.kept, parent.batch, parent.values
        self.wire, self.definitions, self.known = parent.wire, parent.definitions, parent.known
        self.is_stub, self.session = parent.untouched, parent.session
        self.found = self.definitions.Definitions({})

    def serve(self) -> None:
        """Answer requests in turn; leave without running anything a student may have left for the exit."""
        sys.stdout = sys.stderr = _NoOutput()
        self.send({"ready": True})
        try:
            while True:
                request = self.receive()
                identity = {"id": request["id"]}
                if request["op"] == "load":
                    self.send({**identity, **self.load(request)})
                    continue
                try:
                    self.answer(identity, request)
                except _ChangedError:
                    self.send({**identity, "changed": True})
        finally:
            os._exit(0)

    def answer(self, identity: dict[str, Any], request: dict[str, Any]) -> None:
        """Reply to a request to call something."""
        batch = self.call(request)
        told = {"missing": batch is None, "untouched": self.untouched(request["name"])}
        self.send({**identity, **told}, batch.as_bytes() if batch else b"")

    def send(self, message: dict[str, Any], block: bytes = b"") -> None:
        self.wire.send_frame(self.connection, b"\n".join([self.values.dumps(message), block]))

    def receive(self) -> dict[str, Any]:
        line, _, block = self.wire.receive_frame(self.connection).partition(b"\n")
        message: dict[str, Any] = self.values.loads(line)
        return {**message, "block": block}

    def load(self, request: dict[str, Any]) -> dict[str, Any]:
        import numpy as np

        # A deleted import cell costs nothing.
        session = self.session({"np": np, "numpy": np})
        namespace = vars(session.module)
        given = set(namespace)
        names, whole = request["names"], request.get("whole", False)
        cells = set(request.get("given", ()))
        found = self.found = self.definitions.define(session, request["cells"], names, self.known, cells, whole)
        functions = {name for name, value in namespace.items() if name not in given and callable(value)}
        return {
            "defined": [name for name in request["names"] if name in functions],
            "others": sorted(found.bound - set(request["names"]))[:200],
            "problems": {name: vars(problem) for name, problem in found.problems.items()},
            "forbidden": found.forbidden,
            "complete": found.complete,
            "rebound": found.rebound,
            "settled": found.settled,
        }

    def untouched(self, name: str) -> bool:
        """Whether what an exercise asks for is as it was released."""
        try:
            return bool(self.is_stub(self.definitions.target(self.found.namespace, name)))
        except BaseException:  # of a student's metaclass
            return False

    def call(self, request: dict[str, Any]) -> Any:
        """A batch with a result for each call; None if there is nothing to call."""
        namespace = self.found.namespace
        exists = self.definitions.defines(namespace, request["name"])
        if exists is False or (exists is None and self.lacks(request)):
            return None
        replaced = request.get("replace", {})
        own = {name: namespace[name] for name in replaced if name in namespace}
        block = io.BytesIO(request.get("block", b""))
        for name, sizes in replaced.items():
            namespace[name] = self.proxy(request["id"], name, *map(block.read, sizes))
        batch = self.results(request)
        for name in replaced:
            namespace.pop(name, None)
        namespace.update(own)
        return batch

    def lacks(self, request: dict[str, Any]) -> bool:
        """Whether the first of some calls shows that what is not seen in a class is not made by it either."""
        for case in self.cases_of(request):
            error = self.one(self.function(request["call"], tuple(case)), case, self.batch.Packer())
            return error is not None and self.definitions.is_absence(error["type"], error["message"])
        return True

    def results(self, request: dict[str, Any]) -> Any:
        """The results of all calls that a request asks for."""
        if "kept" in request:
            kept, which = self.kept[request["kept"]], _numbers(request["which"])
            # With one call nothing is gained.
            shared = request.get("shared", False) and len(which) > 1
            if shared and not any(type(value) is self.values.Code for value in kept.rows[0]):
                return self.results_of_shared(self.function(request["call"], kept.names), kept, which)
        cases = list(self.cases_of(request))
        return self.results_of_copies(self.function(request["call"], tuple(cases[0]) if cases else ()), cases)

    def cases_of(self, request: dict[str, Any]) -> Iterator[Case]:
        """The arguments of each call that a request asks for."""
        if "kept" in request:
            return map(self.kept[request["kept"]].case, _numbers(request["which"]))
        return iter(_decoded(self.values, request["cases"]))

    def function(self, call: str, names: tuple[str, ...]) -> Callable[..., Any]:
        """The call as a function of its arguments."""
        made: Callable[..., Any] = eval(_compiled(call, names), self.found.namespace)
        return made

    def results_of_shared(self, function: Callable[..., Any], kept: Kept, which: list[int]) -> Any:
        """Results of calls that share their arguments. Raises _ChangedError where they must not."""
        packer, rows, draws = self.batch.Packer(), kept.rows, self.found.draws
        try:
            for index in which:
                if draws:
                    self.seed()
                try:
                    packer.add(function(*rows[index]))
                except MemoryError as error:
                    raise _ChangedError from error
                except BaseException as error:
                    packer.add_error(self.describe(error))
        finally:
            changed = kept.restored(which)
        if changed:
            raise _ChangedError
        return packer.batch()

    def results_of_copies(self, function: Callable[..., Any], cases: list[Case]) -> Any:
        """Results of calls with fresh copies of the arguments, saying which were changed or what was raised."""
        packer = self.batch.Packer()
        for number, case in enumerate(cases):
            error = self.one(function, case, packer)
            if error:
                # To fill the memory again for each case would only take the time of all.
                left = len(cases) - number if error["type"] == "MemoryError" else 1
                for _ in range(left):
                    packer.add_error(error)
                if left > 1:
                    break
        return packer.batch()

    def one(self, function: Callable[..., Any], case: Case, packer: Any) -> dict[str, Any] | None:
        """Call with fresh copies of a case's arguments and pack the result; returns what was raised, if anything."""
        values, namespace = self.values, self.found.namespace
        programs = any(type(value) is values.Code for value in case.values())
        before = {name: value for name, value in case.items() if type(value) is not values.Code} if programs else case
        data = values.copied(before)
        if self.found.draws:
            self.seed()
        try:
            arguments = data
            if programs:
                arguments = {
                    name: data[name] if name in data else values.evaluate(value, {**namespace, **data})
                    for name, value in case.items()
                }
            result = function(**arguments)
            changed = [name for name, value in data.items() if not values.identical(value, before[name])]
            packer.add(result, changed)
        except BaseException as error:
            return self.describe(error)
        return None

    def seed(self) -> None:
        """Whatever a student draws, the same call draws the same."""
        random.seed(0)
        numpy_random: Any = importlib.import_module("numpy.random")
        numpy_random.seed(0)

    def describe(self, error: BaseException) -> dict[str, Any]:
        described: dict[str, Any] = self.definitions.described(error, self.found)
        return described

    def proxy(self, identity: str, name: str, tags: bytes, sizes: bytes, sealed: bytes) -> Callable[..., Any]:
        """A stand-in for a helper that is wrong: gives the right result for these arguments."""
        batch, keys, results = self.batch, io.BytesIO(tags), io.BytesIO(sealed)
        known = {keys.read(batch.TAG): results.read(size) for (size,) in struct.iter_unpack("<I", sizes)}

        def ask(*positional: Any, **named: Any) -> Any:
            tag, key = batch.fingerprint(name, positional, named)
            if tag in known:
                return batch.opened(known[tag], key)
            arguments = self.values.encode([list(positional), named])
            self.send({"id": identity, "ask": name, "arguments": arguments})
            reply = self.receive()
            if "value" not in reply:
                raise ValueError(f"{name} cannot be called with these arguments")
            return self.values.decode(reply["value"])

        return ask


if __name__ == "__main__":
    main(sys.argv[1:])
