"""The hidden tests as they would be without this framework: run in the student's process, as the peers do it.

The same strategies draw the same number of cases, the same NumPy reference gives what is expected, the same
tolerance decides. torch stays out: the notebooks of peers would not check one reference against another either.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"


def _anything(attribute: str) -> type:
    if attribute.startswith("__"):
        raise AttributeError(attribute)
    return type(attribute, (), {})


def _without_torch() -> None:
    """Let `hidden.py` be imported without the second that torch takes: its torch references are never called here."""
    for name in ("torch", "torch.nn", "torch.nn.functional"):
        module = types.ModuleType(name)
        module.__getattr__ = _anything  # type: ignore[method-assign]
        sys.modules[name] = module
    sys.modules["torch"].nn = sys.modules["torch.nn"]  # type: ignore[attr-defined]
    sys.modules["torch.nn"].functional = sys.modules["torch.nn.functional"]  # type: ignore[attr-defined]


if "torch" not in sys.modules:
    _without_torch()

import hypothesis  # noqa: E402
import numpy as np  # noqa: E402

from autograder.author import domains, files  # noqa: E402
from autograder.author.exercise import Exercise, exercises_of  # noqa: E402
from autograder.border.values import copied  # noqa: E402
from autograder.cases.equality import difference  # noqa: E402


@functools.cache
def _known(assignment: str) -> tuple[dict[str, Exercise], dict[str, Any]]:
    """The exercises of an assignment, and its NumPy references."""
    folder = _SOLUTIONS / assignment
    found = {each.name: each for each in exercises_of(files.load_module(folder / "hidden.py"))}
    return found, files.definitions_of(assignment, files.reference_cells(folder / f"{assignment}.py"))


def check(assignment: str, name: str, function: Callable[..., Any]) -> None:
    """Hidden property-based test of one exercise. Raises AssertionError."""
    exercises, references = _known(assignment)
    exercise = exercises[name]
    code = compile(exercise.call, "<call>", "eval")

    def holds(arguments: dict[str, Any]) -> None:
        with np.errstate(all="ignore"):
            expected = eval(code, references, copied(arguments))
            got = eval(code, {name: function}, copied(arguments))
        assert difference(expected, got) is None, f"expected {expected}, got {got}"

    for plan in domains.plans(exercise):
        settings = hypothesis.settings(
            max_examples=plan.count,
            database=None,
            deadline=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        hypothesis.seed(0)(settings(hypothesis.given(domains.arguments(exercise, plan))(holds)))()
