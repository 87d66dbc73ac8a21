"""The schedule of a class: an executor has always something to do, and never much more than it needs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol, TypeVar

from autograder.course.files import Collected
from autograder.errors import AutograderError

_T = TypeVar("_T", covariant=True)


class Pending(Protocol[_T]):
    """What an executor gives for a task: a future of `concurrent.futures`, or of Dask."""

    def result(self) -> Sequence[_T]:
        """What came of each submission of the task, in turn."""


Submit = Callable[[Sequence[Collected]], Pending[_T]]
"""Hands a task, some submissions, to an executor."""


def in_turn(
    submit: Submit[_T], collected: Iterable[Collected], *, size: int, ahead: int
) -> Generator[_T, None, list[Collected]]:
    """What comes of submissions, in turn, while `ahead` tasks of `size` submissions are waited for or under way.

    The first tasks are handed over before this returns. The generator returns submissions of tasks that the executor
    gave up, since a process died at them or beside them. It raises what a person must set right first.
    """
    tasks = _tasks(iter(collected), size)
    pending = deque((task, submit(task)) for task in islice(tasks, ahead))
    return _results(submit, tasks, pending)


def _results(
    submit: Submit[_T], tasks: Iterator[list[Collected]], pending: deque[tuple[list[Collected], Pending[_T]]]
) -> Generator[_T, None, list[Collected]]:
    suspects: list[Collected] = []
    while pending:
        task, future = pending.popleft()
        try:
            yield from future.result()
        except AutograderError:
            raise
        except Exception:
            suspects += task
        pending.extend((task, submit(task)) for task in islice(tasks, 1))
    return suspects


def _tasks(collected: Iterator[Collected], size: int) -> Iterator[list[Collected]]:
    while task := list(islice(collected, size)):
        yield task
