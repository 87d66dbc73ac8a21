"""The untrusted side: one process per submission, with the student's code and nothing else worth having.

Started as `worker.py FD MEMORY CPU FILES DROP PATH…`; imports only the standard library and NumPy. It locks
itself in before it reads a student's byte, says `{"ready": true}`, then answers requests over the socket FD:

    {"id", "op": "load", "cells": [source, …], "names": [name, …]}
        → {"id", "defined": [name, …], "others": [name, …], "problems": {name: {type, message, line}},
           "forbidden": {name: module}}
    {"id", "op": "call", "name", "call": expression, "cases": [{argument: value}, …], "replace": [name, …]}
        → {"id", "missing": true}  or  {"id", "results": [{"value", "changed": [argument, …]} | {"error": …}, …]}

A name in `replace` becomes a proxy that asks the trusted side for its result (`{"id", "ask": name, "arguments"}`).
Nothing here judges: a reply is only ever an answer, and answers are checked outside.
"""

from __future__ import annotations

import importlib
import os
import random
import socket
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any

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
    "numpy.random",
    "numpy.fft",
    "numpy.polynomial",
    "numpy.testing",
    "numpy.typing",
    "numpy.ma",
    "numpy.lib.stride_tricks",
]
_MAX_RESULT = 8 << 20


def main(arguments: list[str]) -> None:
    """Lock in, then serve requests until the trusted side closes the socket."""
    descriptor, memory, cpu, files, drop, *paths = arguments
    sys.path += paths
    late_imports = files == "1"
    for name in ("numpy", "numpy.random") if late_imports else _PRELOADED:
        importlib.import_module(name)
    from autograder.sandbox import lock

    worker = Worker(socket.socket(fileno=int(descriptor)))
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(3000)
    try:
        drop_to = None if drop == "-" else int(drop)
        lock.lock(memory=int(memory), cpu=int(cpu), files_readable=late_imports, drop_to=drop_to)
    except Exception as error:  # fail closed: say why, and run nothing
        worker.send({"failed": f"it could not lock itself in ({error})"})
        raise
    worker.serve()


class _NoOutput:
    """Where a student's prints go."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        return None

    def isatty(self) -> bool:
        return False


class Worker:
    """Serves requests for one submission."""

    def __init__(self, connection: socket.socket) -> None:
        from autograder import values
        from autograder.sandbox import definitions, wire

        self.connection, self.values, self.wire, self.definitions = connection, values, wire, definitions
        self.found = definitions.Definitions({})

    def serve(self) -> None:
        """Answer requests in turn; leave without running anything a student may have left for the exit."""
        sys.stdout = sys.stderr = _NoOutput()
        self.send({"ready": True})
        try:
            while True:
                request = self.receive()
                reply = self.load(request) if request["op"] == "load" else self.call(request)
                self.send({"id": request["id"], **reply})
        finally:
            os._exit(0)

    def send(self, message: dict[str, Any]) -> None:
        self.wire.send_frame(self.connection, self.values.dumps(message))

    def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = self.values.loads(self.wire.receive_frame(self.connection))
        return message

    def load(self, request: dict[str, Any]) -> dict[str, Any]:
        import numpy as np

        module = types.ModuleType("submission")
        sys.modules["submission"] = module
        namespace = vars(module)
        namespace.update(np=np, numpy=np)  # a deleted import cell costs nothing
        given = set(namespace)
        found = self.found = self.definitions.define(request["cells"], request["names"], namespace)
        functions = {name for name, value in namespace.items() if name not in given and callable(value)}
        return {
            "defined": [name for name in request["names"] if name in functions],
            "others": sorted(found.bound - set(request["names"]))[:200],
            "problems": {name: vars(problem) for name, problem in found.problems.items()},
            "forbidden": found.forbidden,
        }

    def call(self, request: dict[str, Any]) -> dict[str, Any]:
        namespace = self.found.namespace
        owner, *attributes = request["name"].split(".")
        target = namespace.get(owner)
        for attribute in attributes:
            target = getattr(target, attribute, None)
        if target is None:
            return {"missing": True}
        for name in request.get("replace", ()):
            namespace[name] = self.proxy(request["id"], name)
        code = compile(request["call"], "<call>", "eval")
        results: list[dict[str, Any]] = []
        for case in request["cases"]:
            results.append(self.one(code, case))
            if results[-1].get("error", {}).get("type") == "MemoryError":
                # To fill the memory again for each case would only take the time of all.
                results += [results[-1]] * (len(request["cases"]) - len(results))
                break
        return {"results": results}

    def one(self, code: types.CodeType, case: dict[str, Any]) -> dict[str, Any]:
        namespace = self.found.namespace
        plain = {name: self.values.decode(value) for name, value in case.items()}
        data = {name: value for name, value in plain.items() if not isinstance(value, self.values.Code)}
        before = self.values.copied(data)
        random.seed(0)
        numpy_random: Any = sys.modules["numpy.random"]
        try:
            numpy_random.seed(0)
            arguments = {
                name: self.values.evaluate(value, {**namespace, **data}) if name not in data else value
                for name, value in plain.items()
            }
            result = eval(code, namespace, arguments)
            encoded = self.values.encode(result)
            if len(self.values.dumps(encoded)) > _MAX_RESULT:
                raise self.values.Unencodable("more data than is read")
        except BaseException as error:
            return {"error": self.describe(error)}
        changed = [name for name, value in data.items() if not self.values.identical(value, before[name])]
        return {"value": encoded, "changed": changed}

    def describe(self, error: BaseException) -> dict[str, Any]:
        problem = vars(self.definitions.problem_of(error))
        module = getattr(error, "name", None) if isinstance(error, ImportError) else None
        if isinstance(error, NameError):
            module = self.found.forbidden.get(getattr(error, "name", None) or "")
        return {**problem, "module": module if isinstance(module, str) else None}

    def proxy(self, identity: str, name: str) -> Callable[..., Any]:
        """A stand-in for a helper that is wrong: the trusted side gives the right result for these arguments."""

        def ask(*positional: Any, **named: Any) -> Any:
            arguments = self.values.encode([list(positional), named])
            self.send({"id": identity, "ask": name, "arguments": arguments})
            reply = self.receive()
            if "value" not in reply:
                raise ValueError(f"{name} cannot be called with these arguments")
            return self.values.decode(reply["value"])

        return ask


if __name__ == "__main__":
    main(sys.argv[1:])
