"""The engine of a course: grades what was collected, in as many processes as there are cores.

Nothing of nbgrader is loaded here, so these processes are ready by the time that the one which started them has it.
"""

from __future__ import annotations

import functools
import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from autograder import cases
from autograder.course.files import Collected
from autograder.errors import CourseError
from autograder.grade import Grader
from autograder.sandbox.launcher import Limits, Sandbox, choose
from autograder.submission import Submission, Unreadable, cells_of, parse

Engine = Callable[[Submission | Unreadable], dict[str, Any]]
"""Gives an entry of the document's "submissions" for a submission."""
Graded: TypeAlias = dict[str, Any] | str
"""Such an entry, or the problem for which there is none: that is nobody's fault but ours."""

_T = TypeVar("_T")
_REPLACEMENTS = 3
"""How often killed processes are replaced, before whatever kills them is told."""
_TASK = 4
"""Submissions per task, at most: each task costs something, and at the end one process may have one more to do."""
_AHEAD = 32
"""Submissions per process that wait to be graded or recorded: enough to keep all busy while a batch is recorded."""


def engine(assignment: cases.AssignmentCases, sandbox: Sandbox, released: str) -> Engine:
    """The engine for an assignment, in this process; `released` is the text of its released notebook."""
    cells = cells_of(released.encode(), ".ipynb")
    return Grader(assignment, sandbox, Limits(), () if isinstance(cells, str) else cells).grade


def graded(grade: Engine, collected: Collected) -> Graded:
    """Grade one submission. Never raises for what it does: it never stops the class."""
    try:
        return grade(parse(collected.content, Path(collected.file).suffix, collected.student))
    except Exception as error:
        return str(error) or type(error).__name__


@contextmanager
def kept() -> Iterator[None]:
    """What is made in a `with` stays: garbage is not looked for while it is made, and never again in it."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


class Pool:
    """Processes of this machine that grade one assignment; see `pool`."""

    def __init__(self, start: Callable[[], ProcessPoolExecutor], count: int, size: int) -> None:
        self._others = multiprocessing.active_children()
        self._start, self._executor, self._replacements = start, start(), _REPLACEMENTS
        self._task = min(_TASK, 1 + size // (_AHEAD * count))
        self._ahead = _AHEAD * count // self._task

    def sandbox(self) -> Sandbox:
        """The sandbox that is used. Raises what kept a process from being ready (SandboxError, AuthoringError)."""
        return self._first([_Task(_sandbox)])

    def grade(self, collected: Iterable[Collected]) -> Iterator[tuple[Collected, Graded]]:
        """Submissions with what they got, in turn. Killed processes are replaced; raises CourseError for too many."""
        left = iter(collected)
        given: deque[list[Collected]] = deque()
        tasks: deque[_Task[list[Graded]]] = deque()
        while True:
            while len(tasks) < self._ahead and (some := list(islice(left, self._task))):
                given.append(some)
                tasks.append(_Task(functools.partial(_graded, some)))
            if not tasks:
                return
            results = self._first(tasks)
            tasks.popleft()
            yield from zip(given.popleft(), results, strict=True)

    def close(self) -> None:
        """End the processes, when they have done what they are at."""
        self._executor.shutdown(cancel_futures=True)

    def kill(self) -> None:
        """End the processes now, whatever they are at; what they have started ends with them."""
        for each in set(multiprocessing.active_children()) - set(self._others):
            each.kill()

    def _first(self, tasks: Sequence[_Task[_T]]) -> _T:
        """The result of the first of some tasks; the others are submitted, too."""
        while True:
            try:
                for task in tasks:
                    if task.executor is not self._executor:
                        task.future, task.executor = self._executor.submit(task.work), self._executor
                return tasks[0].future.result()
            except BrokenProcessPool:
                if not self._replacements:
                    told = "the processes that grade are killed again and again, perhaps for want of memory; run again."
                    raise CourseError(told) from None
                self._replacements -= 1
                self.close()
                self._executor = self._start()


@dataclass
class _Task(Generic[_T]):
    """Something that a process of a pool is to do, and the processes that were asked for it."""

    work: Callable[[], _T]
    executor: ProcessPoolExecutor | None = None
    future: Future[_T] = field(default_factory=Future)


@contextmanager
def pool(name: str, released: str, size: int, allow_weak: bool = False) -> Iterator[Pool]:
    """Start processes, as many as there are cores, that grade `size` submissions of an assignment.

    They choose a sandbox, each for itself, and make all ready.
    """
    if not cases.cached(name).is_file():
        cases.load(name)  # or each of them would draw
    count = max(1, min(size, os.cpu_count() or 1))
    found = Pool(lambda: _started(count, (name, released, allow_weak)), count, size)
    try:
        yield found
    except BaseException:  # nobody will ask for what they are at, which may take long
        found.kill()
        raise
    finally:
        found.close()


def _started(count: int, arguments: tuple[str, str, bool]) -> ProcessPoolExecutor:
    # Not by forking: this process may have threads.
    executor = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _begin, arguments)
    # Ctrl-C is for the process that started them; what is blocked stays so in those that are started.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        for _ in range(count):  # one is started with each task, while none has nothing to do
            executor.submit(os.getpid)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    return executor


_ready: Callable[[], tuple[Engine, Sandbox]]
"""What a process of the pool grades with; raises what kept it from being made."""


def _begin(name: str, released: str, allow_weak: bool) -> None:
    """In a process of the pool, before its first task."""
    global _ready
    threading.Thread(target=_end_with_parent, daemon=True).start()

    @functools.cache
    def ready() -> tuple[Engine, Sandbox]:
        assignment, sandbox = cases.load(name), choose(allow_weak=allow_weak)
        return engine(assignment, sandbox, released), sandbox

    _ready = ready
    with kept(), suppress(Exception):  # the first task finds it again, and tells
        ready()


def _end_with_parent() -> None:
    """Where who started this process is killed, nobody tells it to end."""
    started_by = multiprocessing.parent_process()
    if started_by is not None:
        started_by.join()
        os._exit(1)


def _sandbox() -> Sandbox:
    return _ready()[1]


def _graded(collected: Sequence[Collected]) -> list[Graded]:
    grade = _ready()[0]
    return [graded(grade, each) for each in collected]
