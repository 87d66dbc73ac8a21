"""The main job, for real: the sample class of backprop through nbgrader's exchange, the engine and the gradebook."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from autograder import project
from autograder.course.cluster import cluster
from autograder.course.files import Collected, StudentFiles
from autograder.course.grading import Summary, grade_course
from autograder.course.marking import Marked
from autograder.course.pool import processes
from autograder.course.sample import sample_class
from autograder.course.tools import gradebook
from autograder.errors import CourseError
from tests.conftest import CHROMIUM
from tests.test_browser import Visit, readable
from tests.test_pool import Deadly

RIGHT = {"ada", "bela", "carla", "dinh", "emre", "fatou", "gustav", "sven", "tara", "vera", "yann", "late-right"}
UNREADABLE = {"broken-json", "broken-empty", "broken-text"}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("sample") / "course"
    sample_class("backprop", folder)
    return folder


@pytest.fixture(scope="module")
def summary(course: Path) -> Summary:
    return grade_course("backprop", course, workers=processes)


def test_everyone_is_graded_as_they_deserve(summary: Summary) -> None:
    assert len(summary.rows) >= 25
    assert not summary.aside
    scores = {row.student: row.score or 0.0 for row in summary.rows}
    assert {name for name, score in scores.items() if score == 100} == RIGHT
    assert {row.student for row in summary.rows if row.status == "unreadable"} == UNREADABLE
    assert scores["paula"] == 0
    assert all(0 < scores[name] < 100 for name in ("hana", "nora", "omar", "quentin", "ugo", "wim", "xenia", "zoe"))


def test_late_submissions_lose_a_tenth_and_are_told_so(summary: Summary) -> None:
    late = {row.student: row for row in summary.rows if row.late_penalty}
    assert set(late) == {"late-right", "late-wrong"}
    assert late["late-right"].total == 90


def test_gradebook_feedback_and_table_are_there(course: Path, summary: Summary) -> None:
    assert (course / "gradebook.db").is_file()
    assert len(summary.csv.read_text().splitlines()) == len(summary.rows) + 1
    pages = list(course.glob("feedback/*/backprop/backprop.html"))
    assert len(pages) == len(summary.rows)
    page = (course / "feedback" / "zoe" / "backprop" / "backprop.html").read_text()
    assert "of 100" not in page
    assert "expected" in page


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("student", ["", "ada", "nora", "omar", "paula", "ugo", "broken-json", "late-wrong"])
def test_everyone_can_read_the_pages(
    course: Path, summary: Summary, browser: Browser, student: str, width: int
) -> None:
    """The class page (of no student) and feedback of all kinds, as they were graded."""
    path = StudentFiles(course, "backprop", student).page if student else summary.page
    with Visit(browser, path, width) as visit:
        readable(visit, f"real-{student or 'class'}-{width}")


def test_a_second_run_has_nothing_to_do(course: Path, summary: Summary) -> None:
    again = grade_course("backprop", course, workers=processes)
    assert again.nothing_to_do
    assert again.rows == summary.rows


def outcome(course: Path) -> dict[str, object]:
    """All that a run leaves for people: the table, every page, every autograded notebook, every grade."""
    files = [course / "grades-backprop.csv", course / "grades-backprop.html"]
    files += [*course.glob("feedback/*/backprop/*.html"), *course.glob("autograded/*/backprop/*.ipynb")]
    with gradebook(course) as book:
        submissions = book.assignment_submissions("backprop")
        grades = {
            (entry.student.id, grade.name): (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
            for entry in submissions
            for notebook in entry.notebooks
            for grade in notebook.grades
        }
    return {**{str(path.relative_to(course)): path.read_bytes() for path in files}, "grades": grades}


def test_a_cluster_comes_to_the_same_though_one_of_its_processes_is_killed(
    course: Path, summary: Summary, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "course"
    shutil.copytree(course / "release", elsewhere / "release")
    shutil.copytree(course / "submitted", elsewhere / "submitted")
    shutil.copy(course / "gradebook.db", elsewhere)
    killed: list[int] = []
    before = set(Path(tempfile.gettempdir()).glob("autograder-*"))

    @contextmanager
    def two(name: str, released: str, collected: Iterable[Collected], size: int) -> Iterator[Iterator[Marked]]:
        with cluster(name, released, collected, 2) as found:

            def marked() -> Iterator[Marked]:
                from distributed import default_client

                assert default_client().scheduler.address.startswith("tls://")  # any user may connect to a port
                for each in found:
                    if not killed:
                        killed.append(next(iter(default_client().run(os.getpid).values())))
                        os.kill(killed[0], signal.SIGKILL)
                    yield each

            yield marked()

    done = grade_course("backprop", elsewhere, workers=two)
    assert killed
    assert not done.aside
    assert len(done.graded) == len(summary.graded)
    assert outcome(elsewhere) == outcome(course)
    assert set(Path(tempfile.gettempdir()).glob("autograder-*")) <= before  # the hidden tests are not left behind


def test_a_submission_at_which_processes_of_a_cluster_die_is_put_aside(tmp_path: Path) -> None:
    source = b"def dL_dA(A, Y): return (1 - Y) / (1 - A) - Y / A"
    students: list[Collected] = [Collected(f"student{number}", "backprop.py", source) for number in range(9)]
    students[4] = Deadly("deadly", str(tmp_path / "noted"), b"")
    with cluster("backprop", project.released("backprop").read_text(encoding="utf-8"), students, 2) as found:
        results = {marked.collected.student: marked for marked in found}
    assert set(results) == {student.student for student in students}
    assert [name for name, marked in results.items() if marked.problem] == ["deadly"]
    assert "put aside while it was graded" in results["deadly"].problem


def test_a_cluster_that_is_not_there_is_said() -> None:
    with (
        pytest.raises(CourseError, match="no Dask scheduler"),
        cluster("backprop", "", [], "tcp://127.0.0.1:1"),
    ):
        pass


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
