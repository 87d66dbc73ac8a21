"""Files as students hand them in: read with limits, or refused with a reason; never an exception."""

import contextlib
import hashlib
import io
import json
import os
import socket
import stat
import tarfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograder.course.files import Collected, stamp, students
from autograder.sandbox.inside import cells as sandbox_cells
from autograder.submission.decoding import without_outputs
from autograder.submission.reading import (
    MAX_BYTES,
    MAX_NOTEBOOK,
    MAX_PARTS,
    Cell,
    Submission,
    Unreadable,
    cells_of,
    parse,
    read,
)
from autograder.text import printable


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
    return tuple(cell.source for cell in found.cells)


def test_a_notebook_gives_its_code_cells(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(notebook(code("x = 1"), {"cell_type": "markdown", "source": "text"}, code(["y = 2\n", "z = 3"])))
    assert cells(path) == ("x = 1", "y = 2\nz = 3")


def test_where_code_stands_is_known(tmp_path: Path) -> None:
    graded = {**code("x = 1"), "metadata": {"nbgrader": {"grade_id": "test-f"}}}
    text = {"cell_type": "markdown", "source": "y = 2"}
    content = notebook(text, graded, language_info={"version": "3.13.1"}).encode()
    found = parse(content, ".ipynb", "a")
    assert isinstance(found, Submission)
    assert found.cells == (Cell("x = 1", 2, grade_id="test-f"),)
    assert found.texts == (Cell("y = 2", 1, kind="markdown"),)
    assert found.python == "3.13.1"
    module = parse(b"# %%\nx = 1\n# %% [markdown]\n# y\n# %%\nz = 1", ".py", "a")
    assert isinstance(module, Submission)
    assert [(cell.before, cell.source) for cell in module.cells] == [(0, "\nx = 1\n"), (4, "\nz = 1")]


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
        (b"\xff\xfe\x00\xd8", "not text"),
        (b"not json", "not valid JSON"),
        (b"[" * 10**5, "not valid JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (b"[]", "no cells"),
        (b'"text"', "no cells"),
        (b'{"cells": 3}', "no cells"),
        (notebook(*[code("")] * 5001).encode(), "5001 cells"),
        (notebook(code("x" * (3 << 20))).encode(), "MB of code"),
        (notebook(kernelspec={"language": "R"}).encode(), "written in 'R'"),
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


# --- what is in a file


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"])
def test_other_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(notebook(code("größe = 1")).replace("\\u00f6", "ö").replace("\\u00df", "ß").encode(encoding))
    assert cells(path) == ("größe = 1",)
    path = tmp_path / "a.py"
    path.write_bytes("größe = 1".encode(encoding))
    assert cells(path) == ("größe = 1",)


@pytest.mark.parametrize(
    ("line", "encoding"),
    [
        ("# -*- coding: latin-1 -*-", "latin-1"),
        ("#!/usr/bin/python\n# vim: set fileencoding=iso-8859-15 :", "iso-8859-15"),
        ("# coding: koi8-r", "koi8-r"),
        ("# coding=mac-roman", "mac-roman"),
    ],
)
def test_a_module_may_declare_its_encoding(line: str, encoding: str) -> None:
    letter = bytes([0xE4]).decode(encoding)
    text = f"{line}\nx = '{letter}'"
    assert cells_of(text.encode(encoding), ".py") == (text,)


@pytest.mark.parametrize("name", ["idna", "punycode", "rot13", "zlib", "nonsense", "unicode_escape", "x" * 500, "\\"])
def test_what_is_declared_is_a_table_of_characters_or_nothing(name: str) -> None:
    text = f"# coding: {name}\nx = 'ä'"
    assert cells_of(text.encode(), ".py") == (text,)


def test_pictures_and_half_characters_are_no_text() -> None:
    for content in (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xed\xa0\x80\0" + notebook(code("x")).encode()):
        for suffix in (".ipynb", ".py"):
            assert "not text" in str(cells_of(content, suffix))


def test_outputs_are_passed_over() -> None:
    """Whatever is in them, and however a notebook is written."""
    strange = [{"text": '], "outputs": ["'}, {"data": [[1, [2, "]"]], {"outputs": [[]]}]}, "\\", '\\"']
    source = "x = '\"outputs\": ['"
    for indent in (None, 1):
        text = json.dumps({"cells": [{**code(source), "outputs": strange}, code("y = 2")]}, indent=indent)
        left = json.loads(without_outputs(text.encode()))
        assert [cell["outputs"] for cell in left["cells"]] == [[], []]
        assert cells_of(without_outputs(text.encode()), ".ipynb") == (source, "y = 2")
    for damaged in (b'{"outputs": [', b'{"outputs": ["', b'"outputs":[' * 9, b'"', b'["outputs"]', b""):
        assert without_outputs(damaged) == damaged


def test_a_notebook_with_large_outputs_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(notebook({**code("x = 1"), "outputs": [{"data": {"image/png": "A" * (MAX_BYTES + 5)}}]}))
    assert cells(path) == ("x = 1",)
    path.write_text(notebook(code("x = 1"), large="A" * (MAX_BYTES + 5)))
    assert "besides its outputs" in reason(path)


def test_what_json_can_hold_is_read_as_jupyter_does() -> None:
    assert cells_of(b'{"cells": [], "cells": [{"cell_type": "code", "source": "x = 1"}]}', ".ipynb") == ("x = 1",)
    strange = (
        b'{"cells": [{"cell_type": "code", "source": "x = 1", "metadata": {"a": NaN, "b": 1e999}}], "nbformat": -7}'
    )
    assert cells_of(strange, ".ipynb") == ("x = 1",)
    # half of a character, which can be written to no file, and a null byte, which is left to Python to refuse
    assert cells_of(b'{"cells": [{"cell_type": "code", "source": "x = \'\\ud800\'\\u0000"}]}', ".ipynb") == (
        "x = '?'\0",
    )


@pytest.mark.parametrize("version", [2, 3])
def test_notebooks_with_worksheets_are_read(version: int) -> None:
    sheets = [{"cells": [{"cell_type": "code", "input": ["x = 1\n", "y = 2"]}]}, {"cells": 3}, None, []]
    content = json.dumps({"nbformat": version, "worksheets": sheets}).encode()
    assert cells_of(content, ".ipynb") == ("x = 1\ny = 2",)


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"kernelspec": {"language": "julia"}}, "is written in 'julia'"),
        ({"kernelspec": {"language": "sage"}}, "is written in 'sage'"),
        ({"kernelspec": {"language": "Python", "name": "my-venv"}}, None),
        ({"kernelspec": {"name": "ir"}}, None),
        ({"kernelspec": {"language": ["R"]}}, None),
        ({"kernelspec": "R"}, None),
        ([], None),
        (None, None),
    ],
)
def test_kernels(metadata: Any, words: str | None) -> None:
    found = cells_of(json.dumps({"metadata": metadata, "cells": [code("x")]}).encode(), ".ipynb")
    assert words in found if words else found == ("x",)


