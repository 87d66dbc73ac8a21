"""Grade: the pipeline, for one submission or many.

    submission → answers (sandbox) → verdicts (compare) → diagnosis → score → result

Results are plain dicts, as `interface` has them; inside the framework an exercise also carries `summary`, what it asks,
and a counterexample `call`, the code that a student can paste, and `shapes`, the named dimensions. `published` leaves
these out.
"""

from __future__ import annotations

import base64
import difflib
import os
import threading
import types
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from autograder import cases as assignments
from autograder.batch import Batch, fingerprint, pack
from autograder.cases import Answer, AssignmentCases, Case, ExerciseCases
from autograder.compare import Expected, Verdict, compare, same_again
from autograder.diagnose import Diagnosis, describe_error, diagnose
from autograder.errors import SandboxError
from autograder.exercise import Relation
from autograder.sandbox.launcher import Inputs, Limits, Sandbox, Worker, WorkerDied, choose
from autograder.score import score
from autograder.submission import Submission, Unreadable, read
from autograder.text import call, clean, plain
from autograder.values import Value, copied, decode, encode

Result = dict[str, Any]
Progress = Callable[[Result], None]

_ORACLE_ELEMENTS = 2000
_AGAIN = 8
"""Cases that are called a second time: the same inputs must give the same results."""
_REMEMBERED = 64 << 20
"""Bytes of answers whose judgement is remembered, for all submissions together."""
_DIED = {
    "timeout": "took more than {wall:g} seconds: an endless loop?",
    "crashed": "the process that ran it ended: exit, or a crash in compiled code?",
}


def grade_files(
    name: str,
    paths: Sequence[Path],
    *,
    names: Sequence[str] | None = None,
    seed: int = 0,
    sandbox: Sandbox | None = None,
    limits: Limits | None = None,
    progress: Progress = lambda result: None,
) -> dict[str, Any]:
    """Grade files and return the document of `interface`, with what the module's text says in addition.

    Submissions are graded in parallel and reported in the order given; `names` replaces the paths in the document.
    A weak sandbox adds `warning`: what it does not prevent. Raises UsageError, AuthoringError or SandboxError; never
    for what is wrong with a file.
    """
    sandbox = sandbox or choose()
    grader = Grader(assignments.load(name, seed), sandbox, limits or Limits())

    def one(path: Path, shown: str) -> Result:
        result = grader.grade(read(path, shown))
        progress(result)
        return result

    shown = list(names) if names is not None else [str(path) for path in paths]
    with ThreadPoolExecutor(os.cpu_count() or 1) as executor:
        try:
            results = list(executor.map(one, paths, shown))
        finally:
            executor.shutdown(cancel_futures=True)
    document = {"assignment": name, "version": grader.assignment.version, "submissions": results}
    return {**document, "warning": f"weak sandbox: {sandbox.weakness}"} if sandbox.weakness else document


def grade_cells(name: str, cells: Sequence[str], *, seed: int = 0, sandbox: Sandbox | None = None) -> Result:
    """Grade the code cells of one notebook: one entry of the document's "submissions"."""
    grader = Grader(assignments.load(name, seed), sandbox or choose(), Limits())
    return grader.grade(Submission(name, tuple(cells)))


def published(document: dict[str, Any]) -> dict[str, Any]:
    """The document exactly as `interface` has it."""

    def exercise(entry: Result) -> Result:
        shown = entry["counterexample"]
        told = {key: value for key, value in entry.items() if key != "summary"}
        return {**told, "counterexample": shown and {key: shown[key] for key in ("arguments", "expected", "got")}}

    submissions = [
        {**entry, "exercises": [exercise(item) for item in entry["exercises"]]} for entry in document["submissions"]
    ]
    return {**document, "submissions": submissions}


