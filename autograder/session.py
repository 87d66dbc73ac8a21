"""Session: a submission in its sandbox. Starts workers as they are needed, and reads what they answer.

Nothing is judged here: an answer is a batch of results, or the diagnosis of a worker that gave none.
"""

from __future__ import annotations

import base64
import itertools
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograder.batch import Batch
from autograder.cases import Answer, AssignmentCases, ExerciseCases, answers_in, error_in
from autograder.compare import Expected, Verdict
from autograder.diagnose import Diagnosis, died, undefined
from autograder.helpers import oracle
from autograder.sandbox.launcher import Sandbox
from autograder.sandbox.parent import Inputs, Limits, Worker, WorkerDied
from autograder.submission import Submission
from autograder.trials import Arguments, Ask
from autograder.values import encode

_AGAIN = 8
"""Cases that are called a second time: the same inputs must give the same results."""
_TOGETHER_SECONDS = 2.0
"""For several exercises in one request, which a worker answers in part after a quarter of it: or one by one."""


@dataclass(frozen=True)
class Haste:
    """How a submission is asked where that is faster; without both, it is asked with care.

    together   for several exercises in one request
    shared     with arguments that are not copied for each call
    """

    together: bool = True
    shared: bool = True


WITH_CARE = Haste(together=False, shared=False)


