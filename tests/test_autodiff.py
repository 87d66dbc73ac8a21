"""`autodiff`: torch itself, behind a thin adapter, gets everything right (outside the sandbox, where torch is)."""

import functools
from pathlib import Path
from typing import Any

import pytest

from autograder.author.files import load_module
from autograder.border.values import Code, Value, evaluate
from autograder.cases.calling import answer_of
from autograder.cases.model import AssignmentCases
from autograder.cases.store import load
from autograder.judge.compare import compare

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
