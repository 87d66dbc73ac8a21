"""Places: what a student's file itself says of a diagnosis, in words: where it is, and what stands there.

Sources are only searched here, never run or parsed as Python.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from autograder.judge.diagnosis import Diagnosis, describe_error
from autograder.outcome import Outcome
from autograder.submission.reading import Cell, Submission
from autograder.text import clean

_QUOTED = 60
"""Characters of a line that are shown."""
_PLACED = ("raises", "asks", "looks")
"""How sentences about an exception begin to which the place where it arose belongs."""
_LATER = re.compile(r"(?:type[ ]\w+|(?:async[ ]+)?(?:def|class)[ ]\w+\[)")
"""What Python 3.12 and later begin a statement with, and no one before."""
_KINDS = {"markdown": "a Markdown cell", "raw": "a raw cell"}


def placed(diagnosis: Diagnosis, name: str, submission: Submission) -> Diagnosis:
    """The diagnosis of an exercise, and what the submission's text adds to it."""
    if diagnosis.outcome == Outcome.CORRECT or diagnosis.message is None:
        return diagnosis
    owner, outcome, message = name.partition(".")[0], diagnosis.outcome, diagnosis.message
    error = diagnosis.problem
    said = describe_error(error, name) if error else ""
    if error and error.line and outcome != Outcome.MISSING and said in message and said.startswith(_PLACED):
        message = f"{message} ({place(submission.cells, error.cell, error.line)})"
    if error and error.error == "SyntaxError":
        message += _version(submission.python, _line(submission.cells, error.cell, error.line), error.message)
    defined = list(definitions(submission.cells, owner))
    if len(defined) > 1 and outcome in ("missing", "error"):
        if outcome == Outcome.MISSING:
            outcome, message = Outcome.ERROR, "raises NotImplementedError"
        first, last = (_where(submission.cells[defined[number][0]], defined[number][1]) for number in (0, -1))
        times = "twice" if len(defined) == 2 else f"{len(defined)} times"
        message = f"{message}; `{owner}` is defined {times}, first in {first}, last in {last}: the last one counts"
    if not defined and outcome == Outcome.MISSING:
        for index, _ in definitions(submission.texts, owner):
            cell = submission.texts[index]
            message = f"{message}; cell {cell.number}, which has it, is {_KINDS[cell.kind]}: make it a code cell"
            break
    return replace(diagnosis, outcome=outcome, message=message)


def _line(cells: Sequence[Cell], index: int | None, line: int | None) -> str:
    """What stands in a line of a cell; "" if there is no such line."""
    lines = cells[index].source.split("\n") if index is not None and index < len(cells) else []
    return lines[line - 1].strip() if line and line <= len(lines) else ""


def place(cells: Sequence[Cell], index: int | None, line: int) -> str:
    """A line in words, with what stands there: "cell 12, line 3: `return dZ @ A`"."""
    if index is None or index >= len(cells):
        return f"line {line}"
    where, text = _where(cells[index], line), clean(_line(cells, index, line), _QUOTED).replace("`", "'")
    return f"{where}: `{text}`" if text else where


def _where(cell: Cell, line: int) -> str:
    return f"cell {cell.number}, line {line}" if cell.number else f"line {cell.before + line}"


def definitions(cells: Sequence[Cell], name: str) -> Iterator[tuple[int, int]]:
    """Where a function or class is defined at the left margin: the cell, from 0, and the line. A class that extends
    the one of its own name is the same one."""
    pattern = re.compile(
        rf"^(?:async[ \t]+)?(?:def|class)[ \t]+{re.escape(name)}\b(?![ \t]*\({re.escape(name)}\))", re.M
    )
    for index, cell in enumerate(cells):
        for found in pattern.finditer(cell.source):
            yield index, cell.source.count("\n", 0, found.start()) + 1


def _version(written: str, line: str, said: str) -> str:
    """What to say of a syntax error that may be none in another Python."""
    here = platform.python_version_tuple()[:2]
    if not written:
        later = f"; it was read by Python {'.'.join(here)}, which does not know the syntax of later versions"
        return later if said.startswith("f-string") or _LATER.match(line) else ""
    if tuple(map(int, written.split(".")[:2])) <= tuple(map(int, here)):
        return ""
    return f"; your notebook was written with Python {written}, and it is graded with Python {'.'.join(here)}"