class TooHasty(Exception):
    """A submission died of several exercises at once, or changed its arguments: it is asked again, from the start.

    In a new process and with care, so that what its functions keep between calls is what it would have been if nobody
    had been in haste.
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

    `cells` are those of the released notebook: a submission that has them as they were costs less.
    """

    def __init__(
        self, assignment: AssignmentCases, sandbox: Sandbox, limits: Limits, cells: Sequence[str] = ()
    ) -> None:
        self.sandbox, self.limits = sandbox, limits
        self.reference = assignment.reference_functions()
        self.names = list(dict.fromkeys(entry.name.partition(".")[0] for entry in assignment.exercises))
        inputs = {entry.name: [encoded(case.arguments) for case in entry.cases] for entry in assignment.exercises}
        calls = {entry.name: entry.call for entry in assignment.exercises}
        drawn = any("random" in source for source in assignment.reference)
        self.inputs = Inputs.of(inputs, calls, cells, ["numpy.random"] if drawn else [])
        self._given: dict[tuple[str, str], tuple[bytes, bytes, bytes]] = {}

    def begin(self, submission: Submission, haste: Haste) -> Session:
        """A session, to be closed by who began it."""
        return Session(self, submission, haste)

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

    `untouched` are the exercises whose bodies turned out to be as they were released. Raises TooHasty whatever it is
    asked, but not with care.
    """

    def __init__(self, shared: Sessions, submission: Submission, haste: Haste) -> None:
        self.untouched: set[str] = set()
        self._shared, self._cells = shared, list(submission.cells)
        self._worker: Worker | None = None
        self._loaded: dict[str, Any] = {}
        self._loads = True
        self._haste = haste
        self._told: set[str] = set()
        """Helpers of which this worker may have learned right results."""
        self._answering = True

    def close(self) -> None:
        """End the worker, if there is one."""
        if self._worker:
            self._worker.close()
        self._worker, self._told = None, set()

    def answers(self, calls: Sequence[Calls]) -> list[Batch | Diagnosis]:
        """The submission's answers to calls of exercises, or why there are none, in turn."""
        found: list[Batch | Diagnosis] = []
        while left := calls[len(found) :]:
            # What has a limit of its own may take long.
            some = list(itertools.takewhile(lambda each: each.exercise.seconds is None, left))
            asked = some if some and self._haste.together and self._loads else left[:1]
            try:
                found += self._answered(asked)
            except WorkerDied as death:
                self.close()
                if len(asked) > 1:
                    raise TooHasty from death
                found.append(self._died(left[0].exercise, death))
        return found

    def _answered(self, calls: Sequence[Calls]) -> list[Batch | Diagnosis]:
        """The answers to calls of the first of some exercises, in one reply. Raises WorkerDied."""
        worker, usual = self._ready(calls[0].exercise), self._shared.limits.wall
        asked = calls if self._loads else calls[:1]
        message = {"op": "calls", "calls": [_message(each, self._haste) for each in asked]}
        alone = asked[0].exercise.seconds or usual
        reply = worker.request(message, wall=alone if len(asked) == 1 else min(usual, _TOGETHER_SECONDS))
        if self._haste.shared and reply.get("changed") is True:
            raise TooHasty
        sizes, block = reply.get("sizes"), reply["block"]
        if not isinstance(sizes, list) or not 0 < len(sizes) <= len(asked):
            raise WorkerDied("crashed")
        self._note_untouched(asked, reply.get("untouched"))
        found: list[Batch | Diagnosis] = []
        for each, size in zip(asked, sizes, strict=False):
            if size is None:
                found.append(self._missing(each.exercise))
            elif type(size) is int and 0 <= size <= len(block):
                found.append(Batch.from_bytes(block[:size]))
                block = block[size:]
            else:
                raise WorkerDied("crashed")
        return found

    def _note_untouched(self, calls: Sequence[Calls], untouched: Any) -> None:
        if isinstance(untouched, list):
            self.untouched |= {each.exercise.name for each, stub in zip(calls, untouched, strict=False) if stub is True}

    def answers_with(self, calls: Calls, replaced: Sequence[str]) -> Batch | Diagnosis:
        """The same with the results of some helpers replaced by right ones, when all has been judged without.

        What they are is then known to the submission's process. It may go on with what gives it as much: other calls
        of this exercise. For all else there is a new process.
        """
        exercise = calls.exercise
        if not self._told <= set(replaced):
            self.close()
        try:
            reply = self._reply(exercise, _message(calls, self._haste), replaced)
            if self._haste.shared and reply.get("changed") is True:
                raise TooHasty
            return self._read(exercise, reply)
        except WorkerDied as death:
            self.close()
            return Diagnosis(death.reason, self._explained(exercise, death))

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

    def _reply(self, exercise: ExerciseCases, message: dict[str, Any], replaced: Sequence[str] = ()) -> dict[str, Any]:
        """The reply to one request, with some helpers replaced. Raises WorkerDied."""
        worker = self._ready(exercise)
        self._told |= set(replaced)
        given = {name: self._shared.given(exercise, name) for name in replaced}
        return worker.request(
            {**message, "replace": {name: list(map(len, parts)) for name, parts in given.items()}},
            block=b"".join(itertools.chain.from_iterable(given.values())),
            answer=oracle(self._shared.reference, replaced) if replaced else None,
            wall=exercise.seconds,
        )

    def _ready(self, exercise: ExerciseCases) -> Worker:
        """A worker in which the submission is defined: all of it, or only this exercise if all of it kills workers."""
        if self._worker and self._loads:
            return self._worker
        self.close()
        self._worker = self._shared.sandbox.start(self._shared.limits, self._shared.inputs)
        names = self._shared.names if self._loads else [exercise.name.partition(".")[0]]
        try:
            self._loaded = self._worker.request({"op": "load", "cells": self._cells, "names": names})
        except WorkerDied:
            self.close()
            if not self._loads:
                raise
            self._loads = False
            return self._ready(exercise)
        return self._worker

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
        try:
            self._reply(exercise, _call(exercise, cases=[encoded(exercise.cases[0].arguments)]))
        except WorkerDied as again:
            self.close()
            if again.reason == death.reason:
                shown = Verdict(exercise.cases[0], Answer(error=death.reason))
        return Diagnosis(death.reason, self._explained(exercise, death), None, shown)

    def _explained(self, exercise: ExerciseCases, death: WorkerDied) -> str:
        return died(death.reason, exercise.seconds or self._shared.limits.wall)


def encoded(arguments: Arguments) -> dict[str, Any]:
    """Arguments of a call, as a worker reads them."""
    return {key: encode(value) for key, value in arguments.items()}


def _call(exercise: ExerciseCases, **calls: Any) -> dict[str, Any]:
    return {"op": "call", "name": exercise.name, "call": exercise.call, **calls}


def _message(calls: Calls, haste: Haste) -> dict[str, Any]:
    return _call(calls.exercise, kept=calls.exercise.name, which=calls.which, shared=haste.shared)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
