"""Bring a student's notebook into the form of the released one: what nbgrader reads of it is then ours.

The same code does it for a class at once (`autograder.course.marking`) and inside `nbgrader autograde`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nbformat import NotebookNode
from nbgrader.utils import compute_checksum, is_grade, is_locked, is_solution

from autograder.submission import source_of


class Released:
    """A released notebook, read once for a class."""

    def __init__(self, notebook: NotebookNode) -> None:
        self.notebook = notebook
        self._known = {grade_id: cell for cell in notebook.cells if (grade_id := _grade_id(cell))}
        tests = [cell for cell in notebook.cells if is_grade(cell) and not is_solution(cell)]
        locked = [cell for cell in notebook.cells if is_locked(cell)]
        self._fixed = {_grade_id(cell) for cell in [*tests, *locked]}
        self._needed = {_grade_id(cell) for cell in notebook.cells if is_grade(cell)} | self._fixed

    def canonical(self, student: Iterable[Mapping[str, Any]]) -> NotebookNode:
        """A student's cells with the released metadata and no outputs; locked and graded ones are back where they miss.

        Of cells that were copied the last one counts, as in nbgrader. The text of locked cells is the released one.
        Nothing else of the student's metadata stays. The notebook shares metadata with the released one.
        """
        submitted = list(student)
        cells: list[NotebookNode] = []
        seen: set[str] = set()
        for cell in reversed(submitted):
            grade_id = _grade_id(cell)
            if grade_id in self._known and grade_id not in seen:
                seen.add(grade_id)
                cells.append(self._like(grade_id, cell))
            else:
                cells.append(plain_cell(cell, f"student-{len(submitted) - len(cells)}"))
        cells.reverse()
        self._put_back(cells)
        return self.with_cells(cells)

    def with_cells(self, cells: list[NotebookNode]) -> NotebookNode:
        """The released notebook with other cells."""
        return NotebookNode({**self.notebook, "cells": cells})

    def untouched(self, cell: NotebookNode) -> bool:
        """Whether a cell of a notebook in canonical form is as it was released, as nbgrader sees that."""
        original = self._known[cell.metadata.nbgrader["grade_id"]]
        same: bool = cell.source == original.source  # nearly none is, and the checksum costs more
        return same and original.metadata.nbgrader.get("checksum") == compute_checksum(cell)

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
    attachments = cell.get("attachments")
    if kind != "code" and _are_attachments(attachments):
        made.attachments = attachments
    return made


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
