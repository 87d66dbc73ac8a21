"""`validate` passes what may be released, and stops what may not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder import cli, project
from autograder.cases import store
from autograder.cases.model import Answer, AssignmentCases, KnownMistake
from autograder.course.release import student_notebook
from autograder.sandbox.launcher import choose
from autograder.validate import checks, mutants, released
from autograder.validate.draft import Draft, drawn_apart


@pytest.mark.parametrize("name", project.assignments())
def test_assignments_may_be_released(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.main(["validate", name, "--published", "--json"])
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
    ("instead", "words"),
    [
        ("### BEGIN SOLUTION", "contains 'BEGIN SOLUTION'"),
        ("mean_of_rows_missing", "contains 'mean_of_rows_missing'"),
        (HINT, f"contains {HINT!r}"),
        ("return dZ.mean(axis=0).reshape(-1, 1)", "a line of a solution"),
    ],
)
def test_a_notebook_that_tells_too_much(backprop: AssignmentCases, made: str, instead: str, words: str) -> None:
    assert list(released.leaks(backprop, made)) == []
    assert words in "; ".join(released.leaks(backprop, made.replace("Backpropagation", instead)))


CASES = "backprop.cases.json"


def changing(change: Callable[[Any], object]) -> Callable[[Path], object]:
    """A change to the visible cases in a folder."""

    def changed(folder: Path) -> None:
        data = json.loads((folder / CASES).read_bytes())
        change(data)
        (folder / CASES).write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    return changed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "backprop.ipynb").unlink(), ["backprop.ipynb is missing"]),
        (lambda folder: (folder / "backprop.ipynb").write_text("{}"), ["backprop.ipynb differs from its source"]),
        (lambda folder: (folder / CASES).unlink(), ["cases.json is missing or cannot be read"]),
        (lambda folder: (folder / CASES).write_text("{"), ["cases.json is missing or cannot be read"]),
        (changing(lambda data: data.pop("name")), ["cases.json is missing or cannot be read"]),
        (changing(lambda data: data.update(solutions="…")), ["there is something else in"]),
        (changing(lambda data: data["exercises"][0]["cases"].pop()), ["cases.json differs from the hidden tests"]),
        (changing(lambda data: data["exercises"][0].update(summary="?")), ["cases.json differs from the hidden tests"]),
        (lambda folder: None, []),
    ],
)
def test_what_is_published_is_what_would_be_released_now(
    backprop: AssignmentCases,
    made: str,
    change: Callable[[Path], object],
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = shutil.copytree(project.released("backprop").parent, tmp_path / "backprop")
    monkeypatch.setattr(project, "released", lambda name: folder / f"{name}.ipynb")
    change(folder)
    told = list(released.outdated(backprop, made))
    assert len(told) == len(words)
    assert all(word in sentence for word, sentence in zip(words, told, strict=True))
    assert all("course release backprop` writes it anew" in sentence for sentence in told)


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


# --- an assignment that is not finished

HIDDEN = """
from torch import Tensor
from autograder.author.domains import Real
from autograder.author.exercise import exercise

@exercise(points=60)
def twice(X: Real[Tensor, "N n"]) -> Real[Tensor, "N n"]:
    '''Two times X.'''
    return 2 * X

@twice.misconception(hint="h")
def thrice(X):
    return 3 * X

@twice.misconception(hint="i")
def once(X):
    return X

@exercise(points=60)
def half(X: Real[Tensor, "N n"]) -> Real[Tensor, "N n"]:
    '''Half of X.'''
    return X / 2

@exercise(points=20)
def negative(X: Real[Tensor, "N n"]) -> Real[Tensor, "N n"]:
    '''Minus X.'''
    return -X
"""
SOLUTIONS = """
# %% exercise="twice"
def twice(X):
    ### BEGIN SOLUTION
    return 2 * X
    ### END SOLUTION

# %% tests="twice"
assert twice(1) == 2

# %% exercise="half"
def half(X):
    ### BEGIN SOLUTION
    return X / 3
    ### END SOLUTION

