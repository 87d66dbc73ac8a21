"""What a notebook has beside Python: IPython's shell, what was typed and shown, and modules written by a cell.

Runs inside the sandbox and where students check, so it needs only the standard library.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import linecache
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

_WRITING = frozenset({"writefile", "file"})


class Session:
    """A notebook's names, before its first cell is run."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        """Make the module that the notebook is, with `names` and with what every notebook has."""
        self.module = ModuleType("__main__")
        self.typed: list[str] = [""]
        self.shown: dict[int, Any] = {}
        self.cell = 0
        """The cell that is run, from 0."""
        sys.modules["__main__"] = self.module
        shell = _Shell(vars(self.module))
        vars(self.module).update(names, In=self.typed, Out=self.shown, get_ipython=lambda: shell)
        vars(self.module).update(display=_nothing, exit=_nothing, quit=_nothing)
        sys.displayhook = self._show

    def type(self, cells: Sequence[str], files: Mapping[str, int]) -> None:
        """Note the sources of all cells, where `In` and `inspect.getsource` look; `files` are their code's names."""
        self.typed[1:] = cells
        for file, cell in files.items():
            lines = cells[cell].splitlines(keepends=True)
            linecache.cache[file] = len(cells[cell]), None, lines, file

    def _show(self, value: object) -> None:
        """Keep what a cell ends with: `_`, and `Out[3]`."""
        if value is not None:
            self.shown[self.cell + 1] = vars(self.module)["_"] = value


def _nothing(*args: Any, **kwargs: Any) -> None:
    """Ends and shows nothing."""


class _Shell:
    """Stands in for IPython's shell: magics that run code have been replaced by it, most others do nothing."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.user_ns = names
        """The names of the notebook."""
        self._written = _Written()

    def getoutput(self, *args: Any, **kwargs: Any) -> list[str]:
        return []

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        """Remember what `%%writefile helpers.py` writes: nothing is written, and it can be imported."""
        *options, file = line.split() or [""]
        if name in _WRITING and file.endswith(".py"):
            self._written.write(file.removeprefix("./")[:-3].replace("/", "."), cell, append="-a" in options)

    def run_line_magic(self, name: str, line: str, *args: Any) -> None:
        """Run what a cell has written: `%run helpers.py`."""
        file = line.strip().removeprefix("./")
        if name == "run" and file.removesuffix(".py") in self._written.sources:
            exec(compile(self._written.sources[file.removesuffix(".py")], file, "exec"), self.user_ns)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _nothing


class _Written(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Modules that cells have written."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}

    def write(self, module: str, source: str, *, append: bool) -> None:
        """Write a module, or more of it, and forget it as it was imported before."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)
        self.sources[module] = (self.sources.get(module, "") if append else "") + source
        sys.modules.pop(module, None)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self) if name in self.sources else None

    def get_source(self, name: str) -> str:
        """The source of a module."""
        return self.sources[name]
