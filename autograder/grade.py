"""Grade: the pipeline, for one submission or many.

    submission → answers (sandbox) → verdicts (compare) → diagnosis → score → result

Results are plain dicts, as `interface` has them; inside the framework an exercise also carries `summary`, what it asks,
and a counterexample `call`, the code that a student can paste, and `shapes`, the named dimensions. `published` leaves
these out.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder import cases as assignments
from autograder.batch import Batch
from autograder.cases import Answer, AssignmentCases, ExerciseCases
from autograder.compare import Expected, Verdict
from autograder.diagnose import Diagnosis, diagnose, died, showing, undefined
from autograder.errors import SandboxError
from autograder.exercise import Relation
from autograder.helpers import oracle, right_results
from autograder.result import Judged, Result, judge_answers, result_of
from autograder.sandbox.launcher import Inputs, Limits, Sandbox, Worker, WorkerDied, choose
from autograder.shrink import shrink
from autograder.submission import Submission, Unreadable, read
from autograder.text import clean
from autograder.trials import Arguments, Ask, Trials, observed
from autograder.values import encode

Progress = Callable[[Result], None]

_AGAIN = 8
"""Cases that are called a second time: the same inputs must give the same results."""
_REMEMBERED = 64 << 20
"""Bytes of answers whose judgement is remembered, for all submissions together."""
_READ = 4
"""How much larger answers are, once they have been read."""


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
    A weak sandbox adds `warning`: what it does not prevent. Raises UsageError, AuthoringError, and SandboxError if no
    submission could be graded; never for what is wrong with a file.
    """
    sandbox = sandbox or choose()
    grader = Grader(assignments.load(name, seed), sandbox, limits or Limits())

    failures: list[SandboxError] = []

    def one(path: Path, shown: str) -> Result:
        try:
            result = grader.grade(read(path, shown))
        except SandboxError as error:  # whatever it was, the others are graded all the same
            failures.append(error)
            told = f"it was not graded ({error}); that is no mistake of its author: grade it again"
            result = grader.grade(Unreadable(shown, told))
        progress(result)
        return result

    shown = list(names) if names is not None else [str(path) for path in paths]
    with ThreadPoolExecutor(os.cpu_count() or 1) as executor:
        try:
            results = list(executor.map(one, paths, shown))
        finally:
            executor.shutdown(cancel_futures=True)
    if failures and len(failures) == len(results):
        raise failures[0]
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
        encoded = {entry.name: [_encoded(case.arguments) for case in entry.cases] for entry in exercises}
        self.inputs = Inputs.of(encoded, cells)
        self.again = {entry.name: _called_again(len(entry.cases)) for entry in exercises}
        self.expected = {
            entry.name: Expected([entry.cases[i].expected for i in (*range(len(entry.cases)), *self.again[entry.name])])
            for entry in exercises
            if entry.unique and not entry.relations
        }
        self._judged: dict[tuple[str, Batch], Judged] = {}
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
                result_of(entry, 0.0, Diagnosis("missing", "the submission could not be read"))
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
                    self._helpers[exercise.name, name] = right_results(self.reference, exercise, name)
        return {name: self._helpers[exercise.name, name] for name in replaced}

    def _graded(self, submission: Submission) -> list[Result]:
        run = _Run(self, submission)
        try:
            return self._exercises(run)
        finally:
            run.close()

    def _exercises(self, run: _Run) -> list[Result]:
        judged = {exercise.name: self._judge(exercise, run.answers(exercise)) for exercise in self.assignment.exercises}
        wrong = {name for name, mine in judged.items() if mine.outcome != "correct"}
        found: list[tuple[ExerciseCases, Judged, list[str]]] = []
        for exercise in self.assignment.exercises:
            mine, followed = judged[exercise.name], []
            helpers = [name for name in exercise.builds_on if name in wrong]
            if helpers and mine.outcome not in ("correct", "missing"):
                replaced = self._judge(exercise, run.answers_with(exercise, helpers))
                if replaced.points > mine.points:
                    mine, followed = replaced, helpers
            found.append((exercise, mine, followed))
        return [self._told(run, *each) for each in found]

    def _told(self, run: _Run, exercise: ExerciseCases, judged: Judged, followed: list[str]) -> Result:
        diagnosis = self._explained(run, exercise, judged, followed)
        if followed:
            diagnosis = _followed(diagnosis, followed)
        return result_of(exercise, judged.points, diagnosis, bool(followed))

    def _explained(self, run: _Run, exercise: ExerciseCases, judged: Judged, replaced: Sequence[str]) -> Diagnosis:
        """The diagnosis with what a few more calls show: arguments that are not used, a smaller counterexample."""
        diagnosis, shown = judged.diagnosis, judged.diagnosis.shown
        if not judged.verdicts or shown is None or diagnosis.outcome not in ("wrong", "partial", "error"):
            return diagnosis
        trials = Trials(exercise, self.reference, self.relations[exercise.name], run.asking(exercise, replaced))
        if not diagnosis.misconception and shown.difference and shown.difference.kind == "value":
            inside = [verdict for verdict in judged.verdicts if verdict.case.part == shown.case.part]
            more = observed(trials, inside)
            if more:
                diagnosis = replace(diagnose(exercise, judged.verdicts, more), outcome=diagnosis.outcome)
        smaller = shrink(trials, exercise.cases, shown)
        return diagnosis if smaller is shown else showing(exercise, diagnosis, smaller)

    def _judge(self, exercise: ExerciseCases, answers: Batch | Diagnosis) -> Judged:
        """Points and diagnosis; the same answers of another submission are judged once."""
        if isinstance(answers, Diagnosis):
            return Judged(exercise, 0.0, settled=answers)
        expected = self.expected.get(exercise.name)
        agreeing = expected.agrees(answers) if expected else []
        if expected and all(agreeing):
            return Judged(exercise, exercise.points, settled=Diagnosis("correct"))
        key = exercise.name, answers
        judged = self._judged.get(key)
        if judged is None:
            judged = self._judge_cases(exercise, answers, agreeing)
            self._judged_bytes += _READ * (len(answers.layout) + len(answers.numbers))
            if self._judged_bytes > _REMEMBERED:
                self._judged.clear()
                self._judged_bytes = 0
            self._judged[key] = judged
        return judged

    def _judge_cases(self, exercise: ExerciseCases, batch: Batch, agreeing: Sequence[bool]) -> Judged:
        count, again = len(exercise.cases), self.again[exercise.name]
        try:
            answers = [_answer(entry) for entry in batch.entries()]
        except ValueError:
            return Judged(exercise, 0.0, settled=Diagnosis("crashed", died("crashed")))
        if len(answers) != count + len(again):
            return Judged(exercise, 0.0, settled=Diagnosis("crashed", died("crashed")))
        second = dict(zip(again, answers[count:], strict=True))
        return judge_answers(exercise, answers[:count], second, self.relations[exercise.name], agreeing[:count])


