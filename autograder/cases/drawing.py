"""Drawing: from an author's files to a compiled assignment.

Inputs come from Hypothesis, expected results from the NumPy reference, and the torch reference must agree on every
case. Runs as a process of its own (see `autograder.cases.load`).
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograder import project
from autograder.author.exercise import Exercise, Relation, exercises_of
from autograder.author.files import definitions_of, load_module, reference_cells
from autograder.border.values import Code, Value, copied, decode, dumps, encode
from autograder.cases.calling import answer_of, caller
from autograder.cases.equality import difference
from autograder.cases.helpers import right_results
from autograder.cases.model import AssignmentCases, Case, ExerciseCases, KnownMistake
from autograder.cases.store import exercise_json, to_json
from autograder.errors import AuthoringError, AutograderError

AGREEMENT = 0.1
"""References must agree ten times closer than a student has to."""


def compile_assignment(
    name: str, hidden: Path, notebook: Path, seed: int, progress: Callable[[str], None] = lambda exercise: None
) -> AssignmentCases:
    """Draw the cases of every exercise and run both references and all misconceptions on them.

    Raises AuthoringError where an exercise has no reference, too few cases, or references that disagree.
    """
    exercises = exercises_of(load_module(hidden))
    if problem := wrong_points(exercises):
        raise AuthoringError(f"{name}: {problem}")
    reference = reference_cells(notebook)
    functions = definitions_of(name, reference)
    compiled = []
    for entry in exercises:
        progress(entry.name)
        compiled.append(compile_exercise(entry, functions, seed))
    content = {"name": name, "seed": seed, "exercises": [exercise_json(entry) for entry in compiled]}
    version = hashlib.sha256(dumps([content, list(reference)])).hexdigest()[:16]
    return AssignmentCases(name, seed, version, tuple(compiled), reference)


def wrong_points(exercises: Sequence[Exercise]) -> str:
    """What is wrong with the points of an assignment's exercises, "" if nothing is."""
    total = sum(entry.points for entry in exercises)
    if abs(total - 100) <= 1e-9:
        return ""
    return f"the points of the exercises add up to {total:g}, not 100; change points=…."


def compile_exercise(exercise: Exercise, functions: dict[str, Callable[..., Value]], seed: int) -> ExerciseCases:
    """Draw the cases of one exercise and record what references and misconceptions give. Raises AuthoringError."""
    owner = exercise.name.partition(".")[0]
    if owner not in functions:
        raise AuthoringError(
            f"{exercise.name}: the notebook has no NumPy reference of this name; define it in a cell "
            f'marked exercise="{owner}".'
        )
    numpy_call = caller(exercise.call, functions)
    cases = []
    for plan, arguments in _drawn(exercise, seed):
        expected = _reference(exercise, arguments, numpy_call)
        part = ", ".join(str(arguments[name]) for name in exercise.parts)
        cases.append(Case(arguments, expected, part, plan))
    mistakes = tuple(
        KnownMistake.of(
            wrong.name,
            wrong.hint,
            [answer_of(functools.partial(_by_name, wrong.function), case.arguments) for case in cases],
        )
        for wrong in exercise.misconceptions
    )
    shapes = {entry.name: entry.dims for entry in (*exercise.parameters, exercise.result)}
    return ExerciseCases(
        exercise.name,
        exercise.points,
        exercise.summary,
        exercise.call,
        exercise.builds_on,
        exercise.unique,
        exercise.seconds,
        exercise.inputs is None,
        tuple(relation.name for relation in exercise.relations),
        shapes,
        tuple(cases),
        mistakes,
        {helper: right_results(functions, exercise.call, cases, helper) for helper in exercise.builds_on},
    )


def size_of(value: Value) -> tuple[int, int]:
    """How large an input looks to a person: entries, then characters to write them. Orders cases."""
    if isinstance(value, np.ndarray):
        return value.size, sum(len(repr(item)) for item in value.ravel().tolist())
    if isinstance(value, dict):
        return size_of(list(value.values()))
    if isinstance(value, list | tuple):
        sizes = [size_of(item) for item in value]
        return sum(size[0] for size in sizes), sum(size[1] for size in sizes)
    return 1, len(value.source if isinstance(value, Code) else repr(value))


def _leave_out_local_constants() -> None:
    """Make what Hypothesis draws depend on strategies and seed alone.

    It mixes in constants of the modules that were loaded from a checkout, so that an edit anywhere in ours would draw
    other cases, and an installed package others than a checkout; there is no setting for that.
    """
    from hypothesis.internal.conjecture import providers
    from hypothesis.internal.constants_ast import Constants

    providers.HypothesisProvider._local_constants = Constants()  # type: ignore[assignment]


