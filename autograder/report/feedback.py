"""Feedback on one exercise, as lines of text and as HTML for a cell of the student's notebook."""

from __future__ import annotations

import html
from typing import Any

_COLOURS = {"correct": "#1a7f37", "partial": "#9a6700"}
_MARKS = {"correct": "✓", "partial": "◐"}
_STYLE = "border-left:4px solid {colour};padding:.4em .8em;margin:.4em 0;font-family:sans-serif;line-height:1.45"


def explanation(exercise: dict[str, Any]) -> list[str]:
    """What there is to say about an exercise: the message, then the counterexample as code, expected and got."""
    lines = [exercise["message"]] if exercise["message"] else []
    shown = exercise["counterexample"]
    if shown:
        lines += shown["call"].split("\n")
        lines.append(f"expected {_value(shown['expected'])}")
        if shown["got"] is not None:
            lines.append(f"got      {_value(shown['got'])}")
    return lines


def exercise_text(exercise: dict[str, Any]) -> str:
    """The feedback on one exercise as plain text."""
    return "\n".join([_headline(exercise), *(f"  {line}" for line in explanation(exercise))])


def exercise_html(exercise: dict[str, Any]) -> str:
    """The feedback on one exercise as self-contained HTML, everything in it escaped."""
    colour = _COLOURS.get(exercise["outcome"], "#cf222e")
    parts = [f"<strong>{html.escape(_headline(exercise))}</strong>"]
    lines = explanation(exercise)
    if exercise["message"]:
        parts.append(f"<p>{html.escape(lines.pop(0))}</p>")
    if lines:
        parts.append(f"<pre>{html.escape(chr(10).join(lines))}</pre>")
    return f'<div style="{_STYLE.format(colour=colour)}">{"".join(parts)}</div>'


def unreadable_html(reason: str) -> str:
    """What a student sees whose submission could not be read."""
    text = f"This submission could not be graded: {reason}. Please hand it in again."
    return f'<div style="{_STYLE.format(colour="#cf222e")}"><strong>{html.escape(text)}</strong></div>'


def _headline(exercise: dict[str, Any]) -> str:
    mark = _MARKS.get(exercise["outcome"], "✗")
    return (
        f"{mark} {exercise['name']}: {exercise['score']:g} of {exercise['max_score']:g} points, {exercise['outcome']}"
    )


def _value(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)
