"""Processes that grade a class: the same results as in one, whatever is killed, and nothing left when they are done."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil
import pytest

from autograder import project
from autograder.cases import store
from autograder.course.engine import Graded, engine, graded
from autograder.course.files import Collected
from autograder.course.pool import Pool, pool
from autograder.errors import AuthoringError, CourseError, SandboxError
from autograder.grade.result import SubmissionResult
from autograder.sandbox.launcher import choose

RELEASED = project.released("backprop")
SOURCES = {
    "right": "def dL_dA(A, Y): return (1 - Y) / (1 - A) - Y / A",
    "wrong": "def dL_dA(A, Y): return Y / A",
    "ends": "import os\ndef dL_dA(A, Y): os._exit(0)",
    "no python": "def",
}
"""By student, what is handed in as a module."""


def class_of(size: int) -> list[Collected]:
    names = list(SOURCES)
    return [Collected(f"{names[i % 4]} {i}", "backprop.py", SOURCES[names[i % 4]].encode()) for i in range(size)]


@pytest.fixture(scope="module")
def text() -> str:
    return RELEASED.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def alone(text: str) -> dict[str, Graded]:
    """What each kind of student gets from the engine in this process."""
    grade = engine(store.load("backprop"), choose(), text)
    return {each.student.rpartition(" ")[0]: graded(grade, each) for each in class_of(4)}


@pytest.fixture
def processes(text: str) -> Iterator[Pool]:
    with pool("backprop", text, 64) as found:
        yield found


def right(collected: Collected, result: Graded, alone: dict[str, Graded]) -> bool:
    expected = alone[collected.student.rpartition(" ")[0]]
    return not isinstance(expected, str) and result == replace(expected, submission=collected.student)


def workers() -> list[psutil.Process]:
    """The processes of pools that this one has started."""
    alive = [each for each in psutil.Process().children() if each.status() != psutil.STATUS_ZOMBIE]
    return [each for each in alive if "spawn_main" in " ".join(each.cmdline())]


def test_processes_come_to_what_one_comes_to(processes: Pool, alone: dict[str, Graded]) -> None:
    students = class_of(20)
    found = list(processes.grade(iter(students)))
    assert [collected for collected, _ in found] == students
    assert all(right(collected, result, alone) for collected, result in found)
    assert processes.sandbox() == choose()


def test_there_are_as_many_as_cores_but_no_more_than_submissions(text: str) -> None:
    for size in (1, 1000):
        with pool("backprop", text, size) as found:
            found.sandbox()
            assert len(workers()) == min(size, len(os.sched_getaffinity(0)))
    assert not workers()


def test_they_are_at_work_before_anyone_asks_for_a_result(processes: Pool) -> None:
    given: list[Collected] = []

    def noted() -> Iterator[Collected]:
        for each in class_of(64):
            given.append(each)
            yield each

    found = processes.grade(noted())
    assert len(given) >= 16
    assert [collected for collected, _ in found] == class_of(64)


def test_killed_processes_are_replaced(processes: Pool, alone: dict[str, Graded]) -> None:
    found: list[bool] = []
    for collected, result in processes.grade(class_of(24)):
        if len(found) == 2:
            workers()[0].kill()
        found.append(right(collected, result, alone))
    assert found == [True] * 24


class Deadly(Collected):
    """At this one a process of the pool is killed, as where there is no memory; `file` is where it is noted."""

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        if multiprocessing.parent_process():
            with open(self.file, "a") as noted:
                noted.write("x")
            os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("size", [30, 200], ids=["one by one", "several at a time"])
def test_a_process_that_dies_takes_one_submission_along(
    text: str, tmp_path: Path, alone: dict[str, Graded], size: int
) -> None:
    students = class_of(30)
    for number in (0, 11, 12, 29):
        students[number] = Deadly(f"deadly {number}", str(tmp_path / str(number)), b"")
    with pool("backprop", text, size) as processes:
        found = list(processes.grade(students))
    assert [collected for collected, _ in found] == students
    assert all(right(collected, result, alone) for collected, result in found if not isinstance(collected, Deadly))
    for collected, result in found:
        if isinstance(collected, Deadly):
            assert "put aside while it was graded" in str(result)
            assert "died twice" in str(result)
            assert Path(collected.file).read_text() == "xx", "it is tried again, alone"


def test_processes_that_are_killed_for_ever_are_told_of(processes: Pool) -> None:
    ended = threading.Event()

    def hunt() -> None:
        while not ended.wait(0.05):
            for each in workers():
                each.kill()

    hunter = threading.Thread(target=hunt)
    hunter.start()
    try:
        with pytest.raises(CourseError, match=r"killed before they are ready.*run again"):
            processes.sandbox()
        found = list(processes.grade(class_of(4)))
    finally:
        ended.set()
        hunter.join()
    assert all("put aside" in str(result) for _, result in found)


def test_what_they_are_at_is_not_waited_for_when_nobody_will_ask(text: str) -> None:
    """They are killed in the middle of endless loops; who was waited for would have ended by itself."""
    source = b"def dL_dA(A, Y):\n    while True: pass\ndef dZ_output(A, Y):\n    while True: pass"
    endless = [Collected(f"endless {i}", "backprop.py", source) for i in range(8)]
    interrupt = functools.partial(signal.pthread_kill, threading.main_thread().ident or 0, signal.SIGINT)

    started: list[BaseProcess] = []

    def graded_until_interrupted() -> None:
        with pool("backprop", text, 8) as found:
            found.sandbox()
            started.extend(multiprocessing.active_children())
            threading.Timer(1.0, interrupt).start()
            list(found.grade(endless))

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in the background
    try:
        with pytest.raises(KeyboardInterrupt):
            graded_until_interrupted()
    finally:
        signal.signal(signal.SIGINT, before)
    assert not workers()
    assert [each.exitcode for each in started] == [-signal.SIGKILL] * min(8, len(os.sched_getaffinity(0)))


def test_why_there_is_no_engine_is_told(text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AUTOGRADER_SANDBOX", "nonsense")
    with pool("backprop", text, 1) as found, pytest.raises(SandboxError, match="no sandbox 'nonsense'"):
        found.sandbox()
    monkeypatch.delenv("AUTOGRADER_SANDBOX")
    monkeypatch.setenv("AUTOGRADER_ROOT", str(tmp_path))
    folder = tmp_path / "solutions" / "tiny"
    folder.mkdir(parents=True)
    (folder / "hidden.py").write_text("import nothing_like_this")
    (folder / "tiny.py").write_text("# %%\n")
    project.root.cache_clear()
    try:
        with pytest.raises(AuthoringError, match="nothing_like_this"), pool("tiny", text, 1):
            pass
    finally:
        monkeypatch.undo()
        project.root.cache_clear()


def test_a_problem_of_ours_stops_one_submission() -> None:
    def broken(submission: object) -> SubmissionResult:
        raise OSError("the disk is full")

    assert "put aside while it was graded (OSError: the disk is full)" in str(graded(broken, class_of(1)[0]))


STARTER = """
import signal, sys, time
from autograder.course.pool import pool

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # who was started in the background ignores it
    with pool("backprop", open(sys.argv[1]).read(), 8) as processes:
        processes.sandbox()
        print("ready", flush=True)
        time.sleep(600)
