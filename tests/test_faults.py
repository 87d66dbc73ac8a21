"""Faults on the way: whatever is killed, full, locked, cut or doubled, the rerun ends as an undisturbed run does."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from autograder import project
from autograder.cases import store
from autograder.course.release import release
from autograder.course.tools import gradebook
from tests.benchmarks.classes import make_class
from tests.test_attacks import family
from tests.test_sample import outcome

STUDENTS = 80
BY_HAND = ("student000003", "student000041", "student000077")
GRADE = [sys.executable, "-m", "autograder.cli", "course", "grade", "backprop"]
PATIENCE = 300.0


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course that was graded, by hand too; then everyone handed in something else."""
    course = tmp_path_factory.mktemp("faults") / "course"
    students = make_class("backprop", course, STUDENTS)
    completed(course)
    with gradebook(course) as book:
        for student in BY_HAND:
            (grade,) = (
                grade
                for notebook in book.find_submission("backprop", student).notebooks
                for grade in notebook.grades
                if grade.cell.cell_type == "markdown"
            )
            grade.manual_score, grade.needs_manual_grade = 7.0, False
        book.db.commit()
    submitted = {student: course / "submitted" / student / "backprop" / "backprop.ipynb" for student in students}
    contents = [path.read_bytes() for path in submitted.values()]
    for path, content in zip(submitted.values(), [*contents[1:], contents[0]], strict=True):
        path.write_bytes(content)
    return course


