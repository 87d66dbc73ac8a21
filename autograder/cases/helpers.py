"""Right results of helpers that a submission has wrong, for what builds on them: one mistake is paid for once.

A worker gets those that the reference needs beforehand, each sealed with the arguments of its call, and may ask for
others by their arguments. So a student's code has to come to the right arguments by itself.
"""

from __future__ import annotations

import base64
import types
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from autograder.border.batch import fingerprint, sealed
from autograder.border.values import Value, copied, decode, encode, extent
from autograder.cases.model import Case

_ELEMENTS = 2000
"""Of one call: what is larger is neither given beforehand nor computed for a worker that asks.

A result has sides of its arguments, and so at most half of this, squared, in elements: 8 MB."""


def right_results(reference: dict[str, Any], call: str, cases: Sequence[Case], helper: str) -> dict[str, Any]:
    """Results of a helper in all calls that the reference makes in an exercise: their tags, and the results sealed."""
    original = reference.get(helper)
    found: dict[bytes, bytes] = {}
    if isinstance(original, types.FunctionType):

        def noted(*positional: Value, **named: Value) -> Value:
            if _elements([positional, named]) > _ELEMENTS:
                return original(*positional, **named)
            tag, key = fingerprint(helper, positional, named)
            result = original(*positional, **named)
            found[tag] = sealed(result, key)
            return result

        _run(call, cases, _with(reference, helper, original, noted))
    return {
        "tags": base64.b64encode(b"".join(found)).decode("ascii"),
        "sealed": base64.b64encode(b"".join(found.values())).decode("ascii"),
        "sizes": list(map(len, found.values())),
    }


def oracle(reference: dict[str, Any], replaced: Sequence[str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Answers a worker's questions for replaced helpers, for small data only."""

    def answer(frame: dict[str, Any]) -> dict[str, Any]:
        name = frame.get("ask")
        try:
            positional, named = decode(frame.get("arguments"), code=False)
            if not isinstance(name, str) or name not in replaced or _elements([positional, named]) > _ELEMENTS:
                raise ValueError
            with np.errstate(all="ignore"):
                return {"value": encode(reference[name](*positional, **named))}
        except Exception:  # whatever a student's arguments do to the reference is theirs to hear of
            return {"error": True}

    return answer


def _with(
    reference: dict[str, Any], helper: str, original: types.FunctionType, noted: Callable[..., Value]
) -> dict[str, Any]:
    """The same functions in a scope of their own, where all of them call `noted` in the place of a helper."""
    scope = {**reference}
    for name, value in reference.items():
        if isinstance(value, types.FunctionType) and value.__globals__ is original.__globals__:
            scope[name] = types.FunctionType(
                value.__code__, scope, value.__name__, value.__defaults__, value.__closure__
            )
            scope[name].__kwdefaults__ = value.__kwdefaults__
    scope[helper] = noted
    return scope


def _run(call: str, cases: Sequence[Case], scope: dict[str, Any]) -> None:
    code = compile(call, "<call>", "eval")
    with np.errstate(all="ignore"):
        for case in cases:
            with suppress(Exception):  # it asks then
                eval(code, scope, copied(case.arguments))


def _elements(value: Value) -> int:
    """How much a helper is given to do, an empty side counted as one: what it gives may have the other sides alone.

    A whole number may be a size or a number of rounds.
    """
    if isinstance(value, np.ndarray):
        return extent(value.shape) + (int(np.abs(value.astype(np.float64)).sum()) if value.dtype.kind in "iu" else 0)
    if type(value) is int or isinstance(value, np.integer):
        return 1 + abs(int(value))
    if isinstance(value, list | tuple):
        return sum(map(_elements, value))
    return sum(map(_elements, value.values())) if isinstance(value, dict) else 1
