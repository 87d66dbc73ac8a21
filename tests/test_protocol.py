"""The trusted side's reader against a worker that sends what it likes: never a crash or a point, bounded memory.

The worker here is a thread at the other end of a socket. What it sends is real traffic, recorded from a real sandbox
and then changed, or made up from the start.
"""

from __future__ import annotations

import base64
import functools
import json
import socket
import struct
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.border import wire
from autograder.border.batch import Batch
from autograder.border.values import MAX_PARTS, dumps, loads
from autograder.cases.model import AssignmentCases
from autograder.errors import SandboxError
from autograder.grade.grader import Grader, grade_files
from autograder.grade.session import Calls
from autograder.sandbox.launcher import choose
from autograder.sandbox.parent import Ended, Inputs, Limits, Worker, WorkerDied
from autograder.submission.reading import Submission

PLACEHOLDER = "0123456789abcdef"
REPLY = 16 << 20
"""Bytes of one reply: the limit of a class."""
BOUND = 32
"""How many bytes of memory the reader may take for each byte that a reply may have. Most is for the objects of JSON."""
WRONG = (
    "def dZ_output(A, Y): return Y - A\n"
    "def dW(dZ, A_prev): return [dZ.sum(), (1, 'x'), {'a': True}]\n"
    "def db(dZ): raise ValueError('no')\n"
    "def bce(A, Y): return 7.0\n"
    "def backward(X, Y, W1, b1, W2, b2): return dW(X, X), db(X), W1, b1\n"
)
Reply = Callable[[bytes], list[bytes]]
"""What a worker sends (frames or not) for a request."""


def frame(payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + payload


@dataclass
class Puppet:
    """A sandbox whose workers send what `reply` makes of each request, then close."""

    reply: Reply
    status: int = 0
    name: str = "puppet"
    strong: bool = True
    weakness: str = ""

    def __hash__(self) -> int:
        return id(self)

    def start(self, limits: Limits, inputs: Inputs | None = None) -> Worker:
        ours, theirs = socket.socketpair()

        def serve() -> None:
            with theirs:
                while True:
                    try:
                        for piece in self.reply(wire.receive_frame(theirs)):
                            theirs.sendall(piece)
                    except (wire.WireError, OSError, EOFError):
                        return  # which closes the socket

        threading.Thread(target=serve, daemon=True).start()
        return Worker(lambda grace: Ended(self.status), ours, limits)


@dataclass
class Recorded:
    """A real sandbox whose replies are noted by what was asked."""

    replies: dict[str, bytes] = field(default_factory=dict)
    name: str = "recorded"
    strong: bool = True
    weakness: str = ""

    def __hash__(self) -> int:
        return id(self)

    def start(self, limits: Limits, inputs: Inputs | None = None) -> Worker:
        worker = choose().start(limits, inputs)
        request = worker.request

        def noted(message: dict[str, Any], **options: Any) -> dict[str, Any]:
            reply = request(message, **options)
            self.replies[asked(message)] = written(reply)
            return reply

        worker.request = noted  # type: ignore[method-assign]
        return worker


def written(reply: dict[str, Any]) -> bytes:
    """A reply as it crosses the border: a line of JSON, then the bytes that come with it."""
    line = dumps({key: value for key, value in reply.items() if key != "block"})
    return b"\n".join([line, reply["block"]])


def named(reply: bytes, identity: str) -> bytes:
    """The same reply to another request."""
    line, _, block = reply.partition(b"\n")
    return written({**loads(line), "id": identity, "block": block})


def asked(message: dict[str, Any]) -> str:
    """What a request is about, the same each time."""
    # Cases are those of trials, which come after the calls that are judged.
    which, cases = (dumps(message.get(key, [])).decode() for key in ("which", "cases"))
    return f"{message['op']} {message.get('name')} {sorted(message.get('replace', {}))} {which} {cases}"


@pytest.fixture(scope="module")
def traffic(backprop: AssignmentCases) -> dict[str, bytes]:
    recorded = Recorded()
    result = Grader(backprop, recorded, Limits()).grade(Submission.of("wrong", (WRONG,)))
    assert result.score == 0
    assert {asked.split()[0] for asked in recorded.replies} == {"load", "call"}
    return recorded.replies


def answering(traffic: dict[str, bytes], change: Callable[[str, bytes], list[bytes]]) -> Reply:
    """Real replies, with the identity that belongs to the request, given to `change`."""

    def reply(request: bytes) -> list[bytes]:
        message = loads(request.partition(b"\n")[0])
        recorded = traffic.get(asked(message))
        if recorded is None:
            raise EOFError
        return change(message["id"], named(recorded, message["id"]))

    return reply


def graded(assignment: AssignmentCases, reply: Reply, wall: float = 5.0) -> dict[str, Any]:
    return (
        Grader(assignment, Puppet(reply), Limits(wall=wall, reply=REPLY))
        .grade(Submission.of("wrong", (WRONG,)))
        .as_json()
    )


def test_recorded_traffic_gives_what_it_gave(backprop: AssignmentCases, traffic: dict[str, bytes]) -> None:
    real = Grader(backprop, choose(), Limits()).grade(Submission.of("wrong", (WRONG,))).as_json()
    assert graded(backprop, answering(traffic, lambda identity, reply: [frame(reply)])) == real


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["value", "error", "changed", "f", "l", "t", "v", "a", "d", "n", "c", "<f8", "|O8", "nan"])
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("fltvadnsc"), inner, max_size=2),
    max_leaves=12,
)


