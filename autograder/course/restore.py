"""Bring a student's notebook into the form of the released one, before nbgrader reads its metadata."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode, v4
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_locked
from traitlets import Unicode

from autograder.course.tools import released

_MAKE = {"markdown": v4.new_markdown_cell, "code": v4.new_code_cell, "raw": v4.new_raw_cell}


class CoursePreprocessor(NbGraderPreprocessor):  # type: ignore[misc]
    """A preprocessor that knows where the course is."""

    course = Unicode(help="the course directory").tag(config=True)


class RestoreCells(CoursePreprocessor):
    """Gives every cell the released metadata or none, and puts back cells that a student deleted but may not."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the notebook in canonical form."""
        path = released(Path(self.course), resources["nbgrader"]["assignment"])
        return canonical(nb, nbformat.read(path, as_version=4)), resources


def canonical(student: NotebookNode, original: NotebookNode) -> NotebookNode:
    """The student's cells with the original's metadata, and the original's locked and graded cells where they miss.

    Of cells that were copied the last one counts, as in nbgrader. Nothing else of the student's metadata stays.
    """
    known = {grade_id: cell for cell in original.cells if (grade_id := _grade_id(cell))}
    cells: list[NotebookNode] = []
    seen: set[str] = set()
    for cell in reversed(student.cells):
        grade_id = _grade_id(cell)
        if grade_id in known and grade_id not in seen:
            seen.add(grade_id)
            cells.append(_like(known[grade_id], cell.source))
        else:
            cells.append(_plain(cell, len(student.cells) - len(cells)))
    cells.reverse()
    _put_back(cells, known)
    notebook = v4.new_notebook(cells=cells, metadata=copy.deepcopy(original.metadata))
    notebook.nbformat_minor = original.nbformat_minor
    return notebook


def _put_back(cells: list[NotebookNode], known: dict[str, NotebookNode]) -> None:
    """Insert missing cells after the one that they follow in the original."""
    place = 0
    for grade_id, cell in known.items():
        here = next((index for index, other in enumerate(cells) if _grade_id(other) == grade_id), None)
        if here is not None:
            place = here + 1
        elif is_grade(cell) or is_locked(cell):
            cells.insert(place, _like(cell, cell.source))
            place += 1


def _like(original: NotebookNode, source: str) -> NotebookNode:
    cell = copy.deepcopy(original)
    cell.source = source
    return cell


def _plain(cell: NotebookNode, number: int) -> NotebookNode:
    made = _MAKE.get(cell.cell_type, v4.new_raw_cell)(cell.source, id=f"student-{number}")
    if "attachments" in cell:
        made["attachments"] = cell["attachments"]
    return made


def _grade_id(cell: NotebookNode) -> str:
    grading = cell.get("metadata", {}).get("nbgrader", {})
    grade_id = grading.get("grade_id") if isinstance(grading, dict) else None
    return grade_id if isinstance(grade_id, str) else ""
