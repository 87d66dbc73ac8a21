"""Collecting from an exchange in which students have put whatever they like."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path

import pytest

from autograder.cli import main
from autograder.course.config import configure
from autograder.course.files import Collected
from autograder.course.plugins.collecting import MAX_FILES
from autograder.course.release import collect
from autograder.submission.reading import MAX_BYTES

NOTEBOOK = b'{"cells": [], "nbformat": 4}'
SECRET = b"the solution"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    course = tmp_path / "course"
    (course / "source").mkdir(parents=True)
    (course / "source" / "solution.ipynb").write_bytes(SECRET)
    inbound(course).mkdir(parents=True)
    submit(course, "ada")
    return course


def inbound(course: Path) -> Path:
    return course.parent / "exchange" / "neural-networks" / "inbound"


def submit(
    course: Path, student: str, moment: str = "2026-11-01 10:00:00.000000 UTC", content: bytes = NOTEBOOK
) -> Path:
    folder = inbound(course) / f"{student}+tiny+{moment}+x7"
    folder.mkdir()
    (folder / "tiny.ipynb").write_bytes(content)
    (folder / "timestamp.txt").write_text(moment)
    return folder


def collected(course: Path, student: str) -> bytes | str:
    return Collected.read(course, "tiny", student).content


def everything(course: Path) -> bytes:
    return b"".join(path.read_bytes() for path in (course / "submitted").rglob("*") if path.is_file())


def test_an_honest_submission_is_copied_whole_and_updated(course: Path) -> None:
    folder = submit(course, "bela")
    (folder / "data").mkdir()
    (folder / "data" / "a.csv").write_bytes(b"1,2")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "old.ipynb").write_bytes(b"old")
    assert collect("tiny", course) == []
    there = course / "submitted" / "bela" / "tiny"
    assert collected(course, "ada") == collected(course, "bela") == NOTEBOOK
    assert sorted(str(path.relative_to(there)) for path in there.rglob("*") if path.is_file()) == [
        "data/a.csv",
        "timestamp.txt",
        "tiny.ipynb",
    ]
    submit(course, "bela", "2026-11-02 10:00:00.000000 UTC", b"newer")
    assert collect("tiny", course) == []
    assert collected(course, "bela") == b"newer"
    assert [path.name for path in (course / "submitted" / "bela").iterdir()] == ["tiny"]


def test_what_is_behind_a_link_is_not_copied(course: Path) -> None:
    """Else the instructor, who may read them, would hand in the solution or another's work for whoever links to it."""
    secret = course / "source" / "solution.ipynb"
    file = submit(course, "eve")
    (file / "tiny.ipynb").unlink()
    (file / "tiny.ipynb").symlink_to(secret)
    (file / "folder").symlink_to(secret.parent)
    (inbound(course) / "mallory+tiny+2026-11-01 10:00:00.000000 UTC+x").symlink_to(secret.parent)
    left_out = collect("tiny", course)
    assert SECRET not in everything(course)
    assert any("eve" in sentence and "symbolic link" in sentence for sentence in left_out)
    assert any("mallory" in sentence and "no folder" in sentence for sentence in left_out)
    assert collected(course, "ada") == NOTEBOOK


def test_nothing_in_one_submission_stops_the_others(course: Path) -> None:
    """Pipes and sockets, too much, too deep, too large, not to be read: nbgrader's own stops at each."""
    odd = submit(course, "aaron")
    os.mkfifo(odd / "pipe.ipynb")
    (odd / "locked.txt").write_bytes(b"x")
    (odd / "locked.txt").chmod(0)
    large = submit(course, "aisha")
    with (large / "tiny.ipynb").open("wb") as file:
        file.truncate(500 << 20)
    many = submit(course, "alan")
    for number in range(MAX_FILES + 20):
        (many / f"{number}.txt").write_bytes(b"")
    deep = submit(course, "alice")
    for _ in range(150):
        deep /= "d"
        deep.mkdir()
        (deep / "f").write_bytes(b"x")
    (inbound(course) / "anna+tiny+never+x").mkdir()
    (inbound(course) / "tiny+tiny+").mkdir()
    left_out = collect("tiny", course)
    assert [collected(course, student) for student in ("aaron", "ada", "alan", "alice")] == [NOTEBOOK] * 4
    assert "500 MB" in str(collected(course, "aisha"))
    assert (course / "submitted" / "aisha" / "tiny" / "tiny.ipynb").stat().st_blocks * 512 < MAX_BYTES
    assert sum(path.is_file() for path in (course / "submitted" / "alan").rglob("*")) <= MAX_FILES
    for words in ("aaron", "alan", "alice", "anna+tiny+never", "tiny+tiny+"):
        assert any(words in sentence for sentence in left_out), words


@pytest.mark.parametrize("student", ["-rf", "=1+1", "a\x1b[31m", "x" * 80, "ada+tiny+bela", " "])
def test_names_that_are_no_students(course: Path, student: str) -> None:
    submit(course, student, content=b"hostile")
    before = sorted(path.name for path in course.iterdir())
    (sentence,) = collect("tiny", course)
    assert "cannot be the name of a student" in sentence
    assert sentence.isprintable()
    assert [path.name for path in (course / "submitted").iterdir()] == ["ada"]
    assert {path.name for path in course.iterdir()} <= {*before, "submitted", "gradebook.db"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand in as somebody else")
def test_nobody_hands_in_for_another(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """nbgrader warns, and takes it: the later one counts, so the innocent's own would be lost."""
    somebody = pwd.getpwnam("nobody")
    folder = submit(course, "ada", "2026-11-05 10:00:00.000000 UTC", b"bad")
    own = submit(course, "nobody", content=b"own")
    for path in (folder, own, *folder.iterdir(), *own.iterdir()):
        os.chown(path, somebody.pw_uid, somebody.pw_gid)
    (sentence,) = collect("tiny", course)
    assert "it belongs to nobody" in sentence
    assert collected(course, "ada") == NOTEBOOK
    assert collected(course, "nobody") == b"own"
    monkeypatch.setenv("CHECK_OWNER", "0")
    assert collect("tiny", course) == []
    assert collected(course, "ada") == b"bad"


def test_the_command_tells_what_was_left_out_in_a_few_lines(
    course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(50):
        (inbound(course) / f"a\x1b[2J{number}+tiny+2026-11-01 10:00:00.000000 UTC+x").mkdir()
    monkeypatch.setenv("COURSE", str(course))
    monkeypatch.setattr("autograder.project.hidden_tests", lambda name: course)
    assert main(["course", "collect", "tiny"]) == 0
    printed = capsys.readouterr()
    assert "1 submissions of tiny" in printed.out
    assert len(printed.err.splitlines()) == 21
    assert "30 more" in printed.err
    assert "\x1b" not in printed.err


def test_a_copy_that_fails_leaves_nothing_half_done(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, mode: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "chmod", full)
    with pytest.raises(Exception, match="collecting tiny failed"):
        collect("tiny", course)
    assert not (course / "submitted" / "ada").exists()
    monkeypatch.undo()
    assert collect("tiny", course) == []
    assert collected(course, "ada") == NOTEBOOK


def test_nbgraders_own_command_collects_so_too(course: Path) -> None:
    from nbgrader.exchange import ExchangeFactory
    from traitlets.config import Config

    config = Config()
    configure(config, course)
    assert ExchangeFactory(config=config).collect.__name__ == "SafeCollect"
    shutil.rmtree(course.parent / "exchange")
