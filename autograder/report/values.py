"""Results as people read them: arrays as small tables, what was expected beside what came, and where they differ.

Values are those of a counterexample: numbers, text, nested lists and dicts, NaN and infinity as text.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.cases.equality import close
from autograder.grade.result import Counterexample
from autograder.outcome import Outcome

_LONGEST = 8
"""Rows, columns and parts that are shown of more."""
_CHARACTERS = 2000
"""Of a text that are shown of more."""
_DIGITS = (6, 8, 10, 12, 15, 17)
_SPECIAL = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}
_ENTRY = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|-?inf|nan|NaN|True|False|None")

_MARKS = {
    Outcome.CORRECT: "✓",
    Outcome.RUNS: "○",
    Outcome.PARTIAL: "◐",
    Outcome.MISSING: "○",
    Outcome.LATER: "○",
}
"""Signs of outcomes, so that none is told by colour alone; ✗ for the others."""

Path = tuple[int, ...]
Shape = tuple[int, ...]


def mark(outcome: Outcome) -> str:
    """The sign of an outcome."""
    return _MARKS.get(outcome, "✗")


@dataclass(frozen=True)
class Cell:
    """One entry as text, and whether it differs from the one that it should be."""

    text: str
    differs: bool = False


@dataclass(frozen=True)
class Grid:
    """A number, vector or matrix as a table, or a text.

    shape     as a text, with the names of its dimensions where they are known; "" where there is none
    columns   indices of the columns shown; rows: index and cells of each row shown
    text      pieces of what is no array of numbers, in the place of rows
    cut       which part of it this is, "" if all; rounded: whether a number has more digits than are shown
    """

    shape: str = ""
    columns: Sequence[int] = ()
    rows: Sequence[tuple[int, Sequence[Cell]]] = ()
    text: Sequence[Cell] = ()
    cut: str = ""
    rounded: bool = False

    @property
    def single(self) -> bool:
        """Whether it is one entry."""
        return len(self.rows) == 1 and len(self.columns) == 1

    @property
    def wide(self) -> bool:
        """Whether it may need to be scrolled on a phone."""
        lines = [self.text, *(cells for _, cells in self.rows)]
        return any(sum(len(cell.text) + 2 for cell in line) > 24 for line in lines)


@dataclass(frozen=True)
class Part:
    """One item of a result: where it is in it ("[0][1]"; "" for all of it), both sides, and a sentence about them."""

    place: str
    expected: Grid | None
    got: Grid | None
    told: str = ""

    @property
    def differs(self) -> bool:
        """Whether something in it does."""
        grids = [grid for grid in (self.expected, self.got) if grid]
        return bool(self.told) or any(cell.differs for grid in grids for _, row in grid.rows for cell in row)


@dataclass(frozen=True)
class Comparison:
    """What was expected and what came, item by item; whether numbers are rounded; how many more items there are."""

    parts: Sequence[Part]
    rounded: bool = False
    more: int = 0

    @property
    def texts(self) -> bool:
        """Whether some part of it is text, of which it is not known whether it differs."""
        return any(grid.text for part in self.parts for grid in (part.expected, part.got) if grid)


def explanation(message: str | None, shown: Counterexample | None) -> list[str]:
    """What there is to say about an exercise: the message, then the counterexample as code, expected and got."""
    lines = [message] if message else []
    if shown:
        lines += shown.call.split("\n")
        if shown.expected is not None:  # None where many results are right
            lines.append(f"expected {_text(shown.expected)}")
        if shown.got is not None:
            lines.append(f"got      {_text(shown.got)}")
    return lines


def comparison(counterexample: Counterexample) -> Comparison:
    """The two results of a counterexample side by side; items that differ come first where there are many."""
    expected, got, names = counterexample.expected, counterexample.got, counterexample.shapes.get("result")
    if not all(value is None or _numeric(value) for value in (expected, got)) or (expected is None and got is None):
        return _texts(expected, got)
    parts = [_part(path, due, own, names) for path, due, own in _items((), expected, got)]
    shown = parts if len(parts) <= _LONGEST else sorted(parts, key=lambda part: not part.differs)[:_LONGEST]
    rounded = any(grid.rounded for part in shown for grid in (part.expected, part.got) if grid)
    return Comparison(shown, rounded, len(parts) - len(shown))


def shape_of(value: Any) -> Shape | None:
    """The shape of a rectangular nested list of numbers, () for a number, None for anything else."""
    if not isinstance(value, list):
        return () if _is_number(value) else None
    shapes = {shape_of(item) for item in value}
    if len(shapes) > 1 or None in shapes:
        return None
    return (len(value), *(shapes.pop() or () if shapes else ()))


def named(shape: Shape, names: Sequence[str] | None) -> str:
    """A shape as text: "(N, n) = (2, 3)" where its dimensions have names."""
    if not names or len(names) != len(shape) or all(name.isdigit() for name in names):
        return str(shape)
    comma = "," if len(names) == 1 else ""
    return f"({', '.join(names)}{comma}) = {shape}"


def _items(path: Path, expected: Any, got: Any) -> Iterator[tuple[Path, Any, Any]]:
    """Both results taken apart where the expected one is more than a matrix: place and both sides, None for none."""
    shape = shape_of(expected)
    small = shape is not None and len(shape) <= 2
    if small or not isinstance(expected, list) or not isinstance(got, list | None):
        yield path, expected, got
    else:
        for index, (due, own) in enumerate(itertools.zip_longest(expected, got or [])):
            yield from _items((*path, index), due, own)


def _part(path: Path, expected: Any, got: Any, names: Sequence[str] | None) -> Part:
    place = "".join(f"[{index}]" for index in path)
    due, own = shape_of(expected), shape_of(got)
    names = None if path else names
    alike = due is not None and due == own
    differs = _differs(expected, got) if alike else None
    first = tuple(int(index) for index in np.argwhere(differs)[0]) if differs is not None and differs.any() else None
    digits = _digits(expected, got, differs) if differs is not None else _DIGITS[0]
    told = ""
    if expected is not None and got is not None and not alike and due != own and None not in (due, own):
        told = f"The shapes differ: expected {named(due or (), names)}, got {own}."
    elif first is not None and differs is not None and differs.ndim:
        told = _told(expected, got, differs, first, digits)
    sides = [
        None if value is None else _grid(value, shape, differs, first, digits, names if value is expected else None)
        for value, shape in ((expected, due), (got, own))
    ]
    return Part(place, sides[0], sides[1], told)


def _told(expected: Any, got: Any, differs: Any, first: Path, digits: int) -> str:
    due, own = expected, got
    for index in first:
        due, own = due[index], own[index]
    count, size = int(differs.sum()), differs.size
    if size == 1:
        return ""
    what = "All entries differ, the first" if count == size else f"{count} of {size} entries differ, the first"
    if count == 1:
        what = f"One of {size} entries differs"
    return f"{what} at {list(first)}: expected {_shown(due, digits)}, got {_shown(own, digits)}."


def _grid(value: Any, shape: Shape | None, differs: Any, first: Path | None, digits: int, names: Any) -> Grid:
    if shape is None or len(shape) > 2 or 0 in shape:
        size = "" if shape is None or 0 in shape else named(shape, names)
        return Grid(size, text=[Cell(_shortened(repr(value)))])
    matrix = value if len(shape) == 2 else [value] if shape else [[value]]
    wrong = None if differs is None else differs.reshape(len(matrix), len(matrix[0]))
    at = (0, *first)[-2:] if first else (0, 0)
    rows, columns = _window(len(matrix), at[0]), _window(len(matrix[0]), at[1] if len(at) > 1 else 0)
    cells = [
        (row, [Cell(_shown(matrix[row][j], digits), wrong is not None and bool(wrong[row, j])) for j in columns])
        for row in rows
    ]
    rounded = any(
        _rounded(matrix[row][j], cells[i][1][n].text) for i, row in enumerate(rows) for n, j in enumerate(columns)
    )
    cuts = [
        f"{kind} {shown[0]} to {shown[-1]} of {size}"
        for kind, shown, size in (("rows", rows, len(matrix)), ("columns", columns, len(matrix[0])))
        if len(shown) < size
    ]
    return Grid(named(shape, names) if shape else "", columns, cells, cut=", ".join(cuts), rounded=rounded)


def _window(size: int, first: int) -> range:
    """Indices to show: all of a few, else some with `first` among them."""
    if size <= _LONGEST:
        return range(size)
    start = min(max(0, first - 2), size - _LONGEST)
    return range(start, start + _LONGEST)


def _differs(expected: Any, got: Any) -> Any:
    due, own = (np.array([_float(item) for item in _flat(value)]) for value in (expected, got))
    return ~close(due, own).reshape(shape_of(expected) or ())


def _digits(expected: Any, got: Any, differs: Any) -> int:
    """As few digits as show every difference."""
    pairs = [
        pair for pair, wrong in zip(zip(_flat(expected), _flat(got), strict=True), differs.flat, strict=True) if wrong
    ]
    for digits in _DIGITS:
        if all(_shown(due, digits) != _shown(own, digits) for due, own in pairs):
            return digits
    return _DIGITS[-1]


def _texts(expected: Any, got: Any) -> Comparison:
    """What is no array of numbers, as text; entries are told apart only where both are built alike."""
    due, own = _text(expected), _text(got)
    if got is None or max(len(due), len(own)) > _CHARACTERS or _ENTRY.sub("#", due) != _ENTRY.sub("#", own):
        sides = [Grid(text=[Cell(_shortened(text))]) for text in (due, own)]
        return Comparison([Part("", sides[0], None if got is None else sides[1])])
    differs = [left != right for left, right in zip(_ENTRY.findall(due), _ENTRY.findall(own), strict=True)]
    return Comparison([Part("", Grid(text=_pieces(due, differs)), Grid(text=_pieces(own, differs)))])


def _pieces(text: str, differs: Sequence[bool]) -> list[Cell]:
    pieces: list[Cell] = []
    place = 0
    for match, wrong in zip(_ENTRY.finditer(text), differs, strict=True):
        pieces += [Cell(text[place : match.start()]), Cell(match[0], wrong)]
        place = match.end()
    return [*pieces, Cell(text[place:])]


def _shortened(text: str) -> str:
    return text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]} … ({len(text)} characters in all)"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and value in _SPECIAL)


def _numeric(value: Any) -> bool:
    return all(map(_numeric, value)) if isinstance(value, list) else _is_number(value)


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number beyond all floats
        return float("inf") if value > 0 else float("-inf")


def _shown(value: Any, digits: int) -> str:
    if isinstance(value, str):
        return _SPECIAL.get(value, value)
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)


def _rounded(value: Any, text: str) -> bool:
    return isinstance(value, float) and float(text) != value
