"""A student's feedback page, from a result and what people graded by hand, as HTML that runs nothing."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.grade.result import ExerciseResult, SubmissionResult
from autograder.outcome import Outcome
from autograder.report.feedback import case_html
from autograder.report.templates import style, template

_STEPS = {
    Outcome.WRONG: "Work the case below out by hand, then run your code on it, and compare line by line.",
    Outcome.PARTIAL: "Part of it is right. Find out what is special about the case below, then run your code on it.",
    Outcome.ERROR: "Run the case below in your notebook: the error and its line show where it starts.",
    Outcome.TIMEOUT: "Look for a loop that never ends, or one in Python over what NumPy does at once.",
    Outcome.MEMORY: "Look for an array or a list that becomes far larger than the inputs.",
    Outcome.CRASHED: "Look for what ends the whole process: `exit`, or endless recursion.",
    Outcome.MISSING: "Start with its smallest case by hand, then write the function.",
    Outcome.FORBIDDEN: "Write it with the standard library and NumPy alone.",
}
"""What to do first, by outcome."""


def student_page(
    result: SubmissionResult,
    *,
    assignment: str,
    student: str,
    manual: Sequence[tuple[str, float | None, float, str]] = (),
    late_penalty: float = 0.0,
    total: float | None = None,
    max_total: float | None = None,
    submitted: str = "",
) -> str:
    """The feedback page of a student.

    manual   what people graded: name, points (None: not yet), maximum and comment
    total    points in all, without the late penalty and with what people graded; `max_total` of how many
    """
    exercises = result.exercises
    wrong = [each for each in exercises if each.outcome != Outcome.CORRECT]
    best = next((each for each in wrong if each.score < each.max_score), None)
    return template("student.html.j2").render(
        assignment=assignment,
        student=student,
        result=result,
        wrong=wrong,
        cases=[case_html(each) for each in wrong],
        told=[each for each in exercises if each.outcome == Outcome.CORRECT and each.message],
        next=best,
        step=_STEPS.get(best.outcome, "") if best else "",
        bars=_bars(exercises, manual),
        manual=manual,
        waiting=[name for name, points, _, _ in manual if points is None],
        late_penalty=late_penalty,
        total=result.score if total is None else total,
        max_total=result.max_score if max_total is None else max_total,
        submitted=submitted,
        **style(),
    )


def _bars(
    exercises: Sequence[ExerciseResult], manual: Sequence[tuple[str, float | None, float, str]]
) -> list[dict[str, str]]:
    """A bar of 1000 for all points, in pieces as wide as an exercise's points, filled as far as they were given."""
    pieces = [(each.score, each.max_score) for each in exercises]
    tested = {each.name for each in exercises}
    pieces += [(points or 0.0, maximum) for name, points, maximum, _ in manual if name not in tested]
    whole = sum(maximum for _, maximum in pieces)
    bars: list[dict[str, str]] = []
    start = 0.0
    for points, maximum in pieces:
        if maximum > 0:
            width = 1000 * maximum / whole
            filled = width * min(max(points / maximum, 0.0), 1.0)
            place = {"x": start + 1, "width": max(width - 2, 1.0), "filled": max(filled - 2, 0.0)}
            bars.append({key: f"{value:.1f}" if value else "" for key, value in place.items()})
            start += width
    return bars
