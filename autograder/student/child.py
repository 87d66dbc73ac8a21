"""The process in which a student's file is run: defines what is needed, calls it, and writes answers as lines of JSON.

stdin   {"cells": [source, …], "cases": path of the visible cases, "names": [exercise, …]}
stdout  {"problems": {…}, "forbidden": {…}, "others": [name, …]} when all is defined, then for each exercise
        {"name", "answers": {…}}, or {"name", "answers": null} if it is not defined
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import os
import sys
import types
from pathlib import Path
from typing import IO, Any

from autograder.sandbox.absent import ABSENT, install
from autograder.sandbox.definitions import define
from autograder.student import rules
from autograder.student.calls import ask, defines
from autograder.student.find import names_of
from autograder.visible import read

_ALLOWED = frozenset({*sys.stdlib_module_names, *ABSENT, "numpy", "autograder"})


class _OnlyAllowed(importlib.abc.MetaPathFinder):
    """Refuses modules that are not there when the work is graded."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] in _ALLOWED:
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
    sys.meta_path.insert(0, _OnlyAllowed())
    install()
    module = types.ModuleType("submission")
    sys.modules["submission"] = module
    namespace = vars(module)
    import numpy as np

    namespace.update(np=np, numpy=np)  # a deleted import cell costs nothing
    rules.keep(Path(np.__file__).parent)
    owners = list(dict.fromkeys(name.partition(".")[0] for name in request["names"]))
    found = define(request["cells"], owners, namespace)
    problems = {name: vars(problem) for name, problem in found.problems.items()}
    others = sorted(found.bound - names_of(cases))[:200]
    _say(answers, {"problems": problems, "forbidden": found.forbidden, "others": others})
    for exercise in cases.exercises:
        if exercise.name in request["names"]:
            there = defines(exercise, namespace) and callable(namespace.get(exercise.name.partition(".")[0]))
            given = ask(exercise, namespace, found).as_json() if there else None
            _say(answers, {"name": exercise.name, "answers": given})


def _say(answers: IO[str], message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
