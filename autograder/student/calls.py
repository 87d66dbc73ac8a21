"""Calling a student's functions with visible cases, in the process in which they are defined."""

from __future__ import annotations

import builtins
import functools
import io
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.calling import answer_of, caller
from autograder.cases import Answer, ExerciseCases
from autograder.sandbox.definitions import Definitions
from autograder.sandbox.stubs import untouched
from autograder.values import Value, decode, encode


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


def defines(exercise: ExerciseCases, namespace: Mapping[str, Any]) -> bool:
    """Whether the function, class or method of an exercise is there."""
    return _target(exercise, namespace) is not None


def _target(exercise: ExerciseCases, namespace: Mapping[str, Any]) -> Any:
    owner, *attributes = exercise.name.split(".")
    target = namespace.get(owner)
    for attribute in attributes:
        target = getattr(target, attribute, None)
    return target


def ask(exercise: ExerciseCases, namespace: Mapping[str, Any], defined: Definitions) -> Answers:
    """Call an exercise's function with all visible cases, then again from the last to the first.

    `defined` says why names are not in `namespace`. What is drawn at random is the same in every
    call, as it is in grading, and goes on afterwards as if nothing had been drawn.
    """
    call = caller(exercise.call, {"np": np, "numpy": np, **namespace})
    describe = functools.partial(_describe, defined)

    def one(arguments: dict[str, Value]) -> Answer:
        random.seed(0)
        np.random.seed(0)
        return answer_of(call, arguments, describe)

    with _undisturbed():
        first = tuple(one(case.arguments) for case in exercise.cases)
        again = {index: one(exercise.cases[index].arguments) for index in reversed(range(len(first)))}
    return Answers(first, again, untouched(_target(exercise, namespace)))


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


def _describe(defined: Definitions, error: BaseException) -> Answer:
    problem = defined.problem_of(error)
    module = getattr(error, "name", None)
    if isinstance(error, NameError):
        module = defined.forbidden.get(module or "")
    elif not isinstance(error, ImportError):
        module = None
    return Answer(error=problem.type, message=problem.message, line=problem.line, module=module, within=problem.within)


def _as_json(answer: Answer) -> dict[str, Any]:
    return {**vars(answer), "value": encode(answer.value), "changed": list(answer.changed)}


def _from_json(data: dict[str, Any]) -> Answer:
    return Answer(**{**data, "value": decode(data["value"], code=False), "changed": tuple(data["changed"])})
