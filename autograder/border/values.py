"""Values that cross the sandbox border, as data: numbers, strings, lists, tuples, dicts, dense arrays.

Both sides import this file, so it needs only the standard library and NumPy. A value is encoded as
JSON; what JSON lacks is written as an object with one short key:

    {"t": […]}  tuple          {"a": [dtype, shape, base64]}  array      {"n": "nan"}  non-finite float
    {"d": [[k, v], …]}  dict   {"s": [dtype, base64]}  NumPy scalar      {"c": "…"}  Code

Nothing is unpickled or evaluated by `decode`; it refuses what does not fit with `ValueError`. The text is bounded by
whoever receives it, and what is made of it by `MAX_PARTS`, whatever is in the text.
"""

from __future__ import annotations

import ast
import binascii
import functools
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any, TypeAlias

import numpy as np

Value: TypeAlias = Any
"""None, bool, int, float, str, Code, numpy scalar or array, or a list, tuple or str-keyed dict of values."""

MAX_DEPTH = 16
MAX_NODES = 200_000
MAX_ELEMENTS = 1_000_000
MAX_PARTS = 1 << 19
"""Of one JSON text: its `,`, `[` and `{`. Each is a Python object of up to 200 bytes, though one byte of text; the
largest real ones have 100,000 (the inputs of all exercises) and 11,000 (a reply)."""
_MOST_SIDES = 8
_KINDS = "biuf"
_DTYPE = re.compile(rf"[<|][{_KINDS}][1248]")
_PLAIN = (bool, str, float)
_FLOAT = np.dtype("<f8")


@dataclass(frozen=True)
class Code:
    """A piece of Python that is evaluated in the worker, with the student's names: a function or a program as input."""

    source: str


class Unencodable(ValueError):
    """A value that is no plain data; the message names its type, for the student to read."""


def _is_wide(dtype: np.dtype[Any]) -> bool:
    """Whether numbers of this type have more bits than a float; these are no part of an answer."""
    return dtype.kind == "f" and dtype.itemsize > 8


