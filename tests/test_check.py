"""What a student runs: visible cases, judged and worded as in the feedback, with NumPy alone."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat import v4
from playwright.sync_api import Browser

from autograder import cli, project
from autograder.cases import visible
from autograder.cases.model import AssignmentCases
from autograder.judge.diagnosis import Diagnosis
from autograder.outcome import Outcome
from autograder.student.check import check, check_file
from autograder.student.run import StudentFile
from autograder.submission.reading import Submission
from tests.conftest import CHROMIUM, Grade, exercise
from tests.test_browser import Visit, readable

BACKPROP = project.visible_cases("backprop")
WRONG = """import numpy as np

def dZ_output(A, Y):
    print("noise")
    return A - Y

def dW(dZ, A_prev):
    return dZ.T @ A_prev

def db(dZ):
    return dZ.mean(axis=0, keepdims=True)

def dA_dZ(A):
    A *= 1 - A
    return A

def dL_dA(A, Y):
    raise ValueError("no")
"""


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A student's folder: visible cases, no solutions, no hidden tests."""
    (tmp_path / BACKPROP.name).write_bytes(BACKPROP.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(folder: Path, source: str, *asked: str) -> dict[str, dict[str, Any]]:
    (folder / "backprop.py").write_text(source)
    return {entry.name: vars(entry) for entry in check_file(folder / "backprop.py", list(asked)).exercises}


def dW(dZ: Any, A_prev: Any) -> Any:
    return dZ.T @ A_prev


def dZ_output(A: Any, Y: Any) -> Any:
    np.random.seed(3)
    return A - Y


# --- with NumPy alone

ALONE = """
import importlib.abc, sys
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in {*sys.stdlib_module_names, "numpy", "autograder"}:
            raise ModuleNotFoundError(f"{name} is refused", name=name)
sys.meta_path.insert(0, Refuse())
"""


def test_all_of_it_needs_numpy_alone(folder: Path) -> None:
    (folder / "wrong.py").write_text(WRONG)
    code = (
        f"{ALONE}from autograder import check, cli\n{WRONG}\nprint(check(dW)._repr_html_())\nprint(check())\n"
        "sys.exit(cli.main(['check', 'wrong.py']))"
    )
    environment = {**os.environ, "PYTHONPATH": str(project.root()), "AUTOGRADER_ROOT": str(folder)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.count("the mean over the examples is missing") == 5  # a script prints what it checks, too


def test_the_process_that_runs_the_file_needs_numpy_alone(folder: Path) -> None:
    asked = {"names": ["dZ_output"], "given": [], "whole": False}
    request = {"cells": [WRONG], "cases": str(folder / BACKPROP.name), **asked}
    code = f"{ALONE}from autograder.student.child import main\nmain()"
    environment = {**os.environ, "PYTHONPATH": str(project.root())}
    command, given = [sys.executable, "-c", code], json.dumps(request)
    done = subprocess.run(command, env=environment, input=given, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert [json.loads(line).get("name") for line in done.stdout.splitlines()] == [None, "dZ_output"]


def test_importing_the_package_loads_nothing() -> None:
    code = "import sys, autograder; sys.exit('numpy' in sys.modules or 'autograder.student' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=project.root(), check=False).returncode == 0


def test_other_commands_say_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "_COURSE", ("numpy", "no_such_module"))
    assert cli.main(["grade", "backprop", "x.py"]) == 2
    printed = capsys.readouterr().err
    assert len(printed.splitlines()) == 1
    assert "needs no_such_module" in printed


# --- what it says


@pytest.mark.parametrize("name", project.assignments())
def test_solutions_are_right_and_stubs_are_not_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRADER_ASSIGNMENTS", str(project.visible_cases(name).parent))
    found = check_file(project.notebook(name), [])
    assert found, found.text()
    assert {entry.outcome for entry in found.exercises} <= {"correct", "runs", "later"}
    stub = check_file(project.visible_cases(name).with_name(f"{name}.ipynb"), [])
    assert not stub
    states = {entry.name: (entry.outcome, entry.message) for entry in stub.exercises}
    states.pop("train_digits", None)  # its one case is too large to be visible
    assert set(states.values()) == {("missing", "not attempted yet")}


def test_a_message_is_the_one_of_the_feedback(folder: Path, grade: Grade) -> None:
    found, graded = checked(folder, WRONG), grade([WRONG])
    assert found["dZ_output"]["outcome"] == exercise(graded, "dZ_output")["outcome"] == "correct"
    assert found["dW"]["message"] == "your result is N times too large: the mean over the examples is missing"
    assert "changes its argument" in found["dA_dZ"]["message"]
    place = 'line 18: `raise ValueError("no")`)'
    assert found["dL_dA"]["message"] == f"raises ValueError: no ({place}"
    assert exercise(graded, "dL_dA")["message"] == f"raises ValueError: no (cell 1, {place}"
    assert found["bce"]["message"] == exercise(graded, "bce")["message"]
    shown = found["db"]["counterexample"]
    assert shown.call.startswith("db(np.array([[")
    assert found["db"]["message"].endswith("yours has (1, n_l) = (1, 3): transposed?")


@pytest.mark.parametrize(
    ("source", "outcome", "words"),
    [
        ("def dW(dZ, A_prev): raise NotImplementedError", "missing", "not attempted yet"),
        ("def dw(dZ, A_prev): return 1", "missing", "is it your `dw`?"),
        ("def dW(dZ, A_prev): return undefined", "error", "raises NameError"),
        ("def dW(dZ, A_prev): raise SystemExit", "error", "raises SystemExit"),
        ("def dW(dZ, A_prev): pass", "missing", "not attempted yet"),
        ("def dW(dZ, A_prev): dZ.T @ A_prev", "wrong", "is a `return` missing?"),
        ("def dW(dZ, A_prev): return object()", "error", "an object of type object"),
        ("import hypothesis\ndef dW(dZ, A_prev): return hypothesis", "forbidden", "needs hypothesis"),
        ("def dW(dZ, A_prev): import os; os._exit(0)", "crashed", "exit"),
        ("def dW(dZ, A_prev)\n    return 1", "error", "could not be defined"),
        ("n = [0]\ndef dW(dZ, A_prev): n[0] += 1; return dZ.T @ A_prev / len(dZ) + (n[0] > 3)", "wrong", "second time"),
    ],
)
def test_every_way_to_fail_ends_in_a_sentence(folder: Path, source: str, outcome: str, words: str) -> None:
    found = checked(folder, source, "dW")["dW"]
    assert found["outcome"] == outcome
    assert words in found["message"]


def test_a_few_cases_are_not_called_a_rule(folder: Path, grade: Grade) -> None:
    source = "def dW(dZ, A_prev): return dZ.T @ A_prev / len(dZ) + (len(dZ) > 1)"
    assert "right for N = 1" in exercise(grade([source]), "dW")["message"]
    assert checked(folder, source, "dW")["dW"]["message"].startswith("expected")


def test_one_that_never_ends_or_dies_costs_only_itself(folder: Path) -> None:
    source = WRONG.replace('print("noise")', "while True: pass") + "\ndef bce(A, Y):\n    import os\n    os._exit(1)\n"
    own = StudentFile(Submission.of("a", [source]), BACKPROP, seconds=3)
    found = dict(own.answers(["bce", "dZ_output", "dW"]))
    assert found["bce"] == Diagnosis(
        Outcome.CRASHED, "the process that ran it ended: exit, or a crash in compiled code?"
    )
    assert found["dZ_output"] == Diagnosis(Outcome.TIMEOUT, "took more than 3 seconds: an endless loop?")
    assert not isinstance(found["dW"], Diagnosis)


def test_a_composite_names_what_it_builds_on(folder: Path) -> None:
    source = WRONG + (
        "\ndef backward(X, Y, W1, b1, W2, b2):\n    A = X @ W1.T + b1.T\n"
        "    return dW(A, X), db(A).T, dW(A @ W2.T + b2.T - Y, A), b2\n"
    )
    assert "(mend `dA_dZ`, `dW`, `db` first, on which this builds)" in checked(folder, source)["backward"]["message"]


def test_where_many_results_are_right_it_runs_and_what_is_judged_later_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOGRADER_ASSIGNMENTS", str(project.visible_cases("training").parent))
    (folder / "a.py").write_text("def initialize(layer_sizes, seed):\n    return 7\n")
    found = check_file(folder / "a.py", ["initialize"])
    assert [entry.outcome for entry in found.exercises] == ["runs"]
    assert "0 of 1 right on the visible cases, 1 judged only when handed in" in found.text()
    assert "✓" not in found.text()
    assert "cannot tell" in found.text()
    assert "when you hand it in" in found.text()
    (folder / "a.py").write_text("def initialize(layer_sizes, seed):\n    pass\n")
    failed = check_file(folder / "a.py", ["initialize"])
    assert "return" in failed.text()
    assert "expected" not in failed.text()


# --- in a notebook


def test_a_function_is_checked_in_place_and_nothing_else_is_touched(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)  # where values show themselves
    random.seed(1)
    np.random.seed(1)
    due = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index]
    found = check(dZ_output)
    assert found
    assert (random.getstate(), np.random.get_state()[1].tolist()) == due  # type: ignore[index]
    assert capsys.readouterr().out == ""
    assert not check(dW)
    assert "the mean over the examples is missing" in repr(check(dW))
    assert [entry.name for entry in check("dW", dZ_output).exercises] == ["dZ_output", "dW"]  # type: ignore[union-attr]


def test_without_arguments_all_that_the_caller_has_is_checked() -> None:
    text = repr(check())
    assert text.startswith("backprop, 1 of 11 right")
    assert "not defined: bce" in text


def test_a_class_stands_for_its_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRADER_ASSIGNMENTS", str(project.root() / "assignments" / "autodiff"))

    class Tensor:
        def __init__(self, data: Any, requires_grad: bool = False) -> None:
            self.data, self.grad, self.requires_grad = np.asarray(data, dtype=float), None, requires_grad
            self.shape = self.data.shape

    found = check(Tensor)
    assert [entry.name for entry in found.exercises if entry.right] == ["Tensor"]  # type: ignore[union-attr]
    assert len(found.exercises) == 20  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("asked", "options", "words"),
    [
        (["dl_da"], {}, "did you mean 'dL_dA'?"),
        ([3], {}, "give check a function"),
        ([lambda dZ: dZ], {}, "give check a function"),
        ([np.ones(2)], {}, "give check a function"),
        ([[dW]], {}, "give check a function"),
        ([np.sum], {}, "no exercise 'sum'; there are: "),
        ([dW], {"assignment": 5}, "by its name"),
        ([dW], {"assignment": "gone.cases.json"}, "cannot be read"),
        ([dW], {"assignment": "backpropp"}, "did you mean 'backprop'?"),
        ([dW], {"assignment": "broken.cases.json"}, "fetch the assignment again"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(
    folder: Path, asked: list[Any], options: dict[str, str], words: str
) -> None:
    (folder / "broken.txt").write_text("[]")
    (folder / "broken.txt").rename(folder / "broken.cases.json") if "assignment" in options else None
    found = check(*asked, **options)
    assert not found
    assert words in repr(found)


def test_a_function_is_known_by_the_name_that_it_is_bound_to() -> None:
    """A decorator that forgets the name of what it wraps, a lambda, a partial: all of them run in Jupyter."""
    names = ("bce", "dL_dA", "dA_dZ")
    source = """
import functools
from autograder import check
def timed(function):
    def wrapper(*arguments):
        return function(*arguments)
    return wrapper
dA_dZ = timed(lambda A: A * (1 - A))
bce = lambda A, Y: 0.0
dL_dA = functools.partial(lambda factor, A, Y: factor * A, 2)
found = [check(dA_dZ), check(bce), check(dL_dA)]
"""
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    assert [entry.name for found in namespace["found"] for entry in found.exercises] == [*names[2:], *names[:2]]
    assert [bool(found) for found in namespace["found"]] == [True, False, False]


def test_a_function_that_asks_for_input_is_told_so_and_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(prompt: object = "") -> str:
        pytest.fail("somebody was asked")

    monkeypatch.setattr("builtins.input", never)

    def dA_dZ(A: Any) -> Any:
        return A * float(input("the factor? "))

    assert "remove `input()`" in repr(check(dA_dZ))
    assert input is never


def test_what_is_interrupted_is_told_in_one_sentence() -> None:
    def dW(dZ: Any, A_prev: Any) -> Any:
        raise KeyboardInterrupt  # as when it does not end

    with pytest.raises(KeyboardInterrupt) as stopped:
        check(dW)
    shown = stopped.value._render_traceback_()  # type: ignore[attr-defined]
    assert shown == ["check: stopped while `dW` was running: an endless loop?"]


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_in_a_script_it_is_printed(folder: Path, encoding: str) -> None:
    lines = "from autograder import check\ndef dW(dZ, A_prev): return dZ.T @ A_prev\ncheck(dW)\ncheck('dw')\n"
    (folder / "script.py").write_text(lines)
    environment = {**os.environ, "PYTHONPATH": str(project.root()), "PYTHONIOENCODING": encoding}
    command = [sys.executable, "script.py"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert {"ascii": "x dW  wrong", "utf-8": "✗ dW  wrong"}[encoding] in done.stdout
    assert "did you mean 'dW'?" in done.stdout


def test_no_cases_or_several_are_said(folder: Path) -> None:
    (folder / BACKPROP.name).rename(folder / "away")
    assert "there are no visible cases" in repr(check(dW))
    for name in ("forward", "activations", "backprop"):
        path = project.visible_cases(name)
        (folder / path.name).write_bytes(path.read_bytes())
    assert check(dZ_output)
    assert check("dZ_output", assignment="backprop")


def test_in_a_real_notebook_and_on_a_page(folder: Path) -> None:
    sources = (WRONG, "from autograder import check\ncheck(dW)", "check()")
    notebook = v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources])
    os.environ["PYTHONPATH"], before = str(project.root()), os.environ.get("PYTHONPATH")
    try:
        NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}).execute()
    finally:
        os.environ.pop("PYTHONPATH")
        os.environ.update({"PYTHONPATH": before} if before else {})
    one, all_ = (cell.outputs[0]["data"] for cell in notebook.cells[1:])
    assert "the mean over the examples is missing" in one["text/html"]
    assert all_["text/plain"].startswith("backprop, 1 of 11 right")
    nbformat.validate(notebook)


