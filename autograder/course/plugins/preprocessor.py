"""The preprocessors that `nbgrader autograde` and formgrader's button run, one of them in the place of Execute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from autograder.course.files import released
from autograder.course.outputs import write_outputs
from autograder.course.restore import Released
from autograder.errors import CourseError
from autograder.grade.grader import grade_files
from autograder.outcome import Status
from autograder.sandbox.launcher import choose


class CoursePreprocessor(NbGraderPreprocessor):  # type: ignore[misc]
    """A preprocessor that knows where the course is."""

    course = Unicode(help="the course directory").tag(config=True)


class RestoreCells(CoursePreprocessor):
    """Gives every cell the released metadata or none, and puts back cells that a student deleted but may not."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the notebook in canonical form."""
        path = released(Path(self.course), resources["nbgrader"]["assignment"])
        return Released(nbformat.read(path, as_version=4)).canonical(nb.cells), resources


class GradeInSandbox(CoursePreprocessor):
    """Grades what the student handed in and shows the results in the test cells.

    What was submitted is graded, not the notebook at hand: nbgrader has already put back locked cells there, the one
    that was worked on may have another name, and both ways of grading must come to the same score.
    """

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the notebook with outputs. Raises CourseError if it was not graded: then no grade is recorded."""
        where = resources["nbgrader"]
        name, notebook, student = where["assignment"], where["notebook"], where["student"]
        if notebook != name:
            raise CourseError(f"{notebook}.ipynb is no notebook of {name}; only {name}.ipynb is graded.")
        folder = Path(self.course) / "submitted" / student / name
        (graded,) = grade_files(name, [folder], names=[student], sandbox=choose(allow_weak=False)).submissions
        if graded.status != Status.GRADED:
            raise CourseError(f"{student}: {graded.message}.")
        write_outputs(nb, graded)
        return nb, resources
