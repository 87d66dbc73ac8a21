"""The walk of a newcomer who becomes an instructor, and of three students: each a Unix user, each typing what is told.

One story in one clone, because it begins with the README's first command, which takes a minute. Commands are read off
the pages (`command`, `losses`). What a person does with a mouse is done in Chromium on the real page. Nothing here
calls the framework.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.conftest import CHROMIUM
from tests.pages import block, command
from tests.test_formgrader import grade_by_hand
from tests.walks.people import Person, person, why_not

ROOT = Path(__file__).resolve().parents[2]
_ADDRESS = re.compile(r"http://(?:localhost|127\.0\.0\.1):\d+/lab\?token=\w+")
PATIENCE = 120_000  # milliseconds for a page
RIGHT = {
    "center": "def center(X):\n    return X - np.mean(X, axis=0)",
    "dZ_mse": "def dZ_mse(A, Y):\n    return 2 * (A - Y)",
}
WRONG = {"center": "def center(X):\n    return X - X.mean()"}
pytestmark = [
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "-"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that everyone on this machine may enter."""
    folder = Path(tempfile.mkdtemp(prefix="neural-networks-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def publish(where: Path, user: Person) -> None:
    """The repository as it is published, with what is committed here; git reads none that belongs to others."""
    subprocess.run(["git", "clone", "--quiet", "--bare", str(ROOT), str(where)], check=True, capture_output=True)
    for path in (where, *where.rglob("*")):
        shutil.chown(path, user.name)


def works(student: Person, solutions: dict[str, str], answer: str | None = None) -> None:
    """What a student does in JupyterLab: fill cells of the fetched notebook, and save it."""
    path = student.home / "losses" / "losses.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in solutions:
            cell["source"] = solutions[name]
        elif name == "what-is-lost" and answer:
            cell["source"] = answer
    student.writes(path, json.dumps(notebook, indent=1))


@contextmanager
def jupyter_lab(instructor: Person, folder: Path) -> Iterator[str]:
    """`.venv/bin/jupyter lab`, as the instructor starts it; yields the address that it prints."""
    log = folder.parent / "lab.log"
    with open(log, "wb") as file:
        line = command(".venv/bin/jupyter lab") + " --no-browser"
        server = subprocess.Popen(
            instructor.command(line),
            cwd=folder,
            stdout=file,
            stderr=file,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        end, address = time.monotonic() + PATIENCE / 1000, None
        while address is None and time.monotonic() < end and server.poll() is None:
            time.sleep(0.2)
            address = re.search(
                r"http://(?:localhost|127\.0\.0\.1):\d+/lab\?token=\w+", log.read_text(errors="replace")
            )
        assert address, log.read_text(errors="replace")[-3000:]
        yield address[0]
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        subprocess.run(["pkill", "-TERM", "-u", instructor.name, "-f", "jupyter"], check=False)
        server.wait()


def grade_written(browser: Browser, address: str, grades: dict[str, tuple[str, str]]) -> None:
    """A person opens formgrader in the browser and grades the written answer of each student: points and a comment."""
    base, _, token = address.partition("/lab?")
    context = browser.new_context(base_url=base)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"/formgrader?{token}")
    for student, (points, comment) in grades.items():
        grade_by_hand(page, "losses", student, "what-is-lost", points, comment)
    context.close()


class Course:
    """What the instructor sees of the course, read off the files that the commands name."""

    def __init__(self, project: Path) -> None:
        self.folder = project / "course"

    def row(self, student: Person) -> dict[str, str]:
        with open(self.folder / "grades-losses.csv", encoding="utf-8") as file:
            return next((row for row in csv.DictReader(file) if row["student"] == student.name), {})

    def total(self, student: Person) -> float:
        return float(self.row(student)["total"])


def losses(start: str, instead: Mapping[str, str] | None = None) -> str:
    """The command of a page, for the assignment of this walk."""
    return command(start, {"backprop": "losses", **(instead or {})})


def release(due: timedelta) -> str:
    """The command that releases the assignment, to be handed in within some time from now."""
    moment = (datetime.now(UTC) + due).strftime("%Y-%m-%d %H:%M:%S UTC")
    return losses("make release A=backprop DUE", {"2026-12-01 23:59 UTC": moment})


def test_a_newcomer_becomes_an_instructor_and_a_class_goes_through_a_course(shared: Path, browser: Browser) -> None:
    with ExitStack() as stack:
        instructor, ada, bela, carla = (
            stack.enter_context(person(role)) for role in ("teacher", "ada", "bela", "carla")
        )
        shutil.chown(shared, instructor.name)
        publish(shared / "published.git", instructor)
        project = newcomer(instructor, shared)
        course = Course(project)

        # The first assignment is made and released.
        instructor.types(command(".venv/bin/autograder new"), project)
        said = instructor.types(release(timedelta(days=7)), project)
        join = next(line.strip() for line in said.splitlines() if "cp " in line)
        assert join == command("mkdir -p ~/.jupyter", {"/srv/neural-networks": str(project.resolve())})
        assert "cannot enter" not in said

        for student in (ada, bela, carla):
            student.types(join)
        path = command("export PATH=", {"/srv/neural-networks": str(project)}) + "; "
        everyone_is_alone(bela, project)
        for student, solutions in ((ada, RIGHT), (bela, WRONG)):
            student.types(path + losses("nbgrader fetch_assignment"))
            works(student, solutions, "The means, which a bias can add.")
        assert "✓ center" in ada.types(path + losses("autograder check"))
        assert "✗ center" in bela.tries(path + losses("autograder check")).stdout
        for student in (ada, bela):
            student.types(path + losses("nbgrader submit"))

        # Collected, graded, graded by hand, reported, released, fetched.
        instructor.types(losses("make collect A="), project)
        instructor.types(losses("make grade A="), project)
        assert (course.total(ada), course.total(bela)) == (100, 0)
        assert course.row(ada)["needs_manual_grade"] == "yes"
        with jupyter_lab(instructor, project) as address:
            grade_written(browser, address, {ada.name: ("8", "nicely put"), bela.name: ("6", "say more")})
        instructor.types(losses("make report A="), project)
        assert (course.total(ada), course.total(bela)) == (108, 6)
        assert course.row(ada)["needs_manual_grade"] == "no"
        said = instructor.types(losses("make feedback A="), project)
        assert "nbgrader fetch_feedback losses" in said
        for student, words in ((ada, ("nicely put", "108")), (bela, ("say more", "each feature has its own"))):
            (page,) = fetched_with(path, student)
            assert all(word in page for word in words), page

        # A resubmission; then a deadline, and a late student who comes for the first time.
        works(bela, RIGHT)
        bela.types(path + losses("nbgrader submit"))
        instructor.types(losses("make collect A="), project)
        instructor.types(losses("make grade A="), project)
        assert course.total(bela) == 106, "the answer did not change, and its grade stays"
        assert course.row(bela)["needs_manual_grade"] == "no"
        instructor.types(release(timedelta(seconds=1)), project)
        time.sleep(2)  # the deadline is over
        carla.types(path + losses("nbgrader fetch_assignment"))
        works(carla, RIGHT, "Nothing.")
        carla.types(path + losses("nbgrader submit"))
        instructor.types(losses("make collect A="), project)
        instructor.types(losses("make grade A="), project)
        assert (course.total(ada), course.total(bela), course.total(carla)) == (108, 106, 90)
        instructor.types(losses("make feedback A="), project)
        first, second = fetched_with(path, bela)
        assert "each feature has its own" in first
        assert "each feature has its own" not in second
        assert "106" in second
        assert "90" in fetched_with(path, carla)[0]

        # The deadline is moved, and one student taken out.
        instructor.types(release(timedelta(days=1)), project)
        instructor.types(losses("make grade A="), project)
        assert course.total(carla) == 100
        instructor.types(command(".venv/bin/autograder course remove", {"STUDENT": bela.name}), project)
        instructor.types(losses("make report A="), project)
        assert course.row(bela) == {}
        assert (course.total(ada), course.row(ada)["needs_manual_grade"]) == (108, "no")
        assert "was taken out" in instructor.types(losses("make collect A="), project)

        # An exercise is added, and the points of the other one change: the pages' own example.
        sources = project / "solutions" / "losses"
        for name, more in (("hidden.py", "new-hidden"), ("losses.py", "new-notebook")):
            text = (sources / name).read_text(encoding="utf-8").replace("points=100", "points=40")
            instructor.writes(sources / name, f"{text}\n\n{block(more)}")
        equivalent = sources.parent / "equivalent.toml"
        instructor.writes(equivalent, f"{equivalent.read_text(encoding='utf-8')}\n{block('new-equivalent')}")
        instructor.types(losses("make validate A=backprop"), project)
        instructor.types(losses("make release A=backprop"), project)
        instructor.types(losses("make grade A="), project)
        assert (course.total(ada), course.total(carla)) == (48, 40)
        assert course.row(ada)["needs_manual_grade"] == "no"
        ada.types(f"{losses('mv backprop')}; {path}{losses('nbgrader fetch_assignment')}")
        works(ada, RIGHT, "The means, which a bias can add.")
        ada.types(path + losses("nbgrader submit"))
        instructor.types(losses("make collect A="), project)
        instructor.types(losses("make grade A="), project)
        assert (course.total(ada), course.row(ada)["needs_manual_grade"]) == (108, "no")
        said = instructor.types(losses("make feedback A="), project)
        assert "Feedback for 2 students" in said
        page = fetched_with(path, ada)[-1]
        assert "nicely put" in page
        assert "108" in page

        # nbgrader's own command grades in our sandbox, and a student comes back.
        instructor.types(losses(".venv/bin/nbgrader autograde", {"STUDENT": ada.name}), project)
        instructor.types(command(".venv/bin/autograder course readmit", {"STUDENT": bela.name}), project)
        instructor.types(losses("make collect A="), project)
        instructor.types(losses("make grade A="), project)
        assert (course.total(ada), course.total(bela)) == (108, 40)


def fetched_with(path: str, student: Person) -> list[str]:
    """The feedback pages that a student fetches, oldest submission first."""
    student.types(path + losses("nbgrader fetch_feedback"))
    pages = sorted((student.home / "losses" / "feedback").rglob("losses.html"))
    return [page.read_text(encoding="utf-8") for page in pages]


def newcomer(user: Person, shared: Path) -> Path:
    """The README's two commands in a fresh clone, then those that a page tells to try on the sample class."""
    user.types("git clone --quiet published.git neural-networks", shared)
    project = shared / "neural-networks"
    said = user.types(command("make grade"), project)
    assert "simulated students" in said
    page = Path(re.search(r"class\s+(\S+\.html)", said)[1])  # type: ignore[index]
    assert "hana" in page.read_text(encoding="utf-8")
    # All of `make test` is what runs this walk: here one file of it, lint and types included.
    assert "passed" in user.types(command("make test TESTS=tests/test_equality.py"), project)
    user.types(command("COURSE=sample/course make report"), project)
    assert "Feedback for 31 students" in user.types(command("COURSE=sample/course make feedback"), project)
    lines = [
        command("make help"),
        command(".venv/bin/autograder doctor"),
        command(".venv/bin/autograder --help"),
        command(".venv/bin/autograder coverage forward"),
        command(".venv/bin/autograder mutants forward"),
        command("COURSE=sample/course .venv/bin/autograder course grade"),
        command("COURSE=sample/course .venv/bin/nbgrader export"),
        command(".venv/bin/autograder grade"),
    ]
    for line in lines:
        user.types(line, project)
    return project


def everyone_is_alone(student: Person, project: Path) -> None:
    """Nobody else on the machine reads solutions, hidden tests, grades, submissions, feedback or drawn cases."""
    for place in ("solutions", "tests", "course", "sample", ".cache", ".git"):
        assert (project / place).is_dir()
        assert "Permission denied" in student.tries(f"ls {project / place}").stderr
        assert "Permission denied" in student.tries(f"cat {project / place}/*/*").stderr
    for file in ("course/gradebook.db", "solutions/backprop/hidden.py", "course/release/losses/losses.ipynb"):
        assert "Permission denied" in student.tries(f"cat {project / file}").stderr
    inbound = project / "exchange" / "neural-networks" / "inbound"
    assert "Permission denied" in student.tries(f"ls {inbound}").stderr
