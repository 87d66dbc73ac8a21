"""When a result counts as the expected one.

Tolerance belongs to the expected side: |got − expected| ≤ ATOL + RTOL·|expected|, entry by entry, after
shapes have been compared (nothing is broadcast). Lists, tuples and arrays are interchangeable, so are Python's
and NumPy's numbers, and a 0-d array is a number. NaN equals nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from autograder.border.values import Value

RTOL = 1e-9
ATOL = 1e-9

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Difference:
    """The first way in which a result differs from the expected one.

    kind   "type" (not that kind of thing), "length" (of a list), "shape", "nan", "precision" (right to
           about float32), or "value"
    path   indices through enclosing lists; () for the result itself
    at     index of the first entry that differs (kinds "nan", "precision" and "value")
    """

    kind: Literal["type", "length", "shape", "nan", "precision", "value"]
    path: tuple[int, ...]
    expected: Value
    got: Value
    at: tuple[int, ...] = ()


def difference(expected: Value, got: Value, *, tighten: float = 1.0, same_nan: bool = False) -> Difference | None:
    """Return how `got` differs from `expected`, or None if it is equal within tolerance × `tighten`.

    With `same_nan`, NaN equals NaN: that asks for the same behaviour, not for the right one.
    """
    return _difference(expected, got, (), _Rule(tighten, same_nan))


def close(expected: Array, got: Array) -> Array:
    """Which numbers of two flat arrays of one length are equal within tolerance."""
    with np.errstate(all="ignore"):
        equal: Array = _within(np.abs(got - expected), ATOL + RTOL * np.abs(expected)) | (got == expected)
    return equal


def _within(error: Array, tolerance: Array) -> Array:
    """Where an error is within tolerance; an infinite one, of an infinite number, would let every answer through."""
    right: Array = (error <= tolerance) & (tolerance < np.inf)
    return right


@dataclass(frozen=True)
class _Rule:
    tighten: float
    same_nan: bool


def _difference(expected: Value, got: Value, path: tuple[int, ...], rule: _Rule) -> Difference | None:
    if isinstance(expected, list | tuple):
        return _sequence(expected, got, path, rule)
    if expected is None or isinstance(expected, str):
        same = type(got) is type(expected) and got == expected
        kind: Literal["value", "type"] = "value" if isinstance(expected, str) and isinstance(got, str) else "type"
        return None if same else Difference(kind, path, expected, got)
    array = as_array(got)
    if array is None:
        return Difference("type", path, expected, got)
    return _arrays(np.asarray(expected), array, path, rule)


def as_array(value: Value) -> Array | None:
    """`value` as an array of numbers, or None if it is not one (text, None, ragged lists)."""
    if isinstance(value, np.ndarray):
        return value if value.dtype.kind in "biuf" else None
    if not _numbers(value):
        return None
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):
        return None
    return array if array.dtype.kind in "biuf" else None


def _numbers(value: Value) -> bool:
    """Whether there are only numbers in it: NumPy would turn one text in a list of numbers into a text for each."""
    if isinstance(value, list | tuple):
        return all(map(_numbers, value))
    return isinstance(value, int | float | np.ndarray | np.generic)


def _sequence(expected: Any, got: Value, path: tuple[int, ...], rule: _Rule) -> Difference | None:
    if not isinstance(got, list | tuple) and not (isinstance(got, np.ndarray) and got.ndim > 0):
        return Difference("type", path, expected, got)
    if len(expected) != len(got):
        return Difference("length", path, expected, got)
    for index, (wanted, item) in enumerate(zip(expected, got, strict=True)):
        found = _difference(wanted, item, (*path, index), rule)
        if found:
            return found
    return None


def _arrays(expected: Array, got: Array, path: tuple[int, ...], rule: _Rule) -> Difference | None:
    if expected.shape != got.shape:
        return Difference("shape", path, expected, got)
    with np.errstate(all="ignore"):
        wanted, found = expected.astype(np.float64), got.astype(np.float64)
        error = np.abs(found - wanted)
        right = _within(error, rule.tighten * (ATOL + RTOL * np.abs(wanted))) | (found == wanted)
        if rule.same_nan:
            right |= np.isnan(found) & np.isnan(wanted)
    if right.all():
        return None
    at = tuple(int(i) for i in np.argwhere(~right)[0])
    if np.isnan(found).any():
        return Difference("nan", path, expected, got, tuple(int(i) for i in np.argwhere(np.isnan(found))[0]))
    if got.dtype in (np.float32, np.float16) and bool(np.allclose(found, wanted, rtol=2e-3, atol=2e-3)):
        return Difference("precision", path, expected, got, at)
    return Difference("value", path, expected, got, at)
