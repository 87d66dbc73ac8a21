"""`validate` passes what may be released, and stops what may not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from autograder import cli, project
from autograder.cases import store
from autograder.cases.model import Answer, AssignmentCases, KnownMistake
from autograder.course.release import student_notebook
from autograder.sandbox.launcher import choose
from autograder.validate import checks, released


@pytest.mark.parametrize("name", project.assignments())
def test_assignments_may_be_released(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.main(["validate", name, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert [check for check in found["checks"] if not check["passed"]] == []
    assert (status, found["valid"]) == (0, True)


def subject(assignment: AssignmentCases, made: str = "") -> checks.Subject:
    return checks.Subject(assignment, choose(), lambda name: made)


def test_a_misconception_that_is_right_is_no_misconception(backprop: AssignmentCases) -> None:
    first, *others = backprop.exercises
    right = KnownMistake.of(first.mistakes[0].name, "a hint", [Answer(case.expected) for case in first.cases])
    broken = replace(backprop, exercises=(replace(first, mistakes=(right, *first.mistakes[1:])), *others))
    wrong, _ = checks._misconceptions(subject(broken))
    assert f"{first.name}: {right.name} is right on every case, it is no misconception: remove it, or" in wrong[0]


def test_two_misconceptions_that_cannot_be_told_apart(backprop: AssignmentCases) -> None:
    first, *others = backprop.exercises
    twin = replace(first.mistakes[0], name="twin")
    broken = replace(backprop, exercises=(replace(first, mistakes=(*first.mistakes, twin)), *others))
    wrong, _ = checks._misconceptions(subject(broken))
    assert f"twin is named {first.mistakes[0].name}: remove one of both" in wrong[0]


def test_an_exercise_needs_misconceptions(backprop: AssignmentCases) -> None:
    first, *others = backprop.exercises
    bare = replace(backprop, exercises=(replace(first, mistakes=first.mistakes[:1]), *others))
    assert checks._misconceptions(subject(bare))[0] == ["bce has 1 misconceptions; write at least 2"]


def test_this_course_has_at_least_four_for_each_exercise() -> None:
    for name in project.assignments():
        for entry in store.load(name).exercises:
            assert len(entry.mistakes) >= 4, f"{name}: {entry.name}"


HINT = "the rows of ∂_Z are added up; the loss is a mean over the N examples, so the 1/N is still to come."


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("Backpropagation", "Backprop"), "differs from its source"),
        (lambda text: text.replace("Backpropagation", "### BEGIN SOLUTION"), "contains 'BEGIN SOLUTION'"),
        (lambda text: text.replace("Backpropagation", "mean_of_rows_missing"), "contains 'mean_of_rows_missing'"),
        (lambda text: text.replace("Backpropagation", HINT), f"contains {HINT!r}"),
        (lambda text: text.replace("Backpropagation", "return dZ.mean(axis=0).reshape(-1, 1)"), "a line of a solution"),
        (None, "is missing"),
    ],
)
def test_a_released_notebook_that_is_not_right(
    backprop: AssignmentCases, made: str, change: object, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "backprop.ipynb"
    monkeypatch.setattr(project, "released", lambda name: path)
    if callable(change):
        path.write_text(change(made))
    assert words in "; ".join(released.problems(backprop, made))


@pytest.fixture(scope="module")
def made() -> str:
    return student_notebook("backprop")


def test_a_line_of_a_solution_in_the_released_text_is_found() -> None:
    notebook = "x = 1\n### BEGIN SOLUTION\n    answer = 'dZ.T @ A_prev / len(dZ)'\n### END SOLUTION\n"
    assert released.answer_in('{"source": ["def f():\\n"]}', notebook) == ""
    assert released.answer_in('{"source": ["    answer = \'dZ.T @ A_prev / len(dZ)\'\\n"]}', notebook) != ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: "{", "no valid notebook"),
        (lambda text: text.replace('"cell_type": "markdown"', '"cell_type": "prose"', 1), "no valid notebook"),
        (lambda text: text.replace('"grade_id": "bce"', '"grade_id": "dW"', 1), "no valid notebook"),
        (lambda text: text.replace('"schema_version": 3', '"schema_version": 1', 1), "no valid notebook"),
        (lambda text: text.replace('"points": 12', '"points": 2', 1), "add up to 90, not 100"),
    ],
)
def test_a_notebook_that_nbgrader_would_not_take(
    backprop: AssignmentCases, made: str, change: Callable[[str], str], words: str
) -> None:
    assert change(made) != made
    (check,) = [check for check in checks_of(backprop, change(made)) if check.name == "notebook is valid for nbgrader"]
    assert not check.passed
    assert words in check.detail


def checks_of(assignment: AssignmentCases, made: str) -> list[checks.Check]:
    titles = {"notebook is valid for nbgrader": checks.CHECKS["notebook is valid for nbgrader"]}
    return list(checks.run(subject(assignment, made), titles))


def test_the_notebook_in_use_is_valid(backprop: AssignmentCases, made: str) -> None:
    (check,) = checks_of(backprop, made)
    assert check.passed
    assert "11 tests, 100 points, 1 written with a model answer" in check.detail
