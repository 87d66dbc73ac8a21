"""Faults that meet one student of thirty, at every stage: that one is put aside by name, the others are recorded."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.apps.api import NbGraderAPI

from autograder import project
from autograder.cases import store
from autograder.course import feedback, files, grading, marking, record, release, reporting
from autograder.course.grading import Summary, grade_course
from autograder.course.plugins import export
from autograder.course.plugins.collecting import SafeCollect
from autograder.course.release import collect
from autograder.course.state import State
from autograder.course.tools import settings
from autograder.errors import CourseError
from autograder.report import classroom
from autograder.report.table import Row
from tests.test_course import HIDDEN, PERCENT, fake_cases, fake_grade, gradebook_dump, marked_by

STUDENTS = [f"student{number:02}" for number in range(30)]
VICTIM = STUDENTS[11]
OTHERS = [student for student in STUDENTS if student != VICTIM]
FAULTS: list[BaseException] = [
    RuntimeError("something unforeseen"),
    MemoryError(),
    RecursionError("too deep"),
    UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    OSError(5000, "unheard of"),
]


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project whose one assignment was released and handed in by thirty, in the exchange."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("project")
        folder = root / "solutions" / "tiny"
        folder.mkdir(parents=True)
        (folder / "tiny.py").write_text(PERCENT, encoding="utf-8")
        (folder / "hidden.py").write_text(HIDDEN, encoding="utf-8")
        patch.setenv("AUTOGRADER_ROOT", str(root))
        patch.setattr(store, "load", fake_cases)
        patch.setattr(grading, "assignment_key", lambda name: "same")
        project.root.cache_clear()
        released = release.release("tiny", root / "course").read_bytes()
        for student in STUDENTS:
            hand_in(root / "course", student, released.replace(b"raise NotImplementedError()", b"return 2 * x"))
        yield root / "course"
    project.root.cache_clear()


@pytest.fixture
def course(handed_in: Path, tmp_path: Path) -> Path:
    shutil.copytree(handed_in.parent / "exchange", tmp_path / "exchange")
    return Path(shutil.copytree(handed_in, tmp_path / "course"))


@pytest.fixture
def collected(course: Path) -> Path:
    assert collect("tiny", course) == []
    return course


def hand_in(course: Path, student: str, content: bytes, moment: str = "2026-11-01 10:00:00.000000 UTC") -> Path:
    folder = course.parent / "exchange" / "neural-networks" / "inbound" / f"{student}+tiny+{moment}+x7"
    folder.mkdir(parents=True)
    (folder / "tiny.ipynb").write_bytes(content)
    (folder / "timestamp.txt").write_text(moment)
    return folder


def graded(course: Path, **options: Any) -> Summary:
    return grade_course("tiny", course, workers=marked_by(fake_grade), **options)


def assert_one_aside(course: Path, summary: Summary, stage: str, reason: str = "") -> None:
    """The victim is aside wherever a person looks, and all others are recorded."""
    assert list(summary.aside) == [VICTIM]
    told = summary.aside[VICTIM]
    assert f"while it was {stage}" in told
    assert reason in told
    rows = {row.student: row for row in summary.rows}
    assert {student for student, row in rows.items() if row.status == "graded"} == set(OTHERS)
    assert (rows[VICTIM].status, rows[VICTIM].score, rows[VICTIM].total) == ("aside", None, None)
    assert rows[VICTIM].message == told
    with open(course / "grades-tiny.csv", newline="") as file:
        table = {row["student"]: row for row in csv.DictReader(file)}
    assert (table[VICTIM]["status"], table[VICTIM]["score"], table[VICTIM]["total"]) == ("aside", "", "")
    assert all(table[student]["score"] for student in OTHERS)
    assert f"{VICTIM}</a>: put aside while it was {stage}" in (course / "grades-tiny.html").read_text()
    recorded = {student for student, *_ in gradebook_dump(course)}
    assert recorded >= set(OTHERS)
    for student in OTHERS:
        assert (course / "autograded" / student / "tiny" / "tiny.ipynb").is_file()
        assert "put aside" not in (course / "feedback" / student / "tiny" / "tiny.html").read_text()


def assert_all_well(course: Path) -> None:
    """The next run, without a fault, grades whom the last one put aside, and no one else."""
    summary = graded(course)
    assert summary.graded == [VICTIM]
    assert summary.aside == {}
    assert {row.status for row in summary.rows} == {"graded"}
    assert "put aside" not in (course / "grades-tiny.html").read_text()
    assert "put aside" not in (course / "feedback" / VICTIM / "tiny" / "tiny.html").read_text()
    assert graded(course).nothing_to_do


def failing(original: Callable[..., Any], fault: BaseException, hit: Callable[..., bool]) -> Callable[..., Any]:
    """A function that raises where `hit` says so of its arguments."""

    def wrapper(*arguments: Any, **options: Any) -> Any:
        if hit(*arguments, **options):
            raise fault
        return original(*arguments, **options)

    return wrapper


def mentions(value: Any) -> bool:
    return VICTIM in repr(value)


def any_mentions(*arguments: Any, **options: Any) -> bool:
    return any(map(mentions, [*arguments, *options.values()]))


STAGES: dict[str, tuple[str, list[tuple[Any, str]]]] = {
    "read": ("read", [(files, "submission"), (files, "stamp")]),
    "mark": ("marked", [(marking.Marker, "_marked")]),
    "record": ("recorded", [(record, "_record"), (record, "_save_files")]),
    "pages": ("recorded", [(feedback, "_page")]),
}
"""By stage: the word for it, and functions in which a fault is raised for the victim."""
PLACES = [(word, *place) for word, places in STAGES.values() for place in places]


@pytest.mark.parametrize(("word", "owner", "name"), PLACES, ids=[name for _, _, name in PLACES])
def test_a_fault_for_one_at_any_stage(
    collected: Path, monkeypatch: pytest.MonkeyPatch, word: str, owner: Any, name: str
) -> None:
    for fault in FAULTS[:2]:
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, failing(getattr(owner, name), fault, any_mentions))
            summary = graded(collected, force=True)
        assert_one_aside(collected, summary, word, type(fault).__name__)
        page = (collected / "feedback" / VICTIM / "tiny" / "tiny.html").read_text()
        assert "put aside" in page
        assert "no mistake of yours, nothing is lost" in page
        assert type(fault).__name__ not in page
    assert_all_well(collected)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_fault_of_the_engine(collected: Path, fault: BaseException) -> None:
    grade = failing(fake_grade, fault, lambda submission: submission.name == VICTIM)
    summary = grade_course("tiny", collected, workers=marked_by(grade))
    assert_one_aside(collected, summary, "graded", type(fault).__name__)
    assert_all_well(collected)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_fault_while_collecting(course: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(SafeCollect, "_files", failing(SafeCollect._files, fault, any_mentions))
        (sentence,) = collect("tiny", course)
    assert VICTIM in sentence
    assert not (course / "submitted" / VICTIM).exists()
    assert len(list((course / "submitted").iterdir())) == len(OTHERS)
    assert_one_aside(course, graded(course), "collected", type(fault).__name__)
    assert collect("tiny", course) == []
    assert_all_well(course)


def test_an_older_submission_stays_where_a_newer_one_cannot_be_collected(
    collected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graded(collected)
    before = gradebook_dump(collected)
    hand_in(collected, VICTIM, b"newer", "2026-11-02 10:00:00.000000 UTC")
    older = (collected / "submitted" / VICTIM / "tiny" / "tiny.ipynb").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(SafeCollect, "_files", failing(SafeCollect._files, MemoryError(), any_mentions))
        collect("tiny", collected)
    assert (collected / "submitted" / VICTIM / "tiny" / "tiny.ipynb").read_bytes() == older
    assert_one_aside(collected, graded(collected), "collected")
    assert gradebook_dump(collected) == before


def test_who_was_put_in_place_by_hand_is_graded(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(SafeCollect, "_files", failing(SafeCollect._files, MemoryError(), any_mentions))
        collect("tiny", course)
    marks = course / ".autograder" / "tiny.not-collected.json"
    os.utime(marks, (0, 0))
    shutil.copytree(course / "submitted" / OTHERS[0], course / "submitted" / VICTIM)
    assert graded(course).aside == {}


@pytest.mark.parametrize(("owner", "name"), [(export, "_plain"), (classroom, "_marks")], ids=["table", "class page"])
def test_a_fault_in_what_shows_the_class(
    collected: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    """A person finds the others; and what was recorded of this one stays in the gradebook."""
    graded(collected)
    before = gradebook_dump(collected)
    state = State.load(collected, "tiny")
    first, *others = state.students[VICTIM].exercises
    renamed = replace(first, name=f"of {VICTIM}"), *others
    state.students[VICTIM] = replace(state.students[VICTIM], exercises=renamed)
    state.save()

    def hit(value: Any) -> bool:
        return "of student" in repr(value) if owner is classroom else value == VICTIM

    with monkeypatch.context() as patch:
        if owner is export:
            patch.setattr(reporting, "to_csv", failing(export.to_csv, MemoryError(), all_graded))
        else:
            patch.setattr(owner, name, failing(getattr(owner, name), MemoryError(), hit))
        reporting.report("tiny", collected)
    assert list(State.load(collected, "tiny").aside) == [VICTIM]
    assert f"{VICTIM}</a>: put aside while it was reported" in (collected / "grades-tiny.html").read_text()
    assert gradebook_dump(collected) == before
    assert_all_well(collected)


def all_graded(lines: Sequence[Row]) -> bool:
    return any(line.student == VICTIM and line.status != "aside" for line in lines)


def test_a_late_penalty_that_fails_for_one(collected: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hit(course: Path, book: Any, name: str, students: Sequence[str] | None = None) -> bool:
        return VICTIM in (students or ())

    with monkeypatch.context() as patch:
        for owner in (record, reporting):
            patch.setattr(owner, "penalise", failing(record.penalise, ZeroDivisionError(), hit))
        summary = graded(collected)
    assert_one_aside(collected, summary, "recorded", "ZeroDivisionError")
    assert_all_well(collected)


def test_a_damaged_result_or_moment_in_the_gradebook(collected: Path) -> None:
    graded(collected)
    (collected / ".autograder" / "tiny" / f"{VICTIM}.json").write_text("[]")
    reporting.report("tiny", collected)
    assert list(State.load(collected, "tiny").aside) == [VICTIM]
    assert_all_well(collected)
    with sqlite3.connect(collected / "gradebook.db") as database:
        database.execute("UPDATE submitted_assignment SET timestamp = 'never' WHERE student_id = ?", [VICTIM])
    assert list(graded(collected).aside) == [VICTIM]


def test_what_meets_everybody_stops_with_one_sentence(collected: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(record, "_save_files", full)
        with pytest.raises(OSError, match="No space left"):
            graded(collected)
    with monkeypatch.context() as patch:
        patch.setattr(record, "_record", failing(record._record, CourseError("no such assignment"), lambda *_: True))
        with pytest.raises(CourseError, match="no such assignment"):
            graded(collected)
    assert len(graded(collected).graded) == len(STUDENTS)


# --- what was found


HALF = "\ud800"


def in_a_notebook(course: Path, change: Callable[[Any], None]) -> None:
    path = course / "submitted" / VICTIM / "tiny" / "tiny.ipynb"
    notebook = json.loads(path.read_bytes())
    change(notebook)
    path.chmod(0o644)
    path.write_text(json.dumps(notebook))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.update(attachments={f"a{HALF}.png": {"image/png": "AA=="}}),
        lambda text: text.update(attachments={"a.png": {f"image/{HALF}": "AA=="}}),
        lambda text: text.update(attachments={"a.png": {"image/png": HALF}}),
        lambda text: text.update(attachments={"a.png": {"image/png": ["AA", HALF]}}),
        lambda text: text.update(id=HALF),
        lambda text: text.update(source=f"text {HALF}"),
        lambda text: text.update(metadata={HALF: HALF}),
        lambda text: text.update({HALF: HALF}),
        lambda text: text.update(cell_type=HALF),
        lambda text: text["metadata"].update(nbgrader={"grade_id": HALF, "solution": True}),
    ],
)
def test_half_a_character_in_a_notebook(collected: Path, change: Callable[[Any], None]) -> None:
    in_a_notebook(collected, lambda notebook: change(notebook["cells"][0]))
    assert graded(collected).aside == {}
    notebook = nbformat.read(collected / "autograded" / VICTIM / "tiny" / "tiny.ipynb", as_version=4)
    nbformat.validate(notebook)


def test_a_whole_character_in_two_halves_stays_whole() -> None:
    from autograder.submission.reading import cells_of

    content = json.dumps({"cells": [{"cell_type": "code", "source": "s = '😀'"}]}).encode()
    assert b"\\ud83d\\ude00" in content
    assert cells_of(content, ".ipynb") == ("s = '😀'",)


STRANGE_TIMES = [
    "1" * 190,
    "0001-01-01 00:00:00 UTC",
    "9999-12-31 23:59:59.999999 UTC",
    "9999-12-31 23:59:59 -1400",
    "10" * 90 + ":::",
    "\ud83d\ude00 never",
    "",
    ",".join("5" * 90),
    "1e999999 2026 1e999",
]


@pytest.mark.parametrize("text", STRANGE_TIMES, ids=range(len(STRANGE_TIMES)))
def test_a_time_that_is_none(collected: Path, text: str) -> None:
    """Whatever it says, it is recorded as none, and formgrader lists the class."""
    stamp = collected / "submitted" / VICTIM / "tiny" / "timestamp.txt"
    stamp.chmod(0o644)
    stamp.write_text(text, encoding="utf-8", errors="surrogatepass")
    summary = graded(collected)
    assert summary.aside == {}
    assert [row.submitted for row in summary.rows if row.student == VICTIM] == [""]
    options = settings(collected)
    options.NbGraderAPI.timezone = "+1400"
    api = NbGraderAPI(config=options)
    assert len(api.get_submissions("tiny")) == len(STUDENTS)
    assert all(entry["autograded"] for entry in api.get_submissions("tiny"))
    assert graded(collected).nothing_to_do


def test_a_time_in_the_exchange_that_is_none(course: Path) -> None:
    """The time by which a submission was chosen is collected, so formgrader and the next collecting can read it."""
    inbound = course.parent / "exchange" / "neural-networks" / "inbound"
    for folder in inbound.glob(f"{VICTIM}+*"):
        (folder / "timestamp.txt").write_text("1" * 190)
    for year in ("0001", "9999"):
        hand_in(course, OTHERS[0], b"from another time", f"{year}-01-01 00:00:00.000000 UTC")
    assert len(collect("tiny", course)) == 2
    assert collect("tiny", course)
    rows = {row.student: row for row in graded(course).rows}
    assert rows[VICTIM].submitted == rows[OTHERS[0]].submitted == "2026-11-01 10:00:00"
    assert rows[OTHERS[0]].status == "graded"


def test_folders_in_one_another(course: Path) -> None:
    (folder,) = (course.parent / "exchange" / "neural-networks" / "inbound").glob(f"{VICTIM}+*")
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    try:
        (sentence,) = collect("tiny", course)
    finally:
        subprocess.run(["rm", "-r", str(folder / "d")], check=True)  # pytest cannot remove them
    assert VICTIM in sentence
    assert "in one another" in sentence
    assert graded(course).aside == {}
    assert {path.name for path in (course / "submitted").iterdir()} == set(STUDENTS)
