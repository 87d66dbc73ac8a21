"""The cells of an assignment in the gradebook, also when exercises change after submissions came in."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbgrader.api import BaseCell, Comment, Grade, MissingEntry, Notebook
from nbgrader.preprocessors import SaveCells

from autograder.errors import CourseError


class SaveChangedCells(SaveCells):  # type: ignore[misc]
    """nbgrader's SaveCells, which refuses to add or remove a cell once there are submissions.

    Here a new cell gets an empty grade or comment in each submission, and a removed one goes with the automatic scores
    that hang on it. The next grading fills in what is new.
    """

    def _create_notebook(self, nb: NotebookNode) -> None:
        try:
            notebook = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
        except MissingEntry:
            notebook = None
        if notebook is not None and notebook.submissions:
            self._remove_cells(notebook)
            self._add_cells(notebook)
            self.gradebook.db.commit()
        super()._create_notebook(nb)

    def _wanted(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Kind, name and columns of every cell that the notebook has now."""
        kinds = {
            "grade_cell": self.new_grade_cells,
            "solution_cell": self.new_solution_cells,
            "task_cell": self.new_task_cells,
            "source_cell": self.new_source_cells,
        }
        return [(kind, name, columns) for kind, cells in kinds.items() for name, columns in cells.items()]

    def _cells(self, notebook: Notebook) -> list[tuple[str, BaseCell]]:
        """Kind and row of every cell that the gradebook has."""
        kinds = ("grade_cell", "solution_cell", "task_cell", "source_cell")
        return [(kind, cell) for kind in kinds for cell in getattr(notebook, f"{kind}s")]

    def _remove_cells(self, notebook: Notebook) -> None:
        """Remove cells that are gone. Raises CourseError where a person has graded one of them."""
        wanted = {(kind, name) for kind, name, _ in self._wanted()}
        for kind, cell in self._cells(notebook):
            if (kind, cell.name) in wanted:
                continue
            grades, comments = (getattr(cell, rows, None) or () for rows in ("grades", "comments"))
            by_hand = any(grade.manual_score is not None for grade in grades)
            if by_hand or any(comment.manual_comment for comment in comments):
                raise CourseError(
                    f"{cell.name!r} is gone from {self.assignment_id}, but people have graded it by hand; put it back, "
                    "or take these grades back in formgrader first."
                )
            for row in (*grades, *comments, cell):
                self.gradebook.db.delete(row)
        self.gradebook.db.flush()
        self.gradebook.db.expire(notebook)

    def _add_cells(self, notebook: Notebook) -> None:
        """Add cells that are new, with a grade or a comment in each submission, as nbgrader has them."""
        known = {(kind, cell.name) for kind, cell in self._cells(notebook)}
        for kind, name, columns in self._wanted():
            if (kind, name) in known:
                continue
            add = getattr(self.gradebook, f"add_{kind}")
            cell = add(name, self.notebook_id, self.assignment_id, **columns)
            for submission in notebook.submissions:
                if kind in ("grade_cell", "task_cell"):
                    self.gradebook.db.add(Grade(cell_id=cell.id, notebook_id=submission.id))
                if kind in ("solution_cell", "task_cell"):
                    self.gradebook.db.add(Comment(cell_id=cell.id, notebook_id=submission.id))
