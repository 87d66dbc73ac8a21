"""Running a student's file in a process of its own, with a time limit for each exercise."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from autograder.cases.model import error_in
from autograder.judge.diagnosis import Diagnosis, died, undefined
from autograder.outcome import Outcome
from autograder.sandbox.patience import Patience, waited
from autograder.student.calls import Answers
from autograder.submission.reading import Submission
from autograder.submission.ways import DEFINITIONS, Way, Ways

SECONDS = 10.0
"""For one exercise, and for defining all; as in grading."""


class StudentFile:
    """A student's submission, run in processes of its own, and the ways in which it can be; `file` holds `cases`."""

    def __init__(self, submission: Submission, file: Path, seconds: float = SECONDS) -> None:
        self._cells, self._file, self._seconds = submission.cells, file, seconds
        self.ways = Ways(submission.cells)
        self._left = seconds
        """For all that is tried in other ways than by the definitions alone, together."""

    def answers(self, names: Sequence[str], way: Way = DEFINITIONS) -> Iterator[tuple[str, Answers | Diagnosis]]:
        """For each of `names` the answers that the functions give, or why there are none.

        A process that dies or takes too long is started again for what is left.
        """
        left = list(names)
        while left and (way == DEFINITIONS or self._left > 0):
            process = _Process(self._request(left, way))
            begin = time.monotonic()
            try:
                loaded = process.next(self._seconds)
                if loaded is None and len(left) > 1 and way == DEFINITIONS:  # each alone, to see which it is
                    for name in left:
                        yield from self.answers([name])
                    return
                if loaded is not None and way == DEFINITIONS:
                    self.ways.learn(loaded)
                for name in list(left):
                    reply = process.next(self._seconds) if loaded is not None else None
                    left.remove(name)
                    if reply is None:
                        yield name, Diagnosis(Outcome(process.died), died(process.died, self._seconds))
                        break
                    yield name, _read(name, reply, loaded or {})
            finally:
                waiting = process.waited()
                process.close()
                self._left -= time.monotonic() - begin - waiting if way != DEFINITIONS else 0.0

    def _request(self, names: Sequence[str], way: Way) -> dict[str, Any]:
        cells = [cell.source for cell in self._cells[: way.cells]]
        given = self.ways.given
        return {"cells": cells, "cases": str(self._file.resolve()), "names": names, "given": given, "whole": way.whole}


def _read(name: str, reply: dict[str, Any], loaded: dict[str, Any]) -> Answers | Diagnosis:
    if reply["answers"] is not None:
        return Answers.from_json(reply["answers"])
    owner = name.partition(".")[0]
    problem = loaded["problems"].get(owner)
    found = error_in(problem) if problem else None
    return undefined(name, found, loaded["forbidden"].get(owner), loaded["others"])


class _Process:
    """A child process, and what it says line by line."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.died = "crashed"
        # -P: a file random.py beside the notebook must not stand in for Python's own.
        command = [sys.executable, "-P", "-m", "autograder.student.child"]
        paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
        self._process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._said: queue.Queue[bytes] = queue.Queue()
        self._threads = [
            threading.Thread(target=self._tell, args=(json.dumps(request).encode(),), daemon=True),
            threading.Thread(target=self._listen, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _tell(self, request: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(request)
            self._process.stdin.close()
        except OSError:
            pass  # it has died, which `next` will say

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(line)
        self._said.put(b"")

    def next(self, seconds: float) -> dict[str, Any] | None:
        """The next message; None, and `died` says why, if there is none within `seconds`.

        As in grading, time in which the machine had no processor for it does not count.
        """
        deadline = Patience(seconds, self._process.pid)
        line = None
        while line is None:
            try:
                line = self._said.get(timeout=max(0.0, deadline() - time.monotonic()))
            except queue.Empty:
                if deadline() <= time.monotonic():
                    self.died = "timeout"
                    return None
        try:
            found = json.loads(line)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None

    def waited(self) -> float:
        """Seconds that it had to wait for a processor, where the system tells."""
        return waited(self._process.pid)

    def close(self) -> None:
        """End the process and forget it."""
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
