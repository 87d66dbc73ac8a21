"""What a check found, as text for a terminal and as HTML for a notebook."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.grade.result import Counterexample
from autograder.outcome import Outcome
from autograder.report.values import Cell, Grid, comparison, explanation, mark
from autograder.text import printable

_NOT_YET, _NOT_DEFINED = "not attempted yet", "not defined"
_WORDS = {Outcome.CORRECT: "right", Outcome.PARTIAL: "partly right", Outcome.MISSING: "not there"}
"""Where the outcome's own word is not that of a check."""
_COLOURS = {"✓": "32", "◐": "33", "✗": "31", "○": "2"}
_LIMIT = "These are a few small cases; the hidden ones, which decide the points, are many and include the edges."
_UNTOUCHED = "Nothing of it is attempted in this file yet; if you have worked on it, save it first."
_OTHER = "The file defines none of the exercises of {}: is it saved, and the right one?"
_NOT_RUN = "None of them is defined yet: run the cells that define them, then check again."
_QUOTED = re.compile(r"`([^`]+)`")
_STYLE = """
.ag-check { font: 14px/1.5 system-ui, sans-serif; color: inherit; max-width: 52rem; overflow-wrap: anywhere; }
.ag-check p { margin: .3em 0; }
.ag-check .ag-title { font-size: 1.1em; font-weight: 600; }
.ag-check .ag-note { opacity: .8; }
.ag-check ul { list-style: none; margin: .5em 0 !important; padding: 0 !important; }
.ag-check li { border-left: 4px solid #d1242f; margin: 0 0 .4em; padding: .2em .8em; }
.ag-check li.ag-correct { border-left-color: #2a9d48; }
.ag-check li.ag-partial { border-left-color: #b8860b; }
.ag-check li.ag-missing, .ag-check li.ag-runs, .ag-check li.ag-later { border-left-color: #868e96; }
.ag-check code, .ag-check pre { font: 13px/1.45 ui-monospace, monospace; color: inherit; background: none; padding: 0; }
.ag-check pre { background: rgba(128, 128, 128, .13); margin: .2em 0 .5em; padding: .5em .7em; overflow-x: auto;
  white-space: pre; border-radius: 4px; }
.ag-check pre.ag-call { white-space: pre-wrap; }
.ag-check .ag-pair { display: grid; gap: 0 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); }
.ag-check .ag-pair > div { min-width: 0; }
.ag-check .ag-table { overflow-x: auto; }
.ag-check table { border-collapse: collapse; margin: .2em 0 .5em !important; font: 13px/1.45 ui-monospace, monospace; }
.ag-check td { border: 1px solid rgba(128, 128, 128, .5); padding: .1em .6em; text-align: right; }
.ag-check mark { background: none; color: inherit; font-weight: 700; text-decoration: underline; }
"""


