"""The main job, for real: the sample class of backprop through nbgrader's exchange, the engine and the gradebook."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder import project
from autograder.course.grading import Summary, grade_course
from autograder.course.sample import sample_class

RIGHT = {"ada", "bela", "carla", "dinh", "emre", "fatou", "gustav", "sven", "tara", "vera", "yann", "late-right"}
UNREADABLE = {"broken-json", "broken-empty", "broken-text"}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("course")
    sample_class("backprop", folder)
    return folder


@pytest.fixture(scope="module")
def summary(course: Path) -> Summary:
    return grade_course("backprop", course)


def test_everyone_is_graded_as_they_deserve(summary: Summary) -> None:
    assert len(summary.rows) >= 25
    assert not summary.failed
    scores = {row["student"]: row["score"] for row in summary.rows}
    assert {name for name, score in scores.items() if score == 100} == RIGHT
    assert {row["student"] for row in summary.rows if row["status"] == "unreadable"} == UNREADABLE
    assert scores["paula"] == 0
    assert all(0 < scores[name] < 100 for name in ("hana", "nora", "omar", "quentin", "ugo", "wim", "xenia", "zoe"))


def test_late_submissions_lose_a_tenth_and_are_told_so(summary: Summary) -> None:
    late = {row["student"]: row for row in summary.rows if row["late_penalty"]}
    assert set(late) == {"late-right", "late-wrong"}
    assert late["late-right"]["total"] == 90


def test_gradebook_feedback_and_table_are_there(course: Path, summary: Summary) -> None:
    assert (course / "gradebook.db").is_file()
    assert len(summary.csv.read_text().splitlines()) == len(summary.rows) + 1
    pages = list(course.glob("feedback/*/backprop/backprop.html"))
    assert len(pages) == len(summary.rows)
    page = (course / "feedback" / "zoe" / "backprop" / "backprop.html").read_text()
    assert "of 100" not in page
    assert "expected" in page


def test_a_second_run_has_nothing_to_do(course: Path, summary: Summary) -> None:
    again = grade_course("backprop", course, engine=None)
    assert again.nothing_to_do
    assert again.rows == summary.rows


def test_nbgraders_own_autograde_gives_the_same_scores(course: Path, summary: Summary) -> None:
    before = summary.csv.read_text().splitlines()
    environment = {**os.environ, "COURSE": str(course)}
    nbgrader = [sys.executable, "-m", "nbgrader"]
    for student in ("nora", "late-wrong", "paula"):
        command = [*nbgrader, "autograde", "backprop", f"--student={student}", "--force"]
        subprocess.run(command, cwd=project.root(), env=environment, check=True, capture_output=True)
    target = course / "export.csv"
    export = [*nbgrader, "export", f"--to={target}"]
    subprocess.run(export, cwd=project.root(), env=environment, check=True, capture_output=True)
    assert target.read_text().splitlines() == before
