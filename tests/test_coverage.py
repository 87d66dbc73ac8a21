"""What the cases of an exercise reach, and what becomes of a hole."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autograder import cli, project
from autograder.author.exercise import Exercise, exercises_of
from autograder.author.files import load_module
from autograder.cases.drawing import compile_assignment
from autograder.cases.model import AssignmentCases, Case, ExerciseCases
from autograder.validate import checks, coverage
from autograder.validate.coverage import branches_missed, inputs_reached, reached
from tests.test_authoring import IMPORTS
from tests.test_validate import subject


@pytest.fixture(scope="module")
def written() -> dict[str, Exercise]:
    return {entry.name: entry for entry in exercises_of(load_module(project.hidden_tests("backprop")))}


def of(assignment: AssignmentCases, name: str) -> ExerciseCases:
    return next(entry for entry in assignment.exercises if entry.name == name)


def test_what_is_reached_is_counted(backprop: AssignmentCases, written: dict[str, Exercise]) -> None:
    entry = of(backprop, "dZ_hidden_for")
    found = reached(entry, written[entry.name])
    assert found.cases == len(entry.cases) == sum(found.parts.values())
    assert found.sizes["N"] == (1, 6)
    assert list(found.sizes) == ["N", "n_next", "n_l"]
    ones = sum(len(case.arguments["Z"]) == 1 for case in entry.cases)
    assert found.edges["N = 1"] == ones > 0
    assert found.edges["N > 1"] == len(entry.cases) - ones
    assert found.edges["Z saturated below"] > 0
    assert found.edges["all dimensions equal"] > 0
    assert set(found.parts) == {"sigmoid", "tanh", "relu", "identity"}
    assert found.missing == ()


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        (lambda case: len(case.arguments["A"]) > 1, 'no case reaches "N = 1"'),
        (lambda case: len(case.arguments["A"]) == 1, 'no case reaches "N > 1"'),
        (lambda case: case.arguments["A"].min() > 1e-3, 'no case reaches "A near 0": draw one in inputs=, or give'),
        (lambda case: not (case.arguments["Y"] == 1).all(), 'no case reaches "Y all 1"'),
        (lambda case: len(set(case.arguments["A"].shape)) > 1, 'no case reaches "all dimensions equal"'),
        (lambda case: len(set(case.arguments["A"].shape)) == 1, 'no case reaches "all dimensions different"'),
    ],
)
def test_an_edge_that_no_case_reaches_is_told(
    backprop: AssignmentCases, written: dict[str, Exercise], keep: Callable[[Case], bool], words: str
) -> None:
    entry = of(backprop, "bce")
    few = replace(entry, cases=tuple(filter(keep, entry.cases)))
    assert any(sentence.startswith(words) for sentence in reached(few, written["bce"]).missing)


def test_an_edge_may_be_excused_with_a_reason(backprop: AssignmentCases, written: dict[str, Exercise]) -> None:
    entry = of(backprop, "bce")
    several = replace(entry, cases=tuple(case for case in entry.cases if len(case.arguments["A"]) > 1))
    excused = replace(written["bce"], unreached={"N = 1": "a batch of one is another exercise"})
    assert not any('"N = 1"' in sentence for sentence in reached(several, excused).missing)
    assert '"N = 1" is given as unreached, but is reached: take it out' in reached(entry, excused).missing
    unknown = replace(written["bce"], unreached={"M = 1": "?"})
    assert (
        reached(entry, unknown).missing[0].startswith('"M = 1" is given as unreached, but is none of its edges (N = 1')
    )


def test_a_hole_stops_a_release(backprop: AssignmentCases) -> None:
    first, *others = backprop.exercises
    few = replace(first, cases=tuple(case for case in first.cases if len(case.arguments["A"]) > 1))
    wrong, _ = checks._inputs(subject(replace(backprop, exercises=(few, *others))))
    assert wrong[0].startswith('bce: no case reaches "N = 1"')


NOTEBOOK = """# %% exercise="twice"
import numpy as np
def twice(X):
    ### BEGIN SOLUTION
    if X.size == 1:
        return X + X
    {branch}
    return 2 * X
    ### END SOLUTION
"""
HIDDEN = """
@exercise(points=100)
def twice(X: Real[Tensor, "N n"]) -> Real[Tensor, "N n"]:
    '''Two times X.'''
    return X + X
"""


@pytest.mark.parametrize(
    ("branch", "missed"),
    [
        ("", []),
        ("if X.size == 0:\n        return X", ["no case runs 'return X'"]),
        ("if X.size == 0:\n        return X  # unreached: nothing is promised without examples", []),
        ("if X.size == 0:\n        return X  # unreached: x", ["no case runs 'return X  # unreached: x'"]),
        ("if X.size > 1:\n        X = X + 0", ["no case goes from 'if X.size > 1:' to 'return 2 * X'"]),
        ("for row in X:\n        break", ["no case goes from 'for row in X:' to 'return 2 * X'"]),
    ],
)
def test_a_branch_that_no_case_takes_is_told(tmp_path: Path, branch: str, missed: list[str]) -> None:
    (tmp_path / "hidden.py").write_text(IMPORTS + HIDDEN)
    (tmp_path / "a.py").write_text(NOTEBOOK.format(branch=branch))
    found = branches_missed(compile_assignment("a", tmp_path / "hidden.py", tmp_path / "a.py", 0))
    assert [sentence.partition(": draw a case")[0] for sentence in found] == missed


def test_given_code_may_have_branches_that_no_case_takes(backprop: AssignmentCases) -> None:
    helper = "def helper(x):\n    if x:\n        return 1\n    return 2\n"
    assert branches_missed(replace(backprop, reference=(*backprop.reference, helper))) == []


def test_a_program_is_measured_too() -> None:
    """Numbers in lists and programs have no dimensions, but zeros and ties."""
    features = set(coverage._features({"a": [1.0, (0.0, np.array([2.0, 2.0, -300.0]))], "b": "text", "c": True}))
    assert features == {"zeros", "ties", "negative", "≥ 100"}


def test_it_is_printed(backprop: AssignmentCases, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["coverage", "backprop", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)["backprop"]
    assert document["branches"] == []
    assert [entry["exercise"] for entry in document["exercises"]] == [entry.name for entry in backprop.exercises]
    assert inputs_reached(backprop)[0].cases == document["exercises"][0]["cases"]
    assert cli.main(["coverage", "backprop"]) == 0
    printed = capsys.readouterr().out
    assert all(entry.name in printed for entry in backprop.exercises)
    assert "N 1–6" in printed
