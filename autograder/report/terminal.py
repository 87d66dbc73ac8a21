"""Results on a terminal: submissions with the reason for every lost point, a class as a table, checks of a course."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from autograder.grade.result import Document, ExerciseResult
from autograder.outcome import Outcome, Status
from autograder.report.table import Row
from autograder.report.values import explanation
from autograder.text import clean, printable

if TYPE_CHECKING:
    from autograder.validate.coverage import Reached

_SHOWN = 60
"""Students in the table of a class: of more than fit on a few screens there are pages."""
_STYLES = {Outcome.CORRECT: "green", Outcome.PARTIAL: "yellow"}


def show(document: Document, console: Console, sandbox: str) -> None:
    """Print a graded document: one block for each submission."""
    console.print(Text(f"{document.assignment}, version {document.version}, sandbox: {sandbox}", style="dim"))
    for entry in document.submissions:
        console.print()
        points = "no score" if entry.score is None else f"{entry.score:g} of {entry.max_score:g}"
        console.print(Text(f"{printable(entry.submission)}: {points}", "bold"))
        if entry.status == Status.ASIDE:
            console.print(Text(f"  {printable(entry.message or '')}", "red"))
        elif entry.status == Status.UNREADABLE:
            console.print(Text(f"  not graded: {printable(entry.message or '')}", "red"))
        else:
            _show_exercises(entry.exercises, console)


def show_class(rows: Sequence[Row], console: Console) -> None:
    """Print the table of a class: a line for each student, or for the first ones of a large class."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("student", "status"):
        table.add_column(title, no_wrap=True)
    for title in ("score", "late", "total", "of"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("notes")
    for row in rows[:_SHOWN]:
        waits = "to grade by hand" if row.needs_manual_grade else ""
        note = clean(row.message) or waits
        style = "red" if row.status != Status.GRADED else ""
        late = f"−{row.late_penalty:g}" if row.late_penalty else ""
        numbers = (_number(row.score), late, _number(row.total), f"{row.max_score:g}")
        table.add_row(*(Text(printable(cell), style) for cell in (row.student, row.status, *numbers, note)))
    console.print(table)
    if len(rows) > _SHOWN:
        console.print(Text(f"… and {len(rows) - _SHOWN} more, in the class page and the table of grades", "dim"))


def _number(points: float | None) -> str:
    return "–" if points is None else f"{points:g}"


def show_checks(checks: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print the checks of `validate`, one line each."""
    for check in checks:
        mark = Text("✓", "green") if check["passed"] else Text("✗", "bold red")
        told = Text(check["detail"], "dim" if check["passed"] else "red")
        console.print(mark, Text(f"{check['assignment']:<13} {check['name']:<51}"), told, soft_wrap=True)


def show_coverage(name: str, inputs: Sequence[Reached], branches: Sequence[str], console: Console) -> None:
    """Print what the cases of an assignment reach, one line for each exercise, and what they miss."""
    table = Table(name, "cases", "sizes", "edges, and how many cases reach them", "parts", box=None, pad_edge=False)
    for found in inputs:
        sizes = ", ".join(f"{dim} {least}–{most}" for dim, (least, most) in found.sizes.items())
        table.add_row(found.exercise, str(found.cases), sizes, _counts(found.edges), _counts(found.parts))
    console.print(table)
    for found in inputs:
        for sentence in found.missing:
            console.print(Text("✗", "bold red"), Text(f"{found.exercise}: {sentence}"), soft_wrap=True)
    for sentence in branches:
        console.print(Text("✗", "bold red"), Text(sentence), soft_wrap=True)
    console.print()


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{word} {count}" for word, count in counts.items())


def show_mutants(found: Mapping[str, Mapping[str, int]], console: Console) -> None:
    """Print how many wrong solutions each kind of tests lets through, by assignment and in all."""
    total = {key: sum(counts[key] for counts in found.values()) for key in ("wrong", "hidden", "fixed", "visible")}
    table = Table("assignment", box=None, pad_edge=False)
    for title in ("wrong solutions", "pass the hidden tests", "pass one fixed example", "pass the visible tests"):
        table.add_column(title, justify="right")
    for name, counts in [*found.items(), ("all", total)]:
        table.add_row(name, *(_share(counts[key], counts["wrong"] if key != "wrong" else 0) for key in total))
    console.print(table)


def _share(count: int, of: int) -> str:
    return f"{count} ({100 * count / of:.1f} %)" if of else str(count)


def _show_exercises(exercises: Sequence[ExerciseResult], console: Console) -> None:
    """One line for each exercise, and below it why points were lost; code is not wrapped, so that it can be copied."""
    width = max(len(entry.name) for entry in exercises)
    for entry in exercises:
        style = _STYLES.get(entry.outcome, "red")
        earned = f"{entry.score:g}/{entry.max_score:g}"
        console.print(Text(f"{earned:>9}  {entry.name:<{width}}  "), Text(entry.outcome, style), sep="", end="")
        message = printable(entry.message or "")
        shown = [printable(line) for line in explanation(entry.message, entry.counterexample)]
        if shown and not entry.counterexample:
            console.print(Text(f"  {message}"), soft_wrap=True)
            continue
        console.print()
        if message:
            console.print(Padding(Text(shown.pop(0)), (0, 0, 0, 11)))
        for line in shown:
            console.print(Text(" " * 11 + line, "dim"), soft_wrap=True)
