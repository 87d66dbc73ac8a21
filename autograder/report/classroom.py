"""The class page: how a class did, what to teach next, and what needs a person, as HTML that runs nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from statistics import mean, median
from typing import Any
from urllib.parse import quote

from autograder.outcome import STOPPED, Outcome, Status
from autograder.report import charts
from autograder.report.table import Note, Row
from autograder.report.templates import style, template
from autograder.report.values import mark

Notes = Mapping[str, Note]

KINDS = {
    "correct": "right",
    "partial": "partly right",
    "wrong": "wrong",
    "failed": "stopped (error, timeout, memory, crash, forbidden)",
    "missing": "not there",
}
"""Kinds of outcomes on the page, in the order of its bars."""
_FIRST = 3
"""Misconceptions to teach first."""


def class_page(
    name: str,
    rows: Sequence[Row],
    notes: Notes,
    table: str,
    *,
    due: datetime | None = None,
    skipped: Sequence[str] = (),
) -> str:
    """The class page: how scores are spread, which exercises are hard, which misconceptions are common, and everyone.

    rows    the class table; notes: what is known of each submission; table: name of the CSV file
    due     when the assignment was due; skipped: names of folders of no student
    """
    handed_in = [row for row in rows if row.student in notes]
    shares = [_share(row.total, row.max_score) for row in handed_in if row.total is not None]
    mistakes = _misconceptions(notes)
    return template("class.html.j2").render(
        name=name,
        rows=rows,
        tiles=_tiles(rows, handed_in, shares),
        scores=charts.scores(shares),
        times=_times(handed_in, due),
        due=due,
        kinds=KINDS,
        exercises=_exercises(notes),
        misconceptions=mistakes,
        first=[each for each in mistakes[:_FIRST] if len(each["who"]) > 1],
        stopped=_stopped(notes),
        unreadable=[row for row in handed_in if row.status == Status.UNREADABLE],
        aside=[row for row in handed_in if row.status == Status.ASIDE],
        remarks=[row for row in handed_in if row.status == Status.GRADED and row.message],
        skipped=skipped,
        absent=[row.student for row in rows if row.status == Status.NOT_SUBMITTED],
        by_hand=[row.student for row in handed_in if row.needs_manual_grade],
        marks={row.student: _marks(notes[row.student]) for row in handed_in},
        page=lambda student: "/".join(quote(part) for part in ("feedback", student, name, f"{name}.html")),
        table=table,
        charts=charts,
        **style(),
    )


def _share(points: float, maximum: float) -> float:
    return 100 * points / maximum if maximum else 0.0


def _tiles(rows: Sequence[Row], handed_in: Sequence[Row], shares: Sequence[float]) -> list[tuple[str, str]]:
    """Figures at a glance: number and what it counts."""
    late = sum(bool(row.late_penalty) for row in handed_in)
    by_hand = sum(bool(row.needs_manual_grade) for row in handed_in)
    unreadable = sum(row.status == Status.UNREADABLE for row in handed_in)
    aside = sum(row.status == Status.ASIDE for row in handed_in)
    return [
        (f"{len(handed_in)} of {len(rows)}", "handed in"),
        (f"{mean(shares):.0f} %" if shares else "–", "of the points, mean"),
        (f"{median(shares):.0f} %" if shares else "–", "of the points, median"),
        (str(late), "late"),
        (str(by_hand), "to grade by hand"),
        (str(unreadable), "unreadable"),
        *([(str(aside), "put aside")] if aside else []),
    ]


def _times(handed_in: Sequence[Row], due: datetime | None) -> charts.Chart | None:
    if due is None:
        return None
    due = due.replace(tzinfo=UTC)
    found = [datetime.fromisoformat(row.submitted).replace(tzinfo=UTC) for row in handed_in if row.submitted]
    return charts.hand_ins([(moment - due).total_seconds() / 60 for moment in found])


def _exercises(notes: Notes) -> list[dict[str, Any]]:
    """Each exercise with the mean share of its points and how often each outcome came, hardest first.

    What could not be read says nothing about an exercise.
    """
    shares: dict[str, list[float]] = {}
    outcomes: dict[str, Counter[str]] = {}
    for note in notes.values():
        for each in () if note.status == Status.UNREADABLE else note.exercises:
            shares.setdefault(each.name, []).append(_share(each.score, each.max_score))
            outcomes.setdefault(each.name, Counter())[_kind(each.outcome)] += 1
    found = [
        {
            "name": name,
            "share": sum(own) / len(own),
            "counts": [(kind, outcomes[name][kind]) for kind in KINDS if outcomes[name][kind]],
            "pieces": charts.stacked((kind, outcomes[name][kind]) for kind in KINDS),
        }
        for name, own in shares.items()
    ]
    return sorted(found, key=lambda entry: float(entry["share"]))


def _kind(outcome: str) -> str:
    return "failed" if outcome in STOPPED else outcome if outcome in KINDS else "wrong"


def _misconceptions(notes: Notes) -> list[dict[str, Any]]:
    """Exercise, misconception, its hint and who has it, the most common first."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for student, note in sorted(notes.items()):
        for each in note.exercises:
            if wrong := each.misconception:
                key = (each.name, wrong)
                entry = found.setdefault(key, {"exercise": key[0], "name": wrong, "hint": "", "who": []})
                entry["hint"] = entry["hint"] or each.hint or ""
                entry["who"].append(student)
    return [found[key] for key in sorted(found, key=lambda key: (-len(found[key]["who"]), key))]


def _stopped(notes: Notes) -> list[dict[str, Any]]:
    """Outcomes that are no wrong result, and who has them in which exercises."""
    found: dict[str, dict[str, list[str]]] = {}
    for student, note in sorted(notes.items()):
        for each in note.exercises:
            if each.outcome in STOPPED:
                found.setdefault(each.outcome, {}).setdefault(student, []).append(each.name)
    return [{"outcome": outcome, "who": found[outcome]} for outcome in STOPPED if outcome in found]


def _marks(note: Note) -> dict[str, Any]:
    """A sign for each exercise, in their order, and what a screen reader says instead."""
    exercises = note.exercises
    lost = [each.name for each in exercises if each.outcome != Outcome.CORRECT]
    right = f"{len(exercises) - len(lost)} of {len(exercises)} right"
    return {
        "signs": [(mark(each.outcome), each.outcome) for each in exercises],
        "words": f"{right}; not {', '.join(lost)}" if lost else right,
    }
