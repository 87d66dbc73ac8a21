"""Which file is graded of what people hand in: what was worked on, wherever it is and whatever it is called."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder import project
from autograder.grade.grader import grade_files
from autograder.submission import archive
from autograder.submission.archive import unzipped
from autograder.submission.choice import MAX_FILES, Chosen, Released, choose_in
from autograder.submission.reading import cells_of, kind_of

RIGHT = "def dW(dZ, A_prev):\n    return dZ.T @ A_prev / len(dZ)\n"
OTHER = "def dW(dZ, A_prev):\n    return 2 * dZ.T @ A_prev / len(dZ)\n"
UNTOUCHED = project.released("backprop").read_bytes()


def worked_on(source: str = RIGHT) -> bytes:
    """The released notebook with an exercise solved."""
    notebook = json.loads(UNTOUCHED)
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "dW":
            cell["source"] = source
    return json.dumps(notebook).encode()


def answered() -> bytes:
    notebook = json.loads(UNTOUCHED)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and cell["metadata"].get("nbgrader"):
            cell["source"] = "because"
    return json.dumps(notebook).encode()


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


def chosen(folder: Path, files: dict[str, bytes]) -> Chosen:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return choose_in(folder, "backprop", Released(UNTOUCHED))


def is_right(found: Chosen) -> bool:
    cells = cells_of(found.content, kind_of(found.file)) if isinstance(found.content, bytes) else ()
    return RIGHT.strip() in "\n".join(cells)


WORK = worked_on()
ONE_WAY: dict[str, dict[str, bytes]] = {
    "as told": {"backprop.ipynb": WORK},
    "a module": {"backprop.py": RIGHT.encode()},
    "capitals": {"Backprop.IPYNB": WORK},
    "renamed": {"my work (final).ipynb": WORK},
    "as a browser saves it": {"backprop.ipynb.txt": WORK},
    "as another browser saves it": {"backprop.ipynb.json": WORK},
    "a module as text": {"backprop.py.txt": RIGHT.encode()},
    "a folder": {"hand in/backprop/backprop.ipynb": WORK},
    "a zip": {"backprop.zip": zipped({"backprop.ipynb": WORK})},
    "a folder in a zip": {"Work.ZIP": zipped({"a/b/backprop.ipynb": WORK, "a/notes.docx": b"PK"})},
    "a zip of a Mac": {"b.zip": zipped({"backprop.ipynb": WORK, "__MACOSX/._backprop.ipynb": b"\0\5\x16\7"})},
    "checkpoints": {"backprop.ipynb": WORK, ".ipynb_checkpoints/backprop-checkpoint.ipynb": worked_on(OTHER)},
    "what the exchange adds": {"backprop.ipynb": WORK, "timestamp.txt": b"x", "backprop.cases.json": b"{}"},
    "data beside it": {"backprop.ipynb": WORK, "digits.csv": b"1,2", "helpers.py": b"def plot_all():\n    pass"},
    "a converted script": {"backprop.ipynb": WORK, "plots.py": b"import math\nx = 3"},
}
INSTEAD: dict[str, dict[str, bytes]] = {
    "a copy": {"backprop.ipynb": UNTOUCHED, "backprop-Copy1.ipynb": WORK},
    "a module": {"backprop.ipynb": UNTOUCHED, "backprop.py": RIGHT.encode()},
    "a zip": {"backprop.ipynb": UNTOUCHED, "work.zip": zipped({"work.ipynb": WORK})},
    "a folder": {"backprop.ipynb": UNTOUCHED, "mine/backprop.ipynb": WORK},
    "a damaged one": {"backprop.ipynb": WORK[:500], "backprop (1).ipynb": WORK},
    "an empty one": {"backprop.ipynb": b"", "backprop (1).ipynb": WORK},
}
BOTH: dict[str, dict[str, bytes]] = {
    "a copy": {"backprop.ipynb": WORK, "backprop-Copy1.ipynb": worked_on(OTHER)},
    "a module": {"backprop.ipynb": WORK, "backprop.py": OTHER.encode()},
    "an answer": {"backprop.ipynb": WORK, "backprop-Copy2.ipynb": answered()},
    "two of other names": {"a.ipynb": WORK, "b.ipynb": worked_on(OTHER)},
}


@pytest.mark.parametrize("files", ONE_WAY.values(), ids=ONE_WAY.keys())
def test_there_is_one_way_to_take_it(tmp_path: Path, files: dict[str, bytes]) -> None:
    found = chosen(tmp_path, files)
    assert is_right(found)
    assert found.remark == ""


@pytest.mark.parametrize("files", INSTEAD.values(), ids=INSTEAD.keys())
def test_what_was_worked_on_is_graded_and_told(tmp_path: Path, files: dict[str, bytes]) -> None:
    found = chosen(tmp_path, files)
    assert is_right(found)
    assert "was graded, for backprop.ipynb is as it was given out, or cannot be read" in found.remark


@pytest.mark.parametrize("files", BOTH.values(), ids=BOTH.keys())
def test_a_choice_between_two_is_for_a_person(tmp_path: Path, files: dict[str, bytes]) -> None:
    first, second = files
    found = chosen(tmp_path, files)
    assert (found.file, is_right(found)) == (first, True)
    assert found.remark == f"{first} was graded; {second} was worked on, too: a person must decide which one counts"


def test_the_same_twice_is_no_choice(tmp_path: Path) -> None:
    assert chosen(tmp_path, {"backprop.ipynb": WORK, "backprop-Copy1.ipynb": WORK}).remark == ""
    assert chosen(tmp_path / "x", {"x.ipynb": UNTOUCHED, "backprop.ipynb": UNTOUCHED}).file == "backprop.ipynb"


def test_nothing_to_grade_is_said_with_the_way_out(tmp_path: Path) -> None:
    found = chosen(tmp_path, {"notes.docx": b"PK", "timestamp.txt": b"x", "photo\u202e.jpg": b""})
    assert isinstance(found.content, str)
    for words in ("no notebook (backprop.ipynb)", "notes.docx", "photo?.jpg", "save your work as backprop.ipynb"):
        assert words in found.content
    assert "hand it in again" in str(choose_in(tmp_path / "nothing", "backprop", Released()).content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\3\4 damaged", "cannot be read"),
        (b"", "cannot be read"),
        (b"PK\1\2" * (archive.MAX_ENTRIES + 1), "more than 5000 files"),
        (zipped({"backprop.ipynb": b"[" * (65 << 20)}), "more in the archive than is read"),
        (zipped({"notes.txt": b"x"}), "no notebook"),
        (zipped({"../../backprop.ipynb": b"x", "/etc/backprop.ipynb": b"x", "C:/backprop.ipynb": b"x"}), "no notebook"),
    ],
)
def test_archives_that_give_nothing(tmp_path: Path, content: bytes, words: str) -> None:
    found = chosen(tmp_path, {"work.zip": content})
    assert words in str(found.content)
    assert any(way_out in str(found.content) for way_out in ("hand in the notebook itself", "hand it in again"))


def test_an_archive_gives_so_much_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    content = zipped({f"{number}.py": b"x" * 1000 for number in range(100)})
    assert len(list(unzipped(content, lambda place: True, MAX_FILES))) == MAX_FILES
    monkeypatch.setattr(archive, "MAX_NOTEBOOK", 4500)
    found = list(unzipped(content, lambda place: True, MAX_FILES))
    assert len(found) == 5
    assert "more in the archive" in str(found[-1][1])


def test_links_and_depths(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "backprop.ipynb").write_bytes(WORK)
    folder = tmp_path / "handed in"
    folder.mkdir()
    (folder / "linked").symlink_to(secret)
    assert "no notebook" in str(chosen(folder, {}).content)
    (folder / "backprop.ipynb").symlink_to(secret / "backprop.ipynb")
    assert chosen(folder, {}).content == "the file is a symbolic link"
    assert "no notebook" in str(chosen(tmp_path / "deep", {f"{'d/' * 9}backprop.ipynb": WORK}).content)


KINDS: dict[str, Callable[[Path], Path]] = {
    "notebook": lambda folder: written(folder / "backprop.ipynb", WORK),
    "capitals": lambda folder: written(folder / "BACKPROP.IPYNB", WORK),
    "text": lambda folder: written(folder / "backprop.ipynb.txt", WORK),
    "zip": lambda folder: written(folder / "work.zip", zipped({"a/backprop.ipynb": WORK})),
    "folder": lambda folder: written(folder / "a" / "backprop.ipynb", WORK).parent,
    "UTF-16": lambda folder: written(folder / "backprop.ipynb", WORK.decode().encode("utf-16")),
    "a declared encoding": lambda folder: written(
        folder / "backprop.py", f"# -*- coding: latin-1 -*-\n# Größe\n{RIGHT}".encode("latin-1")
    ),
    "Windows": lambda folder: written(folder / "backprop.py", f"# Größe – x\n{RIGHT}".encode("cp1252")),
    "another kernel": lambda folder: written(folder / "backprop.ipynb", with_kernel("R")),
    "large outputs": lambda folder: written(folder / "backprop.ipynb", with_outputs(21 << 20)),
}


def written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def with_kernel(language: str) -> bytes:
    notebook = json.loads(WORK)
    notebook["metadata"]["kernelspec"] = {"language": language, "name": language.lower(), "display_name": language}
    return json.dumps(notebook).encode()


def with_outputs(size: int) -> bytes:
    notebook: Any = json.loads(WORK)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    code[0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["0.25, [1, 2]\n"] * (size // 14)}]
    return json.dumps(notebook).encode()


def test_each_kind_of_file_is_graded_from_the_command_line(tmp_path: Path) -> None:
    paths = [kind(tmp_path / name) for name, kind in KINDS.items()]
    document = grade_files("backprop", paths)
    for name, entry in zip(KINDS, document.submissions, strict=True):
        (result,) = (exercise for exercise in entry.exercises if exercise.name == "dW")
        assert (entry.status, result.outcome) == ("graded", "correct"), (name, entry.message)
