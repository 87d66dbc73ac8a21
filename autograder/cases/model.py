"""Cases as records: the inputs of an assignment, with what the references and every misconception give for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from autograder import project
from autograder.author.exercise import Relation, exercises_of
from autograder.author.files import definitions_of, load_module
from autograder.border.batch import Batch, Packer
from autograder.border.values import Value


@dataclass(frozen=True)
class Answer:
    """What one call gave: a value and the arguments that it changed, or the exception that it raised.

    An exception arose on a `line` of a `cell`, numbered from 0 among those with code, `within` a function of the
    student's ("Tensor.backward"); `module` is the one that it misses.
    """

    value: Value = None
    changed: tuple[str, ...] = ()
    error: str | None = None
    message: str = ""
    line: int | None = None
    module: str | None = None
    cell: int | None = None
    within: str | None = None


@dataclass(frozen=True)
class Case:
    """One call: its arguments, the expected result, the part of the exercise it belongs to, the plan that drew it."""

    arguments: dict[str, Value]
    expected: Value
    part: str
    plan: str


@dataclass(frozen=True)
class KnownMistake:
    """A misconception as data: what its wrong function gives for every case, read when it is asked for."""

    name: str
    hint: str
    batch: Batch

    @classmethod
    def of(cls, name: str, hint: str, answers: Iterable[Answer]) -> KnownMistake:
        """A misconception that gives these answers."""
        packer = Packer()
        for answer in answers:
            if answer.error:
                packer.add_error({"type": answer.error, "message": answer.message})
            else:
                packer.add(answer.value, answer.changed)
        return cls(name, hint, packer.batch())

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        """Its answers to the cases, in turn."""
        return tuple(answers_in(self.batch))


@dataclass(frozen=True)
class ExerciseCases:
    """Everything that grading one exercise needs. `shapes` maps arguments (and "result") to their named dimensions.

    `free` says that each argument was drawn from its annotation alone, so that it stays valid when it is cut along
    its dimensions, or when an entry or an argument of another case of the same size takes the place of its own.
    `given` has what a worker gets in place of each helper that is wrong (see `helpers`).
    """

    name: str
    points: float
    summary: str
    call: str
    builds_on: tuple[str, ...]
    unique: bool
    seconds: float | None
    free: bool
    relations: tuple[str, ...]
    shapes: dict[str, tuple[str, ...] | None]
    cases: tuple[Case, ...]
    mistakes: tuple[KnownMistake, ...]
    given: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class AssignmentCases:
    """A compiled assignment. `version` is a digest of all of it: it changes when the hidden tests do."""

    name: str
    seed: int
    version: str
    exercises: tuple[ExerciseCases, ...]
    reference: tuple[str, ...] = field(repr=False)

    def reference_functions(self) -> dict[str, Callable[..., Value]]:
        """The NumPy references by name: the definitions of the instructor's notebook."""
        return definitions_of(self.name, self.reference)

    def relations(self, exercise: str) -> list[Relation]:
        """The relations of an exercise, read from the hidden tests (only then are they imported)."""
        hidden = load_module(project.hidden_tests(self.name))
        return next(entry.relations for entry in exercises_of(hidden) if entry.name == exercise)


def answers_in(batch: Batch) -> list[Answer]:
    """The answers that a batch holds, whoever wrote it. Raises ValueError for what is none."""
    return [_answer(entry) for entry in batch.entries()]


def _answer(result: dict[str, Any]) -> Answer:
    if len(result) == 1 and "value" in result:
        return Answer(result["value"])
    if isinstance(result.get("error"), dict):
        return error_in(result["error"])
    changed = result.get("changed", [])
    if "value" not in result or not isinstance(changed, list) or not all(isinstance(name, str) for name in changed):
        raise ValueError("not an answer")
    return Answer(result["value"], tuple(changed[:20]))


def error_in(problem: dict[str, Any]) -> Answer:
    """The answer that the description of an exception means, whoever wrote it."""
    keys = ("type", "message", "line", "module", "cell", "within")
    kind, message, line, module, cell, within = map(problem.get, keys)
    return Answer(
        error=kind if isinstance(kind, str) and kind else "Exception",
        message=message if isinstance(message, str) else "",
        line=line if type(line) is int and 0 < line < 10**6 else None,
        module=module if isinstance(module, str) and module else None,
        cell=cell if type(cell) is int and 0 <= cell < 10**6 else None,
        within=within if isinstance(within, str) and within else None,
    )
