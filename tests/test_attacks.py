"""The corpus of attacks: each file in tests/attacks is a submission that tries something, and says what it must get.

The first lines of a file say what it tries in a line, the outcomes that are allowed (`db crashed|error, dW wrong`)
and the points that it honestly earns. Each is graded while an honest neighbour is being graded by another thread, and
the same thread grades a neighbour right after it.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.cases.model import AssignmentCases
from autograder.grade.grader import Grader
from autograder.sandbox.launcher import choose
from autograder.sandbox.parent import Limits
from autograder.submission.reading import Submission, parse, read
from tests.conftest import exercise

CORPUS = sorted((Path(__file__).parent / "attacks").glob("*.py"))
CANARY = "canary-4f1c9ad0e77b"
PLACES = [Path(f"/tmp/autograder-canary-{os.getpid()}"), Path(f"/dev/shm/autograder-canary-{os.getpid()}")]
LEFT_BEHIND = ["/tmp", "/var/tmp", "/dev/shm", "/dev", "/worker", "/", "."]
WALL, HANGS = 3.0, 120.0
"""Seconds for one request, and after which a test says that the grader hangs: many times what it needs."""
NEIGHBOURS = (
    "def dZ_output(A, Y): return A - Y",
    f"# {CANARY}\ndef dW(dZ, A_prev): return dZ.T @ A_prev\ndef db(dZ): return dZ.mean(axis=0)",
)
in_memory = f"the grader's own memory holds {CANARY}"


@dataclass(frozen=True)
class Attack:
    """What the head of a file says."""

    attacks: str
    outcomes: dict[str, set[str]]
    points: float


def attack(path: Path) -> Attack:
    said = dict(re.findall(r"^# (attacks|outcome|points): (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE))
    outcomes = (entry.split() for entry in said["outcome"].split(", "))
    return Attack(said["attacks"], {name: set(allowed.split("|")) for name, allowed in outcomes}, float(said["points"]))


@pytest.fixture(scope="module")
def grader(backprop: AssignmentCases) -> Grader:
    return Grader(backprop, choose(), Limits(wall=WALL))


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor


@pytest.fixture(scope="module")
def alone(grader: Grader, threads: ThreadPoolExecutor, solution: tuple[str, ...]) -> dict[tuple[str, ...], str]:
    """What honest neighbours get while nobody attacks; and every thread has its warm parent from here on."""
    together = threading.Barrier(2)

    def warm() -> None:
        together.wait()
        grader.grade(Submission.of("warm", NEIGHBOURS[:1]))

    for done in [threads.submit(warm), threads.submit(warm)]:
        done.result()
    neighbours = [solution, *((cell,) for cell in NEIGHBOURS)]
    return {cells: document(grader.grade(Submission.of("neighbour", cells)).as_json()) for cells in neighbours}


@pytest.fixture(scope="module")
def canaries() -> Iterator[None]:
    """Secrets where attacks look for them: on the disk, in the environment, in memory, in another submission."""
    places = [place for place in PLACES if place.parent.is_dir()]
    for place in places:
        place.write_text(CANARY)
        place.chmod(0o644)
    os.environ["AUTOGRADER_CANARY"] = CANARY
    yield
    del os.environ["AUTOGRADER_CANARY"]
    for place in places:
        place.unlink()


@pytest.fixture(scope="module")
def listeners() -> Iterator[list[socket.socket]]:
    """Servers of this test process where attacks try to connect: by TCP, by UDP and through a Unix socket."""
    listening = [socket.socket(), socket.socket(type=socket.SOCK_DGRAM), socket.socket(socket.AF_UNIX)]
    for listener, place in zip(
        listening, [("127.0.0.1", 0)] * 2 + [f"\0autograder-canary-{secrets.token_hex(8)}"], strict=True
    ):
        listener.bind(place)
    for listener in listening:
        if listener.type == socket.SOCK_STREAM:
            listener.listen()
        listener.setblocking(False)
    yield listening
    for listener in listening:
        listener.close()


@pytest.fixture(scope="module")
def turns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lock for all test processes: no attack may run free while another process watches its own."""
    return tmp_path_factory.getbasetemp().parent / "attacks.lock"


@contextmanager
def turn(lock: Path, kind: int) -> Iterator[None]:
    with open(lock, "wb") as file:
        fcntl.flock(file, kind)
        yield


def document(result: dict[str, Any]) -> str:
    return json.dumps(result, ensure_ascii=False)


def family(root: int | None = None) -> dict[int, int]:
    """All processes that descend from one, or from this one, with their parents."""
    root = root or os.getpid()
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
    found: dict[int, int] = {}
    grew = True
    while grew:
        more = {pid: above for pid, above in parents.items() if pid not in found and above in {root, *found}}
        found |= more
        grew = bool(more)
    return found


