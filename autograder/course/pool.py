"""Processes of this machine, one for each core, that grade a class.

They are started before anything is imported that takes long, NumPy too, and are at work while nbgrader is loaded.
"""

from __future__ import annotations

import functools
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice, starmap
from typing import TYPE_CHECKING, Generic, TypeVar

from autograder.errors import CourseError

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue

    from autograder.course.engine import Engine, Graded
    from autograder.course.files import Collected
    from autograder.course.marking import Marked
    from autograder.sandbox.launcher import Sandbox

_T = TypeVar("_T")
_REPLACEMENTS = 3
"""How often killed processes are replaced, before whatever kills them is told."""
_TASK = 4
"""Submissions per task, at most: each task costs something, and at the end one process may have one more to do."""
_AHEAD = 32
"""Submissions per process that wait to be graded or recorded: enough to keep all busy while a batch is recorded."""


@contextmanager
def processes(
    name: str,
    released: str,
    collected: Iterable[Collected],
    size: int,
    allow_weak: bool = False,
    told: Callable[[Sandbox], None] = lambda sandbox: None,
) -> Iterator[Iterator[Marked]]:
    """Mark `size` submissions of an assignment with the processes of a `pool`; `told` hears of their sandbox."""
    with pool(name, released, size, allow_weak) as grading:
        found = grading.grade(collected)
        with kept():
            from autograder.course.marking import Marker  # and nbgrader with it, while they are at work

            marker = Marker(released)
        told(grading.sandbox())
        yield starmap(marker, found)


@contextmanager
def pool(name: str, released: str, size: int, allow_weak: bool = False) -> Iterator[Pool]:
    """Start processes, as many as there are cores, that grade `size` submissions of an assignment.

    They choose a sandbox, each for itself, and make all ready. Raises AuthoringError if there are no cases.
    """
    found = Pool(name, released, size, allow_weak)
    try:
        from autograder import cases  # while they start

        if not cases.cached(name).is_file():
            cases.load(name)  # or each of them would draw
        found.begin()
        yield found
    except BaseException:  # nobody will ask for what they are at, which may take long
        found.kill()
        raise
    finally:
        found.close()


