"""Right results of helpers: only who has the arguments of a call can read them."""

from __future__ import annotations

import base64
import json
import tracemalloc
from typing import Any

import numpy as np

from autograder.border.batch import TAG, fingerprint, opened, sealed
from autograder.border.values import Code, encode
from autograder.cases.equality import difference
from autograder.cases.helpers import oracle
from autograder.cases.model import AssignmentCases


def test_a_sealed_result_opens_with_the_same_arguments_only() -> None:
    value = [np.arange(6.0).reshape(2, 3), (1, "x"), None]
    _, key = fingerprint("dW", (np.ones((2, 1)),), {"A": 1.0})
    assert difference(value[0], opened(sealed(value, key), key)[0]) is None
    assert opened(sealed(value, key), key)[1:] == value[1:]
    others = [
        fingerprint("db", (np.ones((2, 1)),), {"A": 1.0}),
        fingerprint("dW", (np.ones((1, 2)),), {"A": 1.0}),
        fingerprint("dW", (np.ones((2, 1)), 1.0), {}),
    ]
    for tag, other in others:
        assert other != key
        assert len(tag) == TAG
        try:
            assert opened(sealed(value, key), other) != value
        except ValueError:
            continue


def test_what_a_worker_gets_beforehand_tells_no_result(backprop: AssignmentCases) -> None:
    """Neither the numbers themselves nor any form in which they are written; but each opens with its arguments."""
    (backward,) = [entry for entry in backprop.exercises if entry.name == "backward"]
    given = backward.given["dW"]
    assert len(given["sizes"]) >= len(backward.cases)
    closed = json.dumps(given).encode() + base64.b64decode(given["sealed"])
    for case in backward.cases:
        for result in case.expected:
            if len(set(result.ravel().tolist()) - {0.0, 0.5, 1.0}) > 1:
                assert result.tobytes() not in closed
                assert base64.b64encode(result.tobytes()).rstrip(b"=")[:-1] not in closed


def test_the_oracle_answers_for_what_is_replaced_and_small(backprop: AssignmentCases) -> None:
    ask = oracle(backprop.reference_functions(), ["db"])

    def asked(name: Any, *arguments: Any) -> dict[str, Any]:
        return ask({"ask": name, "arguments": encode([list(arguments), {}])})

    assert "value" in asked("db", np.ones((2, 1)))
    for refused in (asked("dW", np.ones((2, 1)), np.ones((2, 1))), asked("db", np.ones((2001, 1))), asked(["db"], 1)):
        assert refused == {"error": True}
    assert asked("db", Code("1/0")) == {"error": True}
    assert ask({"ask": "db"}) == {"error": True}


def test_the_oracle_makes_nothing_large_of_nothing(backprop: AssignmentCases) -> None:
    """Arrays without entries have sides, and a result has those alone: (0, n) and (0, n) give (n, n)."""
    ask = oracle(backprop.reference_functions(), ["dW", "dZ_hidden"])
    tracemalloc.start()
    try:
        for name, *shapes in (
            ("dW", (0, 11_000), (0, 11_000)),
            ("dW", (0, 999_999), (0, 1)),
            ("dW", (0, 1_500), (0, 1_500)),
            ("dZ_hidden", (5_000, 0), (0, 5_000), (5_000, 5_000)),
        ):
            arguments = encode([[np.empty(shape) for shape in shapes if 0 in shape], {}])
            assert ask({"ask": name, "arguments": arguments}) == {"error": True}
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 << 20
    assert "value" in ask({"ask": "dW", "arguments": encode([[np.empty((0, 3)), np.empty((0, 2))], {}])})
