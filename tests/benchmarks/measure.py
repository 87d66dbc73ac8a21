"""What a piece of work costs: seconds, processor time, memory; and how costs are told, with their spread."""

from __future__ import annotations

import os
import pty
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
_SAMPLE_SECONDS = 0.2


@dataclass
class Cost:
    """What something cost.

    seconds    that passed
    cpu        seconds of processor time that the machine spent on it: the system does not hand on what killed
               processes of a namespace cost, so all of the machine is counted, which should do nothing else
    children   … without what this process itself cost
    """

    seconds: float = 0.0
    cpu: float = 0.0
    children: float = 0.0

    def less(self, other: Cost) -> Cost:
        """Without what a part of it cost."""
        return Cost(self.seconds - other.seconds, self.cpu - other.cpu)


def environment(**extra: str) -> dict[str, str]:
    """The same for all: ours importable; compiled modules are kept, or some would be compiled at each start."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"  # nbgrader calls alembic by name
    return {**kept, "PYTHONPATH": str(ROOT), "PATH": path, **extra}


def command(words: Sequence[str], env: Mapping[str, str], cwd: Path = ROOT) -> tuple[Cost, str]:
    """Run a command; its cost and what it printed. Ends the benchmark if it fails."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with spent() as cost:
            process = subprocess.Popen(words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
            process.wait()
        if process.returncode:
            err.seek(0)
            sys.exit(f"{' '.join(words)} failed:\n{err.read().decode(errors='replace')[-2000:]}")
        out.seek(0)
        return cost, out.read().decode()


@contextmanager
def spent() -> Iterator[Cost]:
    """What is done in a `with`. Filled in at its end."""
    cost = Cost()
    own, all_of_it, begin = time.process_time(), _busy(), time.perf_counter()
    yield cost
    cost.seconds = time.perf_counter() - begin
    cost.cpu = _busy() - all_of_it
    cost.children = max(0.0, cost.cpu - (time.process_time() - own))


def _busy() -> float:
    """Seconds that the machine's processors have been at work."""
    times = psutil.cpu_times()
    return float(sum(times[:7]) - times.idle - getattr(times, "iowait", 0.0))


def first_words(words: Sequence[str], env: Mapping[str, str]) -> float:
    """Seconds until a command shows something on a terminal that is more than escape sequences."""
    begin = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execvpe(words[0], list(words), env)
    shown, found = b"", 0.0
    with suppress(OSError):  # the terminal's end
        while chunk := os.read(terminal, 4096):
            shown += chunk
            if not found and _ESCAPES.sub(b"", shown).strip():
                found = time.perf_counter() - begin
    os.close(terminal)
    os.waitpid(pid, 0)
    return found


class Memory:
    """Samples what a process and all its children hold together; pages that they share count once (Linux' PSS)."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._root = psutil.Process(pid)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(_SAMPLE_SECONDS):
            with suppress(psutil.Error):
                self.peak = max(self.peak, sum(map(_held, [self._root, *self._root.children(recursive=True)])))


def _held(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, OSError, AttributeError):  # gone, or nobody else may look
        return 0


def spread(
    values: Sequence[float], digits: int = 1, middle: Callable[[Sequence[float]], float] = statistics.median
) -> str:
    """The median or another middle, and from where to where."""
    told = [f"{value:.{digits}f}" for value in (middle(values), min(values), max(values))]
    return f"{told[0]} ({told[1]} to {told[2]})"
