"""Values as text: Python that a student can paste, JSON for documents, and one-line messages free of surprises."""

from __future__ import annotations

import math

import numpy as np

from autograder.border.values import Code, Value, extent

_SHOWN = 400


def literal(value: Value) -> str:
    """`value` as a Python expression, with NumPy as `np`."""
    if isinstance(value, np.ndarray):
        kind = "" if value.dtype == np.float64 else f", dtype=np.{value.dtype}"
        body = literal(value.tolist()) if value.size else f"np.empty({value.shape})"
        return f"np.array({body}{kind})" if value.size else body
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(literal, value)) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Code):
        return value.source
    if isinstance(value, float | np.floating):
        return repr(float(value)) if math.isfinite(value) else f"float({str(float(value))!r})"
    return repr(value.item() if isinstance(value, np.generic) else value)


def call(name: str, expression: str, arguments: dict[str, Value]) -> str:
    """The call of a case as code to paste: `dW(np.array([[1.0]]), …)`, or several lines where it is a program."""
    if expression == f"{name}({', '.join(arguments)})":
        return f"{name}({', '.join(map(literal, arguments.values()))})"
    lines = [f"{key} = {literal(value)}" for key, value in arguments.items() if key != expression]
    shown = arguments.get(expression, expression)
    return "\n".join([*lines, shown.source if isinstance(shown, Code) else str(shown)])


def plain(value: Value) -> Value:
    """`value` as JSON has it: nested lists; non-finite numbers as strings; large or unreadable values described."""
    if isinstance(value, np.ndarray):
        if extent(value.shape) > _SHOWN:
            return f"array of shape {value.shape}"
        return plain(value.tolist())
    if isinstance(value, list | tuple | dict) and _items(value) > _SHOWN:
        return f"{type(value).__name__} of {len(value)} items"
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): plain(item) for key, item in value.items()}
    if isinstance(value, Code):
        return value.source
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[repr(value)]
    return clean(value, _SHOWN) if isinstance(value, str) else value


def _items(value: Value) -> int:
    """Items of a list and of all lists in it."""
    if isinstance(value, dict):
        value = list(value.values())
    return len(value) + sum(map(_items, value)) if isinstance(value, list | tuple) else 0


def printable(text: str) -> str:
    """Text without anything that acts on what shows it: escapes, control characters, line ends, direction marks."""
    return "".join(char if char.isprintable() else " " for char in text)


def clean(text: str, limit: int = 200) -> str:
    """Text from a student as one line of printable characters, at most `limit`."""
    line = " ".join(printable(text[: 4 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def number(value: float) -> str:
    """A number short enough for a sentence: up to six significant digits."""
    return f"{value:.6g}"
