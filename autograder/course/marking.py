"""Mark one submission: from its bytes and its result to scores and an autograded notebook, all as data.

Nothing here knows the course's folders or its gradebook, so any thread, process or machine can do it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from autograder.course.files import Collected
from autograder.course.moment import moment
from autograder.course.outputs import nbgraders, write_outputs
from autograder.course.restore import Released
from autograder.grade.result import SubmissionResult
from autograder.outcome import Status
from autograder.submission import reading
from autograder.submission.aside import message

if TYPE_CHECKING:
    from autograder.course.engine import Graded


@dataclass(frozen=True)
class Cell:
    """What the gradebook gets of a cell: the score of one that is graded (None: a person must), a written answer."""

    name: str
    graded: bool
    written: bool
    score: float | None
    answer: str
    unanswered: bool


@dataclass(frozen=True)
class Marked:
    """A submission with its result, or with why it was put aside, its `problem`: that is nobody's fault but ours."""

    collected: Collected
    result: SubmissionResult | None
    notebook: bytes = b""
    cells: tuple[Cell, ...] = ()
    problem: str = ""


class Marker:
    """Marks submissions of one assignment."""

    def __init__(self, released: str) -> None:
        self._released = Released(nbformat.reads(released, as_version=4))

    def __call__(self, collected: Collected, result: Graded) -> Marked:
        """Show what a submission got in its notebook. Never raises for what one submission does."""
        if isinstance(result, str):
            return Marked(collected, None, problem=result)
        try:
            return self._marked(collected, result)
        except Exception as error:
            return Marked(collected, None, problem=message("marked", error))

    def _marked(self, collected: Collected, result: SubmissionResult) -> Marked:
        collected = replace(collected, timestamp=collected.timestamp if moment(collected.timestamp) else "")
        notebook = self._notebook(collected, reading.kind_of(collected.file), result)
        scores = write_outputs(notebook, result)
        # The text of a notebook as nbformat has it, without its second check and copy of what was made here.
        text = json.dumps(notebook, ensure_ascii=False, sort_keys=True)
        cells = tuple(self._cell(cell, scores) for cell in nbgraders(notebook) if is_grade(cell) or is_solution(cell))
        return Marked(collected, result, f"{text}\n".encode(), cells)

    def _notebook(self, collected: Collected, suffix: str, result: SubmissionResult) -> NotebookNode:
        if result.status == Status.UNREADABLE or isinstance(collected.content, str):
            return self._released.canonical(self._released.notebook.cells)
        if suffix == ".ipynb":
            return self._released.canonical(reading.notebook_cells(collected.content))
        return self._released.of_module(reading.module_cells(collected.content))

    def _cell(self, cell: NotebookNode, scores: dict[str, float]) -> Cell:
        name, graded, written = cell.metadata.nbgrader["grade_id"], is_grade(cell), is_solution(cell)
        unanswered = written and self._released.untouched(cell)
        score = scores.get(name, 0.0 if unanswered else None) if graded else None
        return Cell(name, graded, written, score, _answer(cell) if graded and written else "", unanswered)


def _answer(cell: NotebookNode) -> str:
    """The answer to a written question, with its pictures, as it is compared with that of the last time."""
    pictures = cell.get("attachments")
    return f"{cell.source}{json.dumps(pictures, sort_keys=True) if pictures else ''}"


def written_answers(notebook: Path) -> dict[str, str]:
    """Answers to written questions by name, as an autograded notebook of the last time shows them."""
    try:
        cells = nbformat.from_dict(json.loads(notebook.read_bytes())).cells
        return {
            cell.metadata.nbgrader["grade_id"]: _answer(cell) for cell in cells if is_grade(cell) and is_solution(cell)
        }
    except Exception:  # none yet, or not one of ours: then every answer is new
        return {}
