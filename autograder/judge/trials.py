"""Trials: a few more calls that only a wrong solution is asked for, to say better what is wrong with it.

They come after everything has been judged and change no points. Right results come from the NumPy reference.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.author.exercise import Relation
from autograder.border.values import Code, Value, copied, identical
from autograder.cases.equality import difference
from autograder.cases.model import Answer, Case, ExerciseCases
from autograder.judge.compare import Verdict, judge, same_answer

Arguments = dict[str, Value]
Ask = Callable[[list[Arguments]], Sequence[Answer] | None]
"""Calls the submission; None if it does not answer any more."""

SWAPS, ENOUGH = 12, 4
"""Other values that an argument is given, and in how many cases they should have changed a result that varies."""
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
        cases = [self.expected(like, arguments) for like, arguments in tried[: self.left]]
        valid = [case for case in cases if case]
        self.left -= len(valid)
        answers = self._ask([case.arguments for case in valid]) if valid else []
        if answers is None or len(answers) != len(valid):
            self.left, answers, cases = 0, [], []
        given = iter(answers)
        found = [judge(self.exercise, case, next(given), self._relations) if case else None for case in cases]
        return [*found, *[None] * (len(tried) - len(found))]

    def expected(self, like: Case, arguments: Arguments) -> Case | None:
        """The case with other arguments and what is right for them; None where nothing is, or they are programs."""
        if any(isinstance(value, Code) for value in arguments.values()):
            return None
        try:
            with np.errstate(all="ignore"):
                expected = eval(self._call, self._scope, copied(arguments))
        except Exception:  # not valid arguments, so not a case
            return None
        if not _finite(expected):
            return None
        return Case(arguments, expected if self.exercise.unique else None, like.part, like.plan)


def observed(trials: Trials, verdicts: Sequence[Verdict]) -> list[str]:
    """True sentences that the cases alone do not show: for which other arguments a result would be right, and which
    arguments make no difference to it, though they should."""
    if not verdicts or not trials.exercise.unique or any(verdict.answer.error for verdict in verdicts):
        return []
    same = [f"your result does not depend on `{name}`: is it used?" for name in _ignored(trials, verdicts)]
    return [*_as_if(trials, verdicts), *same]


def _ignored(trials: Trials, verdicts: Sequence[Verdict]) -> list[str]:
    swaps = [(name, *swap) for name in verdicts[0].case.arguments for swap in _swaps(verdicts, name)]
    now = trials.verdicts([(was.case, {**was.case.arguments, name: other}) for name, was, other in swaps])
    found = []
    for name in verdicts[0].case.arguments:
        pairs = [(was, v) for (own, was, _), v in zip(swaps, now, strict=True) if own == name and v is not None]
        telling = [(was, v) for was, v in pairs if difference(was.case.expected, v.case.expected)]
        others = [was for was, _ in telling if not same_answer(was.answer, telling[0][0].answer)]
        if len(others) >= ENOUGH and all(same_answer(was.answer, v.answer) for was, v in telling):
            found.append(name)
    return found


def _as_if(trials: Trials, verdicts: Sequence[Verdict]) -> Iterator[str]:
    """What the arguments would have to be for the results to be right."""
    for words, change in (*_choices(trials.exercise.cases), *_changes(verdicts[0].case.arguments)):
        telling = 0
        for verdict in reversed(verdicts):  # the large ones tell more
            other = _changed(trials, verdict.case, change)
            if other is None or difference(other.expected, verdict.answer.value):
                break
            telling += difference(verdict.case.expected, other.expected) is not None
        else:
            if telling >= 2 * ENOUGH:
                yield f"your result is the right one for {words}"


def _changed(trials: Trials, case: Case, change: Change) -> Case | None:
    try:
        with np.errstate(all="ignore"):
            return trials.expected(case, change(case.arguments))
    except (TypeError, ValueError, ZeroDivisionError):  # not every case has this kind of argument
        return None


Change = Callable[[Arguments], Arguments]
_OTHERS: dict[str, Callable[[Any], Any]] = {
    "−`{0}` in place of `{0}`: a sign is wrong": lambda x: -x,
    "`{0}` = 0: is it left out?": lambda x: 0 * x,
    "1 − `{0}` in place of `{0}`": lambda x: 1 - x,
    "|`{0}`| in place of `{0}`": abs,
    "2 `{0}` in place of `{0}`": lambda x: 2 * x,
    "half of `{0}` in place of `{0}`": lambda x: x / 2,
    "1 over `{0}` in place of `{0}`": lambda x: 1 / x,
    "the square of `{0}` in place of `{0}`": lambda x: x * x,
}
_NEXT: dict[str, Callable[[Any], Any]] = {
    "`{0}` + 1 in place of `{0}`": lambda x: x + 1,
    "`{0}` − 1 in place of `{0}`": lambda x: x - 1,
}


def _changes(arguments: Arguments) -> Iterator[tuple[str, Change]]:
    """Other arguments that a wrong solution may as well have been given, and words for them."""

    def changed(name: str, make: Callable[[Any], Any]) -> Change:
        return lambda given: {**given, name: make(given[name])}

    def exchanged(one: str, other: str) -> Change:
        return lambda given: {**given, one: given[other], other: given[one]}

    numeric = [
        name for name, value in arguments.items() if isinstance(value, np.ndarray) or type(value) in (int, float)
    ]
    for name in numeric:
        for words, make in (_NEXT if type(arguments[name]) is int else {**_OTHERS, **_NEXT}).items():
            yield words.format(name), changed(name, make)
    for one, other in itertools.combinations(numeric, 2):
        yield f"`{one}` and `{other}` in each other's place", exchanged(one, other)
    for name, value in arguments.items():
        if (
            isinstance(value, list)
            and value
            and all(isinstance(pair, tuple) and len(pair) == 2 and _arrays(pair) for pair in value)
        ):
            for index, which in enumerate(("first", "second")):
                for words, make in _OTHERS.items():
                    told = words.replace("`{0}`", f"the {which} of each pair in `{name}`", 1).replace("`{0}`", "it")
                    yield told, changed(name, functools.partial(_in_pairs, index, make))


def _choices(cases: Sequence[Case]) -> Iterator[tuple[str, Change]]:
    """Each value that an argument which is a word has in some case."""
    for name, value in cases[0].arguments.items():
        if isinstance(value, str):
            for choice in sorted({str(case.arguments[name]) for case in cases})[:8]:
                yield f"`{name}` = {choice!r}", functools.partial(_chosen, name, choice)


def _chosen(name: str, choice: str, given: Arguments) -> Arguments:
    return {**given, name: choice}


def _arrays(items: Sequence[Value]) -> bool:
    return all(isinstance(item, np.ndarray) for item in items)


def _in_pairs(index: int, make: Callable[[Any], Any], pairs: Sequence[Sequence[Any]]) -> list[Any]:
    return [tuple(make(item) if i == index else item for i, item in enumerate(pair)) for pair in pairs]


def _swaps(verdicts: Sequence[Verdict], name: str) -> list[tuple[Verdict, Value]]:
    """Verdicts, small and large, and what another case of the same sizes has for an argument."""
    seen: dict[str, Value] = {}
    found: list[tuple[Verdict, Value]] = []
    for verdict in verdicts:
        value = verdict.case.arguments[name]
        outline = _outline(value)
        if outline is None:
            continue
        other = seen.get(outline)
        seen[outline] = value
        if other is not None and not identical(value, other):
            found.append((verdict, other))
    return found[:: max(1, len(found) // SWAPS)][-SWAPS:]


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
