"""What is left as it was released: not attempted, and it costs its own points and no others."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from autograder import project
from autograder.author import files
from autograder.cases import store
from autograder.cases.model import AssignmentCases
from autograder.grade.grader import Grader
from autograder.sandbox.inside.stubs import untouched
from autograder.sandbox.launcher import choose
from autograder.sandbox.parent import Limits
from autograder.student import check
from autograder.submission.reading import Submission
from tests.conftest import Grade, exercise, instead, lost

STUB = "    raise NotImplementedError()"
NOT_ATTEMPTED = "not attempted yet"


def test_a_helper_left_as_released_costs_its_own_points_only(solution: tuple[str, ...], grade: Grade) -> None:
    result = grade(instead(solution, f"def dA_dZ(A):\n{STUB}"))
    assert lost(result) == {"dA_dZ"}
    stub = exercise(result, "dA_dZ")
    assert (stub["outcome"], stub["message"], stub["counterexample"]) == ("missing", NOT_ATTEMPTED, None)


def test_a_helper_left_as_released_is_as_good_as_none(solution: tuple[str, ...], grade: Grade) -> None:
    """Those that build on it are worth as much whether its cell was emptied or not."""
    uses = "def dZ_hidden(dZ_next, W_next, A): return dZ_next @ W_next * dA_dZ(A)"
    others = [cell for cell in solution if "def dA_dZ(" not in cell]
    left, emptied = (grade([*others, uses, *helper]) for helper in ([f"def dA_dZ(A):\n{STUB}"], []))
    assert left["score"] == emptied["score"]
    assert exercise(left, "dZ_hidden")["follow_through"] is True


@pytest.mark.parametrize("least", [1, 3, 4])
def test_beside_another_wrong_helper_each_costs_its_own_points(
    least: int, solution: tuple[str, ...], grade: Grade
) -> None:
    """Whichever of both the smallest failing case meets."""
    helpers = (
        f"def dA_dZ(A):\n{STUB}\n"
        "def dZ_hidden(dZ_next, W_next, A): return dZ_next @ W_next * dA_dZ(A)\n"
        f"good = dW\ndef dW(dZ, A_prev): return good(dZ, A_prev) * (1 + (len(dZ) >= {least}))"
    )
    assert lost(grade([*solution, helpers])) == {"dA_dZ", "dW"}


BODIES = {
    "raise": "raise NotImplementedError()",
    "raise a class": "raise NotImplementedError",
    "words": "raise NotImplementedError('later')",
    "docstring": '"""The derivative."""\n    raise NotImplementedError()',
    "comment": "# YOUR CODE HERE\n    raise NotImplementedError()",
    "pass": "pass",
    "ellipsis": "...",
    "docstring only": '"""The derivative."""',
    "return None": "return None",
    "return ellipsis": "return ...",
}


def test_whatever_a_stub_looks_like(grade: Grade, backprop: AssignmentCases) -> None:
    named = zip(BODIES, backprop.exercises, strict=False)
    source = "\n".join(f"def {entry.name}(*given):\n    {BODIES[body]}" for body, entry in named)
    found = grade([source])["exercises"][: len(BODIES)]
    assert [(entry["name"], entry["outcome"], entry["message"]) for entry in found] == [
        (entry.name, "missing", NOT_ATTEMPTED) for entry in backprop.exercises[: len(BODIES)]
    ]


ATTEMPTS = (
    "return 0",
    "return NotImplementedError",
    "raise ValueError()",
    "print(A)",
    "A = A * 2",
    "if len(A):\n        raise NotImplementedError()",
    "return later(A)",
)


@pytest.mark.parametrize("body", ATTEMPTS)
def test_what_is_no_stub(body: str) -> None:
    namespace: dict[str, Any] = {}
    exec(f"def f(A):\n    {body}", namespace)
    assert not untouched(namespace["f"])


def test_stubs_of_classes_are_those_of_their_methods() -> None:
    class Tensor:
        def __init__(self) -> None:
            raise NotImplementedError

        @property
        def shape(self) -> Any:
            raise NotImplementedError

        @staticmethod
        def lift() -> Any: ...

        @classmethod
        def make(cls) -> Any: ...

        def right(self) -> int:
            return 1

    class Hostile(type):
        def __getattribute__(cls, name: str) -> Any:
            raise SystemExit

    assert all(map(untouched, (Tensor, Tensor.shape, Tensor.lift, Tensor.make)))
    assert not any(map(untouched, (Tensor.right, Hostile("Odd", (), {}), int, np.exp, functools.partial(int), None, 3)))


def test_an_unfinished_branch_is_named_beside_what_is_wrong_elsewhere(grade: Grade) -> None:
    source = (
        "import numpy as np\n"
        "def dZ_hidden_for(dZ_next, W_next, Z, activation):\n"
        "    G = dZ_next @ W_next\n"
        "    if activation == 'identity': return G\n"
        "    if activation == 'relu': return G * np.ones_like(Z)\n"
        "    if activation == 'sigmoid':\n"
        "        A = np.exp(-np.logaddexp(0.0, -Z))\n"
        "        return G * A * (1 - A)\n"
        "    raise NotImplementedError('tanh comes later')"
    )
    found = exercise(grade([source]), "dZ_hidden_for")
    assert found["outcome"] == "partial"
    assert found["score"] == found["max_score"] / 2
    assert found["message"].startswith("for relu: ")
    assert found["message"].endswith("; for tanh: not attempted yet")
    other = exercise(grade([source.replace("np.ones_like(Z)", "(Z > 0)")]), "dZ_hidden_for")
    assert other["message"] == "for tanh: not attempted yet"


def test_who_calls_what_is_not_finished_is_told_its_name(solution: tuple[str, ...], grade: Grade) -> None:
    helper = "def slope(A): raise NotImplementedError\ndef dA_dZ(A): return slope(A)"
    found = exercise(grade(instead(solution, helper)), "dA_dZ")
    assert found["outcome"] == "error"
    assert found["message"] == "needs `slope`, which is not finished: it raises NotImplementedError"


def test_a_body_that_still_raises_after_some_work_is_not_called_untouched(
    solution: tuple[str, ...], grade: Grade
) -> None:
    found = exercise(
        grade(instead(solution, "def dA_dZ(A):\n    slope = A * 2\n    raise NotImplementedError")), "dA_dZ"
    )
    assert (found["outcome"], found["score"]) == ("missing", 0)
    assert found["message"] == "not finished yet: it still raises NotImplementedError"
    part = "def dA_dZ(A):\n    if len(A) < 3: return A * (1 - A)\n    raise NotImplementedError('later')"
    found = exercise(grade(instead(solution, part)), "dA_dZ")
    assert found["outcome"] == "error"
    assert found["message"].startswith("raises NotImplementedError: later")
    assert ", line 3: `raise NotImplementedError('later')`)" in found["message"]


def test_methods_left_as_released_are_not_attempted_and_others_are() -> None:
    """Whatever the other methods of the class raise."""
    cells = files.reference_cells(project.notebook("alternatives"))
    later = "def later(self, *others): raise NotImplementedError()\n"
    for left in ("__init__", "__mul__"):
        grader = Grader(store.load("alternatives"), choose(), Limits(wall=60.0))
        result = grader.grade(Submission.of("s", (*cells, f"{later}Dual.{left} = later\nlater.__name__ = '{left}'")))
        outcomes = {entry["name"]: entry for entry in result.as_json()["exercises"]}
        own = outcomes["Dual" if left == "__init__" else "Dual.__mul__"]
        assert (own["outcome"], own["message"]) == ("missing", NOT_ATTEMPTED)
        others = [entry for entry in outcomes.values() if entry is not own]
        assert not [entry["name"] for entry in others if entry["outcome"] == "missing"]


def test_check_says_the_same(backprop: Any, solution: tuple[str, ...], tmp_path: Any) -> None:
    released = project.visible_cases("backprop")
    (tmp_path / released.name).write_bytes(released.read_bytes())
    path = tmp_path / "backprop.py"
    path.write_text("\n".join(instead(solution, "def dA_dZ(A): ...", f"def db(dZ):\n{STUB}")))
    found = {entry.name: vars(entry) for entry in check.check_file(path, []).exercises}
    for name in ("dA_dZ", "db"):
        assert (found[name]["outcome"], found[name]["message"]) == ("missing", NOT_ATTEMPTED)
    assert found["backward"]["outcome"] == "error"
    assert "not attempted" not in found["backward"]["message"]
