"""Diagnose: from verdicts to the one thing worth telling the student.

A known misconception is named only if the submission gives its results on *every* case; otherwise the message is
a statement that is true of what was seen: a shape, a sign, a factor, a changed argument, the first entry that differs.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from autograder.cases.equality import Difference, as_array
from autograder.cases.model import Answer, Case, ExerciseCases, KnownMistake
from autograder.judge.compare import Verdict, same_answer
from autograder.judge.evidence import dimensions
from autograder.judge.statements import statements
from autograder.outcome import Outcome
from autograder.text import clean, literal, number, plain

_NO_INPUT = "EOF when reading a line"
"""What Python says of an `input()` that nobody answers."""
_NO_THREAD = "can't start new thread"
"""What Python says where the system allows no other thread."""


@dataclass(frozen=True)
class Diagnosis:
    """Outcome (see `interface`), a one-line message, the misconception's name, and the verdict that shows it.

    scope     words for the part of the exercise that it is about, if not for all of it
    general   the part of the message that is true of all cases in its scope, not only of the one shown
    axes      names of the dimensions of results that have the wrong shape, where all such results have them
    undefined the exception that was raised on defining it, if that is why there is nothing to show
    others    the messages on other parts that fail, if there are any
    """

    outcome: Outcome
    message: str | None = None
    misconception: str | None = None
    shown: Verdict | None = None
    scope: str = ""
    general: str | None = None
    axes: tuple[str, ...] = ()
    others: str = ""
    undefined: Answer | None = None

    @property
    def problem(self) -> Answer | None:
        """The exception that the message tells of, if it does."""
        if self.undefined or self.misconception or self.shown is None:
            return self.undefined
        return self.shown.answer if self.shown.answer.error else None


_NOT_ATTEMPTED = "not attempted yet"
UNTOUCHED = Diagnosis(Outcome.MISSING, _NOT_ATTEMPTED)
"""What is said of an exercise whose body is as it was released."""
_OF_ONE_CASE = {"value": "wrong values", "shape": "a wrong shape"}
"""What is said of other parts than the one that is shown, where each case differs in its own way."""
_MOST_WORDS = 4
"""Parts of an exercise that fail in different ways and have words of their own."""


def diagnose(exercise: ExerciseCases, verdicts: Sequence[Verdict], more: Sequence[str] = ()) -> Diagnosis:
    """Explain the verdicts on one exercise: the smallest failing case, and what it means.

    `more` are sentences that are known to be true of the part that the smallest failing case belongs to.
    """
    if all(verdict.right for verdict in verdicts):
        return Diagnosis(Outcome.CORRECT)
    outcome, first = outcome_of(exercise, verdicts), _first(exercise, verdicts)
    if outcome == Outcome.MISSING:
        return Diagnosis(outcome, "not finished yet: it still raises NotImplementedError", None, first)
    for known in exercise.mistakes:
        if _behaves_like(known, verdicts):
            return Diagnosis(outcome, known.hint, known.name, first)
    scope, general = _general(exercise, verdicts, first, more)
    # A case that is shown instead of the first one fails as it does: if not in a shape, nobody will ask.
    axes = _axes(exercise, verdicts) if first.difference and first.difference.kind == "shape" else ()
    found = Diagnosis(outcome, None, None, None, scope, general, axes)
    if scope or not general:
        found = _with_others(exercise, verdicts, first, found)
    return showing(exercise, found, first)


def _first(exercise: ExerciseCases, verdicts: Sequence[Verdict]) -> Verdict:
    """The first that is not right; if possible, of a part that was attempted."""
    attempted = {verdict.case.part for verdict in verdicts if not _unfinished(exercise, verdict)}
    wrong = [verdict for verdict in verdicts if not verdict.right]
    return next((verdict for verdict in wrong if verdict.case.part in attempted), wrong[0])


def _with_others(
    exercise: ExerciseCases, verdicts: Sequence[Verdict], first: Verdict, diagnosis: Diagnosis
) -> Diagnosis:
    """The diagnosis with what is wrong in other parts, where that is something else: each part has words of its own."""
    inside: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        inside.setdefault(verdict.case.part, []).append(verdict)
    words = {part: seen for part, each in inside.items() if (seen := _of_part(exercise, each))}
    own = words[first.case.part]
    alike: dict[str, list[str]] = {}
    for part, seen in words.items():
        alike.setdefault(seen, []).append(part)
    if len(alike) == 1:
        return diagnosis
    # What is seen with more calls, or in one case, is known of the first part only.
    general = own not in _OF_ONE_CASE.values() and (diagnosis.general or own) in own
    same = alike[own] if general else [first.case.part]
    told = [f"for {_listed(parts)}: {seen}" for seen, parts in alike.items() if seen != own]
    if len(told) > _MOST_WORDS:
        told[_MOST_WORDS:] = [f"and {len(told) - _MOST_WORDS} more"]
    return replace(diagnosis, scope=f"for {_listed(same)}: ", others="; ".join(told))


def _of_part(exercise: ExerciseCases, verdicts: Sequence[Verdict]) -> str:
    """What is wrong in one part of an exercise, without what is true of a single case only; empty if nothing is."""
    first = next((verdict for verdict in verdicts if not verdict.right), None)
    if first is None:
        return ""
    general = _of_all(exercise, verdicts, first)
    if not general and first.difference and first.difference.kind in _OF_ONE_CASE:
        return _OF_ONE_CASE[first.difference.kind]
    return _message(exercise, first, Diagnosis(Outcome.WRONG, general=general))


def _of_all(
    exercise: ExerciseCases, verdicts: Sequence[Verdict], first: Verdict, more: Sequence[str] = ()
) -> str | None:
    """What is true of all of some verdicts, of which `first` is the first that is not right."""
    if all(_unfinished(exercise, verdict) for verdict in verdicts):
        return _NOT_ATTEMPTED
    return None if first.answer.changed or first.relation else next(statements(exercise, verdicts, more), None)


def _listed(parts: Sequence[str]) -> str:
    """Parts in a sentence; some are several words themselves."""
    apart = len(parts) > 1 and any(", " in part for part in parts)
    *others, last = [f"({part})" if apart else part for part in parts]
    return f"{', '.join(others)} and {last}" if others else last


def _behaves_like(known: KnownMistake, verdicts: Sequence[Verdict]) -> bool:
    """Whether all answers are those of a misconception."""
    return all(same_answer(own, verdict.answer) for own, verdict in zip(known.answers, verdicts, strict=True))


def showing(exercise: ExerciseCases, diagnosis: Diagnosis, verdict: Verdict) -> Diagnosis:
    """The diagnosis with this verdict to show for it."""
    if diagnosis.misconception:
        return replace(diagnosis, shown=verdict)
    return replace(diagnosis, message=_message(exercise, verdict, diagnosis), shown=verdict)


@np.errstate(all="ignore")
def _general(
    exercise: ExerciseCases, verdicts: Sequence[Verdict], first: Verdict, more: Sequence[str]
) -> tuple[str, str | None]:
    """What is true of all cases, or of all of the first part that is wrong; and words for that part."""
    part = first.case.part
    inside = [verdict for verdict in verdicts if verdict.case.part == part]
    parts = {verdict.case.part for verdict in verdicts}
    wrong = {verdict.case.part for verdict in verdicts if not verdict.right}
    scope = f"for {part}: " if wrong != parts else ""
    if not scope and (whole := _of_all(exercise, verdicts, first, () if len(parts) > 1 else more)):
        return "", whole
    found = _of_all(exercise, inside, first, more) if len(parts) > 1 else None
    return f"for {part}: " if found else scope, found


def outcome_of(exercise: ExerciseCases, verdicts: Sequence[Verdict]) -> Outcome:
    """The outcome that verdicts mean: that of the one that is shown."""
    if all(verdict.right for verdict in verdicts):
        return Outcome.CORRECT
    if all(_unfinished(exercise, verdict) for verdict in verdicts):
        return Outcome.MISSING
    first = _first(exercise, verdicts)
    return Outcome.WRONG if first.answer.error is None else _outcome_of_error(first.answer)


def _unfinished(exercise: ExerciseCases, verdict: Verdict) -> bool:
    """Whether the exercise's own body says that it is not implemented, and not something that it calls."""
    return verdict.answer.error == "NotImplementedError" and verdict.answer.within in _own(exercise.name)


