"""`autodiff`: torch itself, behind a thin adapter, gets everything right (outside the sandbox, where torch is)."""

import functools
from pathlib import Path
from typing import Any

import pytest

from autograder.calling import answer_of
from autograder.cases import AssignmentCases, load, load_module
from autograder.compare import compare
from autograder.values import Code, Value, evaluate

ADAPTER = Path(__file__).parent / "submissions" / "autodiff" / "torch_adapter.py"


@pytest.fixture(scope="module")
def autodiff() -> AssignmentCases:
    return load("autodiff")


def _run(names: dict[str, Any], arguments: dict[str, Value]) -> Value:
    data = {name: value for name, value in arguments.items() if not isinstance(value, Code)}
    return evaluate(arguments["program"], {**names, **data})


def test_torch_behind_an_adapter_is_right_everywhere(autodiff: AssignmentCases) -> None:
    names = vars(load_module(ADAPTER))
    for exercise in autodiff.exercises:
        answers = [answer_of(functools.partial(_run, names), case.arguments) for case in exercise.cases]
        relations = autodiff.relations(exercise.name) if exercise.relations else []
        wrong = [verdict for verdict in compare(exercise, answers, relations) if not verdict.right]
        assert not wrong, f"{exercise.name}: {wrong[0]}"
