"""The package, built as a wheel and installed elsewhere, serves a repository of solutions and assignments alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

import autograder
from autograder import project
from autograder.errors import UsageError

REPOSITORY = Path(__file__).resolve().parent.parent
NEEDED = ("pip", "setuptools")
"""What builds a wheel; not all environments have them. Neither is imported: both change what `distutils` is."""
PACKAGED = (".py", ".j2", ".typed")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as pip builds it, without the network, from a copy: setuptools writes beside what it packs."""
    missing = set(NEEDED) - {found.metadata["Name"] for found in distributions()}
    if missing:
        pytest.skip(f"building a wheel without the network needs {', '.join(sorted(missing))} in this environment")
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    shutil.copytree(REPOSITORY / "autograder", source / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    pip(source, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", "made", ".")
    (made,) = (source / "made").glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("installed")
    pip(folder, "install", "--no-deps", "--no-index", "--target", str(folder), str(wheel))
    return folder


@pytest.fixture
def course(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[tool.autograder]\n")
    return tmp_path


def pip(folder: Path, *words: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def typed(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What the installed package does with a command; what it needs comes from this environment."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AUTOGRADER_", "COURSE"))}
    environment = {**inherited, "PYTHONPATH": str(installed), "COLUMNS": "200"}
    command = [sys.executable, "-m", "autograder.cli", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_wheel_holds_all_files_of_the_package(wheel: Path) -> None:
    ours = {
        str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "autograder").rglob("*") if path.suffix in PACKAGED
    }
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == ours
    assert "autograder/py.typed" in packed
    assert wheel.name.startswith(f"autograder-{autograder.__version__}-")


def test_an_assignment_is_made_graded_checked_and_released(installed: Path, course: Path) -> None:
    made = typed(installed, course, "new", "losses")
    assert (made.returncode, made.stderr) == (0, "")
    assert str(course / "assignments" / "losses" / "losses.ipynb") in made.stdout

    notebook = course / "solutions" / "losses" / "losses.py"
    graded = typed(installed, course / "solutions", "grade", "losses", str(notebook), "--json")
    assert (graded.returncode, graded.stderr) == (0, "")
    assert json.loads(graded.stdout)["submissions"][0]["score"] == 100

    folder = course / "assignments" / "losses"
    checked = typed(installed, folder, "check", "--json")
    assert checked.returncode == 1, "nothing has been written yet"
    assert checked.stderr == ""
    (folder / "losses.py").write_text("def center(X): return X - X.mean(axis=0)\n", encoding="utf-8")
    checked = typed(installed, folder, "check", "losses.py")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "1 of 1 right" in checked.stdout

    released = typed(installed, course, "course", "release", "losses")
    assert released.returncode == 0, released.stderr
    assert "small mistakes (mutants) has not been tried; when there are some minutes: " in released.stdout
    assert (course / "exchange" / "neural-networks" / "outbound" / "losses" / "losses.ipynb").is_file()
    assert {path.name for path in installed.iterdir() if "autograder" not in path.name} == {"bin"}


def test_the_table_alone_makes_a_course_repository(installed: Path, course: Path) -> None:
    done = typed(installed, course, "validate")
    assert done.returncode == 2
    assert f"there is no assignment in {course} yet; `" in done.stderr
    assert "new NAME` makes one." in done.stderr
    graded = typed(installed, course, "course", "grade")
    assert graded.returncode == 2
    assert "nothing has been collected" in graded.stderr


def test_where_there_is_no_course_repository(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "solutions").mkdir()  # anyone's, with nothing of ours in it
    (tmp_path / "pyproject.toml").write_text("[tool.other]\n")
    for words in (("new", "losses"), ("grade", "losses", "a.py"), ("validate",), ("course", "collect", "losses")):
        done = typed(installed, tmp_path, *words)
        assert done.returncode == 2
        assert done.stderr.startswith(
            f"autograder: {tmp_path} is in no course repository: in the folder that shall be one, put a line "
            "[tool.autograder] into pyproject.toml, then run `"
        )
        assert done.stderr.endswith("new NAME` there.\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pyproject.toml", "solutions"]


def test_the_version_is_told(installed: Path, tmp_path: Path) -> None:
    done = typed(installed, tmp_path, "--version")
    assert (done.returncode, done.stdout) == (0, f"autograder {autograder.__version__}\n")


def test_public_names_are_there() -> None:
    assert all(hasattr(autograder, name) for name in autograder.__all__)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with the package installed where no course is."""
    monkeypatch.delenv("AUTOGRADER_ROOT", raising=False)
    monkeypatch.setattr(project, "__file__", str(tmp_path / "site-packages" / "autograder" / "project.py"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


root = project.root.__wrapped__
"""As it is found; what was found before is not asked."""


def test_the_nearest_course_repository_counts(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = elsewhere / "inner"
    (inner / "solutions" / "losses").mkdir(parents=True)
    (elsewhere / "pyproject.toml").write_text("[tool.autograder]\n")
    monkeypatch.chdir(inner / "solutions")
    assert root() == elsewhere, "a folder of that name says nothing"
    (inner / "solutions" / "losses" / "hidden.py").touch()
    assert root() == inner
    monkeypatch.setenv("AUTOGRADER_ROOT", str(elsewhere))
    assert root() == elsewhere


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[tool.autograder\n", r"pyproject.toml cannot be read: .*\(at line 1, column"),
        ('autograder = "a word of another project"\n', "is in no course repository"),
    ],
)
def test_a_file_that_makes_no_course_repository(elsewhere: Path, text: str, told: str) -> None:
    (elsewhere / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError, match=told):
        root()


def test_a_named_folder_that_is_not_there(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRADER_ROOT", str(elsewhere / "nowhere"))
    with pytest.raises(UsageError, match="which is no folder"):
        root()


def test_a_program_is_named_as_the_shell_finds_it(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(elsewhere / "bin" / "python"))
    assert project.program() == "python -m autograder.cli"
    program = elsewhere / "bin" / "autograder"
    program.parent.mkdir()
    program.touch(mode=0o755)
    assert project.program() == "bin/autograder"
    monkeypatch.setenv("PATH", str(program.parent))
    assert project.program() == "autograder"
