"""Results of the engine → outputs of the test cells, in the form in which nbgrader reads scores."""

from __future__ import annotations

import math
from typing import Any

from nbformat import NotebookNode
from nbgrader.utils import determine_grade, is_grade, is_solution

from autograder.course.notebook import exercise_of
from autograder.errors import CourseError
from autograder.report.feedback import exercise_html, exercise_text, unreadable_html


def write_outputs(nb: NotebookNode, graded: dict[str, Any]) -> dict[str, float]:
    """Put feedback and score in every test cell of a notebook; returns the scores by the cells' identifiers.

    `graded` is an entry of the document's "submissions".

    Raises CourseError unless the cells are exactly the exercises, and nbgrader reads exactly the engine's scores:
    it would give full points for an output that it cannot read.
    """
    if graded.get("status") not in ("graded", "unreadable"):
        raise CourseError(f"the submission was not graded: {graded.get('message') or 'no reason was given'}.")
    exercises = {entry["name"]: entry for entry in graded["exercises"]}
    tests = [cell for cell in nbgraders(nb) if is_grade(cell) and not is_solution(cell)]
    names = [exercise_of(cell.metadata.nbgrader["grade_id"]) for cell in tests]
    if sorted(names) != sorted(exercises):
        raise CourseError("the released notebook has other exercises than the hidden tests; release it again.")
    return {
        cell.metadata.nbgrader["grade_id"]: _write(cell, exercises[name], graded)
        for cell, name in zip(tests, names, strict=True)
    }


def nbgraders(nb: NotebookNode) -> list[NotebookNode]:
    """The cells that are nbgrader's: a few of many, which it is asked about again and again."""
    return [cell for cell in nb["cells"] if "nbgrader" in cell["metadata"]]


def _write(cell: NotebookNode, exercise: dict[str, Any], graded: dict[str, Any]) -> float:
    score, maximum = float(exercise["score"]), float(exercise["max_score"])
    name = exercise["name"]
    if not math.isclose(maximum, float(cell.metadata.nbgrader["points"])):
        raise CourseError(f"{name} has other points in the released notebook than in hidden.py; release it again.")
    if not (math.isfinite(score) and 0 <= score <= maximum):
        raise CourseError(f"{name}: the engine gave {score} of {maximum} points, which is no score.")
    if graded["status"] == "unreadable":
        shown = {"text/html": unreadable_html(graded["message"]), "text/plain": graded["message"]}
    else:
        shown = {"text/html": exercise_html(exercise), "text/plain": exercise_text(exercise)}
    cell.execution_count = None
    # As `v4.new_output` makes them, without its check against the notebook format's schema: the slowest part.
    result = {"text/plain": repr(score)}
    cell.outputs = [
        NotebookNode(output_type="display_data", metadata=NotebookNode(), data=NotebookNode(shown)),
        NotebookNode(
            output_type="execute_result", metadata=NotebookNode(), data=NotebookNode(result), execution_count=None
        ),
    ]
    if determine_grade(cell) != (score, float(cell.metadata.nbgrader["points"])):
        raise CourseError(f"{name}: nbgrader would read another score than {score} from its cell.")
    return score