# %% tests="half"
assert half(2) == 1
"""


def typed(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    ours = {"AUTOGRADER_ROOT": str(root), "PYTHONPATH": str(project.root()), "COURSE": str(root / "course")}
    command = [sys.executable, "-m", "autograder.cli", *words]
    return subprocess.run(command, env={**os.environ, **ours}, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root: Path = tmp_path_factory.mktemp("unfinished")
    folder = root / "solutions" / "scales"
    folder.mkdir(parents=True)
    (folder / "hidden.py").write_text(HIDDEN, encoding="utf-8")
    (folder / "scales.py").write_text(SOLUTIONS, encoding="utf-8")
    return root


def test_all_that_is_missing_is_told_at_once(unfinished: Path) -> None:
    done = typed(unfinished, "validate", "scales", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    found = json.loads(done.stdout)
    assert not found["valid"]
    details = {check["name"]: check["detail"] for check in found["checks"]}
    assert list(details) == list(checks.CHECKS)
    drawn = details["cases are drawn, references agree"]
    assert "the points of the exercises add up to 140, not 100" in drawn
    assert "half: the references disagree" in drawn
    assert "negative: the notebook has no NumPy reference of this name" in drawn
    few = details["misconceptions lose and are named"]
    assert few == "half has 0 misconceptions; write at least 2; negative has 0 misconceptions; write at least 2"
    assert "there is no cell for exercise 'negative'" in details["notebook is valid for nbgrader"]
    assert details["mutants lose"].startswith("not examined yet")
    assert not [check for check in found["checks"] if check["passed"]]
    assert not (unfinished / "assignments").exists(), "nothing was published"


def test_it_is_not_released(unfinished: Path) -> None:
    done = typed(unfinished, "course", "release", "scales")
    assert done.returncode == 3
    assert "add up to 140, not 100" in done.stdout
    assert done.stderr == (
        "autograder: scales is not released: the checks above fail. Put that right and release it again.\n"
    )
    assert not (unfinished / "course").exists()


def test_what_is_no_python_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "hidden.py").write_text("def (")
    found = drawn_apart("scales", tmp_path / "hidden.py", tmp_path / "scales.py")
    assert [problem.partition(": ")[2][:22] for problem in found.problems] == [
        "cannot be imported: Sy",
        "there is no instructor",
    ]
    assert found.undrawn == {}
    wrong = [check for check in checks.run(of_draft(found), checks.CHECKS) if not check.passed]
    assert len(wrong) == len(checks.CHECKS)


def of_draft(found: Draft) -> checks.Subject:
    return checks.Subject(found.assignment, choose(), str, found.problems, found.undrawn)


def test_what_an_author_raises_is_a_finding(tmp_path: Path) -> None:
    relation = "\n@twice.relation\ndef odd(result, X):\n    return 1 / 0\n"
    (tmp_path / "hidden.py").write_text(HIDDEN + relation, encoding="utf-8")
    (tmp_path / "scales.py").write_text(SOLUTIONS.replace("X / 3", "X / 2"), encoding="utf-8")
    found = drawn_apart("scales", tmp_path / "hidden.py", tmp_path / "scales.py")
    assert "twice: ZeroDivisionError: division by zero." in found.problems
    assert [entry.name for entry in found.assignment.exercises] == ["half"]
    assert found.undrawn == {"twice": 2, "negative": 0}


def test_a_release_without_enough_misconceptions_must_be_asked_for(tmp_path: Path) -> None:
    assert typed(tmp_path, "new", "losses").returncode == 0
    hidden = tmp_path / "solutions" / "losses" / "hidden.py"
    text = hidden.read_text(encoding="utf-8")
    hidden.write_text(text[: text.index("@center.misconception")], encoding="utf-8")
    refused = typed(tmp_path, "course", "release", "losses")
    assert refused.returncode == 3
    assert "center has 0 misconceptions; write at least 2" in refused.stdout
    assert refused.stderr.endswith("course release losses --unvalidated\n")
    assert not (tmp_path / "exchange").exists()
    released_now = typed(tmp_path, "course", "release", "losses", "--unvalidated")
    assert released_now.returncode == 0, released_now.stderr
    assert "It was not validated; when there are some minutes: " in released_now.stdout
    assert (tmp_path / "exchange").exists()


# --- what passed is remembered


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The checks that are run, as they are run; "bad" fails the last of two."""
    runs: list[str] = []

    def check_of(title: str) -> checks.Examine:
        def examine(subject: checks.Subject) -> checks.Seen:
            name = subject.assignment.name
            runs.append(f"{name} {title}")
            return (["wrong"] if (name, title) == ("bad", "slow") else []), "seen"

        return examine

    monkeypatch.setattr(checks, "CHECKS", {title: check_of(title) for title in ("quick", "slow")})
    monkeypatch.setattr(checks, "load", lambda name: AssignmentCases(name, 0, "", (), ()))
    monkeypatch.setattr(project, "cache_dir", lambda: tmp_path)
    return runs


