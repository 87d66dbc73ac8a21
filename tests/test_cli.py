"""Commands as people type them: what they print, and how they end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import psutil
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


# --- the terminal that it is typed in

COMMAND = [sys.executable, "-m", "autograder.cli"]
WRONG = "def dZ_output(A, Y): return Y - A\n"


@pytest.fixture
def student(tmp_path: Path) -> Path:
    """A folder with visible cases and a wrong module, whose name not every encoding has."""
    cases = project.visible_cases("backprop")
    (tmp_path / cases.name).write_bytes(cases.read_bytes())
    (tmp_path / "σ.py").write_text(WRONG)
    return tmp_path


def typed(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """What a command does in a folder; without an encoding of ours in the environment."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONIOENCODING", "PYTHONUTF8")}
    given = {**inherited, "PYTHONPATH": str(project.root()), "AUTOGRADER_ROOT": str(project.root()), **environment}
    return subprocess.run([*COMMAND, *words], cwd=folder, env=given, capture_output=True, check=False)


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "cp1252"},
        {"PYTHONIOENCODING": "cp437:strict"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"TERM": "dumb", "LANG": "C"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("words", "status", "stream", "told"),
    [
        (["check", "σ.py", "dZ_output"], 1, "stdout", "your result has the opposite sign"),
        (["grade", "backprop", "σ.py"], 0, "stdout", "0 of 100"),
        (["check", "∂.py"], 2, "stderr", "there is no file"),
        (["grade", "∂", "σ.py"], 2, "stderr", "there is no assignment"),
        (["∂"], 2, "stderr", "there is no command"),
        (["validate", "--help"], 0, "stdout", "check that assignments may be released"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_no_encoding_ends_a_command(
    student: Path, environment: dict[str, str], words: list[str], status: int, stream: str, told: str
) -> None:
    done = typed(student, *words, **environment)
    assert done.returncode == status
    assert told.encode() in b" ".join(getattr(done, stream).split())
    assert b"Traceback" not in done.stderr


def test_signs_become_letters_where_there_are_none_and_documents_stay_whole(student: Path) -> None:
    done = typed(student, "check", "σ.py", "dZ_output", PYTHONIOENCODING="ascii")
    assert b"  x dZ_output  wrong\n" in done.stdout
    for encoding in ("ascii", "utf-8"):
        done = typed(student, "check", "σ.py", "--json", PYTHONIOENCODING=encoding)
        assert json.loads(done.stdout)["submissions"][0]["submission"] == "σ.py"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [["check", "σ.py"], ["grade", "backprop", "σ.py"], ["doctor"], ["--help"]], ids=str)
def test_a_reader_that_has_gone_away_is_no_mistake(student: Path, words: list[str], unbuffered: str) -> None:
    read, write = os.pipe()
    os.close(read)
    environment = {**os.environ, "PYTHONPATH": str(project.root()), "PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(
        [*COMMAND, *words], cwd=student, env=environment, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert done.returncode in ((0, 141) if words == ["--help"] else (141,))  # argparse says nothing of it
    assert done.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_and_no_output_at_all_are_told_in_a_sentence(student: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(project.root())}
    command = f"{sys.executable} -m autograder.cli check σ.py"
    for shell, status, told in ((f"{command} >/dev/full", 5, b"No space left"), (f"{command} >&-", 1, b"")):
        done = subprocess.run(shell, shell=True, cwd=student, env=environment, stderr=subprocess.PIPE, check=False)
        assert done.returncode == status
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == bool(told)


def test_a_command_that_is_stopped_ends_quietly(student: Path) -> None:
    (student / "loop.py").write_text("def dW(dZ, A_prev):\n    while True: pass\n")
    environment = {**os.environ, "PYTHONPATH": str(project.root())}
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in the background
    try:
        process = subprocess.Popen(
            [*COMMAND, "check", "loop.py", "dW"], cwd=student, env=environment, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, before)
    while not psutil.Process(process.pid).children():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.communicate()[1] == "autograder: stopped; nothing is lost, run it again.\n"
    assert process.returncode == 130


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        ("", 2, "usage: autograder"),
        ("help", 0, "usage: autograder"),
        ("help check", 0, "usage: autograder check"),
        ("help course grade", 0, "usage: autograder course grade"),
        ("chekc", 2, "there is no command 'chekc'; did you mean 'check'?"),
        ("course relaese", 2, "there is no command 'relaese'; did you mean 'release'?"),
        ("xyz", 2, "there is no command 'xyz'; there are: grade, validate, "),
        ("grade", 2, "required: assignment, FILE; `autograder grade --help` tells more."),
        ("grade backprop σ.py --sed 1", 2, "`autograder grade --help` tells more."),
        ("course", 2, "`autograder course --help` tells more."),
        ("--version", 0, f"autograder {version('autograder')}\n"),
    ],
)
def test_what_is_typed_wrong_is_answered(
    words: str, status: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words.split()) == status
    printed = capsys.readouterr()
    assert told in (printed.err if status else printed.out)
    assert not (printed.out if status else printed.err)


def test_options_may_stand_anywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(WRONG)
    words = ["grade", "--seed", "0", "backprop", str(tmp_path / "a.py"), "--json", str(tmp_path / "b.py")]
    assert cli.main(words) == 0
    names = [entry["submission"] for entry in json.loads(capsys.readouterr().out)["submissions"]]
    assert names == [str(tmp_path / "a.py"), str(tmp_path / "b.py")]