def _encoded(arguments: Arguments) -> dict[str, Any]:
    return {key: encode(value) for key, value in arguments.items()}


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
    return replace(diagnosis, message=f"{diagnosis.message} ({told})")


class _Run:
    """A submission in its sandbox: starts workers as they are needed, and remembers what defining it showed."""

    def __init__(self, grader: Grader, submission: Submission) -> None:
        self.grader, self.cells = grader, list(submission.cells)
        self.names = list(dict.fromkeys(entry.name.partition(".")[0] for entry in grader.assignment.exercises))
        self.worker: Worker | None = None
        self.loaded: dict[str, Any] = {}
        self.loads = True
        self.told: set[str] = set()
        """Helpers of which this submission's worker may have learned right results."""
        self.answering = True

    def close(self) -> None:
        if self.worker:
            self.worker.close()
            self.worker = None

    def answers(self, exercise: ExerciseCases) -> Batch | Diagnosis:
        """The submission's answers to all cases, or why there are none."""
        try:
            return self._call(self._ready(exercise), exercise)
        except WorkerDied as death:
            self.close()
            return self._died(exercise, death)

    def answers_with(self, exercise: ExerciseCases, replaced: Sequence[str]) -> Batch | Diagnosis:
        """The same with the results of some helpers replaced by right ones, when all has been judged without."""
        if not self.told <= set(replaced):
            self.close()  # what it was told for another exercise must not answer for this one
        self.told = set(replaced)
        try:
            return self._call(self._ready(exercise), exercise, replaced)
        except WorkerDied as death:
            self.close()
            return Diagnosis(death.reason, self._told(exercise, death))

    def asking(self, exercise: ExerciseCases, replaced: Sequence[str]) -> Ask:
        """Calls the submission with other arguments, until it once gives no answer."""

        def ask(tried: list[Arguments]) -> list[Answer] | None:
            message = {"op": "call", "name": exercise.name, "call": exercise.call, "cases": list(map(_encoded, tried))}
            if not self.answering:
                return None
            try:
                reply = self._ready(exercise).request(
                    {**message, "replace": self.grader.helpers(exercise, replaced)},
                    answer=oracle(self.grader.reference, replaced) if replaced else None,
                    wall=exercise.seconds,
                )
                return [_answer(entry) for entry in Batch.from_json(reply).entries()]
            except WorkerDied:
                self.close()
            except ValueError:
                pass
            self.answering = False
            return None

        return ask

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
            answer=oracle(self.grader.reference, replace) if replace else None,
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
        problem = _mapping(_mapping(self.loaded.get("problems")).get(owner))
        forbidden = _mapping(self.loaded.get("forbidden")).get(owner)
        others = self.loaded.get("others")
        return undefined(
            exercise.name,
            _error(problem) if problem else None,
            forbidden if isinstance(forbidden, str) else None,
            [name for name in others if isinstance(name, str)][:200] if isinstance(others, list) else [],
        )

    def _died(self, exercise: ExerciseCases, death: WorkerDied) -> Diagnosis:
        """Why there are no answers; the smallest case is tried alone to see whether it shows the same."""
        shown = None
        try:
            worker = self._ready(exercise)
            first = {"op": "call", "name": exercise.name, "call": exercise.call}
            worker.request({**first, "cases": [_encoded(exercise.cases[0].arguments)]}, wall=exercise.seconds)
        except WorkerDied as again:
            self.close()
            if again.reason == death.reason:
                shown = Verdict(exercise.cases[0], Answer(error=death.reason))
        return Diagnosis(death.reason, self._told(exercise, death), None, shown)

    def _told(self, exercise: ExerciseCases, death: WorkerDied) -> str:
        return died(death.reason, exercise.seconds or self.grader.limits.wall)


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