def test_what_passed_is_not_checked_again_until_something_changes(
    examined: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {"good": "1", "bad": "1"}
    monkeypatch.setattr(project, "assignment_key", lambda name: key[name])
    seen: list[checks.Check] = []

    def run(force: bool = False) -> list[checks.Check]:
        examined.clear()
        return checks.validate(["good", "bad"], choose(), str, seen.append, force, checks.CHECKS)

    first = run()
    assert examined == ["good quick", "good slow", "bad quick", "bad slow"]
    assert run() == first
    assert examined == ["bad slow"]
    assert seen == [*first, *first]
    key["good"] = "2"
    run()
    assert examined == ["good quick", "good slow", "bad slow"]
    run(force=True)
    assert len(examined) == 4


def test_what_passed_before_a_release_is_not_checked_again_afterwards(
    examined: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "assignment_key", lambda name: "1")
    quick = {"quick": checks.CHECKS["quick"]}
    checks.validate(["good"], choose(), str, examined=quick)
    assert checks.unseen("good", choose()) == ["slow"]
    checks.validate(["good"], choose(), str, examined=checks.CHECKS)
    assert examined == ["good quick", "good slow"]
    assert checks.unseen("good", choose()) == []


def test_a_figure_that_changes_is_a_change(
    examined: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(project, "assignment_key", lambda name: "1")
    monkeypatch.setattr(project, "root", lambda: tmp_path)
    figures = tmp_path / "solutions" / "good" / "figures"
    figures.mkdir(parents=True)
    for content in (b"a", b"a", b"b"):
        (figures / "a.png").write_bytes(content)
        checks.validate(["good"], choose(), str, examined=checks.CHECKS)
    assert examined == ["good quick", "good slow"] * 2


# --- reasons given for mutants that are right


def wrong_reasons(
    assignment: AssignmentCases, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[str], list[checks.Check]]:
    (tmp_path / "solutions").symlink_to(project.root() / "solutions")
    monkeypatch.setattr(mutants, "listed", lambda: tomllib.loads(text))
    return checks._reasons(subject(assignment))[0], list(checks.strange_tables())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[backprop]\n"db: 1 → (2)" = "right"\n', None),
        ('[backprop]\n"db: 1 -> (2)" = "right"\n', "'db: 1 -> (2)', which is no mutant; did you mean 'db: 1 → (2)'?"),
        ('[backprop]\n"db: 1 → (2)" = ""\n', "[backprop] gives no reason for 'db: 1 → (2)'; write one"),
        ('[backprop]\n"db: 1 → (2)" = 3\n', "[backprop] gives no reason for 'db: 1 → (2)'; write one"),
        ('[backprop]\n"~~~~~~~~" = "right"\n', "which is no mutant; take it out"),
        ('[backprop.torhc]\n"a" = "right"\n', "there is no table [backprop.torhc]; did you mean 'torch'?"),
        ('[backprop.torch]\n"db: 5 → (6)" = "right"\n', "[backprop.torch] has 'db: 5 → (6)', which is no mutant;"),
        ('[backprop]\ntorch = "right"\n', "[backprop] and [backprop.torch] are tables of changes and reasons"),
        ('backprop = "right"\n', "[backprop] and [backprop.torch] are tables of changes and reasons"),
    ],
)
def test_what_is_listed_is_a_mutant_with_a_reason(
    backprop: AssignmentCases, text: str, told: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong, strange = wrong_reasons(backprop, text, tmp_path, monkeypatch)
    assert len(wrong) == (told is not None)
    assert told is None or told in wrong[0]
    assert strange == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[lossess]\n"a" = "b"\n', "there is no assignment 'lossess'; did you mean 'losses'?"),
        ('[xyz]\n"a" = "b"\n', "there is no assignment 'xyz'; take it out"),
        ("[losses\n", "equivalent.toml: cannot be read"),
        ("[losses]\n", None),
        ("", None),
    ],
)
def test_a_table_for_no_assignment_is_a_finding(
    text: str,
    told: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "solutions" / "losses").mkdir(parents=True)
    (tmp_path / "solutions" / "losses" / "hidden.py").touch()
    (tmp_path / "solutions" / "equivalent.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(project, "root", lambda: tmp_path)
    monkeypatch.setattr(checks, "validate", lambda *given: [])
    assert cli.main(["validate", "losses", "--json"]) == (told is not None)
    found = json.loads(capsys.readouterr().out)["checks"]
    assert [check["assignment"] for check in found] == (["solutions/equivalent.toml"] if told else [])
    assert all(told is not None and told in check["detail"] for check in found)
