"""The results of a batch of calls, as data: a layout in JSON, and all numbers of float64 in one block of bytes.

Both sides import this file, so it needs only the standard library and NumPy. A batch is made to be compared whole:
a right submission's has the layout of the expected one, and then one vectorised comparison of the numbers says all.

A layout is a list with an entry for each call, `{"value": L}` (with `"changed": [argument, …]` if there are any) or
`{"error": {…}}`, where L is

    {"f": [side, …]}  float64 array, or a float if there are no sides     [L, …]  list     {"t": [L, …]}  tuple
    {"l": length}     list of nothing but floats     {"v": data}  anything else, as `values.encode` writes it
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.border.values import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    Unencodable,
    Value,
    decode,
    elements,
    encode,
    extent,
    loads,
    plain_of,
    shape_of,
)

MAX_BYTES = 8 << 20
"""Of one result: what is larger is not sent."""
MAX_TEXT = 4 << 20
"""Items of one result times its longest text: NumPy, given a list of texts, makes room for the longest in each item."""

TAG = 12
"""Bytes by which the arguments of a call are known."""
_KEY = 32

_FLOAT = np.dtype("<f8")
_FLOATS = (float, np.float64)
_NUMERIC = (np.ndarray, float)
_ARRAY_LAYOUT = re.compile(rb'\[\{"value":\{"f":\[(\d{1,7}(?:,\d{1,7})*)\]\}\}\]')


@dataclass(frozen=True)
class Batch:
    """Results of calls in turn. Nothing in it is trusted before `entries` has read it."""

    layout: bytes
    numbers: bytes

    def as_bytes(self) -> bytes:
        """The batch as it crosses the border: the layout, which is one line, and the numbers as they are."""
        return b"\n".join([self.layout, self.numbers])

    @classmethod
    def from_bytes(cls, data: bytes) -> Batch:
        """The batch that `as_bytes` wrote, or what `entries` refuses."""
        layout, _, numbers = data.partition(b"\n")
        return cls(layout, numbers)

    def array(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """All numbers, in order. Raises ValueError if the block is cut."""
        return np.frombuffer(self.numbers, _FLOAT)

    def entries(self, first: int | None = None) -> list[dict[str, Any]]:
        """One dict per call, `{"value": value, "changed": names}` or `{"error": …}`. Raises ValueError.

        Only those of the `first` calls, if that is a number; then nothing is said of the others.
        """
        found = loads(self.layout)
        if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
            raise ValueError("not a batch of results")
        reader, some = _Reader(self.array()), found[:first]
        read = [{**entry, "value": reader.result(entry["value"])} if "value" in entry else entry for entry in some]
        if len(some) == len(found) and reader.place != len(reader.numbers):
            raise ValueError("numbers that belong to no result")
        return read


class Packer:
    """Collects results into a batch."""

    def __init__(self) -> None:
        self._layout: list[str] = []
        self._numbers = bytearray()
        self._error: tuple[dict[str, Any] | None, str] = (None, "")
        """The last one, and how it is written: most that raise do so each time."""

    def add(self, value: Value, changed: Iterable[str] = ()) -> None:
        """Add a result and the names of arguments that were changed. Raises Unencodable, and then adds nothing."""
        # Most results are this: no more is done than must be.
        if type(value) is np.ndarray and value.dtype is _FLOAT and not changed and (entry := _entry(value.shape)):
            self._layout.append(entry)
            self._numbers += value.tobytes()
            return
        start = len(self._numbers)
        try:
            entry = f'{{"value":{_layout(value, self._numbers, 0)}'
            if len(self._numbers) - start > MAX_BYTES:
                raise Unencodable("more data than is read")
        except BaseException:
            del self._numbers[start:]
            raise
        names = list(changed)
        self._layout.append(f'{entry},"changed":{_json(names)}}}' if names else f"{entry}}}")

    def add_error(self, error: dict[str, Any]) -> None:
        """Add the description of an exception."""
        if error != self._error[0]:
            self._error = error, f'{{"error":{_json(error)}}}'
        self._layout.append(self._error[1])

    def batch(self) -> Batch:
        """What was added so far."""
        return Batch(f"[{','.join(self._layout)}]".encode("ascii"), bytes(self._numbers))


def pack(results: Iterable[Value]) -> Batch:
    """A batch of results that are all values."""
    packer = Packer()
    for value in results:
        packer.add(value)
    return packer.batch()


def fingerprint(name: str, positional: tuple[Value, ...], named: dict[str, Value]) -> tuple[bytes, bytes]:
    """A tag and a key for a call, the same on both sides. The tag does not tell the key. Raises Unencodable."""
    numbers = bytearray()
    layout = f"{name}{_layouts(positional, numbers, 0)}{_layout(named, numbers, 0) if named else ''}"
    digest = hashlib.blake2b(layout.encode() + numbers, digest_size=TAG + _KEY).digest()
    return digest[:TAG], digest[TAG:]


def sealed(value: Value, key: bytes) -> bytes:
    """The result of a call, to be read only by who has its arguments: `key` is made of them."""
    return _stirred(pack([value]).as_bytes(), key)


def opened(closed: bytes, key: bytes) -> Value:
    """What `sealed` closed with the same key, each time a fresh one. Raises ValueError, or not, for another key."""
    layout, _, numbers = _stirred(closed, key).partition(b"\n")
    shape = _array_shape(layout)
    if shape is not None:
        return np.frombuffer(numbers, _FLOAT).reshape(shape).copy()
    (entry,) = Batch(layout, numbers).entries()
    return entry["value"]


def _stirred(data: bytes, key: bytes) -> bytes:
    """Data combined with a stream that only the key gives; a second time, the data again."""
    size, stream = len(data), hashlib.shake_256(key).digest(len(data))
    return (int.from_bytes(data, "little") ^ int.from_bytes(stream, "little")).to_bytes(size, "little")


def _layout(value: Value, numbers: bytearray, depth: int) -> str:
    """The layout of a value as JSON; its numbers go to `numbers`. Written by hand: it is asked for at every call."""
    kind = type(value)
    if kind is np.ndarray and value.dtype == _FLOAT and (text := _sides(value.shape)):
        numbers += value.tobytes()
        return text
    if kind in _FLOATS:
        numbers += struct.pack("<d", value)
        return '{"f":[]}'
    if kind is list or kind is tuple:
        if depth > MAX_DEPTH:
            raise Unencodable(f"a value nested more than {MAX_DEPTH} deep")
        if kind is list and value and type(value[0]) in _FLOATS and all(type(item) in _FLOATS for item in value):
            numbers += struct.pack(f"<{len(value)}d", *value)
            return f'{{"l":{len(value)}}}'
        items = _layouts(value, numbers, depth)
        return items if kind is list else f'{{"t":{items}}}'
    if type(plain := plain_of(value)) is not kind:
        return _layout(plain, numbers, depth)
    text = _json(encode(value))
    if len(text) > MAX_BYTES:
        raise Unencodable("more data than is read")
    return f'{{"v":{text}}}'


def _layouts(values: Sequence[Value], numbers: bytearray, depth: int) -> str:
    """The layouts of several values, as a JSON list."""
    found = []
    for value in values:
        # Most are this, and each call costs.
        if type(value) is np.ndarray and value.dtype is _FLOAT and (text := _sides(value.shape)):
            numbers += value.tobytes()
            found.append(text)
        else:
            found.append(_layout(value, numbers, depth + 1))
    return f"[{','.join(found)}]"


@functools.lru_cache(maxsize=4096)
def _sides(shape: tuple[int, ...]) -> str:
    """The layout of an array of floats; empty if it is too large."""
    return f'{{"f":[{",".join(map(str, shape))}]}}' if extent(shape) <= MAX_ELEMENTS else ""


@functools.lru_cache(maxsize=4096)
def _entry(shape: tuple[int, ...]) -> str:
    """The entry of a call that gave an array of floats; empty if it is too large."""
    sides = _sides(shape)
    return f'{{"value":{sides}}}' if sides else ""


@functools.lru_cache(maxsize=4096)
def _array_shape(layout: bytes) -> tuple[int, ...] | None:
    """The shape, where a layout is that of one array of floats."""
    found = _ARRAY_LAYOUT.fullmatch(layout)
    return tuple(map(int, found[1].split(b","))) if found else None


def _json(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"), allow_nan=False)


class _Reader:
    """Reads values in order off the block of numbers. Never makes more than the block and the layout hold."""

    def __init__(self, numbers: np.ndarray[Any, np.dtype[np.float64]]) -> None:
        self.numbers, self.place = numbers, 0

    def result(self, layout: Any) -> Value:
        """The result of one call."""
        value = self.value(layout, 0)
        if type(value) in _NUMERIC:
            return value
        items, longest = _texts(value)
        if items * longest > MAX_TEXT:
            raise ValueError("more text than is read")
        return value

    def value(self, layout: Any, depth: int) -> Value:
        # Most are arrays of floats: nothing else is looked at before.
        if type(layout) is dict and len(layout) == 1 and type(body := layout.get("f")) is list:
            return self._floats(body)
        if depth > MAX_DEPTH + 1:
            raise ValueError("nested too deep")
        if isinstance(layout, list):
            return [self.value(item, depth + 1) for item in layout]
        if not isinstance(layout, dict) or len(layout) != 1:
            raise ValueError("not a layout")
        ((tag, body),) = layout.items()
        if tag == "v":
            return decode(body, code=False)
        if tag == "t" and isinstance(body, list):
            return tuple([self.value(item, depth + 1) for item in body])
        if tag == "l":
            return self._floats([body]).tolist()
        raise ValueError("not a layout")

    def _floats(self, sides: list[Any]) -> Value:
        shape = shape_of(sides)
        end = self.place + elements(shape)
        if end > len(self.numbers):
            raise ValueError("array whose data is not there")
        found = self.numbers[self.place : end]
        self.place = end
        return found.reshape(shape).astype(np.float64) if shape else float(found[0])


def _texts(value: Value) -> tuple[int, int]:
    """How many items a value has, and the length of the longest text among them."""
    if isinstance(value, str):
        return 1, len(value)
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if not isinstance(value, list | tuple):
        return 1, 0
    items, longest = len(value), 0
    for item in value:
        if isinstance(item, str | list | tuple | dict):
            inner, length = _texts(item)
            items, longest = items + inner, max(longest, length)
    return items, longest
