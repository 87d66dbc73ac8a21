"""Bring a student's notebook into the form of the released one: what nbgrader reads of it is then ours.

The same code does it for a class at once (`autograder.course.marking`) and inside `nbgrader autograde`.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nbformat import NotebookNode
from nbgrader.utils import compute_checksum, is_grade, is_locked, is_solution

from autograder.submission.reading import source_of

_PROSE = re.compile(
    r"^(?:#+ ?|\"\"\"|''')?(?!(?:from|import|for|if|while|with|return|print|assert|def|class|raise|del|lambda)\b)"
    r"[^\W\d_][\w'’-]*(?:[,;:.?!]? [\w'’-]+){4,}",
    re.MULTILINE,
)
"""A line of five words: an answer was perhaps written into a cell for code."""


class Released:
    """A released notebook, read once for a class."""

    def __init__(self, notebook: NotebookNode) -> None:
        self.notebook = notebook
        self._known = {grade_id: cell for cell in notebook.cells if (grade_id := _grade_id(cell))}
        tests = [cell for cell in notebook.cells if is_grade(cell) and not is_solution(cell)]
        locked = [cell for cell in notebook.cells if is_locked(cell)]
        self._fixed = {_grade_id(cell) for cell in [*tests, *locked]}
        self._texts = {"", *(cell.source.strip() for cell in notebook.cells)}
        self._written = {
            _grade_id(cell) for cell in notebook.cells if is_grade(cell) and is_solution(cell) and not _is_code(cell)
        }
        self._needed = {_grade_id(cell) for cell in notebook.cells if is_grade(cell)} | self._fixed

    def canonical(self, student: Iterable[Mapping[str, Any]]) -> NotebookNode:
        """A student's cells with the released metadata and no outputs; locked and graded ones are back where they miss.

        Of cells that were copied the last one counts, as in nbgrader; of answers to a written question the last that
        says something. An answer that stands in another cell is shown in the question's, too, so that a person sees
        it. The text of locked cells is the released one. Nothing else of the student's metadata stays. The notebook
        shares metadata with the released one.
        """
        submitted = list(student)
        counting = self._counting(submitted)
        cells = [
            self._like(grade_id, cell)
            if counting.get(grade_id := _grade_id(cell)) == number
            else plain_cell(cell, f"student-{number}")
            for number, cell in enumerate(submitted, 1)
        ]
        self._put_back(cells)
        self._find_answers(cells)
        return self.with_cells(cells)

    def of_module(self, pieces: Iterable[Mapping[str, Any]]) -> NotebookNode:
        """The released notebook with the pieces of a module below; an answer may be in its text or its comments."""
        blank = self.canonical(self.notebook.cells).cells
        added = [plain_cell(piece, f"code-{number}") for number, piece in enumerate(pieces, 1)]
        self._find_answers(blank, list(filter(self._may_answer, added)))
        return self.with_cells([*blank, *added])

    def with_cells(self, cells: list[NotebookNode]) -> NotebookNode:
        """The released notebook with other cells."""
        return NotebookNode({**self.notebook, "cells": cells})

    def untouched(self, cell: NotebookNode) -> bool:
        """Whether a cell of a notebook in canonical form is as it was released, as nbgrader sees that; or a picture."""
        original = self._known[cell.metadata.nbgrader["grade_id"]]
        # nearly none is, and the checksum costs more
        same: bool = cell.source == original.source and cell.get("attachments") == original.get("attachments")
        return same and original.metadata.nbgrader.get("checksum") == compute_checksum(cell)

    def _counting(self, submitted: list[Mapping[str, Any]]) -> dict[str, int]:
        """Which cell counts of those with the same name: their numbers, from 1."""
        found: dict[str, int] = {}
        for number, cell in enumerate(submitted, 1):
            grade_id = _grade_id(cell)
            if grade_id in found and grade_id in self._written:
                text = source_of(dict(cell)).strip()
                if text in self._texts and not cell.get("attachments"):
                    continue
            if grade_id in self._known:
                found[grade_id] = number
        return found

    def _find_answers(self, cells: list[NotebookNode], elsewhere: Sequence[NotebookNode] | None = None) -> None:
        """Show in each written question that is as it was released what may be its answer.

        That is a cell of the student's own below it, else any text of their own.
        """
        if elsewhere is None:
            elsewhere = [cell for cell in cells if cell.cell_type != "code" and self._is_own(cell)]
        for index, cell in enumerate(cells):
            if _grade_id(cell) in self._written and self.untouched(cell):
                below = itertools.takewhile(lambda own: not own.source.strip() or self._is_own(own), cells[index + 1 :])
                found = [own for own in below if self._may_answer(own)]
                if answers := found or elsewhere:
                    cells[index] = _with_answers(cell, answers)

    def _may_answer(self, cell: NotebookNode) -> bool:
        return self._is_own(cell) and (not _is_code(cell) or bool(_PROSE.search(cell.source)))

    def _is_own(self, cell: NotebookNode) -> bool:
        """Whether a cell of a notebook in canonical form is the student's own, and says something."""
        return not _grade_id(cell) and (cell.source.strip() not in self._texts or bool(cell.get("attachments")))

    def _put_back(self, cells: list[NotebookNode]) -> None:
        """Insert missing cells after the one that they follow in the released notebook."""
        places = {_grade_id(cell): index for index, cell in enumerate(cells)}
        place = 0
        for grade_id, cell in self._known.items():
            if grade_id in places:
                place = places[grade_id] + 1
            elif grade_id in self._needed:
                cells.insert(place, self._like(grade_id, cell))
                places = {_grade_id(other): index for index, other in enumerate(cells)}
                place += 1

    def _like(self, grade_id: str, cell: Mapping[str, Any]) -> NotebookNode:
        """The released cell of that name with the text of a student's, if it may have another one, and no outputs."""
        original = self._known[grade_id]
        made = NotebookNode(original)
        if grade_id not in self._fixed:
            made.source = source_of(dict(cell))
            _attach(made, cell)
        if original.cell_type == "code":
            made.update(outputs=[], execution_count=None)
        return made


