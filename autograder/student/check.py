"""Check: a student's functions against the visible cases, judged and worded as in the feedback."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from autograder import streams
from autograder.border.values import Value
from autograder.cases import visible
from autograder.cases.model import AssignmentCases, ExerciseCases
from autograder.errors import UsageError
from autograder.grade.result import Counterexample, judge_answers
from autograder.judge.compare import Verdict
from autograder.judge.diagnosis import UNTOUCHED, Diagnosis, undefined
from autograder.judge.places import placed
from autograder.outcome import Outcome
from autograder.sandbox.inside.definitions import Definitions
from autograder.student import find
from autograder.student.calls import Answers, ask, lacks
from autograder.student.run import StudentFile
from autograder.student.show import Checked, CheckedExercise, Stopped, Told
from autograder.student.versions import too_new
from autograder.submission.reading import Submission, Unreadable, read
from autograder.submission.ways import rank

_DEFINED = re.compile(r"^(?:def|class)\s+(\w+)", re.MULTILINE)
_NOTHING = "the result is None: is a `return` missing?"


def check(*asked: Any, assignment: str | None = None) -> Checked | Told:
    """Check functions, classes or exercises by name, in a notebook; without any, all that the caller has defined.

    `assignment` names the one that is meant where that is in doubt. What it returns shows itself in a notebook, and is
    true if nothing wrong is seen. Never raises for what is wrong with the functions or the call. In a script it is
    printed, too.
    """
    namespace = dict(sys._getframe(1).f_globals)
    found = _checked(asked, assignment, namespace)
    if not hasattr(sys, "ps1"):  # a script, in which no value shows itself
        streams.show(repr(found))
    return found


def _checked(asked: tuple[Any, ...], assignment: str | None, namespace: dict[str, Any]) -> Checked | Told:
    try:
        names = [_name(item, namespace) for item in asked]
        folder = Path(namespace.get("__vsc_ipynb_file__") or ".").resolve()
        folder = folder if folder.is_dir() else folder.parent
        cases = visible.read(find.file_for(folder, assignment, names, _defined(namespace)))
        chosen = find.exercises_asked(cases, names)
    except UsageError as error:
        return Told(str(error))
    except OSError as error:
        return Told(f"{error.filename or 'the folder of the notebook'} cannot be read: {error.strerror}.")
    own = {name.partition(".")[0]: item for name, item in zip(names, asked, strict=True) if callable(item)}
    return Checked(cases.name, cases.version, judged(cases, _answers(cases, chosen, {**namespace, **own})))


def check_file(path: Path, asked: list[str], assignment: str | None = None) -> Checked:
    """Check a notebook or module in a process of its own. Raises UsageError where what is meant is not there."""
    submission = read(path)
    cells = () if isinstance(submission, Unreadable) else submission.cells
    defined = {name for cell in cells for name in _DEFINED.findall(cell.source)}
    folder = path.resolve().parent
    beside = assignment or (path.stem if path.stem in map(find.name_of, find.near(folder)) else None)
    file = find.file_for(folder, beside, asked, defined)
    cases = visible.read(file)
    chosen = find.exercises_asked(cases, asked)
    if isinstance(submission, Unreadable):
        return Checked(cases.name, cases.version, [], str(path), submission.reason)
    return Checked(cases.name, cases.version, _judged_file(cases, submission, file, chosen), str(path))


def _judged_file(
    cases: AssignmentCases, submission: Submission, file: Path, names: Sequence[str]
) -> list[CheckedExercise]:
    """What is said of exercises of a file, each in the best way; see `ways`."""
    exercises, own = {entry.name: entry for entry in cases.exercises}, StudentFile(submission, file)
    refused = too_new(submission.cells, names, file)
    best = {name: _entry(exercises[name], diagnosis, submission) for name, diagnosis in refused.items()}
    names = [name for name in names if name not in refused]
    best |= {name: _entry(exercises[name], given, submission) for name, given in own.answers(names)}

    def wrong() -> list[tuple[ExerciseCases, Outcome]]:
        return [(exercises[name], best[name].outcome) for name in names if not best[name].right]

    for way, tried in own.ways.others(wrong):
        for name, given in own.answers([entry.name for entry in tried], way):
            other = _entry(exercises[name], given, submission)
            if _rank(other) > _rank(best[name]):
                best[name] = other
            elif other.message == best[name].message:
                own.ways.unmoved.add(name)
    return _with_helpers(cases, [best[entry.name] for entry in cases.exercises if entry.name in best])


def _rank(entry: CheckedExercise) -> tuple[float, int]:
    return rank(1.0 if entry.right else 0.5 if entry.outcome == Outcome.PARTIAL else 0.0, entry.outcome)


def judged(cases: AssignmentCases, answers: Iterable[tuple[str, Answers | Diagnosis]]) -> list[CheckedExercise]:
    """What is said of each exercise, as in the feedback but for points."""
    exercises = {entry.name: entry for entry in cases.exercises}
    return _with_helpers(cases, [_entry(exercises[name], given, Submission("", ())) for name, given in answers])


def _with_helpers(cases: AssignmentCases, checked: Sequence[CheckedExercise]) -> list[CheckedExercise]:
    """The same, naming wrong helpers that others build on."""
    exercises = {entry.name: entry for entry in cases.exercises}
    wrong = [entry.name for entry in checked if entry.outcome in (Outcome.WRONG, Outcome.PARTIAL)]

    def named(entry: CheckedExercise) -> CheckedExercise:
        helpers = [f"`{name}`" for name in exercises[entry.name].builds_on if name in wrong]
        if not helpers or entry.name not in wrong:
            return entry
        told = f"{entry.message} (mend {', '.join(helpers)} first, on which this builds)"
        return dataclasses.replace(entry, message=told)

    return list(map(named, checked))


def _entry(exercise: ExerciseCases, given: Answers | Diagnosis, submission: Submission) -> CheckedExercise:
    diagnosis = given if isinstance(given, Diagnosis) else _diagnosis(exercise, given)
    diagnosis = placed(diagnosis, exercise.name, submission)
    if diagnosis.outcome == Outcome.MISSING:
        diagnosis = dataclasses.replace(diagnosis, shown=None)
    shown = diagnosis.shown
    return CheckedExercise(
        exercise.name,
        exercise.summary,
        diagnosis.outcome,
        diagnosis.message,
        Counterexample.of(exercise, shown.case, shown.answer) if shown else None,
        right=diagnosis.outcome in (Outcome.CORRECT, Outcome.RUNS, Outcome.LATER),
        later=exercise.relations,
    )


def _diagnosis(exercise: ExerciseCases, given: Answers) -> Diagnosis:
    if not exercise.cases:
        return Diagnosis(Outcome.LATER, "there is no case small enough to be looked at")
    judged = judge_answers(exercise, given.first, given.again)
    if given.untouched and not judged.points:
        return UNTOUCHED
    if not exercise.unique:
        for case, answer in zip(exercise.cases, given.first, strict=True):
            if answer.error is None and _is_nothing(answer.value):
                return Diagnosis(Outcome.WRONG, _NOTHING, None, Verdict(case, answer, relation=_NOTHING))
    diagnosis = judged.diagnosis
    if diagnosis.outcome == Outcome.CORRECT and not exercise.unique:
        return Diagnosis(
            Outcome.RUNS, "many results are right, and these cases cannot tell whether yours is one of them"
        )
    return diagnosis


def _is_nothing(value: Value) -> bool:
    """None, or a list of nothing else, as calls that ask for several results give."""
    return value is None or (isinstance(value, list | tuple) and len(value) > 0 and all(map(_is_nothing, value)))


def _answers(
    cases: AssignmentCases, names: list[str], namespace: dict[str, Any]
) -> Iterator[tuple[str, Answers | Diagnosis]]:
    for exercise in cases.exercises:
        if exercise.name in names:
            own = Definitions(namespace)
            if not lacks(exercise, own):
                try:
                    answers = ask(exercise, own)
                except KeyboardInterrupt:
                    raise Stopped(f"stopped while `{exercise.name}` was running: an endless loop?") from None
                yield exercise.name, answers
            else:
                others = sorted(_defined(namespace) - find.names_of(cases))
                yield exercise.name, undefined(exercise.name, None, None, others)


def _defined(namespace: dict[str, Any]) -> set[str]:
    return {name for name, value in namespace.items() if callable(value) and not name.startswith("_")}


def _name(item: Any, namespace: dict[str, Any]) -> str:
    """The name of the exercise that is meant: for a lambda or what a decorator made, the one that it is bound to."""
    if isinstance(item, str):
        return item
    name = getattr(item, "__qualname__", None) if callable(item) else None
    if callable(item) and (not isinstance(name, str) or namespace.get(name) is not item):
        name = next((bound for bound, value in namespace.items() if value is item and not bound.startswith("_")), name)
    if not isinstance(name, str) or name == "<lambda>":
        raise UsageError("give check a function, a class or the name of an exercise, like check(dW).")
    return name.rpartition("<locals>.")[2]
