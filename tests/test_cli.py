"""Commands as people type them: what they print, and how they end."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder import cli, project

SOLUTION = project.root() / "solutions" / "backprop" / "backprop.py"
EXERCISE = {
    "name",
    "score",
    "max_score",
    "outcome",
    "message",
    "misconception",
    "follow_through",
    "counterexample",
}


def test_the_document_is_the_one_promised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def dZ_output(A, Y): return Y - A\n")
    assert cli.main(["grade", "backprop", str(SOLUTION), str(wrong), str(tmp_path / "none.ipynb"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"assignment", "version", "submissions"}
    right, flipped, none = document["submissions"]
    assert [entry["submission"] for entry in document["submissions"]] == [
        str(SOLUTION),
        str(wrong),
        str(tmp_path / "none.ipynb"),
    ]
    assert (right["score"], right["max_score"], right["status"], right["message"]) == (100, 100, "graded", None)
    assert all(set(entry) == EXERCISE for entry in right["exercises"] + flipped["exercises"] + none["exercises"])
    shown = next(entry for entry in flipped["exercises"] if entry["name"] == "dZ_output")
    assert shown["outcome"] == "wrong"
    assert shown["misconception"] == "sign-flipped"
    assert set(shown["counterexample"]) == {"arguments", "expected", "got"}
    assert list(shown["counterexample"]["arguments"]) == ["A", "Y"]
    assert (none["status"], none["score"]) == ("unreadable", 0)
    assert "no such file" in none["message"]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["grade", "backpropp", "x.py"], 2, "Did you mean 'backprop'?"),
        (["course", "release", "backprop", "--due", "tomorrowish"], 2, "write it like"),
        (["validate", "nothing"], 2, "there is no assignment 'nothing'"),
    ],
)
def test_a_mistake_gets_one_sentence(
    arguments: list[str], status: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == status
    printed = capsys.readouterr().err
    assert words in printed
    assert len(printed.splitlines()) == 1


def test_grading_a_course_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COURSE", str(tmp_path / "nowhere"))
    assert cli.main(["course", "grade", "backprop"]) == 5
    assert "collect them first" in capsys.readouterr().err


def test_an_unknown_sandbox_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("AUTOGRADER_SANDBOX", "cardboard")
    assert cli.main(["grade", "backprop", str(SOLUTION)]) == 4
    assert "'cardboard'" in capsys.readouterr().err


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom autograder.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'torch', 'hypothesis', 'nbgrader', 'rich', 'nbformat'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_grading_with_drawn_cases_loads_neither_torch_nor_hypothesis() -> None:
    code = (
        "import sys\nfrom autograder.cli import main\n"
        f"main(['grade', 'backprop', {str(SOLUTION)!r}, '--json'])\n"
        "heavy = {'torch', 'hypothesis', 'nbgrader', 'jaxtyping'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_doctor_names_the_sandbox(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor"]) == 0
    assert "Student code runs in" in capsys.readouterr().out


def test_a_weak_sandbox_says_so_in_the_document_and_on_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    for name, weak in (("seccomp", True), ("bubblewrap", False)):
        monkeypatch.setenv("AUTOGRADER_SANDBOX", name)
        if not weak and not shutil.which("bwrap"):
            continue
        assert cli.main(["grade", "backprop", str(path), "--json"]) == 0
        printed = capsys.readouterr()
        assert ("weak sandbox" in json.loads(printed.out).get("warning", "")) is weak
        assert ("weak sandbox" in printed.err) is weak


def test_a_course_command_compiles_no_grammars() -> None:
    """More than a second of each, for checks of web addresses that no notebook has."""
    code = "import sys, autograder.course.grading, nbgrader.api, nbformat\nsys.exit('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
