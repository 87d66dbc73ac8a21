"""Nothing that a student wrote acts on what shows it: no formula in a spreadsheet, no escape on a terminal."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from autograder.cases.model import Answer
from autograder.course.plugins.export import to_csv
from autograder.grade.result import Counterexample, Document, ExerciseResult, SubmissionResult
from autograder.judge.diagnosis import describe_error
from autograder.outcome import Outcome, Status
from autograder.report.table import Row
from autograder.report.terminal import show, show_class
from autograder.text import clean, plain, printable

FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "\u00a0=1",
    "\u200b=1",
    "\ufeff=1",
    "＝1",
    "＋1",
    "－1",
    "＠a",
    "|cmd",
    "%0A=1",
    '"=1"',
    '"";=1',
    "a;=1",
    "a,=1",
    "a\n=1",
    "a\r\n=1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x/?"&A1,"y")',
    "\x00=1",
    "－１",
]
ACTING = [
    "\x1b[2J",
    "\x1b]52;c;eA==\x07",
    "\x1b]8;;http://x\x1b\\y\x1b]8;;\x1b\\",
    "\x9b31m",
    "\x9d0;t\x9c",
    "a\rb",
    "a\x08b",
    "\u202egnorw",
    "\u2066x\u2069",
    "\u061c",
    "a\nFAKE: 100 of 100",
    "\u2028",
    "[bold]b[/bold]",
    "[link=http://x]y[/link]",
    "[/]",
    ":smile:",
    "\ud800",
    "\x7f",
]
hostile = st.text(max_size=30) | st.lists(st.sampled_from([*FORMULAS, *ACTING]) | st.text(max_size=4), max_size=5).map(
    "".join
)


def row(student: str, status: Any = Status.GRADED, message: str = "", name: str = "bce") -> Row:
    return Row("backprop", student, status, "", 1.5, -2.5, 1e20, 100.0, False, message, {name: 1.0})


def is_formula(cell: str) -> bool:
    """What some spreadsheet may take for one: full-width forms are what they stand for, and quotes fall off."""
    seen = unicodedata.normalize("NFKC", cell).lstrip(' \t\r\n"\ufeff\u200b')
    if not seen.startswith(("=", "+", "-", "@", "|", "%")):
        return False
    try:
        float(seen)
    except ValueError:
        return True
    return False


@settings(deadline=None, max_examples=300)
@given(hostile, hostile, hostile)
@example("=1", "=1", "=1")
def test_no_cell_of_a_csv_begins_a_formula(student: str, status: str, name: str) -> None:
    text = to_csv([row(student, status, name=name), row("ada")])
    assert len(text.splitlines()) == 3
    for separator in (",", ";"):
        cells = [cell for line in csv.reader(io.StringIO(text), delimiter=separator) for cell in line]
        assert not [cell for cell in cells if is_formula(cell)]
    _, first, second = csv.reader(io.StringIO(text))
    assert len(first) == len(second)
    assert first[4:8] == ["1.5", "-2.5", "1e+20", "100"]


@pytest.mark.parametrize("text", FORMULAS)
def test_known_formulas_are_defused(text: str) -> None:
    (_, line) = csv.reader(io.StringIO(to_csv([row(text)])))
    assert not is_formula(line[1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [("=1", "'=1"), (" \t=1", "'  =1"), ("a;=1", "a;'=1"), ("＝1", "'＝1"), ("a\n=1", "a =1"), ('"=1"', '\'"=1"')],
)
def test_a_defused_cell_is_still_readable(text: str, expected: str) -> None:
    (_, line) = csv.reader(io.StringIO(to_csv([row(text)])))
    assert line[1] == expected


@pytest.mark.parametrize("text", ["ada", "-1.5", "+3", "1e-07", "müller, j.", "x=1", "a-b", "50%"])
def test_ordinary_cells_stay_as_they_are(text: str) -> None:
    (_, line) = csv.reader(io.StringIO(to_csv([row(text)])))
    assert line[1] == text


@settings(deadline=None, max_examples=300)
@given(hostile)
def test_what_students_write_is_printable(text: str) -> None:
    for shown in (clean(text), printable(text), plain(text), describe_error(Answer(error=text, message=text, line=1))):
        assert shown.isprintable()
        shown.encode()
    assert all(key.isprintable() and value.isprintable() for key, value in plain({text: text}).items())


def document(text: str) -> Document:
    """As if nothing had been cleaned before."""
    shown = Counterexample({}, text, text, "f(1)", {})
    wrong = ExerciseResult("f", "", 0.0, 1.0, Outcome.WRONG, text, None, False, shown)
    graded = SubmissionResult(text, 0.0, 1.0, Status.GRADED, text, (wrong, replace(wrong, counterexample=None)))
    return Document("a", "1", (graded, replace(graded, status=Status.UNREADABLE)))


@settings(deadline=None, max_examples=200)
@given(hostile)
@example("[link=http://x]y[/link][bold]b[/bold]:smile:")
@example("".join(ACTING))
def test_nothing_of_a_student_acts_on_the_terminal(text: str) -> None:
    printed = on_terminal(f"x{text}")
    assert printed.replace("\n", "").isprintable()
    assert printed.count("\n") == on_terminal("x").count("\n")
    printed.encode()
    for markup in ("[bold]", "[link=http://x]", "[/]", ":smile:"):
        assert printed.count(markup) >= text.count(markup)


def on_terminal(text: str) -> str:
    out = io.StringIO()
    console = Console(file=out, highlight=False, width=5000, force_terminal=False)
    show(document(text), console, "bubblewrap")
    show_class([row(text, text, text), row("ada")], console)
    return out.getvalue()


def test_of_a_large_class_the_terminal_shows_the_first_and_says_where_the_others_are() -> None:
    out = io.StringIO()
    show_class([row(f"student{number}") for number in range(1000)], Console(file=out, width=200))
    lines = out.getvalue().splitlines()
    assert len(lines) < 70
    shown = sum(line.startswith("student") for line in lines) - 1  # the head
    assert lines[-1] == f"… and {1000 - shown} more, in the class page and the table of grades"


@settings(deadline=None, max_examples=100)
@given(hostile)
def test_on_a_terminal_with_colours_there_are_no_sequences_but_colours(text: str) -> None:
    out = io.StringIO()
    show(document(text), Console(file=out, highlight=False, width=5000, force_terminal=True), "bubblewrap")
    rest = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())
    assert rest.replace("\n", "").isprintable()
