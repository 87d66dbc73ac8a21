"""Shared by all tests: the backprop assignment, drawn once, a grader for source text, and a browser."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from autograder import project
from autograder.author import files
from autograder.cases import store
from autograder.cases.model import AssignmentCases
from autograder.grade.grader import Grader
from autograder.sandbox.launcher import choose
from autograder.sandbox.parent import Limits
from autograder.submission.reading import Submission

FAST = frozenset(
    {"architecture", "archives", "author_docs", "authoring", "choice", "coverage", "definitions", "digits", "equality"}
    | {"escaping", "figures", "helpers", "pages", "readme", "report_values", "stubs", "submission", "values"}
)
"""Modules of tests that together take less than a minute on two cores, once the cases have been drawn."""
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
Grade = Callable[..., dict[str, Any]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.stem.removeprefix("test_") in FAST:
            item.add_marker(pytest.mark.fast)


@pytest.fixture(scope="session")
def backprop() -> AssignmentCases:
    return store.load("backprop")


@pytest.fixture(scope="session")
def solution(backprop: AssignmentCases) -> tuple[str, ...]:
    """The cells of the instructor's notebook that define something."""
    return files.reference_cells(project.notebook(backprop.name))


@pytest.fixture(scope="session")
def grade(backprop: AssignmentCases) -> Grade:
    """Grade cells of source text against backprop."""

    def graded(cells: Sequence[str], wall: float = 60.0, memory: int = 1 << 30) -> dict[str, Any]:
        grader = Grader(backprop, choose(), Limits(wall=wall, memory=memory))
        return grader.grade(Submission.of("student", cells)).as_json()

    return graded


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


def instead(solution: Sequence[str], *wrong: str) -> list[str]:
    """The solution with other definitions in the place of its own."""
    names = set(re.findall(r"^(?:def|class) (\w+)", "\n".join(wrong), re.MULTILINE))
    kept = [cell for cell in solution if names.isdisjoint(re.findall(r"^(?:def|class) (\w+)", cell, re.MULTILINE))]
    return [*kept, *wrong]


def lost(result: dict[str, Any]) -> set[str]:
    """Names of the exercises that did not get all their points."""
    return {entry["name"] for entry in result["exercises"] if entry["score"] < entry["max_score"]}


def exercise(result: dict[str, Any], name: str) -> dict[str, Any]:
    """The result of one exercise."""
    found: dict[str, Any] = next(entry for entry in result["exercises"] if entry["name"] == name)
    return found