class Pool:
    """What `pool` starts."""

    def __init__(self, name: str, released: str, size: int, allow_weak: bool) -> None:
        self._others = multiprocessing.active_children()
        cores = _cores()
        self._count = max(1, min(size, len(cores)))
        # What is told to a process and what that tells its sandbox stays in one core's cache. Where there are more
        # cores than processes, the system finds the idle ones.
        self._cores = cores if self._count == len(cores) else [None] * self._count
        self._arguments = name, released, allow_weak
        self._task = min(_TASK, 1 + size // (_AHEAD * self._count))
        self._ahead = _AHEAD * self._count // self._task
        self._replacements = _REPLACEMENTS
        self._sandbox = _Task(_sandbox)
        self._ending: threading.Thread | None = None
        self._start()
        self._submit([self._sandbox])

    def begin(self) -> None:
        """Let the processes go on from where they need the cases of the assignment."""
        for core in self._cores:
            self._turns.put(core)

    def sandbox(self) -> Sandbox:
        """The sandbox that is used. Raises what kept a process from being ready (SandboxError, AuthoringError)."""
        return self._first([self._sandbox])

    def grade(self, collected: Iterable[Collected]) -> Iterator[tuple[Collected, Graded]]:
        """Submissions with what they got, in turn; the processes have the first ones when this returns.

        Killed processes are replaced; raises CourseError, when asked for a result, where that happens too often.
        """
        left = iter(collected)
        waiting = deque(self._tasks(left, self._ahead))
        self._submit([task for _, task in waiting])
        return self._graded(left, waiting)

    def close(self) -> None:
        """End the processes, when they have done what they are at."""
        if self._ending:
            self._ending.join()
        self._executor.shutdown(cancel_futures=True)

    def kill(self) -> None:
        """End the processes now, whatever they are at; what they have started ends with them."""
        for each in set(multiprocessing.active_children()) - set(self._others):
            each.kill()

    def _graded(self, left: Iterator[Collected], waiting: deque[_Given]) -> Iterator[tuple[Collected, Graded]]:
        while waiting:
            results = self._first([task for _, task in waiting])
            some, _ = waiting.popleft()
            yield from zip(some, results, strict=True)
            waiting.extend(self._tasks(left, 1))
        self._ending = threading.Thread(target=self._executor.shutdown)  # while the last ones are recorded
        self._ending.start()

    def _tasks(self, left: Iterator[Collected], count: int) -> Iterator[_Given]:
        for _ in range(count):
            if some := list(islice(left, self._task)):
                yield some, _Task(functools.partial(_graded, some))

    def _first(self, tasks: Sequence[_Task[_T]]) -> _T:
        """The result of the first of some tasks; the others are submitted, too."""
        while True:
            self._submit(tasks)
            try:
                return tasks[0].future.result()
            except BrokenProcessPool:
                if not self._replacements:
                    told = "the processes that grade are killed again and again, perhaps for want of memory; run again."
                    raise CourseError(told) from None
                self._replacements -= 1
                self.close()
                self._start()
                self.begin()

    def _submit(self, tasks: Iterable[_Task[_T]]) -> None:
        """Hand tasks to the processes that there are now; where these were killed, that shows in the tasks' results."""
        for task in tasks:
            if task.executor is not self._executor:
                task.executor = self._executor
                try:
                    task.future = self._executor.submit(task.work)
                except BrokenProcessPool as error:
                    task.future = Future()
                    task.future.set_exception(error)

    def _start(self) -> None:
        # Not by forking: this process may have threads.
        context = multiprocessing.get_context("spawn")
        self._turns: SimpleQueue[int | None] = context.SimpleQueue()
        self._executor = ProcessPoolExecutor(self._count, context, _begin, (self._turns, *self._arguments))
        # Ctrl-C is for the process that started them; what is blocked stays so in those that are started.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            for _ in range(self._count):  # one is started with each task, while none has nothing to do
                self._executor.submit(os.getpid)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


@dataclass
class _Task(Generic[_T]):
    """Something that a process of a pool is to do, and the processes that were asked for it."""

    work: Callable[[], _T]
    executor: ProcessPoolExecutor | None = None
    future: Future[_T] = field(default_factory=Future)


_Given = tuple["list[Collected]", "_Task[list[Graded]]"]


@contextmanager
def kept() -> Iterator[None]:
    """What is made in a `with` stays: garbage is not looked for while it is made, and never again in it."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _cores() -> list[int | None]:
    """Those that this process may use."""
    return [*(os.sched_getaffinity(0) if sys.platform == "linux" else range(os.cpu_count() or 1))]


_ready: Callable[[], tuple[Engine, Sandbox]]
"""What a process of the pool grades with; raises what kept it from being made."""


def _begin(turns: SimpleQueue[int | None], name: str, released: str, allow_weak: bool) -> None:
    """In a process of the pool, before its first task."""
    global _ready
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with kept():
        from autograder.course.engine import prepared

        _ready = functools.cache(functools.partial(prepared, name, released, allow_weak))
        core = turns.get()
        if core is not None and sys.platform == "linux":
            with suppress(OSError):  # what the system no longer gives us is no reason not to grade
                os.sched_setaffinity(0, {core})  # and with it all that it starts
        with suppress(Exception):  # the first task finds it again, and tells
            _ready()


def _end_with_parent() -> None:
    """Where who started this process is killed, nobody tells it to end."""
    started_by = multiprocessing.parent_process()
    if started_by is not None:
        started_by.join()
        os._exit(1)


def _sandbox() -> Sandbox:
    return _ready()[1]


def _graded(collected: Sequence[Collected]) -> list[Graded]:
    from autograder.course.engine import graded

    grade = _ready()[0]
    return [graded(grade, each) for each in collected]
