"""Pages: what is in them, and that nothing a student wrote is more than text in them."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from autograder.report.feedback import arrays
from autograder.report.pages import class_page, student_page

EVIL = "</pre></style><script>alert(1)</script><img src=x onerror=alert(1)>\"'{{ 7 * 7 }}"
ALLOWED = (
    "html head meta title style body header main h1 h2 h3 p section strong code pre div mark ul li a "
    "svg rect text table thead tbody tr th td"
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


def entry(text: str = "db", outcome: str = "wrong", **values: Any) -> dict[str, Any]:
    exercise = {
        "name": text,
        "score": 0.0,
        "max_score": 8.0,
        "outcome": outcome,
        "message": f"about {text}",
        "misconception": f"row-instead-of-{text}",
        "follow_through": False,
        "counterexample": {"call": f"db({text})", "arguments": {}, "expected": [[0.5], [1.0]], "got": [[0.5], [-2.0]]},
        **values,
    }
    right = {**exercise, "name": "dW", "outcome": "correct", "score": 8.0, "counterexample": None, "message": None}
    right["misconception"] = None
    shared = {"status": "graded", "message": None, "score": 8.0, "max_score": 16.0}
    return {"submission": text, **shared, "exercises": [exercise, right]}


def row(student: str, **values: Any) -> dict[str, Any]:
    return {
        "student": student,
        "status": "graded",
        "score": 8.0,
        "late_penalty": 0.0,
        "total": 8.0,
        "max_score": 16.0,
        "needs_manual_grade": False,
        "message": "",
        **values,
    }


def test_a_student_reads_what_is_wrong_why_and_what_to_try_next() -> None:
    page = student_page(entry(), assignment="backprop", student="ada", manual=[("why", 7.0, 10.0, "well said")])
    for told in ("8 of 16 points", "What to try next", "about db", "row instead of db", "db(db)", "✓ <code>dW</code>"):
        assert told in page
    assert "<mark>≠-2.0</mark>" in page
    assert "<mark>1.0</mark>" in page
    assert "≠0.5" not in page
    assert "7 of 10 points: well said" in page


def test_an_unreadable_submission_is_told_so() -> None:
    page = student_page(
        {**entry(), "status": "unreadable", "message": "the file is empty"}, assignment="a", student="ada"
    )
    assert "the file is empty. Please hand it in again." in page
    assert "What to try next" not in page


@pytest.mark.parametrize(
    "page",
    [
        student_page(
            entry(EVIL, EVIL), assignment=EVIL, student=EVIL, manual=[(EVIL, None, 1.0, EVIL)], submitted=EVIL
        ),
        student_page({**entry(), "status": "unreadable", "message": EVIL}, assignment="a", student="b"),
        class_page(
            EVIL,
            [row(EVIL, status="unreadable", message=EVIL), row("b", status=EVIL)],
            {EVIL: {"exercises": entry(EVIL, EVIL)["exercises"]}},
            EVIL,
        ),
    ],
    ids=["student", "unreadable", "class"],
)
def test_nothing_that_a_student_wrote_is_more_than_text(page: str) -> None:
    seen = Tags(page)
    assert seen.tags <= set(ALLOWED.split())
    assert not {name for name in seen.attributes if name.startswith("on")}
    assert "49" not in page
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"default-src &#39;none&#39;; style-src &#39;sha256-{digest}&#39;" in page


def test_the_class_at_a_glance() -> None:
    notes = {name: {"exercises": entry()["exercises"]} for name in ("ada", "bela")}
    rows = [row("ada"), row("bela", total=16.0), row("carl", status="not submitted", total=0.0)]
    page = class_page("backprop", rows, notes, "grades-backprop.csv")
    assert "2 of 3 handed in; mean 75 % of the points" in page
    assert "50 to 60 %: 1" in page
    assert "90 to 100 %: 1" in page
    assert page.index("<code>db</code>") < page.index("<code>dW</code>"), "hardest first"
    assert "ada, bela" in page
    assert 'href="feedback/ada/backprop/backprop.html"' in page
    assert 'href="feedback/carl' not in page


def test_entries_are_told_apart_only_where_both_are_built_alike() -> None:
    shown = arrays({"expected": [[1.0, 2.0]], "got": [[1.0], [2.5]]})
    assert shown == {"expected": [("[[1.0, 2.0]]", False)], "got": [("[[1.0], [2.5]]", False)], "marked": False}
    assert arrays({"expected": 1.0, "got": None})["got"] is None