def plain_cell(cell: Mapping[str, Any], identifier: str) -> NotebookNode:
    """A cell with the text of a student's and nothing else but its attached pictures."""
    kind = cell.get("cell_type")
    made = NotebookNode(cell_type=kind, id=identifier, metadata=NotebookNode(), source=source_of(dict(cell)))
    if kind == "code":
        made.update(outputs=[], execution_count=None)
    elif kind != "markdown":
        made.cell_type = "raw"
    _attach(made, cell)
    return made


def _with_answers(cell: NotebookNode, answers: Sequence[NotebookNode]) -> NotebookNode:
    """A written question that nothing was written into, with what was written elsewhere."""
    made = NotebookNode(cell)
    texts = [f"```\n{own.source}\n```" if _is_code(own) else own.source for own in answers]
    made.source = "\n\n".join([cell.source, "*In other cells of what was handed in:*", *texts])
    pictures: dict[str, Any] = {}
    for own in answers:
        pictures |= own.get("attachments", {})
    if pictures:
        made.attachments = NotebookNode(pictures)
    return made


def _is_code(cell: NotebookNode) -> bool:
    code: bool = cell.cell_type == "code"
    return code


def _attach(made: NotebookNode, cell: Mapping[str, Any]) -> None:
    """Keep the pictures of a student's cell, if these are some."""
    attachments = cell.get("attachments")
    if made.cell_type != "code" and attachments and _are_attachments(attachments):
        # Half a character can be written to no file.
        made.attachments = json.loads(json.dumps(attachments, ensure_ascii=False).encode("utf-8", "replace"))


def _are_attachments(found: Any) -> bool:
    """Whether these are attachments as the notebook format has them: files, each by type, each text or lines of it."""
    return isinstance(found, dict) and all(
        isinstance(bundle, dict) and all(isinstance(data, str) or _are_lines(data) for data in bundle.values())
        for bundle in found.values()
    )


def _are_lines(data: Any) -> bool:
    return isinstance(data, list) and all(isinstance(line, str) for line in data)


def _grade_id(cell: Mapping[str, Any]) -> str:
    metadata = cell.get("metadata")
    grading = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = grading.get("grade_id") if isinstance(grading, dict) else None
    return grade_id if isinstance(grade_id, str) else ""
