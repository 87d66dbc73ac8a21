"""Formgrader, started for real and opened in Chromium: our scores and feedback on every test cell, and its button.

`PICTURES=folder` writes screenshots.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from autograder import project
from autograder.course import sample
from autograder.course.grading import grade_course
from autograder.course.pool import processes
from autograder.course.sample import sample_class, solutions_of
from autograder.course.students import CLASS, Sheet
from autograder.course.tools import gradebook
from tests.conftest import CHROMIUM
from tests.jupyter import PATIENCE, TOKEN, jupyter
from tests.test_course import HIDDEN, PERCENT, REPOSITORY

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")

STUDENTS = ("ada", "hana", "paula")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with one tiny assignment, handed in by a few students and graded with the real engine."""
    with pytest.MonkeyPatch.context() as patch:
        root: Path = tmp_path_factory.mktemp("project")
        folder = root / "solutions" / "tiny"
        folder.mkdir(parents=True)
        (folder / "tiny.py").write_text(PERCENT, encoding="utf-8")
        (folder / "hidden.py").write_text(HIDDEN, encoding="utf-8")
        shutil.copy(REPOSITORY / "nbgrader_config.py", root)
        patch.setenv("AUTOGRADER_ROOT", str(root))
        patch.setattr(sample, "CLASS", {name: CLASS[name] for name in STUDENTS})
        patch.setattr(sample, "LATE", {})
        project.root.cache_clear()
        course = root / "course"
        sample_class("tiny", course)
        assert not grade_course("tiny", course, workers=processes).aside
        yield root
    project.root.cache_clear()


@pytest.fixture(scope="module")
def page(root: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Formgrader in a browser that reaches nothing but it."""
    environment = {"COURSE": str(root / "course"), "PYTHONPATH": str(REPOSITORY)}
    folder = f"--ServerApp.root_dir={root / 'course'}"
    with jupyter("server", root, tmp_path_factory.mktemp("jupyter"), environment, folder) as url:
        context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 900})
        context.set_default_timeout(1000 * PATIENCE)
        expect.set_options(timeout=1000 * PATIENCE)
        context.route("**/*", lambda route: route.continue_() if route.request.url.startswith(url) else route.abort())
        page = context.new_page()
        page.goto(f"/formgrader/manage_assignments?token={TOKEN}")
        yield page
        context.close()


def row_of(page: Page, student: str, assignment: str = "tiny") -> Any:
    """The line of a student in "manage submissions"."""
    page.goto(f"/formgrader/manage_submissions/{assignment}")
    return page.locator("tr").filter(has=page.locator("td.student-id", has_text=student))


def grade_by_hand(page: Page, assignment: str, student: str, question: str, points: str, comment: str) -> None:
    """What a person does in formgrader: from the list to the student's notebook, points and a comment for an answer."""
    row_of(page, student, assignment).locator("td.student-name a").click()
    page.locator("td.name a").filter(has_text=assignment).click()
    page.wait_for_load_state("networkidle")
    for place, text in ((f"input#{question}", points), (f"textarea#{question}-comment", comment)):
        field = page.locator(place)
        field.click()
        expect(field).to_be_focused()
        page.wait_for_function("$('html, body').is(':animated') === false")  # it scrolls to the field first
        page.keyboard.type(text)
        expect(field).to_have_value(text)
        with page.expect_response(lambda answer: answer.request.method == "PUT") as saved:
            page.keyboard.press("Tab")
        assert saved.value.ok


def picture(page: Page, name: str) -> None:
    if pictures := os.environ.get("PICTURES"):
        page.screenshot(path=Path(pictures) / f"formgrader-{name}.png", full_page=True)


def submission(root: Path, student: str) -> str:
    with gradebook(root / "course") as book:
        return str(book.find_submission_notebook("tiny", "tiny", student).id)


def test_the_class_and_its_scores_are_listed(page: Page) -> None:
    for student, score in (("ada", "100 / 110"), ("hana", "42.5 / 110"), ("paula", "0 / 110")):
        expect(row_of(page, student).locator("td.score")).to_have_text(score)
    picture(page, "submissions")
    page.goto("/formgrader/gradebook/tiny/tiny")
    expect(page.locator("body")).to_contain_text("42.5 / 100")
    picture(page, "gradebook")


def test_every_test_cell_has_its_score_and_our_feedback(root: Path, page: Page) -> None:
    page.goto(f"/formgrader/submissions/{submission(root, 'hana')}")
    for exercise, score in (("double", "0"), ("total", "42.5")):
        field = page.locator(f"#test-{exercise}")
        expect(field).to_have_attribute("placeholder", score)
        cell = page.locator(".code_cell").filter(has=field)
        expect(cell).to_contain_text(f"{exercise}: {score} of")
    body = page.locator("body")
    expect(body).to_contain_text("multiply by 2")
    expect(body).to_contain_text("double(np.array([")
    assert page.locator("td mark").count() >= 2, "expected and got as tables, entries that differ marked"
    expect(page.locator("#why")).to_be_visible()
    page.locator("#test-double").scroll_into_view_if_needed()
    picture(page, "submission")


def test_a_person_grades_an_answer(root: Path, page: Page) -> None:
    grade_by_hand(page, "tiny", "ada", "why", "8", "nicely put")
    with gradebook(root / "course") as book:
        assert book.find_grade("why", "tiny", "tiny", "ada").manual_score == 8
        assert book.find_comment("why", "tiny", "tiny", "ada").manual_comment == "nicely put"
    expect(row_of(page, "ada").locator("td.score")).to_have_text("108 / 110")


def test_the_autograde_button_grades_what_was_collected_in_our_sandbox(root: Path, page: Page) -> None:
    path = root / "course" / "submitted" / "paula" / "tiny" / "tiny.ipynb"
    path.chmod(0o644)
    sheet = Sheet(path, solutions_of(root / "course" / "source" / "tiny" / "tiny.ipynb"), {})
    sheet.solve()
    sheet.scratch("raise SystemExit('a scratch cell, which nbgrader itself would run')", at=1)
    sheet.save()
    row_of(page, "paula").locator("td.autograde a").click()
    expect(page.locator(".modal-body").first).to_contain_text("success", ignore_case=True)
    picture(page, "autograded")
    expect(row_of(page, "paula").locator("td.score")).to_have_text("100 / 110")
    page.goto(f"/formgrader/submissions/{submission(root, 'paula')}")
    expect(page.locator("#test-double")).to_have_attribute("placeholder", "57.5")
    expect(page.locator("body")).to_contain_text("✓ double: 57.5 of 57.5 points, correct")
