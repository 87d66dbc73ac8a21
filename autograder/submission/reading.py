"""Submission: a student's file → the cells of code in it, with limits. Nothing is run or parsed as Python here.

A file is opened and read once. Whoever also needs what else is in it takes `raw`: the file may be another one by then.
Archives are not opened here, but in `autograder.submission.choice`.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.submission.decoding import text_of, without_outputs

MAX_BYTES = 20 << 20
MAX_NOTEBOOK = 64 << 20
"""Of a notebook with its outputs, which are passed over."""
MAX_CELLS = 5000
MAX_CODE = 2 << 20
MAX_PARTS = 1 << 20
"""Of a notebook: texts, and outside them `,`, `[` and `{`. Each becomes a Python object of up to 200 bytes."""
_TEXT = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)  # one without an end reaches to the end: linear in time
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""Half of a character in JSON, or of a pair, which is a character: no text file can hold one alone."""
_DEFINES = re.compile(r"^[ \t]*(?:def[ \t]+\w{1,100}[ \t]*\(|class[ \t]+\w{1,100}[ \t]*[(:])", re.MULTILINE)
_SAVE = "open it in Jupyter, save it there, then hand it in again"
_PERCENT = re.compile(r"^# ?%%(.*)$", re.MULTILINE)


_FLAGS = os.O_RDONLY
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):  # Windows has only the last, others all but that
    _FLAGS |= getattr(os, _name, 0)


@dataclass(frozen=True)
class Cell:
    """Code of a submission, and where it stands.

    number     of the cell in its notebook, from 1, all cells counted; 0 in a module
    before     lines of the module that come before it
    grade_id   nbgrader's name of the cell, or ""
    kind       "code", or what a cell has become that should be code
    """

    source: str
    number: int = 0
    before: int = 0
    grade_id: str = ""
    kind: str = "code"


@dataclass(frozen=True)
class Submission:
    """What a student handed in.

    name     as it was named by whoever grades it
    cells    the code cells, in document order
    digest   of the bytes that were read, the very ones that are graded
    raw      these bytes
    texts    the other cells, in which code may stand by mistake
    python   the version of Python that the notebook says it was written with, or ""
    """

    name: str
    cells: tuple[Cell, ...]
    digest: str = ""
    raw: bytes = field(default=b"", repr=False, compare=False)
    texts: tuple[Cell, ...] = field(default=(), repr=False)
    python: str = ""

    @classmethod
    def of(cls, name: str, sources: Iterable[str]) -> Submission:
        """A notebook with these code cells and no others."""
        return cls(name, tuple(Cell(source, number) for number, source in enumerate(sources, 1)))


@dataclass(frozen=True)
class Unreadable:
    """A file that cannot be graded, and why, in a sentence for student and instructor; `raw` is what was read of it."""

    name: str
    reason: str
    digest: str = ""
    raw: bytes = field(default=b"", repr=False, compare=False)


def kind_of(file: str) -> str:
    """What a file is by its name: ".ipynb", ".py" or ".zip", as browsers save them, too; else what it ends in."""
    name = file.lower()
    for added in (".txt", ".json"):
        if name.endswith((f".ipynb{added}", f".py{added}")):
            name = name.removesuffix(added)
    return Path(name).suffix


def read(path: Path, name: str | None = None) -> Submission | Unreadable:
    """Read one notebook or module. Never raises for what is wrong with the file."""
    return parse(read_work(path), kind_of(path.name), name or str(path))


def read_work(path: Path) -> bytes | str:
    """The bytes of a notebook without its outputs, or of another file; or why it cannot be read."""
    if kind_of(path.name) != ".ipynb":
        return read_bytes(path)
    content = read_bytes(path, MAX_NOTEBOOK)
    return work_in(content) if isinstance(content, bytes) else content


def work_in(content: bytes) -> bytes | str:
    """The bytes of a notebook without its outputs; or why that is still too much."""
    content = without_outputs(content)
    if len(content) <= MAX_BYTES:
        return content
    return (
        f"the notebook has {_size(len(content))} besides its outputs; at most {_size(MAX_BYTES)} are read: take large "
        "pictures and data out of it, save it, then hand it in again"
    )


def parse(content: bytes | str, suffix: str, name: str) -> Submission | Unreadable:
    """The submission in the bytes of a `.ipynb` or `.py` file; a string says why there are none, as in `read_bytes`."""
    if isinstance(content, str):
        return Unreadable(name, content)
    digest = hashlib.sha256(content).hexdigest()
    found = _cells(content, suffix)
    if isinstance(found, str):
        return Unreadable(name, found, digest, content)
    cells, python = found
    code = tuple(cell for cell in cells if cell.kind == "code")
    return Submission(name, code, digest, content, tuple(cell for cell in cells if cell.kind != "code"), python)