@st.composite
def changed_bytes(draw: st.DrawFn, reply: bytes) -> list[bytes]:
    """Bytes put in, left out, overwritten or repeated; a length that does not fit; more frames than one."""
    kind = draw(st.sampled_from(["overwrite", "insert", "cut", "repeat", "length", "twice", "truncate"]))
    place = draw(st.integers(0, max(0, len(reply) - 1)))
    some = draw(st.binary(min_size=1, max_size=8))
    if kind == "overwrite":
        return [frame(reply[:place] + some + reply[place + len(some) :])]
    if kind == "insert":
        return [frame(reply[:place] + some + reply[place:])]
    if kind == "cut":
        return [frame(reply[:place] + reply[place + draw(st.integers(1, 200)) :])]
    if kind == "repeat":
        return [frame(reply[:place] + reply[place : place + 50] * draw(st.integers(2, 50)) + reply[place:])]
    if kind == "length":
        return [struct.pack(">I", draw(st.integers(0, 2**32 - 1))) + reply]
    if kind == "twice":
        return [frame(reply), frame(some), frame(reply)]
    return [frame(reply)[:place]]


@st.composite
def changed_data(draw: st.DrawFn, reply: bytes) -> list[bytes]:
    """The reply with something else in one place of its JSON, or of a column of the batch that comes with it."""
    line, _, block = reply.partition(b"\n")
    message, batch = loads(line), Batch.from_bytes(block)
    outline, others = list(struct.unpack(f"<{len(batch.outline) // 8}q", batch.outline)), loads(batch.others or b"[]")
    column = draw(st.sampled_from(["message", "outline", "others"]))
    if column == "outline" and outline:
        whole = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 9)
        outline[draw(st.integers(0, len(outline) - 1))] = draw(whole)
    elif column == "others" and others:
        others[draw(st.integers(0, len(others) - 1))] = draw(anything)
    else:
        message[draw(st.sampled_from([*sorted(set(message) - {"id"}), "block"]))] = draw(anything)
    batch = Batch(struct.pack(f"<{len(outline)}q", *outline), batch.numbers, json.dumps(others).encode())
    return [frame(b"\n".join([json.dumps(message).encode(), batch.as_bytes()]))]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_changed_traffic_is_refused_or_read_and_never_a_point(
    backprop: AssignmentCases, traffic: dict[str, bytes], data: st.DataObject
) -> None:
    victim = data.draw(st.sampled_from(sorted(traffic)))
    change = data.draw(st.sampled_from([changed_bytes, changed_data]))
    pieces: list[bytes] = data.draw(change(named(traffic[victim], PLACEHOLDER)))
    whole = len(pieces) == 1 and frame(pieces[0][4:]) == pieces[0]
    closed = threading.local()

    def reply(request: bytes) -> list[bytes]:
        message = loads(request.partition(b"\n")[0])
        if getattr(closed, "now", False) or asked(message) not in traffic:
            raise EOFError
        if asked(message) != victim:
            return [frame(named(traffic[asked(message)], message["id"]))]
        # Half a frame is followed by the end, or else the reader would only wait for its time to be over.
        closed.now = not whole
        return [piece.replace(PLACEHOLDER.encode(), message["id"].encode()) for piece in pieces]

    result = graded(backprop, reply, wall=0.5)
    assert result["status"] == "graded"
    assert result["score"] == 0
    json.dumps(result, allow_nan=False)


