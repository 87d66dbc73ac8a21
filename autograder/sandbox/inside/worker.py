"""A worker: a forked process with one submission, which answers requests about it over a socket of its own.

It has been locked in by `warm`, says `{"ready": true}`, then answers requests:

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

import functools
import importlib
import io
import os
import random
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

import numpy as np

from autograder.border import batch, values, wire
from autograder.sandbox.inside import definitions, stubs
from autograder.sandbox.inside.cells import Known
from autograder.sandbox.inside.kept import Kept
from autograder.sandbox.inside.shell import Session

Case = dict[str, Any]


@functools.cache
def compiled(call: str, names: tuple[str, ...]) -> CodeType:
    """A call as code for a function of its arguments."""
    return compile(f"lambda {', '.join(names)}: {call}", "<call>", "eval")


def decoded(cases: list[Case]) -> list[Case]:
    """Cases as they were before they crossed the border."""
    return [{key: values.decode(value) for key, value in case.items()} for case in cases]


def _numbers(ranges: list[list[int]]) -> list[int]:
    return [index for start, end in ranges for index in range(start, end)]


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

    def __init__(self, connection: socket.socket, kept: dict[str, Kept], known: Known) -> None:
        self.connection, self.kept, self.known = connection, kept, known
        self.found = definitions.Definitions({})
        self.seeded = 0

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
        results = self.call(request)
        told = {"missing": results is None, "untouched": self.untouched(request["name"])}
        self.send({**identity, **told}, results.as_bytes() if results else b"")

    def send(self, message: dict[str, Any], block: bytes = b"") -> None:
        wire.send_frame(self.connection, b"\n".join([values.dumps(message), block]))

    def receive(self) -> dict[str, Any]:
        line, _, block = wire.receive_frame(self.connection).partition(b"\n")
        message: dict[str, Any] = values.loads(line)
        return {**message, "block": block}

    def load(self, request: dict[str, Any]) -> dict[str, Any]:
        # A deleted import cell costs nothing.
        session = Session({"np": np, "numpy": np})
        namespace = vars(session.module)
        given = set(namespace)
        names, whole = request["names"], request.get("whole", False)
        cells = set(request.get("given", ()))
        found = self.found = definitions.define(session, request["cells"], names, self.known, cells, whole)
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
            return bool(stubs.untouched(definitions.target(self.found.namespace, name)))
        except BaseException:  # of a student's metaclass
            return False

    def call(self, request: dict[str, Any]) -> batch.Batch | None:
        """A batch with a result for each call; None if there is nothing to call."""
        namespace = self.found.namespace
        exists = definitions.defines(namespace, request["name"])
        if exists is False or (exists is None and self.lacks(request)):
            return None
        replaced = request.get("replace", {})
        own = {name: namespace[name] for name in replaced if name in namespace}
        block = io.BytesIO(request.get("block", b""))
        for name, sizes in replaced.items():
            namespace[name] = self.proxy(request["id"], name, *map(block.read, sizes))
        results = self.results(request)
        for name in replaced:
            namespace.pop(name, None)
        namespace.update(own)
        return results

    def lacks(self, request: dict[str, Any]) -> bool:
        """Whether the first of some calls shows that what is not seen in a class is not made by it either."""
        for case in self.cases_of(request):
            error = self.one(self.function(request["call"], tuple(case)), case, batch.Packer())
            return error is not None and definitions.is_absence(error["type"], error["message"])
        return True

    def results(self, request: dict[str, Any]) -> batch.Batch:
        """The results of all calls that a request asks for."""
        if "kept" in request:
            kept, which = self.kept[request["kept"]], _numbers(request["which"])
            # With one call nothing is gained.
            shared = request.get("shared", False) and len(which) > 1
            if shared and not any(type(value) is values.Code for value in kept.rows[0]):
                return self.results_of_shared(self.function(request["call"], kept.names), kept, which)
        cases = list(self.cases_of(request))
        return self.results_of_copies(self.function(request["call"], tuple(cases[0]) if cases else ()), cases)

    def cases_of(self, request: dict[str, Any]) -> Iterator[Case]:
        """The arguments of each call that a request asks for."""
        if "kept" in request:
            return map(self.kept[request["kept"]].case, _numbers(request["which"]))
        return iter(decoded(request["cases"]))

    def function(self, call: str, names: tuple[str, ...]) -> Callable[..., Any]:
        """The call as a function of its arguments."""
        made: Callable[..., Any] = eval(compiled(call, names), self.found.namespace)
        return made

    def results_of_shared(self, function: Callable[..., Any], kept: Kept, which: list[int]) -> batch.Batch:
        """Results of calls that share their arguments. Raises _ChangedError where they must not."""
        packer, rows, draws = batch.Packer(), kept.rows, self.found.draws
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

    def results_of_copies(self, function: Callable[..., Any], cases: list[Case]) -> batch.Batch:
        """Results of calls with fresh copies of the arguments, saying which were changed or what was raised."""
        packer = batch.Packer()
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

    def one(self, function: Callable[..., Any], case: Case, packer: batch.Packer) -> dict[str, Any] | None:
        """Call with fresh copies of a case's arguments and pack the result; returns what was raised, if anything."""
        namespace = self.found.namespace
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
        """Each call draws something else, and in the next grading the same again: chance decides no grade twice."""
        self.seeded += 1
        random.seed(self.seeded)
        numpy_random: Any = importlib.import_module("numpy.random")
        numpy_random.seed(self.seeded)

    def describe(self, error: BaseException) -> dict[str, Any]:
        described: dict[str, Any] = definitions.described(error, self.found)
        return described

    def proxy(self, identity: str, name: str, tags: bytes, sizes: bytes, sealed: bytes) -> Callable[..., Any]:
        """A stand-in for a helper that is wrong: gives the right result for these arguments."""
        keys, results = io.BytesIO(tags), io.BytesIO(sealed)
        known = {keys.read(batch.TAG): results.read(size) for (size,) in struct.iter_unpack("<I", sizes)}

        def ask(*positional: Any, **named: Any) -> Any:
            tag, key = batch.fingerprint(name, positional, named)
            if tag in known:
                return batch.opened(known[tag], key)
            arguments = values.encode([list(positional), named])
            self.send({"id": identity, "ask": name, "arguments": arguments})
            reply = self.receive()
            if "value" not in reply:
                raise ValueError(f"{name} cannot be called with these arguments")
            return values.decode(reply["value"])

        return ask