def cells_of(content: bytes, suffix: str) -> tuple[str, ...] | str:
    """Sources of the code cells in the bytes of a `.ipynb` or `.py` file, or the reason why there are none to be had.

    What else is known of them is in a Submission.
    """
    found = _cells(content, suffix)
    return found if isinstance(found, str) else tuple(cell.source for cell in found[0] if cell.kind == "code")


def _cells(content: bytes, suffix: str) -> tuple[list[Cell], str] | str:
    """All cells in the bytes of a file, and the Python that it says it was written with; or why there are none."""
    if not content.strip():
        return "the file is empty: save your work, look whether it is there, then hand it in again"
    if suffix.lower() not in (".ipynb", ".py"):
        return f"the file ends in {suffix[:20] or 'nothing'!r}; hand in a notebook (.ipynb) or a module (.py)"
    text = text_of(content, suffix.lower())
    if text is None:
        return "the file is not text: save your work from Jupyter or your editor (as UTF-8), then hand it in again"
    if suffix.lower() == ".py":
        return _limited(_pieces(text), "")
    notebook = _notebook(text)
    if isinstance(notebook, str):
        return notebook
    document, python = notebook
    return _limited([_cell(cell, number) for number, cell in enumerate(document, 1)], python)


def _pieces(text: str) -> list[Cell]:
    """The cells of a module: all of it, unless it has marks of percent format."""
    pieces = _PERCENT.split(text)
    joined: list[tuple[int, str, list[str]]] = []
    before, open_text = 0, False
    for marker, body in zip(["", *pieces[1::2]], pieces[::2], strict=True):
        kind = "code" if _is_code(marker) or _has_code(body) else "markdown"
        if joined and joined[-1][1] == "code" and (open_text or _is_indented(body)):
            joined[-1][2].append(f"#{body}")  # for Python a mark is a comment: this one stands inside something
        else:
            joined.append((before, kind, [body]))
            open_text = False
        before += body.count("\n")
        open_text ^= bool((body.count('"""') + body.count("'''")) % 2)
    cells = [(start, kind, "".join(parts)) for start, kind, parts in joined]
    return [Cell(source, 0, start, kind=kind) for start, kind, source in cells if source.strip()]


def _has_code(body: str) -> bool:
    """Whether a piece has lines that are no comments: people forget the mark after a piece of Markdown."""
    lines = (line.strip() for line in body.split("\n"))
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return bool(first) and not first.startswith(('"""', "'''"))


def _is_indented(body: str) -> bool:
    """Whether a piece goes on inside a function or class."""
    lines = body.split("\n")
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    return first[:1] in (" ", "\t")


def _cell(cell: dict[str, Any], number: int) -> Cell:
    metadata, kind = cell.get("metadata"), cell.get("cell_type")
    grading = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = grading.get("grade_id") if isinstance(grading, dict) else None
    if isinstance(grading, dict) and grading.get("cell_type") == "code":
        kind = "code"  # nbgrader puts back what it was
    kind = kind if kind in ("code", "raw") else "markdown"
    return Cell(source_of(cell), number, 0, grade_id if isinstance(grade_id, str) else "", kind)


def notebook_cells(content: bytes) -> list[dict[str, Any]]:
    """All cells in the bytes of a notebook, as it has them; none if it is not one."""
    found = _notebook(text_of(content, ".ipynb") or "")
    return [] if isinstance(found, str) else found[0]


def module_cells(content: bytes) -> list[dict[str, Any]]:
    """All cells in the bytes of a module, as a notebook has them: one, unless it is in percent format."""
    pieces = _PERCENT.split(text_of(content, ".py") or "")
    marked = zip(["", *pieces[1::2]], pieces[::2], strict=True)
    return [_module_cell(marker, body) for marker, body in marked if body.strip()]


def _module_cell(marker: str, body: str) -> dict[str, Any]:
    if _is_code(marker):
        return {"cell_type": "code", "source": body}
    return {"cell_type": "markdown", "source": re.sub(r"^# ?", "", body.strip(), flags=re.MULTILINE)}


def _is_code(marker: str) -> bool:
    return not re.match(r"\s*\[(markdown|md|raw)\]", marker)


