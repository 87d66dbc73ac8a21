"""Cases: the inputs of an assignment, with what the references and every misconception give for them.

Drawing them (`autograder.drawing`) needs Hypothesis, torch and the author's files; grading needs none of these.
So an assignment is *compiled* once per (content, seed) into an `AssignmentCases` record, kept in the cache, and
grading loads that. Drawing runs in a process of its own: Hypothesis mines constants from the modules that happen
to be loaded, and the same files must give the same cases whoever asks.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import importlib.util
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder import project
from autograder.batch import Batch, Packer
from autograder.errors import AuthoringError, AutograderError
from autograder.exercise import Relation, exercises_of
from autograder.values import Value, decode, encode

_FIRST = 16
"""Answers of a misconception that are read before the others."""
_CELL = re.compile(r"^# %%(.*)$", re.MULTILINE)
_TESTS = re.compile(r"""\btests="([^"]+)\"""")


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

    @cached_property
    def first_answers(self) -> tuple[Answer, ...]:
        """Its answers to the first few cases, by which most behaviour can be told from it."""
        return tuple(answers_in(self.batch, _FIRST))


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


def load(name: str, seed: int = 0) -> AssignmentCases:
    """Return the compiled cases of an assignment, from the cache or drawn now.

    Raises UsageError if there is no such assignment, AuthoringError if it is invalid (references that disagree, …).
    """
    path = cached(name, seed)
    try:
        return parse(path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not drawn yet, or written half: draw
    drawn = project.run_apart("autograder.drawing", name, str(seed), str(path))
    if drawn.returncode == AuthoringError.exit_status:
        raise AuthoringError(drawn.stderr.strip().splitlines()[-1])
    if drawn.returncode != 0:
        raise AutograderError(f"drawing the cases of {name} failed unexpectedly:\n{drawn.stderr.strip()}")
    return parse(path.read_bytes())


def cached(name: str, seed: int = 0) -> Path:
    """Where the compiled cases of an assignment are, once they have been loaded. Raises UsageError as `load` does."""
    return project.cache_dir() / f"{name}-{_key(name, seed)}.json"


def parse(content: bytes) -> AssignmentCases:
    """Compiled cases from the bytes of their file. Raises ValueError, KeyError or TypeError if they are none."""
    return _from_json(json.loads(content))


def reference_cells(notebook: Path) -> tuple[str, ...]:
    """Sources of the cells of an instructor's notebook that define something: marked `exercise=` or `locked=`."""
    return tuple(body for marker, body in _cells(notebook) if "exercise=" in marker or "locked=" in marker)


def visible_tests(notebook: Path) -> dict[str, str]:
    """Sources of the tests that students see in an instructor's notebook, by exercise."""
    return {found[1]: body for marker, body in _cells(notebook) if (found := _TESTS.search(marker))}


def _cells(notebook: Path) -> list[tuple[str, str]]:
    try:
        text = notebook.read_text(encoding="utf-8")
    except OSError as error:
        raise AuthoringError(f"{notebook}: there is no instructor's notebook here; write it.") from error
    pieces = _CELL.split(text)
    return [(marker, body.strip() + "\n") for marker, body in zip(pieces[1::2], pieces[2::2], strict=True)]


def load_module(path: Path) -> ModuleType:
    """Import an author's file by path. Raises AuthoringError, with the line, where it fails."""
    specification = importlib.util.spec_from_file_location(f"hidden_{path.parent.name}", path)
    if specification is None or specification.loader is None:
        raise AuthoringError(f"{path}: is not a Python file.")
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # typing.get_type_hints looks there
    try:
        specification.loader.exec_module(module)
    except AutograderError:
        raise
    except Exception as error:
        raise AuthoringError(f"{path}: cannot be imported: {type(error).__name__}: {error}.") from error
    return module


def definitions_of(name: str, cells: Iterable[str], files: Sequence[str] = ()) -> dict[str, Any]:
    """The names that trusted cells define; `files` are what tools that measure them take for their sources.

    Raises AuthoringError where one of them fails.
    """
    namespace: dict[str, Any] = {"__name__": f"reference_{name}"}
    for number, source in enumerate(cells, 1):
        try:
            file = files[number - 1] if files else f"<{name} notebook, definition {number}>"
            exec(compile(source, file, "exec"), namespace)
        except Exception as error:
            raise AuthoringError(
                f"{name}: definition {number} of the notebook fails: {type(error).__name__}: {error}."
            ) from error
    return namespace


def _key(name: str, seed: int) -> str:
    digest = hashlib.sha256(f"{seed} {sys.version_info[:2]}".encode())
    here = Path(__file__).parent
    parts = ("batch", "calling", "cases", "drawing", "equality", "exercise", "helpers", "strategies", "values")
    ours = [here / f"{part}.py" for part in parts]
    for path in (*project.sources(name), *ours):
        digest.update(path.read_bytes() if path.exists() else b"-")
    for library in ("numpy", "hypothesis", "torch"):
        digest.update(importlib.metadata.version(library).encode())
    return digest.hexdigest()[:20]


def answers_in(batch: Batch, first: int | None = None) -> list[Answer]:
    """The answers that a batch holds, or the first ones, whoever wrote it. Raises ValueError for what is none."""
    return [_answer(entry) for entry in batch.entries(first)]


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


def _written(batch: Batch) -> str:
    return base64.b64encode(batch.as_bytes()).decode("ascii")


def _read(text: str) -> Batch:
    return Batch.from_bytes(base64.b64decode(text, validate=True))


def exercise_json(entry: ExerciseCases) -> dict[str, Any]:
    """An exercise as JSON-able data."""
    return {
        **{key: getattr(entry, key) for key in ("name", "points", "summary", "call", "unique", "seconds", "free")},
        "builds_on": list(entry.builds_on),
        "relations": list(entry.relations),
        "shapes": {name: None if dims is None else list(dims) for name, dims in entry.shapes.items()},
        "cases": [[encode(case.arguments), encode(case.expected), case.part, case.plan] for case in entry.cases],
        "mistakes": [[wrong.name, wrong.hint, _written(wrong.batch)] for wrong in entry.mistakes],
        **({"given": entry.given} if entry.given else {}),  # students' files have none
    }


def to_json(compiled: AssignmentCases) -> dict[str, Any]:
    """A compiled assignment as JSON-able data: what the cache holds."""
    return {
        "name": compiled.name,
        "seed": compiled.seed,
        "version": compiled.version,
        "reference": list(compiled.reference),
        "exercises": [exercise_json(entry) for entry in compiled.exercises],
    }


def _from_json(data: dict[str, Any]) -> AssignmentCases:
    exercises = tuple(
        ExerciseCases(
            entry["name"],
            entry["points"],
            entry["summary"],
            entry["call"],
            tuple(entry["builds_on"]),
            entry["unique"],
            entry["seconds"],
            entry["free"],
            tuple(entry["relations"]),
            {name: None if dims is None else tuple(dims) for name, dims in entry["shapes"].items()},
            tuple(Case(decode(case[0]), decode(case[1]), case[2], case[3]) for case in entry["cases"]),
            tuple(KnownMistake(wrong[0], wrong[1], _read(wrong[2])) for wrong in entry["mistakes"]),
            entry.get("given", {}),
        )
        for entry in data["exercises"]
    )
    return AssignmentCases(data["name"], data["seed"], data["version"], exercises, tuple(data["reference"]))
