"""Calling a student's functions with visible cases, in the process in which they are defined."""

from __future__ import annotations

import builtins
import io
import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.border.values import Value, decode, encode
from autograder.cases.calling import answer_of, caller
from autograder.cases.model import Answer, ExerciseCases
from autograder.sandbox.inside.definitions import Definitions, defines, described, is_absence, target
from autograder.sandbox.inside.stubs import untouched


@dataclass(frozen=True)
class Answers:
    """What a function gave for each case, and the second time, by index of the case; whether it is only a stub."""

    first: tuple[Answer, ...]
    again: dict[int, Answer]
    untouched: bool = False

    def as_json(self) -> dict[str, Any]:
        """The answers as JSON-able data."""
        return {
            "first": [_as_json(answer) for answer in self.first],
            "again": [[index, _as_json(answer)] for index, answer in self.again.items()],
            "untouched": self.untouched,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Answers:
        """The answers that `as_json` wrote. Raises ValueError, KeyError or TypeError for anything else."""
        again = {index: _from_json(answer) for index, answer in data["again"]}
        return cls(tuple(map(_from_json, data["first"])), again, data["untouched"] is True)


def lacks(exercise: ExerciseCases, found: Definitions) -> bool:
    """Whether the function, class or method of an exercise is not there, as far as its smallest case can tell."""
    exists = defines(found.namespace, exercise.name)
    if exists is not None or not exercise.cases:
        return not exists
    error = caller_of(exercise, found)(exercise.cases[0].arguments)
    return error.error is not None and is_absence(error.error, error.message)


def caller_of(exercise: ExerciseCases, found: Definitions) -> Callable[[dict[str, Value]], Answer]:
    """Calls an exercise's function. What is drawn at random is another in every call, as it is in grading."""
    seeds = itertools.count(1)
    call = caller(exercise.call, {"np": np, "numpy": np, **found.namespace})

    def describe(error: BaseException) -> Answer:
        problem = described(error, found)
        return Answer(error=problem.pop("type"), **problem)

    def one(arguments: dict[str, Value]) -> Answer:
        with _undisturbed():
            seed = next(seeds)
            random.seed(seed)
            np.random.seed(seed)
            return answer_of(call, arguments, describe)

    return one


def ask(exercise: ExerciseCases, found: Definitions) -> Answers:
    """Call an exercise's function with all visible cases, then again from the last to the first.

    What is drawn at random goes on afterwards as if nothing had been drawn.
    """
    one = caller_of(exercise, found)
    first = tuple(one(case.arguments) for case in exercise.cases)
    again = {index: one(exercise.cases[index].arguments) for index in reversed(range(len(first)))}
    return Answers(first, again, untouched(target(found.namespace, exercise.name)))


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Nothing is printed or asked for, and random numbers go on where they were."""
    drawn, numpy_drawn, asks = random.getstate(), np.random.get_state(), builtins.input
    builtins.input = _nobody_answers
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield
    finally:
        builtins.input = asks
        random.setstate(drawn)
        np.random.set_state(numpy_drawn)


def _nobody_answers(prompt: object = "", /) -> str:
    """As `input` does in grading, and unlike in a notebook, which would ask again in each call."""
    raise EOFError("EOF when reading a line")


def _as_json(answer: Answer) -> dict[str, Any]:
    return {**vars(answer), "value": encode(answer.value), "changed": list(answer.changed)}


def _from_json(data: dict[str, Any]) -> Answer:
    return Answer(**{**data, "value": decode(data["value"], code=False), "changed": tuple(data["changed"])})