def read_bytes(path: Path, limit: int = MAX_BYTES, folder: int | None = None) -> bytes | str:
    """The file's bytes, or why it cannot be read, in a few words; `folder` is where `path` is, if that is open already.

    Opens it once, without following a link and without waiting on a pipe, and reads at most one byte more than `limit`.
    """
    try:
        descriptor = os.open(path, _FLAGS, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "the file is a symbolic link"
        return {
            errno.ENOENT: "there is no such file",
            errno.EACCES: "the file may not be read",
            errno.ENXIO: "the file is not a regular file",
        }.get(error.errno or 0, f"the file cannot be opened ({os.strerror(error.errno or 0)})")
    except ValueError:
        return "the file's name is not one"
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            return "the file is a directory"
        if not stat.S_ISREG(status.st_mode):
            return "the file is not a regular file"
        if status.st_size > limit:
            told = f"the file has {_size(status.st_size)}; at most {_size(limit)} are read"
            return f"{told}: clear the outputs, take out what is large, then hand it in again"
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(limit + 1)
    except OSError as error:
        return f"the file cannot be read ({os.strerror(error.errno or 0)})"
    finally:
        os.close(descriptor)
    return content if len(content) <= limit else f"the file has more than {_size(limit)}"


def _size(count: int) -> str:
    return f"{count >> 20} MB" if count >= 1 << 20 else f"{count} bytes"


def _notebook(text: str) -> tuple[list[dict[str, Any]], str] | str:
    """The cells of a notebook, and the version of Python that it says it was written with; or why it is none."""
    if _parts(text, 0, len(text)) > MAX_PARTS and _is_crowded(text):
        return "the notebook is not one that Jupyter writes: it holds too many values"
    try:
        notebook = json.loads(text)
        if _HALF.search(text):
            notebook = json.loads(json.dumps(notebook, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return f"the file is not a notebook: it is not valid JSON; {_SAVE}"
    if not isinstance(notebook, dict):
        return f"the file is not a notebook: it is JSON, but has no cells; {_SAVE}"
    cells = notebook.get("cells")
    if cells is None and isinstance(notebook.get("worksheets"), list):  # nbformat 3
        sheets = [sheet for sheet in notebook["worksheets"] if isinstance(sheet, dict)]
        cells = [cell for sheet in sheets if isinstance(sheet.get("cells"), list) for cell in sheet["cells"]]
    if not isinstance(cells, list):
        return f"the file is not a notebook: it is JSON, but has no cells; {_SAVE}"
    language = _language(notebook)
    if not re.match(r"(i?python|)\d*$", language, re.IGNORECASE) and not _is_python(cells):
        return f"the notebook is written in {language[:40]!r}, and no cell of it defines anything in Python"
    if len(cells) > MAX_CELLS:
        return f"the notebook has {len(cells)} cells; at most {MAX_CELLS} are read"
    return [cell for cell in cells if isinstance(cell, dict)], _python(notebook)


def _is_python(cells: list[Any]) -> bool:
    """Whether there is Python in them: people choose a wrong kernel and go on."""
    return any(_DEFINES.search(source_of(cell)) for cell in cells if isinstance(cell, dict))


def _parts(text: str, start: int, end: int) -> int:
    return text.count(",", start, end) + text.count("[", start, end) + text.count("{", start, end)


def _is_crowded(text: str) -> bool:
    """Whether there are more than MAX_PARTS; what is printed in a notebook is full of commas, but one part."""
    count = place = 0
    for match in _TEXT.finditer(text):
        count += 1 + _parts(text, place, match.start())
        place = match.end()
        if count > MAX_PARTS:
            return True
    return count + _parts(text, place, len(text)) > MAX_PARTS


def _limited(cells: list[Cell], python: str) -> tuple[list[Cell], str] | str:
    if sum(len(cell.source) for cell in cells if cell.kind == "code") > MAX_CODE:
        return f"the file has more than {MAX_CODE >> 20} MB of code"
    return cells, python


def _python(notebook: dict[str, Any]) -> str:
    metadata = notebook.get("metadata")
    language = metadata.get("language_info") if isinstance(metadata, dict) else None
    version = language.get("version") if isinstance(language, dict) else None
    return version if isinstance(version, str) and re.fullmatch(r"3\.\d{1,3}(\.\w{1,9})?", version) else ""


def _language(notebook: dict[str, Any]) -> str:
    metadata = notebook.get("metadata")
    kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    language = kernel.get("language") if isinstance(kernel, dict) else None
    return language if isinstance(language, str) else ""


def source_of(cell: dict[str, Any]) -> str:
    """The text of a cell, whatever is in its place."""
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    # JSON can hold half of a character, which no text file can.
    return source.encode("utf-8", "replace").decode() if isinstance(source, str) else ""
