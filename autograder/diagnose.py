"""Diagnose: from verdicts to the one thing worth telling the student.

A known misconception is named only if the submission gives its results on *every* case; otherwise the message is
a statement that is true of what was seen: a shape, a sign, a factor, a changed argument, the first entry that differs.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from autograder.cases import Answer, Case, ExerciseCases
from autograder.compare import Verdict, same_answer
from autograder.equality import Array, Difference, as_array
from autograder.text import clean, literal, number, plain

_ENOUGH = 20
"""Cases that must agree before a size is called the reason: among a few it may be chance."""


@dataclass(frozen=True)
class Diagnosis:
    """Outcome (see `interface`), a one-line message, the misconception's name, and the verdict that shows it."""

    outcome: str
    message: str | None = None
    misconception: str | None = None
    shown: Verdict | None = None


def diagnose(exercise: ExerciseCases, verdicts: Sequence[Verdict]) -> Diagnosis:
    """Explain the verdicts on one exercise: the smallest failing case, and what it means."""
    failed = [verdict for verdict in verdicts if not verdict.right]
    if not failed:
        return Diagnosis("correct")
    first = failed[0]
    outcome = "wrong" if first.answer.error is None else outcome_of(first.answer)
    for known in exercise.mistakes:
        if all(same_answer(known.answers[i], verdict.answer) for i, verdict in enumerate(verdicts)):
            return Diagnosis(outcome, known.hint, known.name, first)
    message = _message(exercise, verdicts, failed)
    if first.case.part and any(verdict.right for verdict in verdicts):
        message = f"for {first.case.part}: {message}"
    return Diagnosis(outcome, message, None, first)


def outcome_of(answer: Answer) -> str:
    """The outcome that an exception means."""
    if answer.error == "NotImplementedError":
        return "missing"
    if answer.error == "MemoryError":
        return "memory"
    if answer.module or answer.error == "PermissionError":
        return "forbidden"
    return "error"


def describe_error(answer: Answer) -> str:
    """A sentence about an exception, with the line of the student's cell where it arose."""
    if answer.error == "NotImplementedError":
        return "not attempted yet"
    if answer.module:
        return f"needs {clean(answer.module, 40)}, which is not available: use the standard library and NumPy"
    if answer.error == "PermissionError":
        return "uses files, processes or the network, which are not available here"
    if answer.error == "MemoryError":
        return "needs more memory than there is"
    if answer.error == "Unencodable":
        return f"returns {clean(answer.message)}; return numbers, arrays or lists of them"
    where = f" (line {answer.line} of the cell)" if answer.line else ""
    what = f": {clean(answer.message)}" if answer.message.strip() else ""
    return f"raises {clean(answer.error or '', 60)}{what}{where}"


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
        return Diagnosis("forbidden", describe_error(Answer(error="ImportError", module=forbidden)))
    if problem and problem.error == "TimeoutError":
        return Diagnosis("timeout", f"defining `{owner}` {clean(problem.message)}")
    if problem:
        return Diagnosis("error", f"`{owner}` could not be defined: {describe_error(problem)}")
    near = [other for other in known if other.lower() == name.lower()] or difflib.get_close_matches(name, known, 1)
    meant = f"; is it your `{clean(near[0], 40)}`?" if near else ""
    return Diagnosis("missing", f"`{name}` is not defined{meant}")


def _message(exercise: ExerciseCases, verdicts: Sequence[Verdict], failed: Sequence[Verdict]) -> str:
    first = failed[0]
    if first.answer.error is not None:
        return describe_error(first.answer)
    if first.relation:
        return first.relation
    if first.difference is None:
        names = " and ".join(f"`{clean(name, 40)}`" for name in first.answer.changed)
        return f"the result is right, but your function changes its argument {names}: work on a new array"
    if first.difference.kind == "value":
        general = next(_general(exercise, verdicts, failed), None)
        if general:
            return general
    return _first_difference(exercise, first.case, first.difference)


def _first_difference(exercise: ExerciseCases, case: Case, found: Difference) -> str:
    part = f"item {found.path[0]} of the result" if found.path else "the result"
    if found.kind == "shape":
        return _shapes(exercise, case, found, part)
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


