"""Results of the engine → outputs of the test cells, in the form in which nbgrader reads scores."""

from __future__ import annotations

import math

from nbformat import NotebookNode
from nbgrader.utils import determine_grade, is_grade, is_solution

from autograder.course.notebook import exercise_of
from autograder.errors import CourseError
from autograder.grade.result import ExerciseResult, SubmissionResult
from autograder.outcome import Status
from autograder.report.feedback import exercise_html, exercise_text, unreadable_html


def write_outputs(nb: NotebookNode, graded: SubmissionResult) -> dict[str, float]:
    """Put feedback and score in every test cell of a notebook; returns the scores by the cells' identifiers.

    Raises CourseError unless the cells are exactly the exercises, and nbgrader reads exactly the engine's scores:
    it would give full points for an output that it cannot read.
    """
    if graded.status == Status.ASIDE:
        raise CourseError(f"the submission was not graded: {graded.message or 'no reason was given'}.")
    exercises = {each.name: each for each in graded.exercises}
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


def _write(cell: NotebookNode, exercise: ExerciseResult, graded: SubmissionResult) -> float:
    name, score, maximum = exercise.name, float(exercise.score), float(exercise.max_score)
    if not math.isclose(maximum, float(cell.metadata.nbgrader["points"])):
        raise CourseError(f"{name} has other points in the released notebook than in hidden.py; release it again.")
    if not (math.isfinite(score) and 0 <= score <= maximum):
        raise CourseError(f"{name}: the engine gave {score} of {maximum} points, which is no score.")
    if graded.status == Status.UNREADABLE:
        reason = graded.message or ""
        shown = {"text/html": unreadable_html(reason), "text/plain": reason}
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
