"""The walk of a newcomer who becomes an instructor, and of three students: each a Unix user, each typing what is told.

One story in one clone, because it begins with the README's first command, which takes a minute. What a person does
with a mouse is done in Chromium on the real page. Nothing here calls the framework.
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
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.conftest import CHROMIUM
from tests.test_formgrader import grade_by_hand
from tests.test_readme import block
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
        line = ".venv/bin/jupyter lab --no-browser"
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


def utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


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
        instructor.types(".venv/bin/autograder new losses", project)
        said = instructor.types(f'make release A=losses DUE="{utc(datetime.now(UTC) + timedelta(days=7))}"', project)
        join = next(line.strip() for line in said.splitlines() if "cp " in line)
        assert "cannot enter" not in said

        for student in (ada, bela, carla):
            student.types(join)
        path = f"export PATH={project}/.venv/bin:$PATH; "
        everyone_is_alone(bela, project)
        for student, solutions in ((ada, RIGHT), (bela, WRONG)):
            student.types(path + "nbgrader fetch_assignment losses")
            works(student, solutions, "The means, which a bias can add.")
        assert "✓ center" in ada.types(path + "autograder check losses/losses.ipynb")
        assert "✗ center" in bela.tries(path + "autograder check losses/losses.ipynb").stdout
        for student in (ada, bela):
            student.types(path + "nbgrader submit losses")

        # Collected, graded, graded by hand, reported, released, fetched.
        instructor.types("make collect A=losses", project)
        instructor.types("make grade A=losses", project)
        assert (course.total(ada), course.total(bela)) == (100, 0)
        assert course.row(ada)["needs_manual_grade"] == "yes"
        with jupyter_lab(instructor, project) as address:
            grade_written(browser, address, {ada.name: ("8", "nicely put"), bela.name: ("6", "say more")})
        instructor.types("make report A=losses", project)
        assert (course.total(ada), course.total(bela)) == (108, 6)
        assert course.row(ada)["needs_manual_grade"] == "no"
        said = instructor.types("make feedback A=losses", project)
        assert "nbgrader fetch_feedback losses" in said
        for student, words in ((ada, ("nicely put", "108")), (bela, ("say more", "each feature has its own"))):
            (page,) = fetched_with(path, student)
            assert all(word in page for word in words), page

        # A resubmission; then a deadline, and a late student who comes for the first time.
        works(bela, RIGHT)
        bela.types(path + "nbgrader submit losses")
        instructor.types("make collect A=losses", project)
        instructor.types("make grade A=losses", project)
        assert course.total(bela) == 106, "the answer did not change, and its grade stays"
        assert course.row(bela)["needs_manual_grade"] == "no"
        instructor.types(f'make release A=losses DUE="{utc(datetime.now(UTC) + timedelta(seconds=1))}"', project)
        time.sleep(2)  # the deadline is over
        carla.types(path + "nbgrader fetch_assignment losses")
        works(carla, RIGHT, "Nothing.")
        carla.types(path + "nbgrader submit losses")
        instructor.types("make collect A=losses", project)
        instructor.types("make grade A=losses", project)
        assert (course.total(ada), course.total(bela), course.total(carla)) == (108, 106, 90)
        instructor.types("make feedback A=losses", project)
        first, second = fetched_with(path, bela)
        assert "each feature has its own" in first
        assert "each feature has its own" not in second
        assert "106" in second
        assert "90" in fetched_with(path, carla)[0]

        # The deadline is moved, and one student taken out.
        instructor.types(f'make release A=losses DUE="{utc(datetime.now(UTC) + timedelta(days=1))}"', project)
        instructor.types("make grade A=losses", project)
        assert course.total(carla) == 100
        instructor.types(f".venv/bin/autograder course remove {bela.name}", project)
        instructor.types("make report A=losses", project)
        assert course.row(bela) == {}
        assert (course.total(ada), course.row(ada)["needs_manual_grade"]) == (108, "no")
        assert "was taken out" in instructor.types("make collect A=losses", project)

        # An exercise is added, and the points of the other one change: the README's own example.
        sources = project / "solutions" / "losses"
        for name, more in (("hidden.py", "new-hidden"), ("losses.py", "new-notebook")):
            text = (sources / name).read_text(encoding="utf-8").replace("points=100", "points=40")
            instructor.writes(sources / name, f"{text}\n\n{block(more)}")
        equivalent = sources.parent / "equivalent.toml"
        instructor.writes(equivalent, f"{equivalent.read_text(encoding='utf-8')}\n{block('new-equivalent')}")
        instructor.types("make release A=losses", project)
        instructor.types("make validate A=losses", project)
        instructor.types("make grade A=losses", project)
        assert (course.total(ada), course.total(carla)) == (48, 40)
        assert course.row(ada)["needs_manual_grade"] == "no"
        ada.types(f"mv losses losses-before; {path}nbgrader fetch_assignment losses")
        works(ada, RIGHT, "The means, which a bias can add.")
        ada.types(path + "nbgrader submit losses")
        instructor.types("make collect A=losses", project)
        instructor.types("make grade A=losses", project)
        assert (course.total(ada), course.row(ada)["needs_manual_grade"]) == (108, "no")
        said = instructor.types("make feedback A=losses", project)
        assert "Feedback for 2 students" in said
        page = fetched_with(path, ada)[-1]
        assert "nicely put" in page
        assert "108" in page

        # nbgrader's own command grades in our sandbox, and a student comes back.
        instructor.types(f".venv/bin/nbgrader autograde losses --student {ada.name} --force", project)
        instructor.types(f".venv/bin/autograder course readmit {bela.name}", project)
        instructor.types("make collect A=losses", project)
        instructor.types("make grade A=losses", project)
        assert (course.total(ada), course.total(bela)) == (108, 40)


def fetched_with(path: str, student: Person) -> list[str]:
    """The feedback pages that a student fetches, oldest submission first."""
    student.types(path + "nbgrader fetch_feedback losses")
    pages = sorted((student.home / "losses" / "feedback").rglob("losses.html"))
    return [page.read_text(encoding="utf-8") for page in pages]


def newcomer(user: Person, shared: Path) -> Path:
    """The README's two commands in a fresh clone, then each command of its tables once, on the sample class."""
    user.types("git clone --quiet published.git neural-networks", shared)
    project = shared / "neural-networks"
    said = user.types("make grade", project)
    assert "simulated students" in said
    page = Path(re.search(r"class\s+(\S+\.html)", said)[1])  # type: ignore[index]
    assert "hana" in page.read_text(encoding="utf-8")
    # All of `make test` is what runs this walk: here one file of it, lint and types included.
    assert "passed" in user.types("make test TESTS=tests/test_equality.py", project)
    user.types("COURSE=sample/course make report A=backprop", project)
    assert "Feedback for 31 students" in user.types("COURSE=sample/course make feedback A=backprop", project)
    user.types("make help && .venv/bin/autograder doctor && .venv/bin/autograder --help", project)
    instructors = [
        ".venv/bin/autograder coverage forward",
        ".venv/bin/autograder mutants forward",
        "COURSE=sample/course .venv/bin/autograder course grade backprop --workers 2",
        "COURSE=sample/course .venv/bin/nbgrader export --to grades.csv",
        ".venv/bin/autograder grade backprop sample/students/ada/backprop/backprop.ipynb",
    ]
    for line in instructors:
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
