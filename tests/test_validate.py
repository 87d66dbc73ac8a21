"""`validate` passes what may be released, and stops what may not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from autograder import cli, project, validate
from autograder.cases import AssignmentCases
from autograder.course.notebook import source_notebook
from autograder.course.release import student_notebook
from autograder.errors import AuthoringError


@pytest.mark.parametrize("name", project.assignments())
def test_assignments_may_be_released(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.main(["validate", name, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert [check for check in found["checks"] if not check["passed"]] == []
    assert (status, found["valid"]) == (0, True)


def test_a_misconception_that_is_right_is_no_misconception(backprop: AssignmentCases) -> None:
    first, *others = backprop.exercises
    right = replace(
        first.mistakes[0],
        answers=tuple(
            replace(answer, value=case.expected, error=None, changed=())
            for case, answer in zip(first.cases, first.mistakes[0].answers, strict=True)
        ),
    )
    broken = replace(backprop, exercises=(replace(first, mistakes=(right, *first.mistakes[1:])), *others))
    found = validate._misconceptions(broken)
    assert not found.passed
    assert "it is no misconception" in found.detail


def test_two_misconceptions_that_cannot_be_told_apart(backprop: AssignmentCases) -> None:
    first, *others = backprop.exercises
    twin = replace(first.mistakes[0], name="twin")
    broken = replace(backprop, exercises=(replace(first, mistakes=(*first.mistakes, twin)), *others))
    found = validate._misconceptions(broken)
    assert not found.passed
    assert f"twin is named {first.mistakes[0].name}" in found.detail


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("Backpropagation", "Backprop"), "differs from its source"),
        (lambda text: text.replace("Backpropagation", "### BEGIN SOLUTION"), "contains 'BEGIN SOLUTION'"),
        (None, "is missing"),
    ],
)
def test_a_released_notebook_that_is_not_right(change: object, words: str, tmp_path: Path) -> None:
    path = tmp_path / "backprop.ipynb"
    if callable(change):
        path.write_text(change(student_notebook("backprop")))
    found = validate._released("backprop", path, student_notebook)
    assert not found.passed
    assert words in found.detail


def test_a_line_of_a_solution_in_the_released_text_is_found() -> None:
    notebook = "x = 1\n### BEGIN SOLUTION\n    answer = 'dZ.T @ A_prev / len(dZ)'\n### END SOLUTION\n"
    assert validate._answer_in('{"source": ["def f():\\n"]}', notebook) == ""
    assert validate._answer_in('{"source": ["    answer = \'dZ.T @ A_prev / len(dZ)\'\\n"]}', notebook) != ""


def test_figures_travel_inside_the_notebook(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    (folder / "figures").mkdir(parents=True)
    text = (
        "# %% [markdown]\n# ![a net](figures/net.svg)\n\n"
        '# %% exercise="f"\ndef f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n\n'
        '# %% tests="f"\nassert f()\n\n# %% [markdown] written="why" points=1\n# Because.\n'
    )
    (folder / "tiny.py").write_text(text)
    with pytest.raises(AuthoringError, match="which is not there"):
        source_notebook(folder, {"f": 100})
    (folder / "figures" / "net.svg").write_text("<svg/>")
    cell = source_notebook(folder, {"f": 100}).cells[0]
    assert cell.source == "![a net](attachment:net.svg)"
    assert cell.attachments == {"net.svg": {"image/svg+xml": "PHN2Zy8+"}}
