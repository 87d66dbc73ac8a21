"""`autograder new` makes an assignment that validates, and the example on its page works as it stands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from autograder import project
from autograder.author import new
from autograder.errors import UsageError
from autograder.validate import checks
from tests.pages import block


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    ours = {"AUTOGRADER_ROOT": str(root), "PYTHONPATH": str(project.root()), "COURSE": str(root / "course")}
    environment = {**os.environ, **ours, "COLUMNS": "200"}
    command = [sys.executable, "-m", "autograder.cli", *arguments]
    return subprocess.run(
        command, cwd=project.root(), env=environment, capture_output=True, text=True, check=False, timeout=600
    )


def failed(root: Path, name: str) -> Sequence[str]:
    done = run(root, "validate", name, "--json")
    assert done.stderr == ""
    found = json.loads(done.stdout)
    wrong = [f"{check['name']}: {check['detail']}" for check in found["checks"] if not check["passed"]]
    assert done.returncode == (1 if wrong else 0)
    assert len(found["checks"]) == len(checks.CHECKS)
    return wrong


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("project")
    (folder / "solutions").mkdir()
    done = run(folder, "new", "losses")
    assert done.returncode == 0, done.stderr
    assert str(folder / "assignments" / "losses" / "losses.ipynb") in done.stdout
    return folder


def test_a_new_assignment_validates_at_once(root: Path) -> None:
    assert failed(root, "losses") == []


def test_its_students_get_no_solution(root: Path) -> None:
    text = (root / "assignments" / "losses" / "losses.ipynb").read_text(encoding="utf-8")
    assert "def center(X):" in text
    assert "X.mean(axis=0)" not in text
    assert "model answer" not in text


def test_a_name_that_is_taken(root: Path) -> None:
    done = run(root, "new", "losses")
    assert done.returncode == 2
    assert "is there already: give another name, or remove it first." in done.stderr


@pytest.mark.parametrize("name", ["", "Losses", "my-losses", "../losses", "2d", "class", "a b", "x" * 41])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name an assignment: give a word of small letters"):
        new.create(name)


def test_the_new_exercise_on_its_page_works(root: Path, tmp_path: Path) -> None:
    lines = (block("new-hidden") + block("new-notebook") + block("new-equivalent")).splitlines()
    assert len(lines) < 30
    assert run(tmp_path, "new", "losses").returncode == 0
    folder = tmp_path / "solutions" / "losses"
    for name, more in (("hidden.py", "new-hidden"), ("losses.py", "new-notebook")):
        text = (folder / name).read_text(encoding="utf-8").replace("points=100", "points=40")
        (folder / name).write_text(f"{text}\n\n{block(more)}", encoding="utf-8")
    (told,) = failed(tmp_path, "losses")
    assert "'dZ_mse: A - Y → (Y - A)'" in told
    (tmp_path / "solutions" / "equivalent.toml").write_text(block("new-equivalent"), encoding="utf-8")
    assert failed(tmp_path, "losses") == []
    released = run(tmp_path, "course", "release", "losses")
    assert released.returncode == 0
    assert "mutants" not in released.stdout, "they have been judged"

    hidden = (folder / "hidden.py").read_text(encoding="utf-8")
    head, tail = hidden.split("def dZ_mse")
    typo = head + "def dZ_mse" + tail.replace('-> Real[Tensor, "N n"]', '-> Real[Tensor, "N n_l"]')
    assert typo != hidden
    (folder / "hidden.py").write_text(typo, encoding="utf-8")
    assert run(tmp_path, "coverage", "losses").stderr == block("new-mistake")
