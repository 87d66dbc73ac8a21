"""A Dask cluster that grades a class, in the place of the processes of a `pool`. The result is the same."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder import project
from autograder.cases import store
from autograder.course.engine import Engine, engine, graded
from autograder.course.files import Collected
from autograder.course.schedule import Pending, in_turn
from autograder.errors import CourseError
from autograder.sandbox.launcher import choose
from autograder.submission.aside import KILLED, message

if TYPE_CHECKING:
    from autograder.course.marking import Marked, Marker

_TASKS = 4
"""Tasks per process of a cluster that wait."""
_TASK = 8
"""Submissions per task of a cluster."""
_SECONDS = 30
_PLUGIN = "autograder"


@contextmanager
def cluster(
    name: str, released: str, collected: Iterable[Collected], where: str | int, allow_weak: bool = False
) -> Iterator[Iterator[Marked]]:
    """Mark submissions with the Dask cluster whose scheduler is at `where`, or `where` processes on this machine.

    What an assignment needs goes to each process once; a process that is killed is replaced, and its submissions are
    marked again, at last one by one: a submission at which processes die even so is put aside. Raises CourseError
    where there is no such cluster, or one with another version of this framework.
    """
    try:
        from distributed import Client, LocalCluster, Security
    except ImportError:
        raise CourseError("a cluster needs Dask: pip install 'autograder[cluster]'.") from None
    if isinstance(where, int) and where < 1:
        raise CourseError(f"a cluster of {where} processes grades nothing; ask for at least 1.")
    store.load(name)
    kit = Kit.pack(name, released, allow_weak)
    logging.getLogger("distributed").setLevel(logging.ERROR)
    try:
        # Who can connect to a scheduler can run anything as its user: other users of this machine must not.
        local = isinstance(where, int) and LocalCluster(
            n_workers=where,
            threads_per_worker=1,
            dashboard_address=None,
            silence_logs=logging.ERROR,
            security=Security.temporary(),
        )
        client = Client(local or where, timeout=_SECONDS)
    except (OSError, ValueError) as error:
        raise CourseError(f"there is no Dask scheduler at {where} ({error}); start one, then run again.") from error
    try:
        client.register_plugin(_shipped(kit))

        def marked() -> Iterator[Marked]:
            from autograder.course.marking import Marked

            def submit(task: Sequence[Collected]) -> Pending[Marked]:
                future: Pending[Marked] = client.submit(_mark, task, pure=False)
                return future

            ahead = _TASKS * max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
            suspects = yield from in_turn(submit, collected, size=_TASK, ahead=ahead)
            for each in suspects:  # with nothing else in the cluster: where processes die now, it is of this one
                killed = yield from in_turn(submit, [each], size=1, ahead=1)
                yield from [Marked(one, None, problem=message("graded", KILLED)) for one in killed]

        yield marked()
    finally:
        client.close()
        if local:
            local.close()


@dataclass(frozen=True)
class Kit:
    """All that marking an assignment needs besides this framework, as data.

    files   the hidden tests and what lies beside them, by name
    cases   the compiled cases, so that no process draws any
    code    which version of this framework they belong to
    """

    name: str
    released: str
    files: dict[str, bytes]
    cases: bytes
    code: str
    allow_weak: bool

    @classmethod
    def pack(cls, name: str, released: str, allow_weak: bool) -> Kit:
        """A kit from the files of this machine."""
        files = {path.name: path.read_bytes() for path in project.sources(name)}
        return cls(name, released, files, store.cached(name).read_bytes(), project.framework_key(), allow_weak)

    @cached_property
    def unpacked(self) -> tuple[Engine, Marker]:
        """In a process that marks nothing else. Raises CourseError if its framework is another version."""
        from distributed import get_worker

        from autograder.course.marking import Marker

        if self.code != project.framework_key():
            raise CourseError("a process of the cluster has another version of this framework; install the same one.")
        # Removed with the process, or by the cluster where it was killed.
        root = Path(tempfile.mkdtemp(prefix="autograder-", dir=get_worker().local_directory))
        atexit.register(shutil.rmtree, root, ignore_errors=True)
        folder = root / "solutions" / self.name
        folder.mkdir(parents=True)
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        os.environ["AUTOGRADER_ROOT"] = str(root)
        project.root.cache_clear()
        sandbox = choose(allow_weak=self.allow_weak)
        return engine(store.parse(self.cases), sandbox, self.released), Marker(self.released)


def _shipped(kit: Kit) -> Any:
    """The kit as something that the scheduler gives to every process, also to those that come later."""
    from distributed import WorkerPlugin

    plugin = WorkerPlugin()
    plugin.name, plugin.kit = _PLUGIN, kit
    return plugin


def _mark(collected: Sequence[Collected]) -> list[Marked]:
    """A task: what a process of the cluster does."""
    from distributed import get_worker

    kit: Kit = get_worker().plugins[_PLUGIN].kit
    grade, marker = kit.unpacked
    return [marker(each, graded(grade, each)) for each in collected]
