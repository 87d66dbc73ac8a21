"""Pages for people: a student's feedback and the class at a glance, from results, as HTML that runs nothing.

Templates are compiled once; everything in them is escaped, and the pages' own policy allows no script, no request and
no style but theirs.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from autograder.report.feedback import MARKS, arrays

_BINS = 10


def student_page(
    entry: Mapping[str, Any],
    *,
    assignment: str,
    student: str,
    manual: Sequence[tuple[str, float | None, float, str]] = (),
    late_penalty: float = 0.0,
    total: float | None = None,
    max_total: float | None = None,
    submitted: str = "",
) -> str:
    """The feedback page of a student, from an entry of the document's "submissions".

    manual   what people graded: name, points (None: not yet), maximum and comment
    total    points in all, without the late penalty and with what people graded; `max_total` of how many
    """
    exercises = entry["exercises"]
    wrong = [each for each in exercises if each["outcome"] != "correct"]
    return _template("student.html.j2").render(
        assignment=assignment,
        student=student,
        entry=entry,
        wrong=wrong,
        right=[each for each in exercises if each["outcome"] == "correct"],
        next=next((each for each in wrong if each["score"] < each["max_score"]), None),
        manual=manual,
        late_penalty=late_penalty,
        total=entry["score"] if total is None else total,
        max_total=entry["max_score"] if max_total is None else max_total,
        submitted=submitted,
        marks=MARKS,
        arrays=arrays,
        **_style(),
    )


def class_page(name: str, rows: Sequence[Mapping[str, Any]], notes: Mapping[str, Mapping[str, Any]], table: str) -> str:
    """The class page: how scores are spread, which exercises are hard, which misconceptions are common, and everyone.

    rows    the class table, as dicts; notes: `exercises` of each student, in short form; table: name of the CSV file
    """
    handed_in = [row for row in rows if row["student"] in notes]
    totals = [100 * row["total"] / row["max_score"] if row["max_score"] else 0.0 for row in handed_in]
    counts = Counter(min(int(total * _BINS / 100), _BINS - 1) for total in totals)
    return _template("class.html.j2").render(
        name=name,
        rows=rows,
        count=len(handed_in),
        bins=[(100 * i // _BINS, 100 * (i + 1) // _BINS, counts[i]) for i in range(_BINS)],
        mean=sum(totals) / len(totals) if totals else 0.0,
        exercises=_exercises(notes),
        misconceptions=_misconceptions(notes),
        problems=[row for row in handed_in if row["status"] == "unreadable"],
        page=lambda student: "/".join(quote(part) for part in ("feedback", student, name, f"{name}.html")),
        table=table,
        **_style(),
    )


def _exercises(notes: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each exercise with the mean share of its points and how often each outcome came, hardest first."""
    found: dict[str, dict[str, Any]] = {}
    for note in notes.values():
        for each in note.get("exercises", []):
            entry = found.setdefault(each["name"], {"name": each["name"], "shares": [], "outcomes": Counter()})
            entry["shares"].append(each["score"] / each["max_score"] if each["max_score"] else 0.0)
            entry["outcomes"][each["outcome"]] += 1
    for entry in found.values():
        entry["share"] = 100 * sum(entry["shares"]) / len(entry["shares"])
    return sorted(found.values(), key=lambda entry: float(entry["share"]))


def _misconceptions(notes: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str, list[str]]]:
    """Exercise, misconception and who has it, the most common first."""
    found: dict[tuple[str, str], list[str]] = {}
    for student, note in sorted(notes.items()):
        for each in note.get("exercises", []):
            if each["misconception"]:
                found.setdefault((each["name"], each["misconception"]), []).append(student)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return [(exercise, wrong, students) for (exercise, wrong), students in ordered]


@cache
def _environment() -> Environment:
    loader = PackageLoader("autograder", "report")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@cache
def _template(name: str) -> Template:
    return _environment().get_template(name)


@cache
def _style() -> dict[str, str]:
    """The style of all pages, and the digest by which their policy allows it and no other."""
    style = _template("style.css.j2").render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return {"style": style, "policy": policy}