def line(identity: str) -> bytes:
    return b'{"id":"%s"}\n' % identity.encode()


def columns(identity: str, outline: bytes, others: bytes = b"[]") -> Iterator[bytes]:
    """A reply with a batch of these columns, and no numbers."""
    return iter([line(identity), Batch(outline, b"", others).as_bytes()])


OTHER = struct.pack("<q", 4)
LARGE: dict[str, Callable[[str], Iterator[bytes]]] = {
    "brackets": lambda identity: iter([b"[" * (REPLY - 1)]),
    "empty lists": lambda identity: iter([b"[" + b"[]," * (REPLY // 3 - 1) + b"[]]"]),
    "numbers": lambda identity: iter([b'{"id":"%s","more":[' % identity.encode(), b"1," * (REPLY // 2 - 50), b"1]}"]),
    "objects": lambda identity: iter([b"[", b'{"":0},' * (REPLY // 7 - 1), b"0]"]),
    "keys": lambda identity: iter([b"{", *(b'"%07d":0,' % key for key in range(REPLY // 13)), b'"":0}']),
    "one number": lambda identity: iter([b'{"id":', b"1" * (REPLY - 10), b"}"]),
    "one text": lambda identity: iter([b'{"id":"%s","more":"' % identity.encode(), b"x" * (REPLY - 60), b'"}']),
    "escapes": lambda identity: iter(
        [b'{"id":"%s","more":"' % identity.encode(), b"\\ud83d\\ude00" * (REPLY // 12 - 9), b'"}']
    ),
    "block": lambda identity: iter([line(identity), b"[]\n", b"x" * (REPLY - 60)]),
    "lines": lambda identity: iter([line(identity), b"\n" * (REPLY - 60)]),
    "others of numbers": lambda identity: columns(identity, b"", b"[" + b"1," * (REPLY // 2 - 50) + b"1]"),
    "others of lists": lambda identity: columns(identity, OTHER, b"[[" + b"[]," * (REPLY // 3 - 50) + b"[]]]"),
    "others of fewer lists": lambda identity: columns(identity, OTHER, b"[[" + b"[]," * (MAX_PARTS // 2 - 9) + b"[]]]"),
    "many zeros": lambda identity: columns(identity, bytes(REPLY - 100)),
    "empty arrays": lambda identity: columns(identity, struct.pack("<3q", 0, 1, 0) * (MAX_PARTS // 3)),
    "large empty arrays": lambda identity: columns(identity, struct.pack("<4q", 0, 2, 0, 10**6) * (MAX_PARTS // 4)),
    "empty lists in a list": lambda identity: columns(
        identity, struct.pack("<2q", 1, MAX_PARTS // 2 - 1) + struct.pack("<2q", 1, 0) * (MAX_PARTS // 2 - 1)
    ),
    "lists in lists": lambda identity: columns(identity, struct.pack("<2q", 1, 1) * (MAX_PARTS // 2)),
    "more items than there are": lambda identity: columns(identity, struct.pack("<2q", 1, 2**60)),
    "one value unfolded": lambda identity: columns(
        identity, OTHER, b'[{"a":["<f8",[1000000],"' + b"AAAA" * (1000000 * 8 // 3) + b'"]}]'
    ),
}


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE.keys())
def test_memory_is_bounded_by_the_size_of_a_reply(
    make: Callable[[str], Iterator[bytes]], backprop: AssignmentCases
) -> None:
    """The most that one reply can make of itself, in the reader and in all that looks at it afterwards."""

    def reply(request: bytes) -> list[bytes]:
        message = loads(request.partition(b"\n")[0])
        if message["op"] == "load":
            return [frame(dumps({"id": message["id"], "defined": []}))]
        return [frame(b"".join(make(message["id"]))[:REPLY])]

    limits = Limits(wall=60.0, reply=REPLY)
    judge = functools.partial(Grader(backprop, Puppet(reply), limits)._judge, Calls.all_of(backprop.exercises[0]))
    tracemalloc.start()
    try:
        with Puppet(reply).start(limits) as worker:
            tracemalloc.reset_peak()
            with suppress(WorkerDied, ValueError):
                judge(Batch.from_bytes(worker.request({"op": "call", "name": "bce"})["block"]))
            _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < BOUND * REPLY


def test_endless_replies_end_with_the_time(backprop: AssignmentCases, traffic: dict[str, bytes]) -> None:
    endless = answering(traffic, lambda identity, reply: [frame(b"{}")] * 100_000)
    result = graded(backprop, endless, wall=1.0)
    assert {entry["outcome"] for entry in result["exercises"]} == {"crashed"}


def test_answers_to_another_call_are_none(backprop: AssignmentCases, traffic: dict[str, bytes]) -> None:
    """A worker that mixes its answers up gets nothing for them, though each would be well-formed."""
    others = list(traffic.values())

    def reply(request: bytes) -> list[bytes]:
        message = loads(request.partition(b"\n")[0])
        other = others[hash(asked(message)) % len(others)]
        return [frame(named(other, message["id"]))]

    assert graded(backprop, reply)["score"] == 0


def test_replies_with_another_identity_are_passed_over(backprop: AssignmentCases, traffic: dict[str, bytes]) -> None:
    def both(identity: str, reply: bytes) -> list[bytes]:
        forged = named(reply, base64.b16encode(b"guessed!").decode())
        return [frame(forged), frame(reply)]

    real = Grader(backprop, choose(), Limits()).grade(Submission.of("wrong", (WRONG,))).as_json()
    assert graded(backprop, answering(traffic, both)) == real


def test_a_worker_that_is_killed_by_the_machine_is_no_ones_mistake(
    backprop: AssignmentCases, traffic: dict[str, bytes]
) -> None:
    def gone(request: bytes) -> list[bytes]:
        raise EOFError

    grader = Grader(backprop, Puppet(gone, status=-9), Limits(wall=5.0))
    with pytest.raises(SandboxError, match="killed from outside"):
        grader.grade(Submission.of("wrong", (WRONG,)))


@dataclass
class Killing:
    """A real sandbox on a machine that kills whatever is found in a submission with a certain word in it."""

    name: str = "killing"
    strong: bool = True
    weakness: str = ""

    def __hash__(self) -> int:
        return id(self)

    def start(self, limits: Limits, inputs: Inputs | None = None) -> Worker:
        worker = choose().start(limits, inputs)
        request = worker.request

        def killed(message: dict[str, Any], **options: Any) -> dict[str, Any]:
            if "large" in str(message.get("cells")):
                worker.close()
                raise SandboxError("the process that runs the submission was killed from outside")
            return request(message, **options)

        worker.request = killed  # type: ignore[method-assign]
        return worker


def test_what_the_machine_does_to_one_submission_stops_no_other(tmp_path: Path) -> None:
    """A machine that is short of memory, say: the others are graded, and it is told that it was not the student."""
    honest, other = tmp_path / "honest.py", tmp_path / "other.py"
    honest.write_text("def dZ_output(A, Y): return A - Y")
    other.write_text("def dZ_output(A, Y): return 'large'")
    first, second = grade_files("backprop", [other, honest], sandbox=Killing()).published()["submissions"]
    assert (first["status"], first["score"], second["status"], second["score"]) == ("aside", None, "graded", 10)
    assert "killed from outside" in first["message"]
    assert "no mistake of its author" in first["message"]
    with pytest.raises(SandboxError, match="from outside"):
        grade_files("backprop", [other], sandbox=Killing())
