"""Processes of this machine, one for each core, that grade a class.

They are started before anything is imported that takes long, NumPy too, and are at work while nbgrader is loaded. Each
is an executor of its own, fed by a thread: where one dies, it is known what it was at, and the others never notice.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from itertools import starmap
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from autograder.course.schedule import in_turn
from autograder.errors import AutograderError, CourseError
from autograder.submission.aside import KILLED, message

if TYPE_CHECKING:
    from multiprocessing import queues

    from autograder.course.engine import Engine, Graded
    from autograder.course.files import Collected
    from autograder.course.marking import Marked
    from autograder.sandbox.launcher import Sandbox

_T = TypeVar("_T")
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
        from autograder.cases import store  # while they start

        if not store.cached(name).is_file():
            store.load(name)  # or each of them would draw
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
        count = max(1, min(size, _cores()))
        self._processes = [_Process((name, released, allow_weak)) for _ in range(count)]
        self._idle: SimpleQueue[_Process] = SimpleQueue()
        self._threads = ThreadPoolExecutor(count)
        self._sandbox: Future[Sandbox]
        self._task = min(_TASK, 1 + size // (_AHEAD * count))
        self._ahead = _AHEAD * count // self._task

    def begin(self) -> None:
        """Let the processes go on from where they need the cases of the assignment."""
        for process in self._processes:
            process.begin()
            self._idle.put(process)
        self._sandbox = self._threads.submit(self._by_one, _Process.sandbox)

    def sandbox(self) -> Sandbox:
        """The sandbox that is used. Raises what kept a process from being ready (SandboxError, AuthoringError)."""
        return self._sandbox.result()

    def grade(self, collected: Iterable[Collected]) -> Iterator[tuple[Collected, Graded]]:
        """Submissions with what they got, in turn; the processes have the first ones when this returns.

        A submission at which a process dies, and dies again when it has nothing else to do, is put aside.
        """
        return self._graded(in_turn(self._submit, collected, size=self._task, ahead=self._ahead))

    def close(self) -> None:
        """End the processes, when they have done what they are at."""
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            process.close()

    def kill(self) -> None:
        """End the processes now, whatever they are at; what they have started ends with them."""
        for process in self._processes:
            process.ended = True
        for each in set(multiprocessing.active_children()) - set(self._others):
            each.kill()

    def _graded(self, results: Iterator[tuple[Collected, Graded]]) -> Iterator[tuple[Collected, Graded]]:
        yield from results
        for process in self._processes:  # while the last ones are recorded
            self._threads.submit(process.close)

    def _submit(self, task: Sequence[Collected]) -> Future[list[tuple[Collected, Graded]]]:
        return self._threads.submit(self._by_one, _Process.grade, task)

    def _by_one(self, work: Callable[..., _T], *arguments: object) -> _T:
        """In a thread: let a process that has nothing to do work."""
        process = self._idle.get()
        try:
            return work(process, *arguments)
        finally:
            self._idle.put(process)


class _Process:
    """One process, for one thread at a time; where it has died, there is another one, unless it is `ended`."""

    def __init__(self, arguments: tuple[str, str, bool]) -> None:
        self._arguments, self.ended = arguments, False
        self._start()

    def begin(self) -> None:
        """Let the process go on from where it needs the cases."""
        self._turn.put(None)

    def sandbox(self) -> Sandbox:
        """The sandbox that it chose. Raises what kept it from being ready; CourseError if it dies of that twice."""
        with suppress(BrokenProcessPool):
            return self._do(_sandbox)
        try:
            return self._do(_sandbox)
        except BrokenProcessPool:
            told = "the processes that grade are killed before they are ready, perhaps for want of memory; run again."
            raise CourseError(told) from None

    def grade(self, collected: Sequence[Collected]) -> list[tuple[Collected, Graded]]:
        """Submissions with what they got. Where it dies, they are graded one by one, and at what it dies again is put
        aside: nothing else can be the reason, since it does nothing else."""
        with suppress(BrokenProcessPool):
            return list(zip(collected, self._do(functools.partial(_graded, collected)), strict=True))
        return [(each, self._alone(each)) for each in collected]

    def close(self) -> None:
        """End it, when it has done what it is at."""
        self._executor.shutdown(cancel_futures=True)

    def _alone(self, collected: Collected) -> Graded:
        try:
            (result,) = self._do(functools.partial(_graded, [collected]))
        except BrokenProcessPool:
            return message("graded", KILLED)
        return result

    def _do(self, work: Callable[[], _T]) -> _T:
        """Raises BrokenProcessPool where the process dies; then there is another one for what comes next."""
        if self.ended:
            raise BrokenProcessPool
        try:
            return self._executor.submit(work).result()
        except BrokenProcessPool:
            if not self.ended:
                self.close()
                self._start()
                self.begin()
            raise

    def _start(self) -> None:
        # Not by forking: this process may have threads.
        context = multiprocessing.get_context("spawn")
        self._turn: queues.SimpleQueue[None] = context.SimpleQueue()
        self._executor = ProcessPoolExecutor(1, context, _begin, (self._turn, *self._arguments))
        # Ctrl-C is for the process that started it; what is blocked stays so in one that is started.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._executor.submit(os.getpid)  # it is started with the first task
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


_ready: Callable[[], tuple[Engine, Sandbox]]
"""What a process of the pool grades with; raises what kept it from being made."""


def _begin(turn: queues.SimpleQueue[None], name: str, released: str, allow_weak: bool) -> None:
    """In a process of the pool, before its first task."""
    global _ready
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from autograder.course.engine import prepared

    _ready = functools.cache(functools.partial(prepared, name, released, allow_weak))
    turn.get()
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

    try:
        grade = _ready()[0]
    except AutograderError:
        raise
    except Exception as error:
        return [message("graded", error)] * len(collected)
    return [graded(grade, each) for each in collected]
