"""Files as students hand them in: read with limits, or refused with a reason; never an exception."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from autograder.submission import MAX_BYTES, Submission, Unreadable, read


def notebook(*cells: Any, **metadata: Any) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(cells)})


def code(source: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": []}


def reason(path: Path) -> str:
    found = read(path)
    assert isinstance(found, Unreadable)
    return found.reason


def cells(path: Path) -> tuple[str, ...]:
    found = read(path)
    assert isinstance(found, Submission)
    return found.cells


def test_a_notebook_gives_its_code_cells(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(notebook(code("x = 1"), {"cell_type": "markdown", "source": "text"}, code(["y = 2\n", "z = 3"])))
    assert cells(path) == ("x = 1", "y = 2\nz = 3")


def test_damaged_cells_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(notebook(None, 3, [], {"cell_type": "code"}, code({"no": 1}), code([1, "x"]), code("ok = 1")))
    assert cells(path) == ("", "", "x", "ok = 1")


def test_an_old_notebook_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1"}]}]}))
    assert cells(path) == ("x = 1",)


def test_a_module_is_one_cell_and_a_percent_file_several(tmp_path: Path) -> None:
    plain, percent = tmp_path / "a.py", tmp_path / "b.py"
    plain.write_text("x = 1\n")
    percent.write_text("# %%\nx = 1\n# %% [markdown]\n# text\n# %%\ny = (\n")
    assert cells(plain) == ("x = 1\n",)
    assert [cell.strip() for cell in cells(percent)] == ["x = 1", "y = ("]


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"\xef\xbb\xbf" + notebook(code("x")).encode())
    assert cells(path) == ("x",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"not json", "not valid JSON"),
        (b"[" * 10**6, "not valid JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (b"[]", "no cells"),
        (b'"text"', "no cells"),
        (b'{"cells": 3}', "no cells"),
        (notebook(*[code("")] * 5001).encode(), "5001 cells"),
        (notebook(code("x" * (3 << 20))).encode(), "MB of code"),
        (notebook(kernelspec={"language": "R"}).encode(), "Python notebook"),
    ],
)
def test_unreadable_content(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(content)
    assert words in reason(path)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert "at most 20 MB" in reason(path)


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    real = tmp_path / "real.ipynb"
    real.write_text(notebook())
    link, folder, pipe = tmp_path / "link.ipynb", tmp_path / "folder.ipynb", tmp_path / "pipe.ipynb"
    link.symlink_to(real)
    folder.mkdir()
    os.mkfifo(pipe)
    assert "symbolic link" in reason(link)
    assert "directory" in reason(folder)
    assert "not a regular file" in reason(pipe)
    assert "no such file" in reason(tmp_path / "none.ipynb")
    assert "hand in a notebook" in reason(_copy(real, tmp_path / "real.txt"))


def _copy(source: Path, target: Path) -> Path:
    target.write_bytes(source.read_bytes())
    return target