def _shapes(exercise: ExerciseCases, case: Case, found: Difference, part: str) -> str:
    wanted, got = np.shape(found.expected), np.shape(found.got)
    names = exercise.shapes.get("result") if not found.path else None
    due = f"({', '.join(names)}) = {wanted}" if names else f"{wanted}"
    if wanted == ():
        return f"{part} should be one number, yours has shape {got}"
    guess = ""
    if len(wanted) == 2 and got == wanted[::-1]:
        guess = ": transposed?"
    elif int(np.prod(got)) == int(np.prod(wanted)) and len(got) < len(wanted):
        guess = ": a dimension is lost"
    return f"{part} should have shape {due}, yours has {_named(exercise, case, got)}{guess}"


def _named(exercise: ExerciseCases, case: Case, shape: tuple[int, ...]) -> str:
    """A shape with the names of its dimensions, where the sizes of this case leave no doubt."""
    sizes = dimensions(exercise, case)
    names = []
    for size in shape:
        fitting = [name for name, value in sizes.items() if value == size]
        if len(fitting) != 1 or size == 1:
            return f"{shape}"
        names.append(fitting[0])
    return f"({', '.join(names)}{',' if len(names) == 1 else ''}) = {shape}"


def dimensions(exercise: ExerciseCases, case: Case) -> dict[str, int]:
    """Sizes of the named dimensions in one case."""
    sizes: dict[str, int] = {}
    for name, dims in exercise.shapes.items():
        if dims and name in case.arguments:
            sizes.update(zip(dims, np.shape(case.arguments[name]), strict=False))
    return {name: size for name, size in sizes.items() if not name.isdigit()}


def _general(exercise: ExerciseCases, verdicts: Sequence[Verdict], failed: Sequence[Verdict]) -> Iterator[str]:
    """Statements that hold on every case, most telling first."""
    pairs = _numeric_pairs(verdicts)
    if pairs is not None:
        if _all(pairs, lambda case, wanted, got: -wanted):
            yield "your result has the opposite sign"
        for name in dimensions(exercise, verdicts[0].case):
            if _all(pairs, lambda case, wanted, got, name=name: wanted * dimensions(exercise, case)[name]):
                mean = ": the mean over the examples is missing" if name == "N" else ""
                yield f"your result is {name} times too large{mean}"
            if _all(pairs, lambda case, wanted, got, name=name: wanted / dimensions(exercise, case)[name]):
                yield f"your result is {name} times too small"
        factor = _factor(pairs)
        if factor is not None:
            yield f"your result is {number(factor)} times the expected one"
    if len(verdicts) < _ENOUGH:
        return
    for name in dimensions(exercise, verdicts[0].case):
        ones = [dimensions(exercise, verdict.case)[name] == 1 for verdict in verdicts]
        right = [verdict.right for verdict in verdicts]
        if any(ones) and not all(ones):
            shown = _first_difference(exercise, failed[0].case, failed[0].difference) if failed[0].difference else ""
            if ones == right:
                yield f"right only for {name} = 1; {shown}"
            if ones == [not value for value in right]:
                yield f"wrong only for {name} = 1; {shown}"


def _numeric_pairs(verdicts: Sequence[Verdict]) -> list[tuple[Case, Array, Array]] | None:
    """(case, expected, got) where every answer is an array of the expected shape; None otherwise."""
    pairs = []
    for verdict in verdicts:
        got = as_array(verdict.answer.value)
        wanted = as_array(verdict.case.expected)
        if verdict.answer.error or got is None or wanted is None or got.shape != wanted.shape:
            return None
        pairs.append((verdict.case, wanted.astype(float), got.astype(float)))
    return pairs


def _all(pairs: Sequence[tuple[Case, Array, Array]], formula: Callable[..., Array]) -> bool:
    with np.errstate(all="ignore"):
        return all(np.allclose(got, formula(case, wanted, got), rtol=1e-7, atol=1e-12) for case, wanted, got in pairs)


def _factor(pairs: Sequence[tuple[Case, Array, Array]]) -> float | None:
    for _, wanted, got in pairs:
        if wanted.size and np.abs(wanted).max() > 1e-6:
            at = np.unravel_index(np.abs(wanted).argmax(), wanted.shape)
            factor = float(got[at] / wanted[at])
            break
    else:
        return None
    if not np.isfinite(factor) or factor in (0.0, 1.0):
        return None
    return factor if _all(pairs, lambda case, wanted, got: wanted * factor) else None
