"""Results on a terminal: a table for each submission, and for every lost point the reason."""

from __future__ import annotations

from typing import Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from autograder.report.feedback import explanation

_STYLES = {"correct": "green", "partial": "yellow"}


def show(document: dict[str, Any], console: Console, sandbox: str) -> None:
    """Print a graded document: one block for each submission."""
    console.print(Text(f"{document['assignment']}, version {document['version']}, sandbox: {sandbox}", style="dim"))
    for entry in document["submissions"]:
        console.print()
        console.print(Text(f"{entry['submission']}: {points(entry['score'])} of {points(entry['max_score'])}", "bold"))
        if entry["status"] == "unreadable":
            console.print(Text(f"  not graded: {entry['message']}", "red"))
            continue
        console.print(_table(entry["exercises"]))


def points(value: float) -> str:
    """Points as people write them: 7.5, 10."""
    return f"{value:g}"


def _table(exercises: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=True, padding=(0, 1), show_header=False)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for entry in exercises:
        style = _STYLES.get(entry["outcome"], "red")
        earned = f"{points(entry['score'])}/{points(entry['max_score'])}"
        lines = [Text(line, overflow="fold") for line in explanation(entry)]
        details = Group(*lines[:1], *(Padding(line, (0, 0, 0, 2)) for line in lines[1:])) if lines else ""
        table.add_row(earned, entry["name"], Text(entry["outcome"], style), details)
    return table