def _drawn(exercise: Exercise, seed: int) -> list[tuple[str, dict[str, Value]]]:
    """Distinct arguments for an exercise, smallest first. Raises AuthoringError if there are too few."""
    import hypothesis
    from hypothesis import strategies as st

    from autograder.author import domains

    _leave_out_local_constants()
    found: dict[bytes, tuple[str, dict[str, Value]]] = {}
    for number, plan in enumerate(domains.plans(exercise)):

        def keep(label: str, arguments: dict[str, Value]) -> None:
            found.setdefault(dumps(encode(arguments)), (label, arguments))

        settings = hypothesis.settings(
            database=None,
            deadline=None,
            max_examples=plan.count,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        draw = settings(hypothesis.given(st.just(plan.label), domains.arguments(exercise, plan))(keep))
        try:
            hypothesis.seed(seed * 1000 + number)(draw)()
        except AutograderError:
            raise
        except Exception as error:
            raise AuthoringError(
                f"{exercise.name}: its arguments cannot be drawn: {type(error).__name__}: {error}; look at its inputs=."
            ) from error
    if len(found) < exercise.minimum:
        raise AuthoringError(
            f"{exercise.name}: only {len(found)} distinct cases could be drawn, at least {exercise.minimum} are "
            f"needed; widen the domains, or give minimum={len(found)} if there are not more."
        )
    ordered = sorted(found.items(), key=lambda item: (size_of(item[1][1]), item[0]))
    return [drawn for _, drawn in ordered]


def _reference(exercise: Exercise, arguments: dict[str, Value], numpy_call: Callable[..., Value]) -> Value:
    """The NumPy reference's result, once torch agrees and all relations hold; None where many results are right.

    Raises AuthoringError if not.
    """
    answer = answer_of(numpy_call, arguments)
    if answer.error:
        raise AuthoringError(
            f"{exercise.name}: the NumPy reference raises {answer.error}: {answer.message} for "
            f"{arguments}{_drawn_as(exercise)}."
        )
    if answer.changed:
        raise AuthoringError(f"{exercise.name}: the NumPy reference changes its argument {answer.changed[0]}.")
    try:
        second = second_answer(exercise.reference, arguments)
    except Exception as error:
        raise AuthoringError(
            f"{exercise.name}: the torch reference raises {type(error).__name__}: {error} for "
            f"{arguments}{_drawn_as(exercise)}."
        ) from error
    for library, value in (("NumPy", answer.value), ("torch", second)):
        for relation in exercise.relations:
            if not _keeps(relation, value, arguments):
                raise AuthoringError(
                    f"{exercise.name}: the {library} reference breaks the relation {relation.name!r} for {arguments}."
                )
    if not exercise.unique:
        return None
    if not agrees(exercise, arguments, second, answer.value):
        raise AuthoringError(
            f"{exercise.name}: the references disagree for {arguments}: torch gives {second!r}, NumPy "
            f"{answer.value!r}; mend the one that is wrong."
        )
    _check_shape(exercise, arguments, answer.value)
    return answer.value


def second_answer(reference: Callable[..., Any], arguments: dict[str, Value]) -> Value:
    """What a torch reference gives, as NumPy's data. Raises whatever it raises."""
    import torch

    with torch.enable_grad():
        return decode(encode(_to_numpy(reference(**{name: _to_torch(value) for name, value in arguments.items()}))))


def agrees(exercise: Exercise, arguments: dict[str, Value], second: Value, expected: Value) -> bool:
    """Whether the torch reference's result is the expected one, and keeps all relations."""
    if exercise.unique and difference(second, expected, tighten=AGREEMENT):
        return False
    return all(_keeps(relation, second, arguments) for relation in exercise.relations)


def _keeps(relation: Relation, value: Value, arguments: dict[str, Value]) -> bool:
    return relation.predicate(copied(value), **copied(arguments)) is True


def _drawn_as(exercise: Exercise) -> str:
    """The shapes as the author named them: a name written in two ways is two dimensions."""
    shapes = [f"{entry.name} ({', '.join(entry.dims)})" for entry in exercise.parameters if entry.dims]
    return f", drawn as {', '.join(shapes)}" if shapes else ""


def _check_shape(exercise: Exercise, arguments: dict[str, Value], value: Value) -> None:
    """What the references give must have the shape of the annotation. Raises AuthoringError."""
    dims = exercise.result.dims
    if dims is None:
        return
    sizes = {name: value for name, value in arguments.items() if type(value) is int} | {
        dim: size
        for parameter in exercise.parameters
        if parameter.dims
        for dim, size in zip(parameter.dims, np.shape(arguments[parameter.name]), strict=False)
    }
    got = np.shape(value)
    due = tuple(int(dim) if dim.isdigit() else sizes.get(dim) for dim in dims)
    if len(got) != len(due) or any(side not in (None, size) for side, size in zip(due, got, strict=True)):
        raise AuthoringError(
            f"{exercise.name}: the references give shape {got} for {arguments}, but the annotation of the result says "
            f"({', '.join(dims)}); correct the one that is wrong."
        )


def _to_torch(value: Value) -> Any:
    import torch

    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.copy())
    if isinstance(value, list | tuple):
        return type(value)(_to_torch(item) for item in value)
    return value


def _to_numpy(value: Any) -> Value:
    import torch

    if isinstance(value, torch.Tensor):
        return value.detach().numpy() if value.ndim else value.item()
    if isinstance(value, list | tuple):
        return type(value)(_to_numpy(item) for item in value)
    return value


def _by_name(function: Callable[..., Value], arguments: dict[str, Value]) -> Value:
    return function(**arguments)


def main() -> None:
    """Draw one assignment and write it to the cache: what `load` runs in a process of its own."""
    name, seed, path = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    try:
        compiled = compile_assignment(name, project.hidden_tests(name), project.notebook(name), seed)
    except AutograderError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_status)
    beside = path.with_suffix(f".{os.getpid()}.tmp")
    beside.write_bytes(dumps(to_json(compiled)))
    beside.replace(path)
