"""Feedback on one exercise, as lines of text and as HTML for a cell of the student's notebook."""

from __future__ import annotations

import functools
import html
import json
import re
from dataclasses import asdict
from typing import Any

from markupsafe import Markup

from autograder.grade.result import Counterexample, ExerciseResult
from autograder.outcome import Outcome
from autograder.report.templates import prose, template
from autograder.report.values import comparison, explanation, mark, named, shape_of

_COLOURS = {Outcome.CORRECT: "#1a7f37", Outcome.PARTIAL: "#9a6700"}
_STYLE = "border-left:4px solid {colour};padding:.4em .8em;margin:.4em 0;font-family:sans-serif;line-height:1.45"
_CELL = "text-align:right;padding:.1em .6em;border:1px solid rgba(128,128,128,.5);font-family:monospace"
_INLINE = {
    "pair": "display:flex;flex-wrap:wrap;gap:.2em 2em;align-items:flex-start",
    "parts": "display:flex;flex-wrap:wrap;gap:0 3em",
    "part": "max-width:100%",
    "side": "max-width:100%;overflow-x:auto",
    "grid": "border-collapse:collapse;margin:.2em 0 .5em;font-size:inherit",
    "caption": "margin:.4em 0 .1em;opacity:.85",
    "entry": _CELL,
    "index": f"{_CELL};border:0;opacity:.7;font-weight:normal",
    "off": "background:none;color:inherit;font-weight:bold;text-decoration:underline",
    "unseen": "position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden;white-space:nowrap",
    "paste": "white-space:pre-wrap;overflow-wrap:anywhere;padding:.4em .6em;border:1px solid rgba(128,128,128,.5)",
    "text": "white-space:pre-wrap;overflow-wrap:anywhere;margin:.2em 0",
    "told": "margin:.3em 0",
    "small": "margin:.3em 0;opacity:.85",
}
"""What the classes of the shared template are in a notebook, where no style sheet of ours is."""
_REMEMBERED = 1000
"""Results whose HTML is kept: most of a class is right, and many make the same mistakes."""
_CLASS = re.compile(r'class="(\w+)"')


def exercise_text(exercise: ExerciseResult) -> str:
    """The feedback on one exercise as plain text."""
    return "\n".join(
        [_headline(exercise), *(f"  {line}" for line in explanation(exercise.message, exercise.counterexample))]
    )


def exercise_html(exercise: ExerciseResult) -> str:
    """The feedback on one exercise as self-contained HTML, everything in it escaped."""
    return _exercise_html(json.dumps(asdict(exercise), ensure_ascii=False))


def case_html(exercise: ExerciseResult) -> Markup:
    """The counterexample for a page: code to paste, shapes of the arguments, both results; empty if there is none."""
    shown = exercise.counterexample
    if shown is None:
        return Markup()
    return _case_html(exercise.name, exercise.outcome, json.dumps(asdict(shown), ensure_ascii=False))


@functools.lru_cache(maxsize=_REMEMBERED)
def _exercise_html(written: str) -> str:
    exercise = ExerciseResult.from_json(json.loads(written))
    colour = _COLOURS.get(exercise.outcome, "#cf222e")
    parts = [f"<strong>{html.escape(_headline(exercise))}</strong>"]
    if exercise.message:
        parts.append(f'<p class="told">{prose(exercise.message)}</p>')
    parts.append(case_html(exercise))
    body = _CLASS.sub(lambda found: f'style="{_INLINE[found[1]]}"', "".join(parts))
    return f'<div style="{_STYLE.format(colour=colour)}">{body}</div>'


@functools.lru_cache(maxsize=_REMEMBERED)
def _case_html(name: str, outcome: Outcome, written: str) -> Markup:
    return Markup(
        template("exercise.html.j2").render(case=_case(outcome, Counterexample(**json.loads(written))), name=name)
    )


def _case(outcome: Outcome, shown: Counterexample) -> dict[str, Any]:
    shapes = [
        (argument, named(shape, shown.shapes.get(argument)))
        for argument, value in shown.arguments.items()
        if (shape := shape_of(value)) and 0 not in shape
    ]
    both = comparison(shown)
    return {
        "call": shown.call,
        "example": outcome == Outcome.MISSING,
        "shapes": shapes,
        "nothing": shown.got is None,
        "comparison": both,
        "alike": all(part.expected and part.got and not part.differs for part in both.parts) and not both.texts,
    }


def unreadable_html(reason: str) -> str:
    """What a student sees whose submission could not be read."""
    text = f"This submission could not be graded: {reason}. Please hand it in again."
    return f'<div style="{_STYLE.format(colour="#cf222e")}"><strong>{html.escape(text)}</strong></div>'


def _headline(exercise: ExerciseResult) -> str:
    return (
        f"{mark(exercise.outcome)} {exercise.name}: {exercise.score:g} of {exercise.max_score:g} points, "
        f"{exercise.outcome}"
    )