class Told:
    """One sentence to a student, in place of a check."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return f"check: {self.text}"

    def _repr_html_(self) -> str:
        return f'<section class="ag-check"><style>{_STYLE}</style><p>{_prose(repr(self))}</p></section>'


class Stopped(KeyboardInterrupt):
    """A check that was interrupted, which a notebook shows as one sentence."""

    def _render_traceback_(self) -> list[str]:
        return [f"check: {self}"]


@dataclass(frozen=True)
class CheckedExercise:
    """What a check says of one exercise.

    right   whether nothing wrong is seen
    later   what only grading judges
    """

    name: str
    summary: str
    outcome: Outcome
    message: str | None
    counterexample: Counterexample | None
    right: bool
    later: tuple[str, ...]

    def published(self) -> dict[str, Any]:
        """What the document of a check has of it."""
        shown = self.counterexample and self.counterexample.published()
        return {"name": self.name, "outcome": self.outcome, "message": self.message, "counterexample": shown}


@dataclass(frozen=True)
class Checked:
    """What a check found: what it says of each exercise; in a notebook and a terminal it shows itself.

    `problem` says why a file could not be read.
    """

    assignment: str
    version: str
    exercises: Sequence[CheckedExercise]
    file: str = ""
    problem: str | None = None

    def __bool__(self) -> bool:
        """Whether everything that was asked for is there, and right as far as can be seen."""
        return self.problem is None and all(entry.right for entry in self.exercises)

    def __repr__(self) -> str:
        return self.text()

    def text(self, width: int = 100, colour: bool = False) -> str:
        """The check as lines of text, with colours of a terminal if asked for."""
        lines = [_paint(printable(self._title()), "1", colour)]
        names = max((len(entry.name) for entry in self._shown()), default=0)
        for entry in self._shown():
            sign = mark(entry.outcome)
            head = f"{sign} {printable(entry.name):<{names}}  "
            lines += [f"  {_paint(head, _COLOURS[sign], colour)}{_word(entry)}"]
            lines += [" " * 6 + line for line in _body(entry, width - 6)]
        for state, waiting in self._waiting().items():
            text = f"○ {state}: {printable(', '.join(waiting))}"
            lines += textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="      ")
        return "\n".join([*lines, *textwrap.wrap(self._note(), width)])

    def _repr_html_(self) -> str:
        items = [_item(entry) for entry in self._shown()]
        for state, waiting in self._waiting().items():
            names = ", ".join(f"<code>{html.escape(printable(name))}</code>" for name in waiting)
            items.append(f'<li class="ag-missing">○ {state}: {names}</li>')
        return (
            f'<section class="ag-check" aria-label="check of {html.escape(self.assignment)}"><style>{_STYLE}</style>'
            f'<p class="ag-title">{html.escape(printable(self._title()))}</p><ul>{"".join(items)}</ul>'
            f'<p class="ag-note">{html.escape(self._note())}</p></section>'
        )

    def as_json(self) -> dict[str, Any]:
        """The check for machines, in the form of a graded document without points."""
        exercises = [entry.published() for entry in self.exercises]
        status = "unreadable" if self.problem else "checked"
        submission = {"submission": self.file, "status": status, "message": self.problem, "exercises": exercises}
        return {"assignment": self.assignment, "version": self.version, "submissions": [submission]}

    def _title(self) -> str:
        file = f"{self.file}: " if self.file else ""
        if self.problem:
            return f"{file}not checked: {self.problem}"
        outcomes = [entry.outcome for entry in self.exercises]
        right = f"{outcomes.count(Outcome.CORRECT)} of {len(outcomes)} right on the visible cases"
        unsure = sum(outcome in (Outcome.RUNS, Outcome.LATER) for outcome in outcomes)
        more = f", {unsure} judged only when handed in" if unsure else ""
        return f"{file}{self.assignment}, {right}{more}"

    def _note(self) -> str:
        if self.problem:
            return ""
        if any(entry.outcome != Outcome.MISSING for entry in self.exercises):
            return _LIMIT
        if any(entry.message == _NOT_YET for entry in self.exercises):
            return _UNTOUCHED if self.file else _LIMIT
        return _OTHER.format(self.assignment) if self.file else _NOT_RUN

    def _shown(self) -> list[CheckedExercise]:
        return [entry for entry in self.exercises if _state(entry) is None]

    def _waiting(self) -> dict[str, list[str]]:
        """Exercises of which there is nothing more to say than that they are not there, by what they are."""
        found: dict[str, list[str]] = {}
        for entry in self.exercises:
            if state := _state(entry):
                found.setdefault(state, []).append(entry.name)
        return found


def _state(entry: CheckedExercise) -> str | None:
    """In two or three words, why there is nothing to say; None if there is."""
    known = {_NOT_YET: _NOT_YET, f"`{entry.name}` is not defined": _NOT_DEFINED}
    return known.get(entry.message or "")


def _paint(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text


def _word(entry: CheckedExercise) -> str:
    return _WORDS.get(entry.outcome, entry.outcome)


def _body(entry: CheckedExercise, width: int) -> Iterator[str]:
    lines = [printable(line) for line in explanation(entry.message, entry.counterexample)]
    if entry.message:
        yield from textwrap.wrap(lines.pop(0), max(width, 20))
    yield from lines
    if entry.later and entry.right:
        yield from textwrap.wrap(_later(entry), max(width, 20))


def _later(entry: CheckedExercise) -> str:
    return f"judged when you hand it in: {'; '.join(map(printable, entry.later))}"


def _item(entry: CheckedExercise) -> str:
    """One exercise as an item of a list, everything in it escaped."""
    name, word = html.escape(printable(entry.name)), html.escape(_word(entry))
    about = "" if entry.right else f' <span class="ag-note">· {_prose(entry.summary)}</span>'
    parts = [f"<div>{mark(entry.outcome)} <strong><code>{name}</code></strong> {word}{about}</div>"]
    if entry.message:
        parts.append(f"<p>{_prose(entry.message)}</p>")
    if entry.later and entry.right:
        parts.append(f'<p class="ag-note">{_prose(_later(entry))}</p>')
    shown = entry.counterexample
    if shown:
        parts.append(_pre(html.escape(_lines(shown.call)), f"call that shows it, of {name}", "ag-call"))
        parts.append(_results(shown, name))
    return f'<li class="ag-{html.escape(entry.outcome)}">{"".join(parts)}</li>'


def _results(shown: Counterexample, name: str) -> str:
    """What was expected beside what came, item by item, as small tables; what differs is marked."""
    found = comparison(shown)
    parts = []
    for part in found.parts:
        place = f" {part.place}" if part.place else ""
        sides = [
            _side(grid, f"{title}{place}", f"{title}{place} of {name}", sign)
            for grid, title, sign in ((part.expected, "expected", ""), (part.got, "got", "≠"))
            if grid
        ]
        told = f"<p>{html.escape(part.told)}</p>" if part.told else ""
        parts.append(f'<div class="ag-pair">{"".join(sides)}</div>{told}')
    more = f"<p>{found.more} more items of the result are not shown.</p>" if found.more else ""
    rounded = '<p class="ag-note">Numbers are rounded to show what differs.</p>' if found.rounded else ""
    return f"{''.join(parts)}{more}{rounded}"


def _side(grid: Grid, title: str, label: str, sign: str) -> str:
    if grid.text:
        return f"<div><p>{title}</p>{_pre(''.join(_cell(cell, sign) for cell in grid.text), label)}</div>"
    rows = "".join(f"<tr>{''.join(f'<td>{_cell(cell, sign)}</td>' for cell in cells)}</tr>" for _, cells in grid.rows)
    about = ", ".join(html.escape(word) for word in (grid.shape and f"shape {grid.shape}", grid.cut) if word)
    caption = f"{title}, {about}" if about else title
    return (
        f'<div class="ag-table" tabindex="0" role="region" aria-label="{label}">'
        f"<p>{caption}</p><table><tbody>{rows}</tbody></table></div>"
    )


def _cell(cell: Cell, sign: str) -> str:
    text = html.escape(printable(cell.text))
    return f"<mark>{sign}{text}</mark>" if cell.differs else text


def _pre(content: str, label: str, kind: str = "ag-value") -> str:
    return f'<pre class="{kind}" tabindex="0" role="region" aria-label="{label}">{content}</pre>'


def _prose(text: str) -> str:
    """A sentence as HTML, its `names` as code."""
    return _QUOTED.sub(r"<code>\1</code>", html.escape(printable(text)))


def _lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))