"""


@pytest.fixture
def starter(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A program that has started processes and waits."""
    script = tmp_path / "starter.py"
    script.write_text(STARTER)
    words = [sys.executable, str(script), str(RELEASED)]
    environment = {**os.environ, "PYTHONPATH": str(project.root()), "AUTOGRADER_ROOT": str(project.root())}
    out = subprocess.PIPE
    process = subprocess.Popen(
        words, env=environment, start_new_session=True, text=True, stdout=out, stderr=subprocess.STDOUT
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.wait()


def test_nothing_is_left_when_who_started_them_is_killed(starter: subprocess.Popen[str]) -> None:
    below = psutil.Process(starter.pid).children(recursive=True)
    assert len(below) > 2
    starter.kill()
    _, left = psutil.wait_procs(below, timeout=20)
    assert not left


def test_ctrl_c_ends_all_without_a_word_of_theirs(starter: subprocess.Popen[str]) -> None:
    below = psutil.Process(starter.pid).children(recursive=True)
    os.killpg(starter.pid, signal.SIGINT)
    said, _ = starter.communicate(timeout=60)
    assert said.count("Traceback") == 1  # that of the program, which catches nothing
    assert "KeyboardInterrupt" in said
    _, left = psutil.wait_procs(below, timeout=20)
    assert not left