@pytest.fixture(scope="module")
def undisturbed(changed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    course = copy(changed, tmp_path_factory.mktemp("undisturbed"))
    completed(course)
    found = outcome(course)
    grades: Any = found["grades"]
    assert sum(manual == 7.0 for _, manual, _ in grades.values()) == len(BY_HAND)
    return found


@pytest.fixture
def course(changed: Path, tmp_path: Path) -> Path:
    return copy(changed, tmp_path)


def copy(course: Path, folder: Path) -> Path:
    return Path(shutil.copytree(course, folder / "course"))


@contextmanager
def grading(course: Path) -> Iterator[subprocess.Popen[str]]:
    """The command at work, in a process group of its own."""
    environment = {**os.environ, "COURSE": str(course)}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    process = subprocess.Popen(GRADE, env=environment, cwd=project.root(), start_new_session=True, **pipes)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def finished(course: Path) -> tuple[int, str]:
    """Exit status of the command, and all that it said."""
    with grading(course) as process:
        said, _ = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in said
    return process.returncode, said


def completed(course: Path) -> str:
    status, said = finished(course)
    assert status == 0, said
    return said


def graded(said: str) -> int:
    """How many a run says that it graded."""
    return int(next((line.split()[1].rstrip(".") for line in said.splitlines() if line.startswith("Graded ")), "0"))


def test_killed_at_random_instants(course: Path, undisturbed: dict[str, object]) -> None:
    """The grader dies without a word, at any moment of its work; each run goes on where the one before it was."""
    chance = random.Random(0)
    killed = 0
    for _ in range(8):
        with grading(course) as process:
            try:
                process.wait(chance.uniform(0.2, 2.0))
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                killed += 1
    completed(course)
    assert killed
    assert outcome(course) == undisturbed
    assert graded(completed(course)) == 0


def test_a_killed_grader_leaves_no_process(course: Path) -> None:
    with grading(course) as process:
        seen: set[int] = set()
        while len(seen) < 5 and process.poll() is None:
            seen = set(family(process.pid))
        assert seen, "no worker was ever seen"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        for _ in range(1000):
            left = {pid for pid in seen if Path(f"/proc/{pid}").exists() and not ended(pid)}
            if not left:
                break
            threading.Event().wait(0.01)
        assert not left


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def test_workers_killed_at_random(course: Path, undisturbed: dict[str, object]) -> None:
    """Whichever process of the graders or the sandboxes dies, no submission pays: it is graded again, now or then."""
    chance = random.Random(1)
    killed = 0
    with grading(course) as process:
        while process.poll() is None and killed < 12:
            below = sorted(pid for pid in family(process.pid) if "resource_tracker" not in command_of(pid))
            threading.Event().wait(chance.uniform(0.02, 0.2))
            for pid in chance.sample(below, min(1, len(below))):
                try:
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
                except ProcessLookupError:
                    continue
        said, _ = process.communicate(timeout=PATIENCE)
    assert killed
    assert "Traceback" not in said
    completed(course)
    assert outcome(course) == undisturbed


def test_two_at_once(course: Path, undisturbed: dict[str, object]) -> None:
    with grading(course) as first, grading(course) as second:
        said = [process.communicate(timeout=PATIENCE)[0] for process in (first, second)]
    assert sorted([first.returncode, second.returncode]) == [0, 5], said
    assert sum("another run is grading" in text for text in said) == 1
    assert outcome(course) == undisturbed


def test_locked_gradebook(course: Path, undisturbed: dict[str, object]) -> None:
    holder = sqlite3.connect(course / "gradebook.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    status, said = finished(course)
    holder.execute("ROLLBACK")
    holder.close()
    assert status in (1, 5), said
    assert "locked" in said
    completed(course)
    assert outcome(course) == undisturbed


def test_missing_gradebook(course: Path, undisturbed: dict[str, object]) -> None:
    """Without it nothing is graded; a backup is brought up to date; a new one has all but manual grades."""
    backup = (course / "gradebook.db").read_bytes()
    completed(course)
    (course / "gradebook.db").unlink()
    status, said = finished(course)
    assert status == 5
    assert "put a backup of gradebook.db back or release backprop" in said
    assert len(said.strip().splitlines()) == 1
    (course / "gradebook.db").write_bytes(backup)
    assert graded(completed(course)) == STUDENTS
    assert outcome(course) == undisturbed
    (course / "gradebook.db").unlink()
    release("backprop", course)
    assert graded(completed(course)) == STUDENTS
    grades: Any = outcome(course)["grades"]
    before: Any = undisturbed["grades"]
    assert {key: automatic for key, (automatic, _, _) in grades.items()} == {
        key: automatic for key, (automatic, _, _) in before.items()
    }


@pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap to make a small disk")
@pytest.mark.parametrize("room", [0, 200 << 10], ids=["at once", "on the way"])
def test_full_disk(course: Path, undisturbed: dict[str, object], room: int) -> None:
    """On a disk with `room` bytes left: one sentence; and with room again all is done."""
    disk = course.parent / "disk"
    disk.mkdir()
    size = sum(-(-path.stat().st_size // 4096) * 4096 for path in course.rglob("*") if path.is_file())
    script = f"""
        set -e
        cp -a {course}/. {disk}/
        left=$(($(df --output=avail -B1 {disk} | tail -1) - {room}))
        head -c $left /dev/zero > {disk}/ballast
        set +e
        COURSE={disk} {" ".join(GRADE)}; echo "status $?"
        rm {disk}/ballast
        COURSE={disk} {" ".join(GRADE)}; echo "status $?"
        rm -r {course}; cp -a {disk} {course}
    """
    inside = ["bwrap", "--dev-bind", "/", "/", "--size", str(size + (40 << 20)), "--tmpfs", str(disk)]
    done = subprocess.run(
        [*inside, "--chdir", str(project.root()), "bash", "-c", script],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    assert said.count("status 0") == 1, said[-2000:]
    assert "No space left" in said or "disk is full" in said or "disk full" in said, said[-2000:]
    assert outcome(course) == undisturbed


@pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap to make a folder read-only for root")
def test_read_only_course(course: Path, undisturbed: dict[str, object]) -> None:
    inside = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", str(course), str(course), "--chdir", str(project.root())]
    environment = {**os.environ, "COURSE": str(course)}
    done = subprocess.run([*inside, *GRADE], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 5, done.stderr
    assert "Read-only file system" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    completed(course)
    assert outcome(course) == undisturbed


CUTS: dict[str, Callable[[bytes], bytes]] = {
    "half": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "other": lambda content: b"[]",
    "zeros": lambda content: bytes(len(content)),
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS.keys())
def test_half_written_cache(cut: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that a crash or a full disk has cut is made anew, never read as something else."""
    whole = store.cached("backprop").read_bytes()
    monkeypatch.setattr(project, "cache_dir", lambda: tmp_path)
    drawn = []

    def draw(module: str, name: str, seed: str, path: str) -> subprocess.CompletedProcess[str]:
        drawn.append(Path(path))
        drawn[-1].write_bytes(whole)
        return subprocess.CompletedProcess([module], 0)

    monkeypatch.setattr(project, "run_apart", draw)
    store.cached("backprop").write_bytes(cut(whole))
    assert store.to_json(store.load("backprop")) == store.to_json(store.parse(whole))
    assert drawn == [store.cached("backprop")]
