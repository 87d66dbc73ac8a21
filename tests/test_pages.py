"""Pages: what is in them, and that nothing a student wrote is more than text in them."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.grade.result import Counterexample, ExerciseResult, SubmissionResult
from autograder.outcome import Outcome, Status
from autograder.report.charts import LEFT, RIGHT, TOP, hand_ins, scores
from autograder.report.classroom import class_page
from autograder.report.pages import student_page
from autograder.report.table import ExerciseNote, Note, Row

EVIL = "</pre></style><script>alert(1)</script><img src=x onerror=alert(1)>\"'{{ 7 * 7 }}"
ALLOWED = (
    "html head meta title style body header main h1 h2 h3 p section strong code pre div mark ul li a "
    "svg rect text line defs pattern table thead tbody tr th td ol span b i s"
)


class Tags(HTMLParser):
    """Collects tags and attributes, as a browser would see them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def entry(text: str = "db", outcome: str = "wrong", **values: Any) -> SubmissionResult:
    """A submission with one exercise that is not right, and one that is; what it says is what a test likes."""
    shown = {"call": f"db({text})", "arguments": {}, "expected": [[0.5], [1.0]], "got": [[0.5], [-2.0]]}
    given: dict[str, Any] = {"misconception": f"row-instead-of-{text}", "message": f"about {text}", **values}
    case = given.pop("counterexample", shown)
    counterexample = case and Counterexample(**{"shapes": {}, **case})
    default = {"name": text, "summary": "", "score": 0.0, "max_score": 8.0, "outcome": outcome, "follow_through": False}
    exercise = ExerciseResult(counterexample=counterexample, **{**default, **given})
    right = ExerciseResult("dW", "", 8.0, 8.0, Outcome.CORRECT, None, None, False, None)
    return SubmissionResult(text, 8.0, 16.0, Status.GRADED, None, (exercise, right))


def noted(hint: str | None = None, **values: Any) -> Note:
    """What a course keeps of a submission with the exercises of `entry`."""
    given = entry(**values)
    own = [(each.name, each.outcome, each.score, each.max_score, each.misconception) for each in given.exercises]
    return Note(given.status, exercises=tuple(ExerciseNote(*each, hint) for each in own))


def row(student: str, **values: Any) -> Row:
    default = {"score": 8.0, "late_penalty": 0.0, "total": 8.0, "max_score": 16.0, "needs_manual_grade": False}
    shared = {"assignment": "a", "status": Status.GRADED, "submitted": "", **default}
    return Row(student=student, **{**shared, **values})


def test_a_student_reads_what_is_wrong_why_and_what_to_try_next() -> None:
    page = student_page(entry(), assignment="backprop", student="ada", manual=[("why", 7.0, 10.0, "well said")])
    for told in ("What to try next", "about db", "row instead of db", "db(db)"):
        assert told in page
    text = words(page)
    assert "8 of 16 points" in text
    assert "✓ dW 8/8" in text
    assert (
        "expected, shape (2, 1) 0 0 0.5 1 1 yours, shape (2, 1) 0 0 0.5 1 ≠differs: -2 One of 2 entries differs" in text
    )
    assert "at [1, 0]: expected 1, got -2." in text
    assert "7 of 10 points well said" in text


def test_what_an_exercise_asks_and_the_names_of_dimensions_are_told() -> None:
    shapes = {"dZ": ["N", "n_l"], "result": ["n_l", "1"]}
    shown = {"call": "db(dZ)", "arguments": {"dZ": [[1.0, 2.0]]}, "expected": [[0.5], [1.0]], "got": [[0.5], [-2.0]]}
    given = entry(summary="the gradient of `b`", counterexample={**shown, "shapes": shapes})
    page = student_page(given, assignment="backprop", student="ada")
    assert "the gradient of <code>b</code>" in page
    assert "Here dZ is (N, n_l) = (1, 2)." in words(page)
    assert "expected, shape (n_l, 1) = (2, 1)" in words(page)


def test_a_mistake_that_is_paid_for_elsewhere_is_explained() -> None:
    page = student_page(entry(follow_through=True), assignment="backprop", student="ada")
    assert "that mistake costs nothing here" in page
    assert "that mistake costs nothing here" not in student_page(entry(), assignment="backprop", student="ada")


def test_where_the_result_is_right_the_page_says_that_something_else_is_wrong() -> None:
    page = student_page(
        entry(counterexample={"call": "f(1)", "arguments": {}, "expected": [1.0], "got": [1.0]}),
        assignment="a",
        student="b",
    )
    assert "Both are the same" in page
    assert "Both are the same" not in student_page(entry(), assignment="a", student="b")


def test_a_late_submission_and_what_a_person_must_grade_are_told() -> None:
    page = student_page(entry(), assignment="a", student="ada", late_penalty=2.5, manual=[("why", None, 10.0, "")])
    assert "It was late: 2.5 points are taken off. Not graded by a person yet: why." in words(page)


