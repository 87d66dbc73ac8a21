"""Ways: how a submission is brought to life. Each exercise counts as the best of them gives it.

First come the definitions alone: scratch costs nothing then. Where that is not right, the whole notebook is run, in
order, as Jupyter runs it: what works by side effect works then. Where that is not right either, it is run up to the
exercise's own test: a later cell that binds a helper's name to something else does no harm then.

A way is not tried where it cannot differ from one before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.cases.model import ExerciseCases
from autograder.outcome import RESULTS, Outcome
from autograder.submission.reading import Cell

_TEST = "test-"


@dataclass(frozen=True)
class Way:
    """What is run: what is needed, or all, of the first `cells`; of all if None."""

    whole: bool = False
    cells: int | None = None


DEFINITIONS, NOTEBOOK = Way(), Way(whole=True)


class Ways:
    """The ways that there are for one submission, by its text and what defining it showed.

    `released` are the cells of the released notebook. `given` are the numbers of the cells that are not the student's:
    as they were released, or tests. `unmoved` are names of exercises for which the whole notebook gave just what the
    definitions alone had given: whoever asks adds them.
    """

    def __init__(self, cells: Sequence[Cell], released: Sequence[Cell] = ()) -> None:
        self._cells = cells
        names = {cell.source: cell.grade_id for cell in released}
        self._names = [cell.grade_id or names.get(cell.source, "") for cell in cells]
        self.given = [
            number
            for number, (cell, name) in enumerate(zip(cells, self._names, strict=True))
            if cell.source in names or name.startswith(_TEST)
        ]
        self.unmoved: set[str] = set()
        self._complete, self._rebound, self._settled = False, len(cells), len(cells)

    def learn(self, loaded: Mapping[str, Any]) -> None:
        """Take in what the process that has run all definitions says of them, whoever wrote it."""
        rebound, settled = loaded.get("rebound"), loaded.get("settled")
        self._complete = loaded.get("complete") is True
        self._rebound = rebound if type(rebound) is int else len(self._cells)
        self._settled = settled if type(settled) is int else len(self._cells)

    def others(
        self, wrong: Callable[[], Iterable[tuple[ExerciseCases, Outcome]]]
    ) -> Iterator[tuple[Way, list[ExerciseCases]]]:
        """Each way that may give something else for some of what is `wrong` by then, and these exercises.

        `wrong` gives exercises and their outcomes.
        """
        for choose in (self._notebook, self._until_test):
            groups: dict[Way, list[ExerciseCases]] = {}
            for exercise, outcome in wrong():
                if way := choose(exercise, outcome):
                    groups.setdefault(way, []).append(exercise)
            yield from groups.items()

    def _notebook(self, exercise: ExerciseCases, outcome: Outcome) -> Way | None:
        return None if self._complete else NOTEBOOK

    def _until_test(self, exercise: ExerciseCases, outcome: Outcome) -> Way | None:
        """Up to the exercise's own test cell, or else to the end of the cell that last defines it.

        What is missing was there before only if it is defined twice.
        """
        test, owner = f"{_TEST}{exercise.name.replace('.', '-')}", re.escape(exercise.name.partition(".")[0])
        defines = re.compile(rf"^[ \t]*(?:(?:async[ \t]+)?(?:def|class)[ \t]+{owner}\b|{owner}[ \t]*=)", re.MULTILINE)
        defining = [number for number, cell in enumerate(self._cells, 1) if defines.search(cell.source)]
        if outcome == Outcome.MISSING and len(defining) < 2:
            return None
        last = self._names.index(test) if test in self._names else max(defining, default=0)
        return (
            Way(True, last) if 0 < last < (self._rebound if exercise.name in self.unmoved else self._settled) else None
        )


def rank(points: float, outcome: Outcome) -> tuple[float, int]:
    """What makes a way better than another: points, then results that can be told apart from right ones."""
    return points, 2 if outcome in RESULTS else 0 if outcome == Outcome.MISSING else 1
