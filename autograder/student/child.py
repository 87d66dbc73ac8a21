"""The process in which a student's file is run: defines what is needed, calls it, and writes answers as lines of JSON.

stdin   {"cells": [source, …], "cases": path of the visible cases, "names": [exercise, …], "given": [number, …],
         "whole": bool}, as a worker has them when work is graded
stdout  {"problems": {…}, "forbidden": {…}, "others": [name, …], "complete": bool, "rebound", "settled": numbers of
        cells} when all is defined, then for each exercise
        {"name", "answers": {…}}, or {"name", "answers": null} if it is not defined
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import os
import sys
from pathlib import Path
from typing import IO, Any

from autograder.cases.visible import read
from autograder.sandbox.inside.absent import ABSENT, install
from autograder.sandbox.inside.cells import read_as_ipython
from autograder.sandbox.inside.definitions import define
from autograder.sandbox.inside.shell import Session
from autograder.sandbox.mounts import ipython_folder
from autograder.student import rules
from autograder.student.calls import ask, lacks
from autograder.student.find import names_of

_ALLOWED = frozenset({*sys.stdlib_module_names, *ABSENT, "numpy", "autograder"})


class _OnlyAllowed(importlib.abc.MetaPathFinder):
    """Refuses modules that are not there when the work is graded."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        # The standard library's own, named after the machine: `from numpy import *` leads to it.
        if name.partition(".")[0] in _ALLOWED or name.startswith("_sysconfigdata"):
            return None
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def main() -> None:
    """Serve one request, and leave without running anything that was left for the exit."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    request = json.loads(sys.stdin.buffer.read())
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    _serve(request, answers)
    os._exit(0)


def _serve(request: dict[str, Any], answers: IO[str]) -> None:
    cases = read(Path(request["cases"]))
    import numpy as np

    read_as_ipython(ipython_folder())
    sys.meta_path.insert(0, _OnlyAllowed())
    install()
    session = Session({"np": np, "numpy": np})  # a deleted import cell costs nothing
    rules.keep(Path(np.__file__).parent)
    owners = list(dict.fromkeys(name.partition(".")[0] for name in request["names"]))
    found = define(session, request["cells"], owners, given=request["given"], whole=request["whole"])
    problems = {name: vars(problem) for name, problem in found.problems.items()}
    others = sorted(found.bound - names_of(cases))[:200]
    ways = {"complete": found.complete, "rebound": found.rebound, "settled": found.settled}
    _say(answers, {"problems": problems, "forbidden": found.forbidden, "others": others, **ways})
    for exercise in cases.exercises:
        if exercise.name in request["names"]:
            there = callable(found.namespace.get(exercise.name.partition(".")[0])) and not lacks(exercise, found)
            given = ask(exercise, found).as_json() if there else None
            _say(answers, {"name": exercise.name, "answers": given})


def _say(answers: IO[str], message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