def _narrow(value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return value.astype(np.float64) if _is_wide(value.dtype) else value


def encode(value: Value) -> Any:
    """Return a JSON-able form of `value`. Raises Unencodable for anything that is not plain data.

    A value is what its base is (see `plain_of`); other classes that merely look like data do not travel.
    """
    return _encode(value, 0)


def _encode(value: Value, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise Unencodable(f"a value nested more than {MAX_DEPTH} deep")
    value = plain_of(value)
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        if value.bit_length() > 64:
            raise Unencodable("an integer of more than 64 bits")
        return value
    if kind is float:
        return value if math.isfinite(value) else {"n": repr(value)}
    if kind is list:
        return [_encode(item, depth + 1) for item in value]
    if kind is tuple:
        return {"t": [_encode(item, depth + 1) for item in value]}
    if kind is dict:
        return {"d": [[key, _encode(item, depth + 1)] for key, item in _text_keys(value).items()]}
    if kind is Code:
        return {"c": value.source}
    if kind is np.ndarray:
        return {"a": _encode_array(value)}
    if issubclass(kind, np.generic):
        dtype, _, data = _encode_array(np.asarray(value))
        return {"s": [dtype, data]}
    raise Unencodable(f"an object of type {kind.__name__}")


_NUMBERS = {kind for kind in np.sctypeDict.values() if kind is not np.str_ and not _is_wide(np.dtype(kind))}
_EXACT = {type(None), bool, int, float, str, list, tuple, dict, np.ndarray, Code, *_NUMBERS}
_BASES: dict[type, Callable[[Any], Value]] = {  # np.str_ is a str first, np.float64 is not first a float
    np.ndarray: lambda value: np.ndarray.view(value, np.ndarray),
    str: str.__str__,
    np.generic: lambda value: _narrow(np.asarray(value))[()],
    list: list.copy,
    tuple: lambda value: tuple.__getitem__(value, slice(None)),
    dict: lambda value: dict(dict.items(value)),
    int: int.__int__,
    float: float.__float__,
}
"""How a value of a subclass becomes one of its base, without a method that the subclass may have in its place."""


def plain_of(value: Value) -> Value:
    """The value as one of its base: of a named tuple the tuple, of a member of an IntEnum the number.

    What is no data is given back as it is. Nothing that a subclass overrides is called.
    """
    kind = type(value)
    if type(kind) is type and kind in _EXACT:
        return value
    for base, made in _BASES.items():
        if issubclass(kind, base):
            return made(value)
    return value


def _text_keys(value: dict[Any, Any]) -> dict[str, Any]:
    """A dict with its keys as plain text. Raises Unencodable if they are none, or not different then."""
    found = {plain_of(key): item for key, item in value.items() if issubclass(type(key), str)}
    if len(found) != len(value):
        raise Unencodable("a dict with keys that are not strings")
    return found


def _encode_array(value: np.ndarray[Any, Any]) -> list[Any]:
    if extent(value.shape) > MAX_ELEMENTS:
        raise Unencodable(f"an array of shape {value.shape} (at most {MAX_ELEMENTS} elements are read)")
    view = _narrow(value)
    if view.dtype.kind not in _KINDS or view.dtype.itemsize > 8:
        raise Unencodable(f"an array of dtype {view.dtype}")
    plain = view if view.dtype is _FLOAT else view.astype(view.dtype.newbyteorder("<"), copy=False)
    return [plain.dtype.str, list(plain.shape), binascii.b2a_base64(plain.tobytes(), newline=False).decode("ascii")]


def extent(shape: Iterable[int]) -> int:
    """Elements of an array of this shape, an empty side counted as one: what it takes to write it down as lists."""
    return math.prod(side or 1 for side in shape)


def decode(data: Any, *, code: bool = True) -> Value:
    """Return the value that `encode` wrote. Raises ValueError for anything else, and for Code unless it is allowed."""
    return _Decoder(code).decode(data, 0)


class _Decoder:
    def __init__(self, code: bool) -> None:
        self.nodes, self.code = 0, code

    def decode(self, data: Any, depth: int) -> Value:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise ValueError("value too deep or too large")
        if data is None or isinstance(data, _PLAIN):
            return data
        if isinstance(data, int):
            if data.bit_length() > 64:
                raise ValueError("integer too large")
            return data
        if isinstance(data, list):
            return [self.decode(item, depth + 1) for item in data]
        if not isinstance(data, dict) or len(data) != 1:
            raise ValueError("not an encoded value")
        (tag, body), *_ = data.items()
        if tag == "n" and body in ("nan", "inf", "-inf"):
            return float(body)
        if tag == "c" and self.code and isinstance(body, str):
            return Code(body)
        if not isinstance(body, list):
            raise ValueError("not an encoded value")
        if tag == "t":
            return tuple(self.decode(item, depth + 1) for item in body)
        if tag == "d":
            return self._dict(body, depth)
        if tag == "a" and len(body) == 3:
            return _decode_array(*body)
        if tag == "s" and len(body) == 2:
            return _decode_array(body[0], [], body[1])[()]
        raise ValueError("not an encoded value")

    def _dict(self, body: list[Any], depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for pair in body:
            if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)) or pair[0] in found:
                raise ValueError("not an encoded dict")
            found[pair[0]] = self.decode(pair[1], depth + 1)
        return found


def _decode_array(dtype: Any, shape: Any, data: Any) -> np.ndarray[Any, Any]:
    if not isinstance(dtype, str) or not isinstance(shape, list) or not isinstance(data, str):
        raise ValueError("not an encoded array")
    kind, sides = _native(dtype), shape_of(shape)
    try:
        raw = binascii.a2b_base64(data, strict_mode=True)
    except ValueError as error:
        raise ValueError("not an encoded array") from error
    if elements(sides) * kind.itemsize != len(raw):
        raise ValueError("array whose data does not fit its shape")
    if kind.kind == "b" and raw.translate(None, b"\0\1"):
        raise ValueError("not an encoded array")
    return np.frombuffer(raw, dtype).reshape(sides).astype(kind)


@functools.lru_cache(maxsize=64)
def _native(dtype: str) -> np.dtype[Any]:
    """The type of an encoded array, always the same object: a fork that looks at one for each copies their pages."""
    if not _DTYPE.fullmatch(dtype):
        raise ValueError("array of a dtype that is not allowed")
    try:
        kind = np.dtype(dtype)
    except TypeError as error:
        raise ValueError("not an encoded array") from error
    return kind if kind.isnative else kind.newbyteorder("=")


def shape_of(sides: list[Any]) -> tuple[int, ...]:
    """The shape that a list from the other side means. Raises ValueError for what is none."""
    if len(sides) > _MOST_SIDES or not set(map(type, sides)) <= {int}:
        raise ValueError("array of an impossible shape")
    return tuple(sides)


@functools.lru_cache(maxsize=4096)
def elements(shape: tuple[int, ...]) -> int:
    """Elements of an array of this shape. Raises ValueError where none of it is read."""
    if any(side < 0 for side in shape) or extent(shape) > MAX_ELEMENTS:
        raise ValueError("array of an impossible shape")
    return math.prod(shape)


def dumps(data: Any) -> bytes:
    """JSON text of data that `encode` made: compact and deterministic."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False).encode("utf-8")


def loads(text: bytes) -> Any:
    """Parse JSON text that `dumps` made, or a side that is not trusted. Raises ValueError for anything else."""
    if sum(map(text.count, (b",", b"[", b"{"))) > MAX_PARTS:
        raise ValueError("too many parts")
    try:
        return json.loads(text.decode("ascii"), parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def copied(value: Value) -> Value:
    """A deep copy in which every array is a fresh, writeable, C-ordered one."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list):
        return [copied(item) for item in value]
    if isinstance(value, tuple):
        return tuple(copied(item) for item in value)
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return value


def identical(left: Value, right: Value) -> bool:
    """Whether two values are the same to the bit (NaN equals itself here): how a changed argument is noticed."""
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return (
            type(left) is type(right)
            and left.dtype == right.dtype
            and left.shape == right.shape
            and left.tobytes() == right.tobytes()
        )
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(identical, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(identical(left[key], right[key]) for key in left)
    return type(left) is type(right) and repr(left) == repr(right)


def evaluate(code: Code, namespace: dict[str, Any]) -> Any:
    """The value of a piece of trusted code: of its last expression, after running the statements before it."""
    tree = ast.parse(code.source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<program>", "exec"), namespace)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), "<program>", "eval"), namespace)


def called(call: CodeType, namespace: dict[str, Any], arguments: Mapping[str, Value]) -> Value:
    """The value of a call expression for these arguments, in someone's names; programs among them are run first."""
    data = {name: value for name, value in arguments.items() if not isinstance(value, Code)}
    given = {
        name: evaluate(value, {**namespace, **data}) if isinstance(value, Code) else value
        for name, value in arguments.items()
    }
    result: Value = eval(call, namespace, given)
    return result
