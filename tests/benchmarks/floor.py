"""The floor: what no grader could do without, whatever it is made of.

One process defines each submission, calls its functions on the same cases and compares, with nothing between them and
it, nothing diagnosed and nothing recorded. Not for a class of strangers: here all are made from our own solutions.
"""

from __future__ import annotations

import io
import time
import types
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from typing import Any

import numpy as np

from autograder.border.batch import Packer
from autograder.border.values import copied
from autograder.cases.model import AssignmentCases
from autograder.judge.compare import Expected
from autograder.submission.reading import Submission, Unreadable
from tests.benchmarks.measure import Cost


def floor(assignment: AssignmentCases, handed_in: Sequence[Submission | Unreadable]) -> Cost:
    """What it costs for a class. Each is given arguments of its own, made before its time begins."""
    exercises = assignment.exercises
    expected = {entry.name: Expected([case.expected for case in entry.cases]) for entry in exercises}
    codes = {entry.name: compile(entry.call, "<call>", "eval") for entry in exercises}
    seconds = cpu = 0.0
    for each in handed_in:
        inputs = {entry.name: [copied(case.arguments) for case in entry.cases] for entry in exercises}
        cells = [cell.source for cell in each.cells] if isinstance(each, Submission) else []
        begin, own = time.perf_counter(), time.process_time()
        _bare(cells, inputs, codes, expected)
        seconds, cpu = seconds + time.perf_counter() - begin, cpu + time.process_time() - own
    return Cost(seconds, cpu)


def _bare(
    cells: Sequence[str],
    inputs: dict[str, list[dict[str, Any]]],
    codes: dict[str, types.CodeType],
    expected: dict[str, Expected],
) -> None:
    namespace: dict[str, object] = {}
    with redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        for cell in cells:
            if "def " in cell or "import" in cell:
                with suppress(Exception):
                    exec(cell, namespace)
        for name, cases in inputs.items():
            packer = Packer()
            for case in cases:
                try:
                    packer.add(eval(codes[name], namespace, case))
                except Exception:
                    packer.add(None)
            expected[name].agrees(packer.batch())
