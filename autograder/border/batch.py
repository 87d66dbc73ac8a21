"""The results of a batch of calls as columns: what each is, all numbers of float64 in one block, and what is neither.

Both sides import this file, so it needs only the standard library and NumPy. A batch is made to be compared whole:
a right submission's has the outline of the expected one, and then one vectorised comparison of the numbers says all.

The outline is a column of whole numbers, a few for each value, the outer ones first:

    ARRAY ndim side…   float64 array, or a float if there are no sides; its numbers are next in the block
    LIST n, TUPLE n    a list or tuple, of the n values that come next
    ROW n              a list of nothing but floats, n numbers of the block
    OTHER              anything else: the next item of `others`, as `values.encode` writes it

and for each call one value, or ERROR, which the next item of `others` describes. CHANGED before a value says that
arguments were changed: their names are the next item.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.border.values import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_PARTS,
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

_ARRAY, _LIST, _TUPLE, _ROW, _OTHER, _ERROR, _CHANGED = range(7)
_WHOLE, _FLOAT = np.dtype("<i8"), np.dtype("<f8")
_FLOATS = (float, np.float64)
_SIZES = struct.Struct("<II")


@dataclass(frozen=True)
class Batch:
    """Results of calls in turn. Nothing in it is trusted before `entries` has read it."""

    outline: bytes
    numbers: bytes
    others: bytes = b"[]"

    def as_bytes(self) -> bytes:
        """The batch as it crosses the border: the sizes of the first two columns, then all three."""
        return b"".join([_SIZES.pack(len(self.outline), len(self.numbers)), self.outline, self.numbers, self.others])

    @classmethod
    def from_bytes(cls, data: bytes) -> Batch:
        """The batch that `as_bytes` wrote, or what `entries` refuses."""
        if len(data) < _SIZES.size:
            return cls(b"", b"", b"")
        outline, numbers = _SIZES.unpack_from(data)
        rest = data[_SIZES.size :]
        return cls(rest[:outline], rest[outline : outline + numbers], rest[outline + numbers :])

    @property
    def size(self) -> int:
        """Bytes of all columns."""
        return len(self.outline) + len(self.numbers) + len(self.others)

    def array(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """All numbers, in order. Raises ValueError if the block is cut."""
        return np.frombuffer(self.numbers, _FLOAT)

    def entries(self) -> list[dict[str, Any]]:
        """One dict per call, `{"value": value, "changed": names}` or `{"error": …}`. Raises ValueError."""
        return list(_Reader(self).entries())


class Packer:
    """Collects results into a batch."""

    def __init__(self) -> None:
        self._outline: list[int] = []
        self._numbers = bytearray()
        self._others: list[str] = []

    def add(self, value: Value, changed: Iterable[str] = ()) -> None:
        """Add a result and the names of arguments that were changed. Raises Unencodable, and then adds nothing."""
        outline, numbers, others = len(self._outline), len(self._numbers), len(self._others)
        try:
            if names := list(changed):
                self._outline.append(_CHANGED)
                self._others.append(_json(names))
            self._value(value, 0)
            if len(self._numbers) - numbers > MAX_BYTES:
                raise Unencodable("more data than is read")
        except BaseException:
            del self._outline[outline:], self._numbers[numbers:], self._others[others:]
            raise

    def add_error(self, error: dict[str, Any]) -> None:
        """Add the description of an exception."""
        self._outline.append(_ERROR)
        self._others.append(_json(error))

    def batch(self) -> Batch:
        """What was added so far."""
        outline = np.array(self._outline, _WHOLE).tobytes()
        return Batch(outline, bytes(self._numbers), f"[{','.join(self._others)}]".encode("ascii"))

    def _value(self, value: Value, depth: int) -> None:
        kind = type(value)
        if kind is np.ndarray and value.dtype == _FLOAT and extent(value.shape) <= MAX_ELEMENTS:
            self._outline += (_ARRAY, value.ndim, *value.shape)
            self._numbers += value.tobytes()
        elif kind in _FLOATS:
            self._outline += (_ARRAY, 0)
            self._numbers += struct.pack("<d", value)
        elif kind is list or kind is tuple:
            self._items(value, depth)
        elif type(plain := plain_of(value)) is not kind:
            self._value(plain, depth)
        else:
            text = _json(encode(value))
            if len(text) > MAX_BYTES:
                raise Unencodable("more data than is read")
            self._outline.append(_OTHER)
            self._others.append(text)

    def _items(self, values: list[Value] | tuple[Value, ...], depth: int) -> None:
        if depth > MAX_DEPTH:
            raise Unencodable(f"a value nested more than {MAX_DEPTH} deep")
        if type(values) is list and values and all(type(item) in _FLOATS for item in values):
            self._outline += (_ROW, len(values))
            self._numbers += struct.pack(f"<{len(values)}d", *values)
            return
        self._outline += (_LIST if type(values) is list else _TUPLE, len(values))
        for item in values:
            self._value(item, depth + 1)


def pack(results: Iterable[Value]) -> Batch:
    """A batch of results that are all values."""
    packer = Packer()
    for value in results:
        packer.add(value)
    return packer.batch()


def fingerprint(name: str, positional: tuple[Value, ...], named: dict[str, Value]) -> tuple[bytes, bytes]:
    """A tag and a key for a call, the same on both sides. The tag does not tell the key. Raises Unencodable."""
    call = pack([name, positional, list(named), tuple(named.values())])
    digest = hashlib.blake2b(call.as_bytes(), digest_size=TAG + _KEY).digest()
    return digest[:TAG], digest[TAG:]


def sealed(value: Value, key: bytes) -> bytes:
    """The result of a call, to be read only by who has its arguments: `key` is made of them."""
    return _stirred(pack([value]).as_bytes(), key)


def opened(closed: bytes, key: bytes) -> Value:
    """What `sealed` closed with the same key, each time a fresh one. Raises ValueError, or not, for another key."""
    (entry,) = Batch.from_bytes(_stirred(closed, key)).entries()
    return entry["value"]


def _stirred(data: bytes, key: bytes) -> bytes:
    """Data combined with a stream that only the key gives; a second time, the data again."""
    size, stream = len(data), hashlib.shake_256(key).digest(len(data))
    return (int.from_bytes(data, "little") ^ int.from_bytes(stream, "little")).to_bytes(size, "little")


def _json(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"), allow_nan=False)


class _Reader:
    """Reads a batch that anybody may have written. Never makes more than its columns hold."""

    def __init__(self, batch: Batch) -> None:
        """Raises ValueError where a column is cut."""
        others = loads(batch.others)
        if not isinstance(others, list) or len(batch.outline) > _WHOLE.itemsize * MAX_PARTS:
            raise ValueError("not a batch of results")
        self._outline: list[int] = np.frombuffer(batch.outline, _WHOLE).tolist()
        self._next, self._others = 0, iter(others)
        self._numbers, self._place = batch.array(), 0

    def entries(self) -> Iterator[dict[str, Any]]:
        """What there is of each call. Raises ValueError."""
        while self._next < len(self._outline):
            kind = self._outline[self._next]
            if kind == _ERROR:
                self._next += 1
                yield {"error": self._other()}
            elif kind == _CHANGED:
                self._next += 1
                changed = self._other()
                yield {"value": self._result(), "changed": changed}
            else:
                yield {"value": self._result()}
        if self._place != len(self._numbers) or next(self._others, self) is not self:
            raise ValueError("numbers or texts that belong to no result")

    def _result(self) -> Value:
        value = self._value(0)
        if type(value) not in (np.ndarray, float):
            items, longest = _texts(value)
            if items * longest > MAX_TEXT:
                raise ValueError("more text than is read")
        return value

    def _value(self, depth: int) -> Value:
        kind = self._whole()
        if kind == _ARRAY:
            sides = shape_of([self._whole() for _ in range(self._count())])
            numbers = self._floats(sides)
            return numbers.astype(np.float64) if sides else float(numbers)
        if kind == _OTHER:
            return decode(self._other(), code=False)
        if kind == _ROW:
            return list(self._floats((self._whole(),)).tolist())
        if kind not in (_LIST, _TUPLE) or depth > MAX_DEPTH + 1:
            raise ValueError("no kind of value, or nested too deep")
        items = [self._value(depth + 1) for _ in range(self._count())]
        return items if kind == _LIST else tuple(items)

    def _floats(self, shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.float64]]:
        end = self._place + elements(shape)
        if end > len(self._numbers):
            raise ValueError("array whose data is not there")
        numbers, self._place = self._numbers[self._place : end], end
        return numbers.reshape(shape)

    def _whole(self) -> int:
        if self._next >= len(self._outline):
            raise ValueError("an outline that is cut")
        self._next += 1
        return self._outline[self._next - 1]

    def _count(self) -> int:
        """How many come next, of which each has a number of its own in the outline."""
        count = self._whole()
        if not 0 <= count <= len(self._outline) - self._next:
            raise ValueError("an outline that is cut")
        return count

    def _other(self) -> Any:
        other = next(self._others, self)
        if other is self:
            raise ValueError("what is told is not there")
        return other


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