def _own(name: str) -> tuple[str, str]:
    """Names of the functions that are an exercise: a class is its `__init__`."""
    return name, f"{name}.__init__"


def _outcome_of_error(answer: Answer) -> Outcome:
    if answer.error == "MemoryError":
        return Outcome.MEMORY
    if answer.module or answer.error == "PermissionError" or _starts_thread(answer):
        return Outcome.FORBIDDEN
    return Outcome.ERROR


def describe_error(answer: Answer, name: str = "") -> str:
    """A sentence about an exception that an exercise met; where it arose is told in `places`."""
    other = answer.within or "<"
    if answer.error == "NotImplementedError" and other not in _own(name) and "<" not in other:
        return f"needs `{clean(other, 60)}`, which is not finished: it raises NotImplementedError"
    if answer.module:
        return f"needs {clean(answer.module, 40)}, which is not available: use the standard library and NumPy"
    if answer.error == "PermissionError":
        return "uses files, processes or the network, which are not available here"
    if _starts_thread(answer):
        return "starts a thread, which is not available here: compute in one"
    if answer.error == "MemoryError":
        return "needs more memory than there is"
    if answer.error == "Unencodable":
        return f"returns {clean(answer.message)}; return numbers, arrays or lists of them"
    if answer.error == "EOFError" and answer.message == _NO_INPUT:
        return "asks for input, and nobody is there to answer when it is graded: remove `input()`"
    if answer.error == "FileNotFoundError":
        return "looks for a file, and none of yours is there when it is graded"
    what = f": {clean(answer.message)}" if answer.message.strip() else ""
    return f"raises {clean(answer.error or '', 60)}{what}"


