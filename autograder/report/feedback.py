"""Feedback on one exercise, as lines of text and as HTML for a cell of the student's notebook."""

from __future__ import annotations

import html
import re
from typing import Any

_COLOURS = {"correct": "#1a7f37", "partial": "#9a6700"}
MARKS = {"correct": "✓", "partial": "◐"}
"""Signs of outcomes, so that none is told by colour alone; ✗ for the others."""
_ENTRY = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|-?inf|nan|NaN|True|False|None")

Pieces = list[tuple[str, bool]]
_STYLE = "border-left:4px solid {colour};padding:.4em .8em;margin:.4em 0;font-family:sans-serif;line-height:1.45"


def explanation(exercise: dict[str, Any]) -> list[str]:
    """What there is to say about an exercise: the message, then the counterexample as code, expected and got."""
    lines = [exercise["message"]] if exercise["message"] else []
    shown = exercise["counterexample"]
    if shown:
        lines += shown["call"].split("\n")
        if shown["expected"] is not None:  # None where many results are right
            lines.append(f"expected {_value(shown['expected'])}")
        if shown["got"] is not None:
            lines.append(f"got      {_value(shown['got'])}")
    return lines


def arrays(counterexample: dict[str, Any]) -> dict[str, Any]:
    """What was expected and what came, as pieces of text, each with whether it is an entry that differs.

    Entries are told apart only where both are built alike; `marked` says whether any is.
    """
    due = _value(counterexample["expected"])
    if counterexample["got"] is None:
        return {"expected": [(due, False)], "got": None, "marked": False}
    got = _value(counterexample["got"])
    if _ENTRY.sub("#", due) != _ENTRY.sub("#", got):
        return {"expected": [(due, False)], "got": [(got, False)], "marked": False}
    pairs = list(zip(_ENTRY.findall(due), _ENTRY.findall(got), strict=True))
    differs = [left != right for left, right in pairs]
    return {"expected": _pieces(due, differs), "got": _pieces(got, differs), "marked": any(differs)}


def _pieces(text: str, differs: list[bool]) -> Pieces:
    pieces: Pieces = []
    place = 0
    for match, wrong in zip(_ENTRY.finditer(text), differs, strict=True):
        pieces += [(text[place : match.start()], False), (match[0], wrong)]
        place = match.end()
    return [*pieces, (text[place:], False)]


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
    mark = MARKS.get(exercise["outcome"], "✗")
    return (
        f"{mark} {exercise['name']}: {exercise['score']:g} of {exercise['max_score']:g} points, {exercise['outcome']}"
    )


def _value(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)
