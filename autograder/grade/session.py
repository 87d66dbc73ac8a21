"""Session: a submission in its sandbox. Starts workers as they are needed, and reads what they answer.

Nothing is judged here: an answer is a batch of results, or the diagnosis of a worker that gave none.
"""

from __future__ import annotations

import base64
import itertools
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograder.border.batch import Batch
from autograder.border.values import encode
from autograder.cases.helpers import oracle
from autograder.cases.model import Answer, AssignmentCases, ExerciseCases, answers_in, error_in
from autograder.judge.compare import Expected, Verdict
from autograder.judge.diagnosis import Diagnosis, died, undefined
from autograder.judge.trials import Arguments, Ask
from autograder.outcome import Outcome
from autograder.sandbox.launcher import Sandbox
from autograder.sandbox.parent import Inputs, Limits, Message, Worker, WorkerDied
from autograder.submission.reading import Cell, Submission
from autograder.submission.ways import DEFINITIONS, Way, Ways

_AGAIN = 8
"""Cases that are called a second time: the same inputs must give the same results."""
_OTHERWISE_SECONDS = 10.0
"""For all that is tried in other ways than by the definitions alone, together."""


class ArgumentsChanged(Exception):
    """A submission changed arguments that calls share: it is asked again, from the start, with a copy for each call.

    In a new process, so that what its functions keep between calls is what it would have been without sharing.
    """


