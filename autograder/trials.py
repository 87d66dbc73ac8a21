"""Trials: a few more calls that only a wrong solution is asked for, to say better what is wrong with it.

They come after everything has been judged and change no points. Right results come from the NumPy reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.cases import Answer, Case, ExerciseCases
from autograder.compare import Verdict, judge, same_answer
from autograder.equality import difference
from autograder.exercise import Relation
from autograder.values import Value, copied, identical

Arguments = dict[str, Value]
Ask = Callable[[list[Arguments]], Sequence[Answer] | None]
"""Calls the submission; None if it does not answer any more."""

_SWAPS, _ENOUGH = 8, 4
"""Other values that an argument is given, and how many of them should have changed the result."""
_ENTRIES = 400


class Trials:
    """Judges further calls of one exercise, as many as `budget` allows."""

    def __init__(
        self,
        exercise: ExerciseCases,
        reference: Mapping[str, Any],
        relations: Sequence[Relation],
        ask: Ask,
        budget: int = 240,
    ) -> None:
        self.exercise, self.left = exercise, budget
        self._relations, self._ask, self._scope = relations, ask, dict(reference)
        self._call = compile(exercise.call, "<call>", "eval")

    def verdicts(self, tried: Sequence[tuple[Case, Arguments]]) -> list[Verdict | None]:
        """Verdicts on calls, each of the same part as the case beside it; None where there is no right result."""
        cases = [self._case(like, arguments) for like, arguments in tried[: self.left]]
        valid = [case for case in cases if case]
        self.left -= len(valid)
        answers = self._ask([case.arguments for case in valid]) if valid else []
        if answers is None or len(answers) != len(valid):
            self.left, answers, cases = 0, [], []
        given = iter(answers)
        found = [judge(self.exercise, case, next(given), self._relations) if case else None for case in cases]
        return [*found, *[None] * (len(tried) - len(found))]

    def _case(self, like: Case, arguments: Arguments) -> Case | None:
        try:
            with np.errstate(all="ignore"):
                expected = eval(self._call, self._scope, copied(arguments))
        except Exception:  # not valid arguments, so not a case
            return None
        if not _finite(expected):
            return None
        return Case(arguments, expected if self.exercise.unique else None, like.part, like.plan)


def ignored_arguments(trials: Trials, verdicts: Sequence[Verdict]) -> list[str]:
    """Arguments that make no difference to what a submission returns, though they should."""
    if not trials.exercise.unique or not verdicts:
        return []
    swaps = [(name, *swap) for name in verdicts[0].case.arguments for swap in _swaps(verdicts, name)]
    now = trials.verdicts([(was.case, {**was.case.arguments, name: other}) for name, was, other in swaps])
    found = []
    for name in verdicts[0].case.arguments:
        pairs = [(was, v) for (own, was, _), v in zip(swaps, now, strict=True) if own == name and v is not None]
        telling = [(was, v) for was, v in pairs if difference(was.case.expected, v.case.expected)]
        if len(telling) >= _ENOUGH and all(same_answer(was.answer, v.answer) for was, v in telling):
            found.append(name)
    return found


def _swaps(verdicts: Sequence[Verdict], name: str) -> Iterator[tuple[Verdict, Value]]:
    """Verdicts, and what another case of the same sizes has for an argument; larger cases first."""
    seen: dict[str, Value] = {}
    count = 0
    for verdict in reversed(verdicts):
        value = verdict.case.arguments[name]
        outline = _outline(value)
        if verdict.answer.error or outline is None:
            continue
        other = seen.get(outline)
        seen[outline] = value
        if other is not None and not identical(value, other):
            yield verdict, other
            count += 1
            if count == _SWAPS:
                return


def _outline(value: Value) -> str | None:
    """Lists and shapes without the numbers in them; None for what is not small and made of floats."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{value.shape}" if value.size <= _ENTRIES else None
    if isinstance(value, list | tuple):
        inner = [_outline(item) for item in value]
        return None if None in inner else f"{type(value).__name__}{inner}"
    return "float" if type(value) is float else None


def _finite(value: Value) -> bool:
    if isinstance(value, np.ndarray | float | int | np.generic):
        return bool(np.isfinite(np.asarray(value, np.float64)).all())
    if isinstance(value, list | tuple):
        return all(map(_finite, value))
    return True
