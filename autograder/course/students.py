"""The students of the sample class: what each of them does to the notebook that was fetched.

They work for any assignment: right solutions are the instructor's, wrong ones come from its bank of misconceptions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode, v4

ANSWER = "Each layer's derivative needs that of the layer after it, so we start at the loss and walk back."


@dataclass
class Sheet:
    """A fetched notebook being worked on. `solutions` and `mistakes` are sources by exercise."""

    path: Path
    solutions: Mapping[str, str]
    mistakes: Mapping[str, tuple[str, ...]]
    notebook: NotebookNode = field(init=False)

    def __post_init__(self) -> None:
        self.notebook = nbformat.read(self.path, as_version=4)

    def cells(self, kind: str) -> list[NotebookNode]:
        """Cells whose nbgrader metadata say `kind`: solution, grade or locked."""
        return [cell for cell in self.notebook.cells if cell.metadata.get("nbgrader", {}).get(kind)]

    def solve(self, names: Iterable[str] | None = None) -> None:
        """Solve some exercises rightly, or all of them."""
        wanted = self.solutions if names is None else list(names)
        for name in wanted:
            self.put(name, self.solutions[name])

    def put(self, name: str, source: str) -> None:
        """Write code into the cell of an exercise."""
        for cell in self.cells("solution"):
            if cell.metadata.nbgrader.grade_id == name and cell.cell_type == "code":
                cell.source = source

    def err(self, count: int, seed: int) -> None:
        """Solve everything, but `count` exercises by a common misconception; `seed` chooses which."""
        self.solve()
        names = [name for name, wrong in self.mistakes.items() if wrong]
        for step in range(min(count, len(names))):
            name = names[(seed + 3 * step) % len(names)]
            wrong = self.mistakes[name]
            self.put(name, wrong[seed % len(wrong)])

    def answer(self, text: str = ANSWER) -> None:
        """Answer the written questions."""
        for cell in self.cells("solution"):
            if cell.cell_type == "markdown":
                cell.source = text

    def scratch(self, source: str, at: int | None = None) -> None:
        """Add a code cell of one's own, by default at the end."""
        cells = self.notebook.cells
        cells.insert(len(cells) if at is None else at, v4.new_code_cell(source, id=f"own-{len(cells)}"))

    def after(self, names: Iterable[str], source: str) -> None:
        """Add a line below each solution; `{name}` in it is the exercise."""
        for name in names:
            self.put(name, f"{self.solutions[name]}\n\n{source.replace('{name}', name)}")

    def save(self) -> None:
        """Write the notebook, as Jupyter does."""
        nbformat.write(self.notebook, self.path)

    @property
    def last(self) -> str:
        """An exercise on which no other solution builds, where there is one."""
        calls = {name: sum(f"{name}(" in source for source in self.solutions.values()) for name in self.solutions}
        free = [name for name, count in calls.items() if count == 1]  # its own definition
        return (free or list(self.solutions))[-1]


Work = Callable[[Sheet], None]


def right(sheet: Sheet) -> None:
    """All right, written question answered."""
    sheet.solve()
    sheet.answer()


def talkative(sheet: Sheet) -> None:
    """All right, with magics, plots and prints."""
    right(sheet)
    sheet.scratch("%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2, 3])\nplt.show()")
    sheet.scratch("!pip list\nfor i in range(10):\n    print('still working', i)")


def decorated(sheet: Sheet) -> None:
    """All right, every function behind a decorator."""
    sheet.scratch(
        "import functools\n\ndef traced(f):\n    @functools.wraps(f)\n    def wrapper(*args, **kwargs):\n"
        "        return f(*args, **kwargs)\n    return wrapper",
        at=2,
    )
    sheet.after(sheet.solutions, "{name} = traced({name})")
    sheet.answer("From the loss towards the input: the chain rule reuses what comes after.")


def column_major(sheet: Sheet) -> None:
    """All right, arrays in Fortran order, functions as lambdas."""
    sheet.scratch(
        "def fortran(x):\n    return np.asfortranarray(x) if isinstance(x, np.ndarray) and x.ndim > 1 else x", at=2
    )
    names = [name for name in sheet.solutions if "def " in sheet.solutions[name]]
    sheet.after(names, "_{name} = {name}\n{name} = lambda *a, **k: fortran(_{name}(*a, **k))")


def lists(sheet: Sheet) -> None:
    """All right, one function returns lists."""
    sheet.solve()
    sheet.after([sheet.last], "_listed = {name}\n{name} = lambda *a, **k: np.asarray(_listed(*a, **k)).tolist()")
    sheet.answer()


def untouched(sheet: Sheet) -> None:
    """Hands in what was fetched."""