@pytest.mark.parametrize("language", ["R", "sage", "julia", "python3"])
def test_a_wrong_kernel_is_no_matter_where_there_is_python(language: str) -> None:
    source = "def dW(dZ, A_prev):\n    return dZ.T @ A_prev / len(dZ)"
    assert cells_of(notebook(code(source), kernelspec={"language": language}).encode(), ".ipynb") == (source,)


def test_cells_that_appear_twice_or_with_changed_metadata_are_all_read() -> None:
    marked = {**code("x = 1"), "id": "a", "metadata": {"nbgrader": {"grade_id": "a", "points": 1e9, "solution": "no"}}}
    content = notebook(marked, {**marked, "source": "x = 2"}, {**marked, "metadata": [], "id": {}})
    assert cells_of(content.encode(), ".ipynb") == ("x = 1", "x = 2", "x = 1")


def test_one_huge_line_and_long_code_are_bounded() -> None:
    assert cells_of(b"x = " + b"1" * (1 << 20), ".py") == ("x = " + "1" * (1 << 20),)
    assert "MB of code" in str(cells_of(b"#" * (3 << 20), ".py"))
    outputs = {**code("x"), "outputs": [{"output_type": "stream", "text": "0.25, " * (2 << 20)}]}
    assert cells_of(notebook(outputs).encode(), ".ipynb") == ("x",)


