"""Archives for `nbgrader zip_collect`, as students may have made them."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from autograder import project
from autograder.course.plugins import archives
from autograder.course.plugins.archives import SafeExtractor

NOTEBOOK = b'{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}'


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def tarred(*members: tuple[str, bytes, bytes, str]) -> bytes:
    """Name, content, type and target of a link."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content, kind, target in members:
            entry = tarfile.TarInfo(name)
            entry.size, entry.type, entry.linkname = len(content), kind, target
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    found = zipfile.ZipInfo(name)
    found.external_attr = 0o120777 << 16
    return found


def unpacked(folder: Path, **files: bytes) -> dict[str, bytes]:
    """What comes out, by place; and nothing else in the folder."""
    downloaded, target = folder / "archive", folder / "extracted"
    downloaded.mkdir()
    target.mkdir()
    for name, content in files.items():
        (downloaded / name.replace("_", ".", 1).replace("_", ".")).write_bytes(content)
    SafeExtractor().extract(str(downloaded), str(target))
    assert sorted(path.name for path in folder.iterdir()) == ["archive", "extracted"]
    assert not [path for path in target.rglob("*") if path.is_symlink()]
    return {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}


def test_what_honest_ones_hold_comes_out(tmp_path: Path) -> None:
    inner = zipped(("data/a.csv", b"1"), ("b.ipynb", NOTEBOOK))
    everyone = zipped(("ada_b.ipynb", NOTEBOOK), ("bela.zip", inner), ("empty/", b""))
    tar = tarred(("cara_b.ipynb", NOTEBOOK, tarfile.REGTYPE, ""))
    assert unpacked(tmp_path, all_zip=everyone, more_tar_gz=tar, dora_ipynb=NOTEBOOK) == {
        "all/ada_b.ipynb": NOTEBOOK,
        "all/bela/data/a.csv": b"1",
        "all/bela/b.ipynb": NOTEBOOK,
        "more/cara_b.ipynb": NOTEBOOK,
        "dora.ipynb": NOTEBOOK,
    }


def test_nothing_comes_out_elsewhere(tmp_path: Path) -> None:
    names = ["../up", "/tmp/autograder-slip", "a/../../up", "..\\up", "C:\\up", "a/b/../../../up", ""]
    hostile = zipped(*((name, b"x") for name in names if name), (link("link"), b"/etc/passwd"), ("fine", b"1"))
    kinds = ((tarfile.SYMTYPE, "/etc/passwd"), (tarfile.LNKTYPE, "fine"), (tarfile.FIFOTYPE, ""), (tarfile.CHRTYPE, ""))
    entries = [(f"odd{number}", b"", kind, target) for number, (kind, target) in enumerate(kinds)]
    through = [("way", b"", tarfile.SYMTYPE, ".."), ("way/up", b"x", tarfile.REGTYPE, "")]
    tar = tarred(*((name, b"x", tarfile.REGTYPE, "") for name in names), *entries, *through)
    found = unpacked(tmp_path, a_zip=hostile, b_tar_gz=tar)
    assert found == {"a/fine": b"1", "b/way/up": b"x"}
    assert not Path("/tmp/autograder-slip").exists()


def test_bombs_do_not_go_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large, many, nested, passed over: what comes out is bounded, and the others come out all the same."""
    monkeypatch.setattr(archives, "MAX_BYTES", 1 << 20)
    monkeypatch.setattr(archives, "MAX_TOTAL", 4 << 20)
    monkeypatch.setattr(archives, "MAX_FILES", 100)
    large = zipped(("zeros", bytes(64 << 20)))
    many = zipped(*((f"{number}", b"") for number in range(1000)))
    nested = zipped(("x", b"deep"))
    for _ in range(6):
        nested = zipped(("again.zip", nested))
    several = zipped(*((f"{number}.zip", zipped(("z", bytes(1 << 20)))) for number in range(50)))
    passed_over = gzip.compress(bytes(64 << 20))
    tar = tarred(*((f"{number}", bytes(1 << 20), tarfile.REGTYPE, "") for number in range(50)))
    found = unpacked(
        tmp_path,
        a_zip=large,
        b_zip=many,
        c_zip=nested,
        d_zip=several,
        e_gz=passed_over,
        f_tar_gz=tar,
        g_zip=zipped(("fine", b"1")),
    )
    assert found["g/fine"] == b"1"
    assert sum(map(len, found.values())) <= 3 * (4 << 20)
    assert len(found) < 250
    assert b"deep" not in found.values()


DAMAGED = {"empty": b"", "begun": b"PK", "cut": zipped(("a", b"x" * 1000))[:-30], "noise": bytes(range(100, 200))}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damaged_ones_stop_nobody(tmp_path: Path, content: bytes) -> None:
    found = unpacked(tmp_path, a_zip=content, b_gz=content, c_zip=zipped(("fine", b"1")))
    assert found == {"c/fine": b"1"}


def test_nbgraders_command_does_so(tmp_path: Path) -> None:
    downloaded = tmp_path / "downloaded" / "backprop" / "archive"
    downloaded.mkdir(parents=True)
    hostile = zipped(
        ("ada_backprop.ipynb", NOTEBOOK), ("../../../../up", b"x"), (link("eve_backprop.ipynb"), b"/etc/passwd")
    )
    (downloaded / "all.zip").write_bytes(hostile)
    pattern = r"--FileNameCollectorPlugin.named_regexp=.*/(?P<student_id>\w+)_(?P<file_id>backprop)"
    command = [sys.executable, "-m", "nbgrader", "zip_collect", "backprop", pattern]
    environment = {**os.environ, "COURSE": str(tmp_path)}
    done = subprocess.run(command, cwd=project.root(), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "submitted" / "ada" / "backprop" / "backprop.ipynb").read_bytes() == NOTEBOOK
    assert [path.name for path in (tmp_path / "submitted").iterdir()] == ["ada"]
    assert "leads out of it" in done.stderr
