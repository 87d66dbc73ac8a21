"""Inputs that all submissions are called with, as the worker's side keeps them.

Runs inside the sandbox, so it needs only the standard library and NumPy.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

Case = dict[str, Any]
_ALIGNED = 64
_SHAPE, _DTYPE = operator.attrgetter("shape"), operator.attrgetter("dtype")


class Kept:
    """Inputs of an exercise, with all arrays in one block of memory: whether any was changed is one comparison.

    So a function that changes nothing, as it should, is called without a copy of its arguments for each call.

    names      of the arguments; all cases have the same
    rows       the arguments of each case
    outlines   copies of those that have lists or dicts in them, by number
    """

    def __init__(self, cases: list[Case]) -> None:
        self._arrays: list[Any] = []
        self._starts = [0]
        for case in cases:
            self._collect(case)
            self._starts.append(len(self._arrays))
        sizes = [-(-array.nbytes // _ALIGNED) * _ALIGNED for array in self._arrays]
        self._block = np.zeros(sum(sizes), np.uint8)
        ends = np.cumsum([0, *sizes]).tolist()
        views = [
            self._block[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
            for start, array in zip(ends, self._arrays, strict=False)
        ]
        for view, array in zip(views, self._arrays, strict=True):
            view[...] = array
        self._pristine, self._views = bytearray(self._block), views
        # The same object for the same shape: each page that a fork looks at is copied.
        same: dict[Any, Any] = {}
        self._shapes = [same.setdefault(view.shape, view.shape) for view in views]
        self._dtypes = [view.dtype for view in views]
        moved = {id(array): view for array, view in zip(self._arrays, views, strict=True)}
        self.names = tuple(cases[0]) if cases else ()
        self.rows = [tuple(self._moved(case[name], moved) for name in self.names) for case in cases]
        outlines = {number: _outline(row) for number, row in enumerate(self.rows)}
        self.outlines = {number: copy for number, copy in outlines.items() if copy is not self.rows[number]}
        self._arrays = []

    def _collect(self, value: Any) -> None:
        if type(value) is np.ndarray:
            self._arrays.append(value)
        elif isinstance(value, dict):
            self._collect(list(value.values()))
        elif isinstance(value, (list, tuple)):
            for item in value:
                self._collect(item)

    def _moved(self, value: Any, moved: dict[int, Any]) -> Any:
        if isinstance(value, dict):
            return {key: self._moved(item, moved) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self._moved(item, moved) for item in value)
        return moved.get(id(value), value)

    def case(self, index: int) -> Case:
        """The arguments of a case by name."""
        return dict(zip(self.names, self.rows[index], strict=True))

    def restored(self, called: Sequence[int]) -> bool:
        """Whether the numbers in any array, or any argument of the cases that were called, were changed; now none is.

        If an array of another case got another shape, that shows when this case is called.
        """
        rows, starts, arrays = self.rows, self._starts, (self._views, self._shapes, self._dtypes)
        if 2 * len(called) < len(rows):
            places = [place for index in called for place in range(starts[index], starts[index + 1])]
            views, shapes, dtypes = ([each[place] for place in places] for each in arrays)
        else:
            views, shapes, dtypes = arrays
        same = all(map(operator.eq, map(_SHAPE, views), shapes))
        same = same and all(map(operator.is_, map(_DTYPE, views), dtypes))
        outlines = [(number, self.outlines[number]) for number in called if number in self.outlines]
        different = [number for number, outline in outlines if not _same_outline(rows[number], outline)]
        if same and not different and self._pristine == self._block.data:
            return False
        for number in different:
            rows[number] = _outline(self.outlines[number])
        self._block[:] = self._pristine
        if not same:
            for view, shape, dtype in zip(*arrays, strict=True):
                view.dtype = dtype
                view.shape = shape
        return True


def _outline(value: Any) -> Any:
    """A copy of lists and dicts, with the same arrays in them; a tuple without any is itself."""
    if isinstance(value, dict):
        return {key: _outline(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [_outline(item) for item in value]
        return items if type(value) is list else value if all(map(operator.is_, items, value)) else tuple(items)
    return value


def _same_outline(left: Any, right: Any) -> bool:
    """Whether lists, tuples and dicts still hold the same arrays."""
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(_same_outline(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)) and len(left) == len(right):
        return all(map(operator.is_, left, right)) or all(map(_same_outline, left, right))
    return False