class Grader:
    """One assignment, ready to grade any number of submissions, from any number of threads.

    `cells` are those of the released notebook: a submission that has them as they were costs less.
    """

    def __init__(
        self, assignment: AssignmentCases, sandbox: Sandbox, limits: Limits, cells: Sequence[str] = ()
    ) -> None:
        self.assignment, self.sandbox, self.limits = assignment, sandbox, limits
        self.reference = assignment.reference_functions()
        exercises = assignment.exercises
        self.relations: dict[str, list[Relation]] = {
            entry.name: assignment.relations(entry.name) if entry.relations else [] for entry in exercises
        }
        encoded = {entry.name: [_encoded(case) for case in entry.cases] for entry in exercises}
        self.inputs = Inputs.of(encoded, cells)
        self.again = {entry.name: _called_again(len(entry.cases)) for entry in exercises}
        self.expected = {
            entry.name: Expected([entry.cases[i].expected for i in (*range(len(entry.cases)), *self.again[entry.name])])
            for entry in exercises
            if entry.unique and not entry.relations
        }
        self._judged: dict[tuple[str, Batch], tuple[float, Diagnosis]] = {}
        self._judged_bytes = 0
        self._helpers: dict[tuple[str, str], dict[str, Any]] = {}
        self._lock = threading.Lock()

    def grade(self, submission: Submission | Unreadable) -> Result:
        """Grade one submission: one entry of the document's "submissions".

        Raises SandboxError if the sandbox fails twice: that is never the submission's mistake.
        """
        maximum = sum(entry.points for entry in self.assignment.exercises)
        if isinstance(submission, Unreadable):
            results = [
                _result(entry, 0.0, Diagnosis("missing", "the submission could not be read"))
                for entry in self.assignment.exercises
            ]
            return _entry(submission.name, maximum, results, "unreadable", submission.reason)
        try:
            results = self._graded(submission)
        except SandboxError:
            results = self._graded(submission)
        return _entry(submission.name, maximum, results, "graded", None)

    def helpers(self, exercise: ExerciseCases, replaced: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What wrong helpers of an exercise should have given, for what it will ask, as a worker reads it.

        They are the calls that the reference makes; a submission that makes others asks for each.
        """
        with self._lock:
            for name in replaced:
                if (exercise.name, name) not in self._helpers:
                    self._helpers[exercise.name, name] = _calls(self.reference, exercise, name)
        return {name: self._helpers[exercise.name, name] for name in replaced}

    def _graded(self, submission: Submission) -> list[Result]:
        run = _Run(self, submission)
        try:
            return self._exercises(run)
        finally:
            run.close()

    def _exercises(self, run: _Run) -> list[Result]:
        judged = {exercise.name: self._judge(exercise, run.answers(exercise)) for exercise in self.assignment.exercises}
        wrong = {name for name, (_, diagnosis) in judged.items() if diagnosis.outcome != "correct"}
        results: list[Result] = []
        for exercise in self.assignment.exercises:
            points, diagnosis = judged[exercise.name]
            helpers = [name for name in exercise.builds_on if name in wrong]
            follow_through = False
            if helpers and diagnosis.outcome not in ("correct", "missing"):
                replaced, rejudged = self._judge(exercise, run.answers_with(exercise, helpers))
                follow_through = replaced > points
                if follow_through:
                    points, diagnosis = replaced, _followed(rejudged, helpers)
            results.append(_result(exercise, points, diagnosis, follow_through))
        return results

    def _judge(self, exercise: ExerciseCases, answers: Batch | Diagnosis) -> tuple[float, Diagnosis]:
        """Points and diagnosis; the same answers of another submission are judged once."""
        if isinstance(answers, Diagnosis):
            return 0.0, answers
        expected = self.expected.get(exercise.name)
        agreeing = expected.agrees(answers) if expected else []
        if expected and all(agreeing):
            return exercise.points, Diagnosis("correct")
        key = exercise.name, answers
        judged = self._judged.get(key)
        if judged is None:
            judged = self._judge_cases(exercise, answers, agreeing)
            self._judged_bytes += len(answers.layout) + len(answers.numbers)
            if self._judged_bytes > _REMEMBERED:
                self._judged.clear()
                self._judged_bytes = 0
            self._judged[key] = judged
        return judged

    def _judge_cases(self, exercise: ExerciseCases, batch: Batch, agreeing: Sequence[bool]) -> tuple[float, Diagnosis]:
        count, again = len(exercise.cases), self.again[exercise.name]
        try:
            answers = [_answer(entry) for entry in batch.entries()]
        except ValueError:
            return 0.0, Diagnosis("crashed", _DIED["crashed"])
        if len(answers) != count + len(again):
            return 0.0, Diagnosis("crashed", _DIED["crashed"])
        verdicts = compare(exercise, answers[:count], self.relations[exercise.name], agreeing[:count])
        for index, second in zip(again, answers[count:], strict=True):
            if not same_again(answers[index], second):
                told = "the same arguments gave another result the second time: it must depend on nothing else"
                return 0.0, Diagnosis("wrong", told, None, Verdict(exercise.cases[index], second))
        points, diagnosis = score(exercise.points, verdicts), diagnose(exercise, verdicts)
        if diagnosis.outcome != "correct" and points > 0:
            diagnosis = Diagnosis("partial", diagnosis.message, diagnosis.misconception, diagnosis.shown)
        return points, diagnosis


def _encoded(case: Case) -> dict[str, Any]:
    return {key: encode(value) for key, value in case.arguments.items()}


def _calls(reference: dict[str, Any], exercise: ExerciseCases, helper: str) -> dict[str, Any]:
    """Results of a helper, by fingerprint of its arguments, in all calls that the reference of an exercise makes."""
    original = reference.get(helper)
    found: dict[bytes, Value] = {}
    if not isinstance(original, types.FunctionType):
        return _table(found)

    def noted(*positional: Value, **named: Value) -> Value:
        if _elements([positional, named]) > _ORACLE_ELEMENTS:
            return original(*positional, **named)
        key = fingerprint(positional, named)
        found[key] = copied(original(*positional, **named))
        return copied(found[key])

    scope = {**reference}
    for name, value in reference.items():  # the same functions, calling `noted` instead
        if isinstance(value, types.FunctionType) and value.__globals__ is original.__globals__:
            scope[name] = types.FunctionType(
                value.__code__, scope, value.__name__, value.__defaults__, value.__closure__
            )
            scope[name].__kwdefaults__ = value.__kwdefaults__
    scope[helper] = noted
    code = compile(exercise.call, "<call>", "eval")
    with np.errstate(all="ignore"):
        for case in exercise.cases:
            with suppress(Exception):  # it asks then
                eval(code, scope, copied(case.arguments))
    return _table(found)


def _table(found: Mapping[bytes, Value]) -> dict[str, str]:
    return {"keys": base64.b64encode(b"".join(found)).decode("ascii"), **pack(found.values()).as_json()}


def _called_again(count: int) -> list[int]:
    """Which cases are called a second time, last first: a few, spread over the smaller three quarters."""
    if count < 4 * _AGAIN:
        return []
    return [index * (3 * count // 4) // _AGAIN for index in reversed(range(_AGAIN))]


def _followed(diagnosis: Diagnosis, helpers: Sequence[str]) -> Diagnosis:
    names = ", ".join(f"`{name}`" for name in helpers)
    told = f"counted as right given your {names}: that mistake is paid for once, there"
    if diagnosis.outcome == "correct":
        return Diagnosis("correct", told)
    return Diagnosis(diagnosis.outcome, f"{diagnosis.message} ({told})", diagnosis.misconception, diagnosis.shown)


class _Run:
    """A submission in its sandbox: starts workers as they are needed, and remembers what defining it showed."""

    def __init__(self, grader: Grader, submission: Submission) -> None:
        self.grader, self.cells = grader, list(submission.cells)
        self.names = list(dict.fromkeys(entry.name.partition(".")[0] for entry in grader.assignment.exercises))
        self.worker: Worker | None = None
        self.loaded: dict[str, Any] = {}
        self.loads = True

    def close(self) -> None:
        if self.worker:
            self.worker.close()
            self.worker = None

    def answers(self, exercise: ExerciseCases) -> Batch | Diagnosis:
        """The submission's answers to all cases, or why there are none."""
        try:
            return self._call(self._ready(exercise), exercise)
        except WorkerDied as died:
            self.close()
            return self._died(exercise, died)

    def answers_with(self, exercise: ExerciseCases, replaced: Sequence[str]) -> Batch | Diagnosis:
        """The same with the results of some helpers replaced by right ones, when all has been judged without."""
        try:
            return self._call(self._ready(exercise), exercise, replaced)
        except WorkerDied as died:
            self.close()
            return Diagnosis(died.reason, _DIED[died.reason].format(wall=self.grader.limits.wall))

    def _start(self) -> Worker:
        return self.grader.sandbox.start(self.grader.limits, self.grader.inputs)

    def _ready(self, exercise: ExerciseCases) -> Worker:
        """A worker in which the submission is defined: all of it, or only this exercise if all of it kills workers."""
        if self.worker and self.loads:
            return self.worker
        self.close()
        self.worker = self._start()
        names = self.names if self.loads else [exercise.name.partition(".")[0]]
        try:
            self.loaded = self.worker.request({"op": "load", "cells": self.cells, "names": names})
        except WorkerDied:
            self.close()
            if not self.loads:
                raise
            self.loads = False
            return self._ready(exercise)
        return self.worker

    def _call(self, worker: Worker, exercise: ExerciseCases, replace: Sequence[str] = ()) -> Batch | Diagnosis:
        message = {"op": "call", "name": exercise.name, "call": exercise.call, "kept": exercise.name}
        reply = worker.request(
            {**message, "again": self.grader.again[exercise.name], "replace": self.grader.helpers(exercise, replace)},
            answer=self._oracle(replace) if replace else None,
            wall=exercise.seconds,
        )
        if reply.get("missing") is True:
            return self._missing(exercise)
        try:
            return Batch.from_json(reply)
        except ValueError:
            raise WorkerDied("crashed") from None

    def _missing(self, exercise: ExerciseCases) -> Diagnosis:
        owner = exercise.name.partition(".")[0]
        forbidden = _mapping(self.loaded.get("forbidden")).get(owner)
        problem = _mapping(_mapping(self.loaded.get("problems")).get(owner))
        if isinstance(forbidden, str):
            return Diagnosis("forbidden", describe_error(Answer(error="ImportError", module=forbidden)))
        if problem:
            answer = _error(problem)
            if answer.error == "TimeoutError":
                return Diagnosis("timeout", f"defining `{owner}` {clean(answer.message)}")
            return Diagnosis("error", f"`{owner}` could not be defined: {describe_error(answer)}")
        others = self.loaded.get("others")
        known = [name for name in others if isinstance(name, str)] if isinstance(others, list) else []
        near = difflib.get_close_matches(exercise.name, known[:200], 1)
        meant = f"; is it your `{clean(near[0], 40)}`?" if near else ""
        return Diagnosis("missing", f"`{exercise.name}` is not defined{meant}")

    def _died(self, exercise: ExerciseCases, died: WorkerDied) -> Diagnosis:
        """Why there are no answers; the smallest case is tried alone to see whether it shows the same."""
        message = _DIED[died.reason].format(wall=self.grader.limits.wall)
        shown = None
        try:
            worker = self._ready(exercise)
            first = {"op": "call", "name": exercise.name, "call": exercise.call}
            worker.request({**first, "cases": [_encoded(exercise.cases[0])]})
        except WorkerDied as again:
            self.close()
            if again.reason == died.reason:
                shown = Verdict(exercise.cases[0], Answer(error=died.reason))
        return Diagnosis(died.reason, message, None, shown)

    def _oracle(self, replaced: Sequence[str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
        """Answers a worker's questions for replaced helpers, from the NumPy reference, for small data only."""

        def answer(frame: dict[str, Any]) -> dict[str, Any]:
            name = frame.get("ask")
            try:
                positional, named = decode(frame.get("arguments"))
                if (
                    not isinstance(name, str)
                    or name not in replaced
                    or _elements([positional, named]) > _ORACLE_ELEMENTS
                ):
                    raise ValueError
                with np.errstate(all="ignore"):
                    return {"value": encode(self.grader.reference[name](*positional, **named))}
            except Exception:  # whatever a student's arguments do to the reference is theirs to hear of
                return {"error": True}

        return answer


def _answer(result: dict[str, Any]) -> Answer:
    """An answer from the untrusted side. Raises ValueError for what is no answer."""
    if isinstance(result.get("error"), dict):
        return _error(result["error"])
    changed = result.get("changed", [])
    if "value" not in result or not isinstance(changed, list) or not all(isinstance(name, str) for name in changed):
        raise ValueError("not an answer")
    return Answer(result["value"], tuple(changed[:20]))


def _error(problem: dict[str, Any]) -> Answer:
    kind, message, line, module = (problem.get(key) for key in ("type", "message", "line", "module"))
    return Answer(
        error=kind if isinstance(kind, str) and kind else "Exception",
        message=message if isinstance(message, str) else "",
        line=line if type(line) is int and 0 < line < 10**6 else None,
        module=module if isinstance(module, str) and module else None,
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _elements(value: Value) -> int:
    """How much a helper is given to do: a whole number may be a size or a number of rounds."""
    if isinstance(value, np.ndarray):
        return value.size + (int(np.abs(value.astype(np.float64)).sum()) if value.dtype.kind in "iu" else 0)
    if type(value) is int or isinstance(value, np.integer):
        return 1 + abs(int(value))
    if isinstance(value, list | tuple):
        return sum(map(_elements, value))
    return sum(map(_elements, value.values())) if isinstance(value, dict) else 1


def _result(exercise: ExerciseCases, points: float, diagnosis: Diagnosis, follow_through: bool = False) -> Result:
    return {
        "name": exercise.name,
        "summary": exercise.summary,
        "score": points,
        "max_score": exercise.points,
        "outcome": diagnosis.outcome,
        "message": diagnosis.message,
        "misconception": diagnosis.misconception,
        "follow_through": follow_through,
        "counterexample": diagnosis.shown and _counterexample(exercise, diagnosis.shown.case, diagnosis.shown.answer),
    }


def _counterexample(exercise: ExerciseCases, case: Case, answer: Answer) -> dict[str, Any]:
    return {
        "arguments": {name: plain(value) for name, value in case.arguments.items()},
        "expected": plain(case.expected),
        "got": None if answer.error else plain(answer.value),
        "call": call(exercise.name, exercise.call, case.arguments),
        "shapes": {name: list(dims) for name, dims in exercise.shapes.items() if dims},
    }


def _entry(name: str, maximum: float, results: list[Result], status: str, message: str | None) -> Result:
    total = round(sum(result["score"] for result in results), 2)
    return {
        "submission": clean(name, 400),
        "score": total,
        "max_score": maximum,
        "status": status,
        "message": message,
        "exercises": results,
    }