def words(page: str) -> str:
    """The text of a page as one line, without its style."""
    body = page.partition("<body>")[2]
    return re.sub(r" (?=[,.:;])", "", " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())).replace("≠ ", "≠")


def test_an_unreadable_submission_is_told_so() -> None:
    page = student_page(
        replace(entry(), status=Status.UNREADABLE, message="the file is empty"), assignment="a", student="ada"
    )
    assert "the file is empty. Please hand it in again." in page
    assert "What to try next" not in page


@pytest.mark.parametrize(
    "page",
    [
        student_page(
            entry(EVIL, EVIL), assignment=EVIL, student=EVIL, manual=[(EVIL, None, 1.0, EVIL)], submitted=EVIL
        ),
        student_page(replace(entry(), status=Status.UNREADABLE, message=EVIL), assignment="a", student="b"),
        class_page(
            EVIL,
            [row(EVIL, status="unreadable", message=EVIL), row("b", status=EVIL)],
            {EVIL: noted(text=EVIL, outcome=EVIL)},
            EVIL,
        ),
    ],
    ids=["student", "unreadable", "class"],
)
def test_nothing_that_a_student_wrote_is_more_than_text(page: str) -> None:
    seen = Tags(page)
    assert seen.tags <= set(ALLOWED.split())
    assert not {name for name in seen.attributes if name.startswith("on")}
    assert ">49<" not in page
    assert "49&#34;" not in page
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"default-src &#39;none&#39;; style-src &#39;sha256-{digest}&#39;" in page


def test_the_class_at_a_glance() -> None:
    notes = {name: noted(hint="b is a column") for name in ("ada", "bela")}
    rows = [row("ada"), row("bela", total=16.0), row("carl", status="not submitted", total=0.0)]
    page = class_page("backprop", rows, notes, "grades-backprop.csv")
    assert "2 of 3 handed in 75 % of the points, mean 75 % of the points, median" in words(page)
    assert "50 to 60 %: 1" in page
    assert "90 to 100 %: 1" in page
    exercises = page[page.index("hardest first") :]
    assert exercises.index("<code>db</code>") < exercises.index("<code>dW</code>"), "hardest first"
    assert "row instead of db in db, 2 students b is a column ada, bela" in words(page)
    assert "db 0 % 2 wrong" in words(page)
    assert "not handed in 1: carl" in words(page)
    assert 'aria-label="1 of 2 right; not db"' in page
    assert 'href="feedback/ada/backprop/backprop.html"' in page
    assert 'href="feedback/carl' not in page
    assert 'href="grades-backprop.csv"' in page


def test_what_could_not_be_graded_is_listed_with_the_reason() -> None:
    notes = {"ada": replace(noted(), status=Status.UNREADABLE)}
    rows = [row("ada", status="unreadable", message="the file is empty")]
    notes["bela"] = noted(outcome="timeout", misconception=None)
    notes["carl"] = Note(Status.ASIDE, "no sandbox")
    rows += [row("bela", needs_manual_grade=True), row("carl", status="aside", message="no sandbox", total=None)]
    rows[-1] = replace(rows[-1], score=None)
    page = class_page("a", rows, notes, "t", skipped=["@x"])
    text = words(page)
    for told in (
        "3 of 3 handed in",
        "1 put aside",
        "put aside carl: no sandbox. The next run tries it again.",
        "carl – – 16 put aside",
        "unreadable ada: the file is empty",
        "to grade by hand 1, in formgrader: bela",
        "timeout 1: bela (db)",
        "skipped @x: that cannot be a student's name.",
        "1 stopped",
    ):
        assert told in text
    assert "wrong 0" not in text
    assert "2 wrong" not in text, "what could not be read says nothing about an exercise"


def test_students_may_have_the_names_of_what_a_dict_can_do() -> None:
    names = ("items", "values", "get")
    notes = {name: noted(outcome="timeout", misconception=None) for name in names}
    page = class_page("a", list(map(row, names)), notes, "t")
    assert "timeout 3: get (db), items (db), values (db)" in words(page)


def test_hand_ins_are_counted_around_the_due_date() -> None:
    notes = {name: noted() for name in ("ada", "bela", "carl")}
    times = {"ada": "2026-11-01 08:59:00", "bela": "2026-11-01 12:00:00", "carl": "2026-11-01 12:30:00"}
    rows = [row(name, submitted=time) for name, time in times.items()]
    page = class_page("a", rows, notes, "t", due=datetime(2026, 11, 1, 12))
    assert (
        "Hand-ins by hours after the due date, less than 0 is before it. -4 to -3: 1; -1 to 0: 1; 0 to +1: 1." in page
    )
    assert "When it was handed in" not in class_page("a", rows, notes, "t")


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=30))
def test_every_hand_in_is_in_some_bar(seconds: list[int]) -> None:
    minutes = [second / 60 for second in seconds]
    chart = hand_ins(minutes)
    assert chart
    assert sum(bar.count for bar in chart.bars) == len(minutes)
    assert sum(bar.count for bar in chart.bars if bar.late) == sum(minute > 0 for minute in minutes)
    assert all(bar.x >= LEFT and bar.x + bar.width <= RIGHT and bar.y >= TOP - 0.01 for bar in chart.bars)
    assert chart.line is not None
    assert LEFT <= chart.line <= RIGHT


@given(st.lists(st.floats(0, 100), max_size=30))
def test_every_score_is_in_some_bar(shares: list[float]) -> None:
    assert sum(bar.count for bar in scores(shares).bars) == len(shares)