def half(sheet: Sheet) -> None:
    """Got half-way."""
    sheet.solve(list(sheet.solutions)[: len(sheet.solutions) // 2])


def syntax_error(sheet: Sheet) -> None:
    """One cell does not parse."""
    right(sheet)
    sheet.put(sheet.last, sheet.solutions[sheet.last].replace(":", "", 1))


def failing_scratch(sheet: Sheet) -> None:
    """A cell of one's own raises."""
    right(sheet)
    sheet.scratch("np.ones((2, 3)) @ np.ones((2, 3))", at=3)


def endless_demo(sheet: Sheet) -> None:
    """A demonstration that never ends."""
    right(sheet)
    sheet.scratch("while True:\n    pass", at=3)


def exits(sheet: Sheet) -> None:
    """A function ends the process."""
    right(sheet)
    sheet.put(sheet.last, f"import os\n\ndef {sheet.last}(*args, **kwargs):\n    os._exit(0)")


def prints_much(sheet: Sheet) -> None:
    """A function prints without end in sight."""
    right(sheet)
    loud = "def {name}(*a, **k):\n    print('x' * 1_000_000)\n    return _quiet(*a, **k)"
    sheet.after([sheet.last], f"_quiet = {{name}}\n\n{loud}")


def hoards(sheet: Sheet) -> None:
    """A function wants more memory than there is."""
    right(sheet)
    sheet.put(sheet.last, f"def {sheet.last}(*args, **kwargs):\n    return np.ones(2 * 10**9) * 2")


def loops(sheet: Sheet) -> None:
    """A function never returns."""
    right(sheet)
    sheet.put(sheet.last, f"def {sheet.last}(*args, **kwargs):\n    while True:\n        pass")


def without_tests(sheet: Sheet) -> None:
    """All right, but the test cells are gone."""
    right(sheet)
    tests = [cell.id for cell in sheet.cells("grade") if cell.cell_type == "code"]
    sheet.notebook.cells = [cell for cell in sheet.notebook.cells if cell.id not in tests]


def easier_tests(sheet: Sheet) -> None:
    """A misconception, and test cells changed until they pass."""
    sheet.err(1, 2)
    for cell in sheet.cells("grade"):
        if cell.cell_type == "code":
            cell.source = "print('all tests passed')\n1000.0"


def copied_cells(sheet: Sheet) -> None:
    """All right, with every test cell copied."""
    right(sheet)
    sheet.notebook.cells += [NotebookNode(cell, id=f"{cell.id}-copy") for cell in sheet.cells("grade")]


def module(sheet: Sheet) -> None:
    """Hands in a plain module."""
    sheet.path.unlink()
    given = [cell.source for cell in sheet.cells("locked") if not cell.metadata.nbgrader.grade]
    code = "\n\n\n".join([*given, *sheet.solutions.values()])
    sheet.path.with_suffix(".py").write_text(code + "\n", encoding="utf-8")
    sheet.save = lambda: None  # type: ignore[method-assign]


def _wrong(count: int, seed: int, answered: bool = True) -> Work:
    def work(sheet: Sheet) -> None:
        sheet.err(count, seed)
        if answered:
            sheet.answer()

    return work


def _broken(content: Callable[[bytes], bytes]) -> Work:
    def work(sheet: Sheet) -> None:
        right(sheet)
        sheet.save()
        sheet.path.write_bytes(content(sheet.path.read_bytes()))
        sheet.save = lambda: None  # type: ignore[method-assign]

    return work


CLASS: dict[str, Work] = {
    "ada": right,
    "bela": talkative,
    "carla": decorated,
    "dinh": column_major,
    "emre": lists,
    "fatou": copied_cells,
    "gustav": module,
    "hana": _wrong(1, 0),
    "ines": _wrong(1, 1),
    "jonas": _wrong(1, 2),
    "kofi": _wrong(1, 3, answered=False),
    "lea": _wrong(1, 4),
    "mateo": _wrong(2, 5),
    "nora": _wrong(3, 6),
    "omar": _wrong(4, 7, answered=False),
    "paula": untouched,
    "quentin": half,
    "rosa": syntax_error,
    "sven": failing_scratch,
    "tara": endless_demo,
    "ugo": exits,
    "vera": prints_much,
    "wim": hoards,
    "xenia": loops,
    "yann": without_tests,
    "zoe": easier_tests,
    "broken-json": _broken(lambda content: content[: len(content) // 2]),
    "broken-empty": _broken(lambda content: b""),
    "broken-text": _broken(lambda content: json.dumps({"cells": "none"}).encode("utf-16")),
}
LATE: dict[str, Work] = {"late-right": right, "late-wrong": _wrong(1, 5)}