def _starts_thread(answer: Answer) -> bool:
    return answer.error == "RuntimeError" and answer.message == _NO_THREAD


def died(reason: str, wall: float = 0.0) -> str:
    """Why there are no answers: the process that should give them took more than `wall` seconds, or ended."""
    if reason == "timeout":
        return f"took more than {wall:g} seconds: an endless loop?"
    return "the process that ran it ended: exit, or a crash in compiled code?"


def undefined(name: str, problem: Answer | None, forbidden: str | None, known: Sequence[str]) -> Diagnosis:
    """Why an exercise cannot be called: the exception met on defining it, a module not allowed, or a name not there.

    `known` are other names that the submission defines.
    """
    owner = name.partition(".")[0]
    if forbidden:
        return Diagnosis(Outcome.FORBIDDEN, describe_error(Answer(error="ImportError", module=forbidden)))
    if problem and problem.error == "TimeoutError":
        return Diagnosis(Outcome.TIMEOUT, f"defining `{owner}` {clean(problem.message)}", undefined=problem)
    if problem:
        return Diagnosis(Outcome.ERROR, f"`{owner}` could not be defined: {describe_error(problem)}", undefined=problem)
    near = [other for other in known if other.lower() == name.lower()] or difflib.get_close_matches(name, known, 1)
    meant = f"; is it your `{clean(near[0], 40)}`?" if near else ""
    return Diagnosis(Outcome.MISSING, f"`{name}` is not defined{meant}")


def _message(exercise: ExerciseCases, shown: Verdict, diagnosis: Diagnosis) -> str:
    seen = _seen(exercise, shown, diagnosis)
    return "; ".join(filter(None, [f"{diagnosis.scope}{seen}", diagnosis.others]))


def _seen(exercise: ExerciseCases, shown: Verdict, diagnosis: Diagnosis) -> str:
    found, general = shown.difference, diagnosis.general
    if general == _NOT_ATTEMPTED:
        return general
    if shown.answer.error is not None:
        seen = describe_error(shown.answer, exercise.name) + _shapes_given(exercise, shown)
    elif shown.relation:
        seen = shown.relation
    elif found is None:
        names = " and ".join(f"`{clean(name, 40)}`" for name in shown.answer.changed)
        seen = f"the result is right, but your function changes its argument {names}: work on a new array"
    elif found.kind == "value" and general:
        return general
    else:
        seen = _first_difference(exercise, shown.case, found, diagnosis.axes)
    return f"{seen}; {general}" if general else seen