def test_what_it_shows_is_escaped(folder: Path) -> None:
    attack = '<script>alert(1)</script>\x1b[31m"><img src=x onerror=alert(1)>'
    source = f"def dW(dZ, A_prev): raise ValueError({attack!r})\ndef db(dZ): return {attack!r}\n"
    (folder / "a.py").write_text(source)
    found = check_file(folder / "a.py", ["dW", "db"])
    page = found._repr_html_()
    assert "<script" not in page
    assert "<img" not in page
    assert "\x1b" not in page + found.text()


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_page_and_is_accessible(browser: Browser, folder: Path, width: int, scheme: str) -> None:
    (folder / "a.py").write_text(WRONG)
    shown = check_file(folder / "a.py", [])._repr_html_()
    text = (
        '<!DOCTYPE html><html lang="en"><head><title>check</title><style>:root { color-scheme: light dark; }'
        f"body {{ background: Canvas; color: CanvasText; }}</style></head><body><main><h1>Notebook</h1>"
        f"{shown}</main></body></html>"
    )
    (folder / "page.html").write_text(text, encoding="utf-8")
    with Visit(browser, folder / "page.html", width, scheme=scheme) as visit:
        readable(visit, f"check-{width}-{scheme}")


# --- the command


def test_the_command_finds_the_notebook_and_ends_with_a_status(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check"]) == 2
    assert "say which file" in capsys.readouterr().err
    (folder / "backprop.py").write_text(WRONG)
    assert cli.main(["check"]) == 1
    assert "\x1b" not in capsys.readouterr().out
    assert cli.main(["check", "dZ_output"]) == 0
    assert cli.main(["check", "backprop.py", "dZ_output", "--json"]) == 0
    document = json.loads(capsys.readouterr().out.partition("edges.\n")[2])
    assert set(document) == {"assignment", "version", "submissions"}
    (submission,) = document["submissions"]
    assert set(submission) == {"submission", "status", "message", "exercises"}
    assert submission["exercises"] == [
        {"name": "dZ_output", "outcome": "correct", "message": None, "counterexample": None}
    ]
    (folder / "broken.ipynb").write_text("{")
    assert cli.main(["check", "broken.ipynb", "--assignment", "backprop"]) == 1
    assert "not valid JSON" in capsys.readouterr().out
    assert cli.main(["check", "gone.ipynb"]) == 2


@pytest.fixture
def work(folder: Path) -> Path:
    """The folder after some work: the fetched notebook, a module, and what else collects there."""
    (folder / "backprop.ipynb").write_bytes(project.released("backprop").read_bytes())
    (folder / "mine.py").write_text(WRONG)
    (folder / "copy.IPYNB").write_bytes(project.released("backprop").read_bytes())
    (folder / "notes.ipynb.txt").write_text("{}")
    (folder / "new.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    (folder / "empty.ipynb").touch()
    (folder / "forward.ipynb").write_bytes(project.released("forward").read_bytes())
    (folder / "nothing").mkdir()
    return folder


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        ("backprop.ipnyb", 2, "there is no file backprop.ipnyb; did you mean backprop.ipynb?"),
        ("Backprop.ipynb", 2, "did you mean backprop.ipynb?"),
        ("backprop.IPYNB", 2, "did you mean backprop.ipynb?"),
        ("backprop.ipynb.txt", 2, "did you mean backprop.ipynb?"),
        ("backprop", 2, "did you mean backprop.ipynb?"),
        ("miin.py", 2, "did you mean mine.py?"),
        ("./miin.py dW", 2, "did you mean mine.py?"),
        ("zzz.ipynb", 2, "there is no file zzz.ipynb; say which file to check: backprop.ipynb, copy.IPYNB, "),
        ("gone/mine.py", 2, "there is no folder gone"),
        ("nothing", 2, "nothing has no notebook: say which file to check, like `autograder check backprop.ipynb`."),
        ("mine.py backprop.ipynb", 2, "one file at a time: run it for mine.py, then for backprop.ipynb."),
        ("mine.py dw", 2, "there is no exercise 'dw'; did you mean 'dW'?"),
        ("mine.py DB", 2, "did you mean 'db'?"),
        ("mine.py zzz", 2, "there are: backward, "),
        ("mine.py --assignment backpropp", 2, "did you mean 'backprop'?"),
        ("mine.py --jsn", 2, "unrecognized arguments: --jsn; `autograder check --help` tells more."),
        ("copy.IPYNB", 1, "not attempted yet: bce, "),
        (".", 1, "if you have worked on it, save it first"),
        ("new.ipynb", 1, "The file defines none of the exercises of backprop: is it saved, and the right one?"),
        ("forward.ipynb", 1, "The file defines none of the exercises of backprop: is it saved, and the right one?"),
        ("empty.ipynb", 1, "not checked: the file is empty"),
        ("notes.ipynb.txt", 1, "not checked: "),
    ],
)
def test_every_word_that_a_student_may_type_is_understood_or_answered(
    work: Path, words: str, status: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", *words.split()]) == status
    printed = capsys.readouterr()
    assert told in " ".join((printed.err if status == 2 else printed.out).split())
    assert len(printed.err.splitlines()) == (status == 2)


def test_a_folder_is_the_notebook_in_it(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for where, words in (
        (work, ""),
        (work, "."),
        (work, "../{name}/"),
        (work.parent, "{name}"),
        (work / "nothing", "{work}"),
    ):
        monkeypatch.chdir(where)
        assert cli.main(["check", *words.format(name=work.name, work=work).split()]) == 1
        assert "backprop.ipynb: backprop, 0 of 11 right" in capsys.readouterr().out


def test_a_folder_of_assignments_is_looked_through(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inner = folder / "backprop"
    inner.mkdir()
    (folder / BACKPROP.name).rename(inner / BACKPROP.name)
    (inner / "backprop.ipynb").write_bytes(project.released("backprop").read_bytes())
    assert cli.main(["check"]) == 1
    assert capsys.readouterr().out.startswith("backprop/backprop.ipynb: backprop")


@pytest.mark.parametrize(
    "words",
    [
        "mine.py dZ_output dW --json",
        "--json mine.py dZ_output dW",
        "dZ_output --json mine.py dW",
        "dZ_output dW --json mine.py",
        "dZ_output --assignment backprop mine.py --json dW",
    ],
)
def test_options_may_stand_anywhere(work: Path, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", *words.split()]) == 1
    (submission,) = json.loads(capsys.readouterr().out)["submissions"]
    assert submission["submission"] == "mine.py"
    assert [entry["name"] for entry in submission["exercises"]] == ["dZ_output", "dW"]


@pytest.mark.parametrize("asked", [[], ["mine.py"], ["mine.py", "--assignment", "backprop"]])
def test_missing_cases_are_told_with_a_way_out(
    work: Path, asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (work / BACKPROP.name).unlink()
    (work / "forward.ipynb").rename(work / "nothing" / "forward.ipynb")
    for name in ("copy.IPYNB", "new.ipynb", "empty.ipynb"):
        (work / name).unlink()
    assert cli.main(["check", *asked]) == 2
    printed = capsys.readouterr().err
    assert "there are no visible cases in" in printed
    assert "nbgrader fetch_assignment NAME --replace" in printed
    assert "AUTOGRADER" not in printed


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b'"x"', b'{"name": 5}', b"\xff\xfe", b"[" * 100_000])
def test_cases_that_are_no_cases_are_told(work: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    (work / BACKPROP.name).write_bytes(content)
    assert cli.main(["check", "mine.py"]) == 2
    assert "fetch the assignment again" in capsys.readouterr().err


# --- under the rules of grading

RULES = """import numpy as np
factor = float(input("how many? "))

def bce(A, Y):
    return np.loadtxt("data.csv").sum()

def dL_dA(A, Y):
    return len(open(__import__("os").path.abspath("backprop.cases.json")).read())

def dA_dZ(A):
    open("mine.txt", "w").write("x")

def dZ_output(A, Y):
    import socket
    socket.socket()

def dW(dZ, A_prev):
    import subprocess
    return subprocess.run(["true"])

def db(dZ):
    return np.ones(1 << 29).sum()

def dZ_hidden(dZ_next, W_next, A):
    def deep(n):
        return 0 if n == 0 else deep(n - 1)
    return dZ_next @ W_next * A * (1 - A) + deep(2000)

def backward(X, Y, W1, b1, W2, b2):
    return factor * X

def backward_deep(X, Y, parameters):
    return float(input("how many? "))

def dZ_output_for(A, Y, loss, activation):
    __import__("os").remove("mine.py")

def dZ_hidden_for(dZ_next, W_next, Z, activation):
    import hypothesis
"""


def test_what_grading_refuses_is_refused_in_the_same_words(folder: Path, grade: Grade) -> None:
    (folder / "data.csv").write_text("1.0\n")
    (folder / "mine.py").write_text("kept")
    told = {name: (entry["outcome"], entry["message"]) for name, entry in checked(folder, RULES).items()}
    graded = {entry["name"]: (entry["outcome"], entry["message"]) for entry in grade([RULES])["exercises"]}
    assert told == {
        name: (outcome, said and said.replace("(cell 1, ", "(")) for name, (outcome, said) in graded.items()
    }
    assert told["dZ_hidden"] == ("correct", None)
    assert told["db"] == ("memory", "needs more memory than there is")
    for name in ("dA_dZ", "dZ_output", "dW", "dZ_output_for", "dZ_hidden_for"):
        assert told[name][0] == "forbidden"
    for name, line in (("backward", 2), ("backward_deep", 33)):
        asks = "asks for input, and nobody is there to answer when it is graded: remove `input()`"
        assert told[name][0] == "error"
        assert str(told[name][1]).startswith(f"{asks} (line {line}: `")
    assert "none of yours is there when it is graded" in str(told["dL_dA"][1])
    assert (folder / "mine.py").read_text() == "kept"
    assert not (folder / "mine.txt").exists()


MATCH = """def dW(dZ, A_prev):
    match len(dZ):
        case rows:
            return dZ.T @ A_prev / rows


# %%
def db(dZ):
    return dZ.mean(axis=0).reshape(-1, 1)
"""


def test_syntax_that_the_graders_python_does_not_know(folder: Path) -> None:
    file = folder / BACKPROP.name
    assert checked(folder, MATCH)["dW"]["outcome"] == "correct"
    for python, right in (("3.9", False), ("3.10", True), ("4.0", True), ("new", True)):
        file.write_bytes(visible.write(visible.read(BACKPROP), python))
        told = checked(folder, MATCH)
        assert told["db"]["outcome"] == "correct"
        assert (told["dW"]["outcome"] == "correct") is right
        if not right:
            assert "supported in Python 3.10 and greater; it is graded with Python 3.9" in str(told["dW"]["message"])
    file.write_bytes(visible.write(visible.read(BACKPROP), "3.9"))
    again = f"{MATCH}\n\n# %%\ndef dW(dZ, A_prev): return dZ.T @ A_prev / len(dZ)\n"
    assert checked(folder, again)["dW"]["outcome"] == "correct", "what counts is the last definition"


THREADS = """from concurrent.futures import ThreadPoolExecutor

def dW(dZ, A_prev):
    with ThreadPoolExecutor() as pool:
        return pool.submit(lambda: dZ.T @ A_prev / len(dZ)).result()
"""


def test_threads_are_refused_in_the_same_words(folder: Path, grade: Grade) -> None:
    told = checked(folder, THREADS)["dW"]
    graded = exercise(grade([THREADS]), "dW")
    assert told["outcome"] == graded["outcome"] == "forbidden"
    assert told["message"] == graded["message"] == "starts a thread, which is not available here: compute in one"


# --- what is given away


@pytest.mark.parametrize("name", project.assignments())
def test_few_cases_are_given_away_and_nothing_else(name: str) -> None:
    data = json.loads(project.visible_cases(name).read_bytes())
    assert data["reference"] == []
    for entry in visible.read(project.visible_cases(name)).exercises:
        assert entry.mistakes == ()
        assert entry.given == {}
        assert all(case.expected is None for case in entry.cases if not entry.unique)
    assert project.visible_cases(name).stat().st_size < 200_000


def test_at_most_a_quarter_is_visible_and_every_part_is(backprop: AssignmentCases) -> None:
    for entry, whole in zip(visible.visible(backprop).exercises, backprop.exercises, strict=True):
        assert 3 <= len(entry.cases) <= len(whole.cases) / 4
        assert {case.part for case in entry.cases} == {case.part for case in whole.cases}
    few = replace(backprop, exercises=(replace(backprop.exercises[0], cases=backprop.exercises[0].cases[:6]),))
    assert len(visible.visible(few).exercises[0].cases) == 1


def test_the_last_bits_of_another_machine_make_no_difference(backprop: AssignmentCases) -> None:
    mine = visible.visible(backprop)
    first = mine.exercises[0]
    case = first.cases[0]
    other = replace(first, cases=(replace(case, expected=case.expected * (1 + 1e-15)), *first.cases[1:]))
    assert visible.same(mine, replace(mine, exercises=(other, *mine.exercises[1:])))
    wrong = replace(first, cases=(replace(case, expected=case.expected * 1.001), *first.cases[1:]))
    assert not visible.same(mine, replace(mine, exercises=(wrong, *mine.exercises[1:])))