@pytest.mark.parametrize(
    "unit",
    [
        "[],",
        "{},",
        '{"a":1},',
        '"",',
        "1,",
        "[",
        '{"a":',
        '"',
        "\\",
        '\\"',
        "[[[]]],",
        '"\U0001f600' + "x," * MAX_BYTES,
    ],
)
def test_memory_for_a_file_of_the_largest_size_is_bounded(unit: str) -> None:
    """Ten times the size of the file, whatever is in it."""
    content = ("[" + unit * (MAX_BYTES // len(unit.encode()))).encode()[:MAX_BYTES]
    tracemalloc.start()
    try:
        found = cells_of(content, ".ipynb")
        assert isinstance(found, str)
        assert tracemalloc.get_traced_memory()[1] < 10 * MAX_BYTES
    finally:
        tracemalloc.stop()


def test_just_as_many_values_as_are_read_are_read() -> None:
    several = ",".join(["1"] * (MAX_PARTS // 2))
    content = '{"metadata": {"x": [' + several + ']}, "cells": [{"cell_type": "code", "source": "x"}]}'
    assert cells_of(content.encode(), ".ipynb") == ("x",)


json_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["cells", "cell_type", "source", "input", "metadata", "kernelspec", "language", "nbformat", "worksheets", "outputs"]
)
notebooks = st.recursive(
    json_data | st.sampled_from(["code", "markdown", "python", "R", 4]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)


@settings(deadline=None, max_examples=300)
@given(
    st.binary(max_size=80) | notebooks.map(lambda data: json.dumps(data).encode()),
    st.sampled_from([".ipynb", ".py", ".IPYNB", "", ".txt", ".\udcff\x1b[2J"]),
)
@example(b"\0", ".py")
def test_whatever_is_in_a_file_is_read_or_refused_in_a_sentence(content: bytes, suffix: str) -> None:
    found = cells_of(content, suffix)
    if isinstance(found, str):
        assert found == printable(found)
        assert 10 < len(found) < 120
    else:
        assert all(isinstance(cell, str) for cell in found)
        "".join(found).encode()


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_a_damaged_notebook_is_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(notebook(code("x = 1\n"), {"cell_type": "markdown", "source": ["é"]}, code("y"), a=1).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3) | st.just(b'"'))
    assert isinstance(cells_of(bytes(content), ".ipynb"), str | tuple)


# --- what stands where a file should be


@contextlib.contextmanager
def ordinary_user() -> Iterator[None]:
    """As root, nothing is unreadable."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_devices_sockets_pipes_and_archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.ipynb")
        assert reason(Path("socket.ipynb")) == "the file is not a regular file"
    os.mkfifo("pipe.py")
    assert reason(Path("pipe.py")) == "the file is not a regular file"
    for device in ("/dev/zero", "/dev/tty", "/dev/full"):
        assert reason(Path(device)).startswith("the file ")
    if os.geteuid() == 0:
        with contextlib.suppress(PermissionError):
            os.mknod("device.ipynb", stat.S_IFCHR | 0o666, os.makedev(1, 5))
            assert "regular file" in reason(Path("device.ipynb")) or "cannot be opened" in reason(Path("device.ipynb"))


def test_an_archive_is_never_opened(tmp_path: Path) -> None:
    packed, tarred = tmp_path / "a.ipynb", tmp_path / "a.py"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../slipped.ipynb", notebook(code("x")))
        archive.writestr("bomb.ipynb", bytes(50 << 20))
    with tarfile.open(tarred, "w:gz") as archive_file:
        archive_file.addfile(tarfile.TarInfo("/slipped.ipynb"), io.BytesIO())
    before = sorted(tmp_path.parent.iterdir())
    assert all(reason(path).startswith("the file is not") for path in (packed, tarred))
    assert "hand in a notebook" in reason(_copy(packed, tmp_path / "a.zip"))
    assert sorted(tmp_path.parent.iterdir()) == before


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(notebook(code("x")))
    path.chmod(0)
    with ordinary_user():
        assert reason(path) == "the file may not be read"


@pytest.mark.parametrize("name", ["a\0.ipynb", "x" * 300 + ".ipynb", "a.ipynb/b.ipynb", "\udcff.ipynb", "..", "/"])
def test_names_that_lead_nowhere(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.ipynb").write_text(notebook())
    found = reason(tmp_path / name)
    assert found == printable(found)
    assert found.startswith("the") or "no such file" in found


def test_a_file_that_grows_or_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(notebook(code("x")))
    real = os.fstat

    def grown(descriptor: int) -> os.stat_result:
        status = real(descriptor)
        with path.open("r+b") as file:
            file.truncate(MAX_NOTEBOOK + 100)
        return status

    monkeypatch.setattr(os, "fstat", grown)
    assert reason(path) == "the file has more than 64 MB"

    def replaced(descriptor: int) -> os.stat_result:
        path.unlink()
        path.symlink_to("/dev/zero")
        return real(descriptor)

    path.write_text(notebook(code("x")))
    monkeypatch.setattr(os, "fstat", replaced)
    assert cells(path) == ("x",)


def test_a_disk_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(notebook(code("x")))

    def failing(descriptor: int) -> os.stat_result:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", failing)
        told = reason(path)
    assert told == "the file cannot be read (Input/output error)"


def test_what_was_read_is_there_to_be_recorded(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    for content in (notebook(code("x")).encode(), b"\xff\xfe not text", b"{"):
        path.write_bytes(content)
        found = read(path)
        path.write_bytes(b"something else")
        assert found.raw == content
        assert found.digest == hashlib.sha256(content).hexdigest()
        assert "raw" not in repr(found)
    assert read(tmp_path / "none.ipynb").raw == b""


# --- folders as they were collected


def submitted(course: Path, student: str) -> Path:
    folder = course / "submitted" / student / "a"
    folder.mkdir(parents=True)
    return folder


def test_only_names_that_are_students_are_found(tmp_path: Path) -> None:
    for name in ("ada", "b.c-d_e@f", ".hidden", "-rf", "a b", "x" * 65, "=1+1", "\udcff", "<b>", "a\nb"):
        submitted(tmp_path, name)
    (tmp_path / "submitted" / "file").write_text("")
    (tmp_path / "submitted" / "linked").symlink_to(tmp_path / "submitted" / "ada")
    found, odd = students(tmp_path, "a")
    assert found == ["ada", "b.c-d_e@f"]
    assert set(odd) == {".hidden", "-rf", "a b", "x" * 65, "=1+1", "\udcff", "<b>", "a\nb", "linked"}


def test_a_folder_that_leads_to_another_students_is_not_followed(tmp_path: Path) -> None:
    (submitted(tmp_path, "ada") / "a.ipynb").write_text(notebook(code("x")))
    (tmp_path / "submitted" / "ada" / "a" / "timestamp.txt").write_text("2026-01-01")
    (tmp_path / "submitted" / "eve").mkdir()
    (tmp_path / "submitted" / "eve" / "a").symlink_to(tmp_path / "submitted" / "ada" / "a")
    assert Collected.read(tmp_path, "a", "eve").content == "the file is a symbolic link"
    assert stamp(tmp_path, "a", "eve", "timestamp.txt") == ""


def test_stamps_are_short_texts_or_nothing(tmp_path: Path) -> None:
    folder = submitted(tmp_path, "ada")
    secret = tmp_path / "secret"
    secret.write_text("secret")
    path = folder / "timestamp.txt"
    path.write_text(" 2026-01-01 \n")
    assert stamp(tmp_path, "a", "ada", path.name) == "2026-01-01"
    path.write_bytes(b"2" * 10**6)
    assert stamp(tmp_path, "a", "ada", path.name) == ""
    path.unlink()
    path.symlink_to(secret)
    assert stamp(tmp_path, "a", "ada", path.name) == ""
    path.unlink()
    os.mkfifo(path)
    assert stamp(tmp_path, "a", "ada", path.name) == ""


def test_a_folder_that_may_not_be_read_leaves_nobody_out(tmp_path: Path) -> None:
    for student, closed in (("ada", tmp_path / "submitted" / "ada"), ("bob", tmp_path / "submitted" / "bob" / "a")):
        submitted(tmp_path, student)
        closed.chmod(0)
    for parent in [tmp_path, *tmp_path.parents]:
        if parent != Path(parent.root) and parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    try:
        with ordinary_user():
            assert students(tmp_path, "a") == (["ada", "bob"], [])
            for student in ("ada", "bob"):
                assert "may not be read" in str(Collected.read(tmp_path, "a", student).content)
    finally:
        (tmp_path / "submitted" / "ada").chmod(0o755)
        (tmp_path / "submitted" / "bob" / "a").chmod(0o755)


def test_a_file_whose_name_is_no_text_has_a_key(tmp_path: Path) -> None:
    (submitted(tmp_path, "ada") / "\udcff.ipynb").write_text(notebook(code("x")))
    assert isinstance(Collected.read(tmp_path, "a", "ada").content, bytes)
    assert Collected.read(tmp_path, "a", "ada").key("") != Collected.read(tmp_path, "a", "bob").key("")


MARKED = '''class Tensor:
    """Marks
#%% shapes
    stand in a text, too."""

# %% methods
    def f(self):
        return 1
# %% [markdown]
# words alone
# %% [markdown] whose end was forgotten
def dW(dZ, A_prev):
    return dZ
# %%
x = 1
'''


def test_marks_of_cells_inside_a_class_or_a_text_of_a_module_cut_nothing() -> None:
    """For Python they are comments, and a module is right as Python runs it."""
    found = parse(MARKED.encode(), ".py", "student")
    assert isinstance(found, Submission)
    assert [cell.before for cell in found.cells] == [0, 10, 13]
    for cell in found.cells:
        compile(cell.source, "cell", "exec")
    assert "def f" in found.cells[0].source
    assert "def dW" in found.cells[1].source


@pytest.mark.parametrize(
    "source", ["def " + "a" * 500_000, "\n" * 500_000 + "1 +* def(", "def" + " " * 500_000, "class " * 200_000]
)
def test_what_is_searched_in_a_hostile_text_takes_time_in_proportion_to_its_length(source: str) -> None:
    """Text of which each pattern had taken the square: this test would not end."""
    notebook = {"cells": [{"cell_type": "code", "source": source}], "metadata": {"kernelspec": {"language": "R"}}}
    assert isinstance(parse(json.dumps(notebook).encode(), ".ipynb", "student"), Unreadable)
    assert sandbox_cells._DEFINITION.findall(source) in ([], ["a" * 500_000], ["class"])