@dataclass(frozen=True)
class Calls:
    """What a submission is asked for one exercise: to call all its cases, and some again.

    which      numbers of the calls, as ranges: first and last + 1
    again      numbers of the cases whose second calls are the last ones of all
    expected   the results of all calls, where one result is right and nothing else is asked of it
    """

    exercise: ExerciseCases
    which: tuple[tuple[int, int], ...]
    again: tuple[int, ...]
    expected: Expected | None

    @classmethod
    def all_of(cls, exercise: ExerciseCases) -> Calls:
        """Every case, some of them twice."""
        count = len(exercise.cases)
        again = () if count < 4 * _AGAIN else tuple(i * (3 * count // 4) // _AGAIN for i in reversed(range(_AGAIN)))
        known = exercise.unique and not exercise.relations
        called = (exercise.cases[i].expected for i in (*range(count), *again))
        expected = Expected([*called]) if known else None
        return cls(exercise, ((0, count), *((i, i + 1) for i in again)), again, expected)


class Sessions:
    """What the sessions of all submissions share, from any number of threads.

    `released` are the cells of the released notebook: if they are to be `known`, a submission that has them costs less.
    """

    def __init__(
        self,
        assignment: AssignmentCases,
        sandbox: Sandbox,
        limits: Limits,
        released: Sequence[Cell] = (),
        known: bool = True,
    ) -> None:
        self.sandbox, self.limits = sandbox, limits
        self.reference = assignment.reference_functions()
        self.names = list(dict.fromkeys(entry.name.partition(".")[0] for entry in assignment.exercises))
        inputs = {entry.name: [encoded(case.arguments) for case in entry.cases] for entry in assignment.exercises}
        calls = {entry.name: entry.call for entry in assignment.exercises}
        drawn = any("random" in source for source in assignment.reference)
        self.released = released
        sources = [cell.source for cell in released] if known else []
        self.inputs = Inputs.of(inputs, calls, sources, ["numpy.random"] if drawn else [])
        self._given: dict[tuple[str, str], tuple[bytes, bytes, bytes]] = {}

    def begin(self, submission: Submission, *, share: bool) -> Session:
        """A session, to be closed by who began it; calls may `share` their arguments."""
        return Session(self, submission, share)

    def given(self, exercise: ExerciseCases, helper: str) -> tuple[bytes, bytes, bytes]:
        """What a worker gets in the place of a helper, as it goes there: tags, sizes, sealed results."""
        key = exercise.name, helper
        if key not in self._given:
            found = exercise.given[helper]
            tags, sealed = base64.b64decode(found["tags"]), base64.b64decode(found["sealed"])
            self._given[key] = tags, struct.pack(f"<{len(found['sizes'])}I", *found["sizes"]), sealed
        return self._given[key]


class Session:
    """Asks one submission, and remembers what defining it showed.

    `chosen` are the ways in which exercises are asked, by name, where that is not by the definitions alone; `untouched`
    the exercises whose bodies turned out to be as they were released. Where calls `share` arguments, whatever is asked
    raises ArgumentsChanged if one was changed.
    """

    def __init__(self, shared: Sessions, submission: Submission, share: bool) -> None:
        self.untouched: set[str] = set()
        self._shared, self.submission = shared, submission
        self.ways = Ways(submission.cells, shared.released)
        self.chosen: dict[str, Way] = {}
        self._worker: Worker | None = None
        self._way = DEFINITIONS
        """That of the worker."""
        self._dead: set[Way] = set()
        """In which the submission killed the worker when it was defined."""
        self._left = _OTHERWISE_SECONDS
        self._loaded: dict[str, Any] = {}
        self._loads = True
        self._share = share
        self._told: set[str] = set()
        """Helpers of which this worker may have learned right results."""
        self._answering = True

    def close(self) -> None:
        """End the worker, if there is one."""
        if self._worker:
            self._worker.close()
        self._worker, self._told = None, set()

    def answers(self, calls: Calls) -> Batch | Diagnosis:
        """The submission's answers to calls of an exercise, or why there are none."""
        exercise = calls.exercise
        try:
            reply = self._called(calls)
        except WorkerDied as death:
            self.close()
            return self._died(exercise, death)
        if reply.get("untouched") is True:
            self.untouched.add(exercise.name)
        else:
            self.untouched.discard(exercise.name)
        return self._read(exercise, reply)

    def answers_with(self, calls: Calls, replaced: Sequence[str]) -> Batch | Diagnosis:
        """The same with the results of some helpers replaced by right ones, when all has been judged without.

        What they are is then known to the submission's process. It may go on with what gives it as much: other calls
        of this exercise. For all else there is a new process.
        """
        exercise = calls.exercise
        if not self._told <= set(replaced):
            self.close()
        try:
            return self._read(exercise, self._called(calls, replaced))
        except WorkerDied as death:
            self.close()
            return Diagnosis(Outcome(death.reason), self._explained(exercise, death))

    def asking(self, exercise: ExerciseCases, replaced: Sequence[str]) -> Ask:
        """Calls the submission with other arguments, until it once gives no answer."""

        def ask(tried: list[Arguments]) -> list[Answer] | None:
            if not self._answering:
                return None
            try:
                reply = self._reply(exercise, _call(exercise, cases=list(map(encoded, tried))), replaced)
                return answers_in(Batch.from_bytes(reply["block"]))
            except WorkerDied:
                self.close()
            except ValueError:
                pass
            self._answering = False
            return None

        return ask

    def _called(self, calls: Calls, replaced: Sequence[str] = ()) -> Message:
        """The reply to calls of an exercise. Raises WorkerDied, and ArgumentsChanged."""
        exercise = calls.exercise
        # In other ways than by the definitions alone, each call has its own arguments.
        share = self._share and self._way_of(exercise) == DEFINITIONS
        message = _call(exercise, kept=exercise.name, which=calls.which, shared=share)
        reply = self._reply(exercise, message, replaced)
        if share and reply.get("changed") is True:
            raise ArgumentsChanged
        return reply

    def _reply(self, exercise: ExerciseCases, message: dict[str, Any], replaced: Sequence[str] = ()) -> dict[str, Any]:
        """The reply to one request, with some helpers replaced. Raises WorkerDied."""
        worker = self._ready(exercise)
        self._told |= set(replaced)
        given = {name: self._shared.given(exercise, name) for name in replaced}
        return self._request(
            worker,
            {**message, "replace": {name: list(map(len, parts)) for name, parts in given.items()}},
            block=b"".join(itertools.chain.from_iterable(given.values())),
            answer=oracle(self._shared.reference, replaced) if replaced else None,
            wall=exercise.seconds,
        )

    def _ready(self, exercise: ExerciseCases) -> Worker:
        """A worker in which the submission is defined in the exercise's way; only this exercise, if all kills workers.

        Raises WorkerDied.
        """
        way = self._way_of(exercise)
        alone = way == DEFINITIONS and not self._loads
        if self._worker and self._way == way and not alone:
            return self._worker
        self.close()
        if way in self._dead or (way != DEFINITIONS and self._left <= 0):
            raise WorkerDied("timeout")
        self._worker, self._way = self._shared.sandbox.start(self._shared.limits, self._shared.inputs), way
        names = [exercise.name.partition(".")[0]] if alone else self._shared.names
        cells = [cell.source for cell in self.submission.cells[: way.cells]]
        load = {"op": "load", "cells": cells, "names": names, "given": self.ways.given, "whole": way.whole}
        try:
            self._loaded = self._request(self._worker, load)
        except WorkerDied:
            self.close()
            if way != DEFINITIONS:
                self._dead.add(way)
            if way != DEFINITIONS or alone:
                raise
            self._loads = False
            return self._ready(exercise)
        if way == DEFINITIONS and not alone:
            self.ways.learn(self._loaded)
        return self._worker

    def _request(self, worker: Worker, message: dict[str, Any], wall: float | None = None, **more: Any) -> Message:
        """A worker's reply. What is asked in other ways has one limit of time for all, what has its own apart."""
        if self._way == DEFINITIONS:
            return worker.request(message, wall=wall, **more)
        usual = self._shared.limits.wall
        begin = time.monotonic()
        try:
            limit = max(usual if wall is None else wall, 0.0)
            return worker.request(message, wall=limit if limit > usual else min(limit, self._left), **more)
        finally:
            self._left -= time.monotonic() - begin

    def _way_of(self, exercise: ExerciseCases) -> Way:
        return self.chosen.get(exercise.name, DEFINITIONS)

    def _read(self, exercise: ExerciseCases, reply: dict[str, Any]) -> Batch | Diagnosis:
        if reply.get("missing") is True:
            return self._missing(exercise)
        return Batch.from_bytes(reply["block"])

    def _missing(self, exercise: ExerciseCases) -> Diagnosis:
        owner = exercise.name.partition(".")[0]
        problem = _mapping(_mapping(self._loaded.get("problems")).get(owner))
        forbidden = _mapping(self._loaded.get("forbidden")).get(owner)
        others = self._loaded.get("others")
        return undefined(
            exercise.name,
            error_in(problem) if problem else None,
            forbidden if isinstance(forbidden, str) else None,
            [name for name in others if isinstance(name, str)][:200] if isinstance(others, list) else [],
        )

    def _died(self, exercise: ExerciseCases, death: WorkerDied) -> Diagnosis:
        """Why there are no answers; the smallest case is tried alone to see whether it shows the same."""
        shown = None
        if self._way_of(exercise) != DEFINITIONS:
            return Diagnosis(Outcome(death.reason), self._explained(exercise, death))
        try:
            self._reply(exercise, _call(exercise, cases=[encoded(exercise.cases[0].arguments)]))
        except WorkerDied as again:
            self.close()
            if again.reason == death.reason:
                shown = Verdict(exercise.cases[0], Answer(error=death.reason))
        return Diagnosis(Outcome(death.reason), self._explained(exercise, death), None, shown)

    def _explained(self, exercise: ExerciseCases, death: WorkerDied) -> str:
        return died(death.reason, exercise.seconds or self._shared.limits.wall)


def encoded(arguments: Arguments) -> dict[str, Any]:
    """Arguments of a call, as a worker reads them."""
    return {key: encode(value) for key, value in arguments.items()}


def _call(exercise: ExerciseCases, **calls: Any) -> dict[str, Any]:
    return {"op": "call", "name": exercise.name, "call": exercise.call, **calls}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