def aimed(path: Path, listeners: list[socket.socket]) -> str:
    """The source of an attack, with the places of these listeners where it names some."""
    tcp, udp, local = (listener.getsockname() for listener in listeners)
    source = path.read_text(encoding="utf-8")
    for name, place in {"TCP_PORT": tcp[1], "UDP_PORT": udp[1], "LOCAL": local}.items():
        start, found, rest = source.partition(f"\n{name} = ")
        if found:
            source = f"{start}{found}{place!r}\n{rest.partition(chr(10))[2]}"
    return source


def heard(listeners: list[socket.socket]) -> list[str]:
    """What came in, at whichever listener."""
    came = []
    for listener in listeners:
        try:
            came.append(str(listener.accept() if listener.type == socket.SOCK_STREAM else listener.recv(100)))
        except BlockingIOError:
            continue
    return came


def left_behind() -> list[Path]:
    return [path for folder in LEFT_BEHIND for path in Path(folder).glob("*autograder-left-behind*")]


def test_the_corpus_is_large_and_each_says_what_it_tries() -> None:
    assert len(CORPUS) >= 80
    tries = {attack(path).attacks for path in CORPUS}
    assert len(tries) == len(CORPUS)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_nothing_is_gained_read_harmed_or_left(
    path: Path,
    grader: Grader,
    threads: ThreadPoolExecutor,
    alone: dict[tuple[str, ...], str],
    canaries: None,
    listeners: list[socket.socket],
    turns: Path,
) -> None:
    with turn(turns, fcntl.LOCK_SH):
        watched(path, grader, threads, alone, listeners)


def watched(
    path: Path,
    grader: Grader,
    threads: ThreadPoolExecutor,
    alone: dict[tuple[str, ...], str],
    listeners: list[socket.socket],
) -> None:
    expected = attack(path)
    processes = family()
    neighbours = [Submission.of("neighbour", cells) for cells in alone]
    begin = time.monotonic()
    running = threads.submit(grader.grade, parse(aimed(path, listeners).encode(), path.suffix, "attack"))
    meanwhile = [threads.submit(grader.grade, neighbour) for neighbour in neighbours[1:]]
    result = running.result().as_json()
    afterwards = [threads.submit(grader.grade, neighbour) for neighbour in neighbours for _ in range(2)]
    told = [document(done.result().as_json()) for done in (*meanwhile, *afterwards)]

    for name, outcomes in expected.outcomes.items():
        assert exercise(result, name)["outcome"] in outcomes, exercise(result, name)
    assert result["status"] == "graded"
    assert result["score"] == expected.points
    assert CANARY not in document(result)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e]", "".join(messages(result)))
    honest = list(alone.values())
    assert told == [*honest[1:], *(text for text in honest for _ in range(2))]
    assert family().keys() == processes.keys()
    assert not left_behind()
    assert not heard(listeners)
    assert time.monotonic() - begin < HANGS


def messages(result: dict[str, Any]) -> list[str]:
    return [entry["message"] or "" for entry in result["exercises"]]


CERTAIN = [path for path in CORPUS if all(len(allowed) == 1 for allowed in attack(path).outcomes.values())]


@pytest.mark.parametrize("path", CERTAIN[::4], ids=lambda path: path.stem)
def test_another_grader_says_the_same(path: Path, backprop: AssignmentCases) -> None:
    """On another day, in another process, the same file gets the same."""
    first, second = (
        Grader(backprop, choose(), Limits(wall=WALL)).grade(read(path, "attack")).as_json() for _ in range(2)
    )
    assert document(first) == document(second)


def test_the_traps_would_notice(canaries: None, listeners: list[socket.socket], turns: Path) -> None:
    """Run without a sandbox, attacks do find the canary, are heard and leave something behind."""
    with turn(turns, fcntl.LOCK_EX):
        run_free(listeners)


def run_free(listeners: list[socket.socket]) -> None:
    def bare(name: str) -> str:
        source = aimed(CORPUS[0].parent / name, listeners)
        code = f"import numpy as np\nexec({source!r})\ndb(np.ones((1, 1)))"
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANGS).stderr

    assert CANARY in bare("read_canary.py")
    assert CANARY in bare("read_environment.py")
    for name in ("reach_tcp.py", "reach_udp.py", "reach_abstract_socket.py"):
        bare(name)
        assert heard(listeners), name
    bare("reach_files.py")
    found = left_behind()
    for path in found:
        path.unlink()
    assert found
