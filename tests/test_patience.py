"""What the machine does besides decides no grade: time in which a worker had no processor does not count."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from autograder.border.batch import Batch
from autograder.border.values import encode
from autograder.errors import SandboxError
from autograder.sandbox import patience
from autograder.sandbox.launcher import Sandbox
from autograder.sandbox.parent import Inputs, Limits, Worker, WorkerDied
from autograder.sandbox.patience import Patience
from tests.test_sandbox import alive, family, sandbox, value

__all__ = ["sandbox"]
HOGS = 6
COMPUTE = "import time\nbegin = time.process_time()\nwhile time.process_time() - begin < 0.6: pass\nreturn 1"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the time is, and how long the worker has waited."""
    state = [100.0, 7.0]
    monkeypatch.setattr("autograder.sandbox.patience.time.monotonic", lambda: state[0])
    monkeypatch.setattr(patience, "waited", lambda pid: state[1])
    return state


def test_the_deadline_moves_by_what_was_lost(clock: list[float]) -> None:
    deadline = Patience(10.0, 1)
    clock[:] = [109.0, 10.0]
    assert deadline() == 110.0  # nothing is asked before it is reached
    clock[:] = [110.0, 10.0]
    assert deadline() == 113.0
    clock[:] = [114.0, 10.5]
    assert deadline() == 113.5


def test_without_what_the_system_tells_all_time_counts() -> None:
    assert patience.waited(None) == 0
    assert patience.waited(2**22 + 1) == 0
    assert patience.waited(os.getpid()) >= 0


def test_a_machine_that_is_much_too_busy_is_not_the_students_mistake(clock: list[float]) -> None:
    deadline = Patience(10.0, 1)
    clock[:] = [180.0, 77.0]
    with pytest.raises(SandboxError, match="too busy"):
        deadline()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_the_worker_is_known_by_its_number_out_here(sandbox: Sandbox) -> None:
    with sandbox.start(Limits()) as worker:
        assert family(worker) == {worker._pid}
        assert alive({worker._pid or 0})


@pytest.fixture
def busy_processor(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A processor on which several others compute without end; no machine is too busy, whatever else runs there."""
    monkeypatch.setattr(patience, "_BUSY", 1000.0)
    number = min(os.sched_getaffinity(0))
    endless = f"import os\nos.sched_setaffinity(0, {{{number}}})\nwhile True: pass"
    hogs = [subprocess.Popen([sys.executable, "-c", endless]) for _ in range(HOGS)]
    yield number
    for hog in hogs:
        hog.kill()
        hog.wait()


def pinned(worker: Worker, number: int) -> Worker:
    os.sched_setaffinity(worker._pid or 0, {number})
    return worker


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_a_busy_machine_makes_no_timeout(sandbox: Sandbox, busy_processor: int) -> None:
    """It computes for 0.6 s of the 1.5 s that it has, and with six others beside it this takes more than 4 s."""
    with sandbox.start(Limits(wall=1.5)) as worker:
        assert value(pinned(worker, busy_processor), COMPUTE) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_on_a_busy_machine_who_sleeps_or_loops_is_still_late(sandbox: Sandbox, busy_processor: int) -> None:
    for body in ("while True: pass", "time.sleep(1000)"):
        with sandbox.start(Limits(wall=0.3)) as worker:
            worker.request({"op": "load", "cells": ["import time", f"def f(x):\n    {body}"], "names": ["f"]}, wall=9.0)
            pinned(worker, busy_processor)
            with pytest.raises(WorkerDied, match="in time"):
                worker.request({"op": "call", "name": "f", "call": "f(x)", "cases": [{"x": 1}]})


def test_each_call_is_made_once(sandbox: Sandbox) -> None:
    """`train_digits` has one case, which may take nearly all of the time. Who shares arguments hears if one changed."""
    source = "calls = []\ndef f(x):\n    calls.append(x)\n    x += 1.0\n    raise ValueError(str(len(calls)))"
    case = {"x": encode(np.zeros(2))}
    inputs = Inputs.of({"one": [case], "two": [case, case]})
    told = []
    for kept, which in (("one", [[0, 1]]), ("two", [[0, 2]])):
        with sandbox.start(Limits(), inputs) as worker:
            worker.request({"op": "load", "cells": [source], "names": ["f"]})
            reply = worker.request({"op": "call", "name": "f", "call": "f(x)", "kept": kept, "which": which})
            told.append([entry["error"]["message"] for entry in Batch.from_bytes(reply["block"]).entries()])
            shared = {"op": "call", "name": "f", "call": "f(x)", "kept": kept, "which": which, "shared": True}
            assert worker.request(shared).get("changed", False) is (kept == "two")
    assert told == [["1"], ["1", "2"]]
