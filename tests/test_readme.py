"""What the pages for people show is what happens, and what they name is there."""

from __future__ import annotations

import ast
import re
import shutil
import struct
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from nbgrader.apps import NbGraderApp

from autograder import cli, project
from autograder.author.exercise import exercises_of
from autograder.author.files import load_module
from tests.pages import PAGES, ROOT, block, command, commands
from tests.test_architecture import FILES

INLINE = re.compile(r"`((?:\S+=\S+ )?(?:make|autograder|nbgrader|\.venv/bin/\w+|python -m) [^`]+)`")
PACKAGE = ROOT / "autograder"
README, PYPI = PAGES["README.md"], PAGES["docs/pypi.md"]


def ran(folder: Path, *words: str) -> list[str]:
    """The lines that `autograder` prints, on a line of 100 columns, without spaces at their ends."""
    words = (sys.executable, "-m", "autograder.cli", *words)
    environment = {"COLUMNS": "100", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert not done.stderr
    return [line.rstrip() for line in done.stdout.splitlines()]


def graded(folder: Path, source: str) -> list[str]:
    (folder / "wrong.py").write_text(source, encoding="utf-8")
    return ran(folder, "grade", "backprop", "wrong.py")


def test_the_feedback_shown_is_the_feedback_given(tmp_path: Path) -> None:
    first, *printed = graded(tmp_path, block("submission"))
    head, *shown = block("feedback").splitlines()
    assert printed == shown
    assert first.startswith("backprop, version ")  # the version follows NumPy's last bits, the sandbox the machine
    assert head.startswith("backprop, version ")


def test_the_answer_shown_gets_what_is_shown_of_it(tmp_path: Path) -> None:
    printed, shown = graded(tmp_path, block("answer")), block("answered").splitlines()
    start = printed.index(shown[0])
    assert printed[start : start + len(shown)] == shown


def test_the_check_shown_is_what_a_check_prints(tmp_path: Path) -> None:
    (tmp_path / "backprop.py").write_text(block("submission"), encoding="utf-8")
    shutil.copy(project.visible_cases("backprop"), tmp_path)
    assert ran(tmp_path, "check", "backprop.py", "dZ_output", "db") == block("checked").splitlines()


def test_the_exercise_shown_is_the_exercise_in_use() -> None:
    assert block("exercise") in project.hidden_tests("backprop").read_text(encoding="utf-8")


def test_the_readme_is_read_at_once() -> None:
    assert len(README.splitlines()) <= 120
    picture = (ROOT / "docs" / "feedback.png").read_bytes()
    width, height = struct.unpack(">II", picture[16:24])
    assert 600 < width < height < 1200
    assert len(picture) < 150_000


def test_the_assignments_shown_are_those_there_are() -> None:
    shown = re.findall(r"^\| `(\w+)` \| .+ \| (\d+) \|$", PAGES["docs/instructor.md"], re.MULTILINE)
    banks = {name: exercises_of(load_module(project.hidden_tests(name))) for name in project.assignments()}
    assert dict(shown) == {name: str(len(bank)) for name, bank in banks.items()}
    fewest = min(len(entry.misconceptions) for bank in banks.values() for entry in bank)
    assert fewest >= 4, "docs/instructor.md says that every exercise has at least four misconceptions"


def test_the_rooms_shown_are_those_there_are() -> None:
    text = PAGES["docs/architecture.md"]
    rooms = {path.relative_to(PACKAGE).parts[0] for path in FILES}
    assert {room for room in rooms if f"`{room}`" not in text} == set()


def named_commands() -> Iterator[str]:
    """What the pages tell to type, and what they name in running text and tables."""
    yield from commands()
    for page in PAGES.values():
        yield from INLINE.findall(page)


def program(line: str) -> tuple[str, list[str]]:
    """The program of a command, and the words after it."""
    words = line.split()
    while "=" in words[0]:
        words = words[1:]
    return words[0].removeprefix(".venv/bin/"), words[1:]


@pytest.mark.parametrize("line", sorted(set(named_commands())))
def test_a_command_on_a_page_exists(line: str) -> None:
    name, words = program(line)
    if name == "make":
        assert re.search(rf"^\.PHONY:.*\b{words[0]}\b", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    elif name == "autograder" and words[0] not in ("--help", "--version"):
        known = cli._parser()[1]
        assert words[0] in known or " ".join(words[:2]) in known
        options = {option for word in (words[0], " ".join(words[:2])) if word in known
                   for action in known[word]._actions for option in action.option_strings}  # fmt: skip
        assert {word for word in words if word.startswith("--")} <= options
    elif name == "nbgrader":
        assert words[0] in NbGraderApp().subcommands
    elif name == "python":
        assert find_spec(words[1])


def test_what_the_walks_type_is_on_a_page() -> None:
    """The walks are slow: what they would ask the pages for is asked here."""
    asked = [
        (node.func.id, node.args[0].value)
        for path in sorted((ROOT / "tests" / "walks").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("command", "losses")
        and isinstance(node.args[0], ast.Constant)
    ]  # fmt: skip
    assert len(asked) > 20
    for function, start in asked:
        assert command(str(start), {"backprop": "losses"} if function == "losses" else {})


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_links_to_and_names_is_there(page: str) -> None:
    folder = (ROOT / page).parent
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)|src=\"([^\"]+)\"", PAGES[page])
    for file, heading, source in links:
        target = (folder / (file or source)).resolve() if file or source else ROOT / page
        assert target.is_file(), f"{page} links to {file or source}"
        if heading:
            lines = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", line).lower().replace(" ", "-") for line in lines}
    for name in re.findall(r"`((?:autograder|tests|docs|validate)/[\w./]+)`", PAGES[page]):
        assert (ROOT / name).exists() or (PACKAGE / name).exists(), f"{page} names {name}"


def test_the_package_tells_nothing_of_hidden_tests() -> None:
    """Students install the package, and what describes it comes with it."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert settings["readme"] == "docs/pypi.md"
    description = f"{PYPI}\n{settings['description']}"
    secrets = {"hidden.py", "misconception", "@exercise", "torch"}
    for name in project.assignments():
        for entry in exercises_of(load_module(project.hidden_tests(name))):
            secrets |= {entry.name, *(wrong.hint for wrong in entry.misconceptions)}
    assert {secret for secret in secrets if re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", description)} == set()