def _first_difference(exercise: ExerciseCases, case: Case, found: Difference, axes: tuple[str, ...]) -> str:
    part = f"item {found.path[0]} of the result" if found.path else "the result"
    if found.kind == "shape":
        return _shapes(exercise, case, found, part, axes)
    if found.kind == "length":
        return f"{part} should have {len(found.expected)} items, yours has {len(found.got)}"
    if found.kind == "type":
        if found.got is None:
            return f"{part} is None: is a `return` missing?"
        wanted = "a list" if isinstance(found.expected, list | tuple) else "text" if _is_text(found) else "numbers"
        wanted = "None" if found.expected is None else wanted
        return f"{part} should be {wanted}, yours is {clean(literal(plain(found.got)), 60)}"
    if found.kind == "nan":
        return f"{part} is NaN at {list(found.at)}: a division of 0 by 0, or the logarithm of a negative number?"
    if found.kind == "precision":
        return f"{part} is right to about float32 only: compute in float64, which is NumPy's default"
    if _is_text(found):
        return f"expected {found.expected!r}, got {clean(found.got, 100)!r}"
    due, got = np.asarray(found.expected), as_array(found.got)
    assert got is not None
    at = f" at {list(found.at)}" if found.at else ""
    return f"expected {number(float(due[found.at]))}{at}, got {number(float(got[found.at]))}" + (
        f" (item {found.path[0]} of the result)" if found.path else ""
    )


def _is_text(found: Difference) -> bool:
    return isinstance(found.expected, str)


def _shapes(exercise: ExerciseCases, case: Case, found: Difference, part: str, axes: tuple[str, ...]) -> str:
    wanted, got = np.shape(found.expected), np.shape(found.got)
    names = exercise.shapes.get("result") if not found.path else None
    if wanted == ():
        return f"{part} should be one number, yours has shape {_named(axes, got)}"
    guess = ""
    if len(wanted) == 2 and got == wanted[::-1] and (not axes or not names or axes == names[::-1]):
        guess = ": transposed?"
    elif math.prod(got) == math.prod(wanted) and len(got) < len(wanted):
        guess = ": a dimension is lost"
    return f"{part} should have shape {_named(names or (), wanted)}, yours has {_named(axes, got)}{guess}"


def _shapes_given(exercise: ExerciseCases, shown: Verdict) -> str:
    """The shapes of the arguments, for an exception that complains of shapes."""
    told = shown.answer.message[:1000]
    if shown.answer.error != "ValueError" or not any(word in told for word in ("shape", "dimension", "broadcast")):
        return ""
    given = [
        f"`{name}` of shape {_named(exercise.shapes.get(name) or (), value.shape)}"
        for name, value in shown.case.arguments.items()
        if isinstance(value, np.ndarray)
    ]
    return f"; called with {', '.join(given)}" if given else ""


def _named(names: tuple[str, ...], shape: tuple[int, ...]) -> str:
    """A shape with the names of its dimensions."""
    if not shape or len(names) != len(shape) or all(name.isdigit() for name in names):
        return f"{shape}"
    return f"({', '.join(names)}{',' if len(names) == 1 else ''}) = {shape}"


def _axes(exercise: ExerciseCases, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """Names of the dimensions that all results of a wrong shape have; () where the cases leave a doubt."""
    odd = [v for v in verdicts if v.difference and v.difference.kind == "shape" and not v.difference.path]
    shapes = [np.shape(verdict.difference.got) for verdict in odd if verdict.difference]
    if len({len(shape) for shape in shapes}) != 1:
        return ()
    sizes = [{**dimensions(exercise, verdict.case), "1": 1} for verdict in odd]
    names = []
    for axis in range(len(shapes[0])):
        fitting = [
            name for name in sizes[0] if all(s.get(name) == shape[axis] for s, shape in zip(sizes, shapes, strict=True))
        ]
        if len(fitting) != 1:
            return ()
        names.append(fitting[0])
    return tuple(names)
