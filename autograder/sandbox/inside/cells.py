"""Reading cells: their sources → top-level statements, as Jupyter reads them.

A cell is Python, or else what IPython makes Python of: its own reader does that, where it is at hand. Magics that run
code (`%time`, `%%capture`, …) are that code.

Runs inside the sandbox, so it needs only the standard library, and two files of IPython that `read_as_ipython` loads.
"""

from __future__ import annotations
import __future__

import ast
import importlib
import re
import sys
import textwrap
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder
from pathlib import Path
from types import CodeType, MappingProxyType

from autograder.sandbox.inside.budget import Budget, TooSlow
from autograder.sandbox.inside.names import bound_and_needed, changed, only_binds

IPYTHON_FILES = ("core/inputtransformer2.py", "utils/tokenutil.py")
"""What reads cells, of all that IPython is."""

_RUNNING = frozenset({"time", "timeit", "prun", "capture"})
_OPTIONS = re.compile(r"\s*(?:-[nrpstlTD]\s*[\w.:/]+\s+|-[a-zA-Z]+\s+)*")
_PYLAB = "import numpy\nimport numpy as np\nimport matplotlib.pyplot as plt\nfrom numpy import *"
_DEEPEST = 8
"""Magics in magics that are read."""
_DEFINITION = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What compiling a hostile text can raise."""


@dataclass
class Problem:
    """Why a name could not be defined: the exception's type and text, the cell, from 0, its line, and the function
    there."""

    type: str
    message: str
    line: int | None = None
    cell: int | None = None
    within: str | None = None


@dataclass
class Statement:
    """One top-level statement, compiled: the names it binds, needs and changes, whether it imports, or only binds."""

    code: CodeType
    binds: frozenset[str]
    needs: frozenset[str]
    changes: frozenset[str]
    imports: bool
    only_binds: bool


Known = Mapping[str, tuple[str, Sequence[Statement]]]
"""Statements of cells that were read before, by source, with the file name that their code has."""
NONE_KNOWN: Known = MappingProxyType({})


@dataclass
class Reading:
    """What cells are, once read.

    statements   and the cell, from 0, of each
    problems     why a cell could not be read, by the names that it would have defined
    files        the cell that has the code of a file name
    """

    statements: list[tuple[int, Statement]] = field(default_factory=list)
    problems: dict[str, Problem] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)


def read(cells: Sequence[str], known: Known = NONE_KNOWN, budget: Budget | None = None) -> Reading:
    """The statements of cells; one that is no Python costs itself."""
    reading, budget, flags = Reading(), budget or Budget(1.0), 0
    for number, source in enumerate(cells):
        file = f"<cell {number + 1}>"
        if source in known and not flags:
            file, statements = known[source]
        else:
            try:
                statements, flags = _read(source, file, flags, budget)
            except _ERRORS as error:
                problem = Problem("SyntaxError", getattr(error, "msg", str(error)), getattr(error, "lineno", 1), number)
                reading.problems.update(dict.fromkeys(_DEFINITION.findall(source), problem))
                continue
        reading.files.setdefault(file, number)
        reading.statements += [(number, statement) for statement in statements]
    return reading


def compiled(cells: Iterable[str]) -> Known:
    """Cells that many submissions will have; without those that change how others compile, or are no Python."""
    known: dict[str, tuple[str, Sequence[Statement]]] = {}
    for number, source in enumerate(cells, 1):
        file = f"<released cell {number}>"
        with suppress(*_ERRORS):
            statements, flags = _read(source, file, 0, Budget(1.0))
            if not flags:
                known[source] = file, statements
    return known


def _read(source: str, file: str, flags: int, budget: Budget) -> tuple[list[Statement], int]:
    """The statements of a cell, and the flags with which those after it are compiled. Raises one of _ERRORS."""
    statements, body = [], _parse(source, budget).body
    for node in _split(body):
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                flags |= getattr(getattr(__future__, alias.name, None), "compiler_flag", 0)
            continue
        with suppress(*_ERRORS):
            # As IPython does, also what waits at the top of a cell; and what a cell ends with is shown.
            allowed = flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            if node is body[-1] and isinstance(node, ast.Expr):
                code = compile(ast.Interactive([node]), file, "single", flags=allowed, dont_inherit=True)
            else:
                code = compile(ast.Module([node], []), file, "exec", flags=allowed, dont_inherit=True)
            statements.append(_statement(code, changed(node), isinstance(node, ast.Import | ast.ImportFrom)))
    return statements, flags


def _statement(code: CodeType, changes: frozenset[str] = frozenset(), imports: bool = False) -> Statement:
    return Statement(code, *bound_and_needed(code), changes, imports, only_binds(code))


def _split(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """One statement per import, so that one missing module does not take the others with it."""
    for node in body:
        if isinstance(node, ast.Import) and len(node.names) > 1:
            for alias in node.names:
                yield ast.copy_location(ast.Import([alias]), node)
        else:
            yield node


def _parse(source: str, budget: Budget, depth: int = 0) -> ast.Module:
    """Parse a cell as Python; only if that fails, as what IPython makes of it."""
    try:
        tree, transformed = ast.parse(source), False
    except SyntaxError:
        if depth > _DEEPEST:
            raise
        tree, transformed = ast.parse(_as_ipython(source, budget)), True
    if transformed or "get_ipython" in source:
        tree = ast.fix_missing_locations(_Magics(budget, depth, transformed).visit(tree))
    return tree


class _Magics(ast.NodeTransformer):
    """Puts the code that a magic runs in the magic's place."""

    def __init__(self, budget: Budget, depth: int, transformed: bool) -> None:
        self._budget, self._depth, self._transformed = budget, depth, transformed

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        """Statements for a statement."""
        return self._run(node.value, node.lineno) or self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """An expression for an expression."""
        body = self._run(node, node.lineno)
        value = body[0] if body and len(body) == 1 else None
        return value.value if isinstance(value, ast.Expr) else self.generic_visit(node)

    def _run(self, node: ast.expr, line: int) -> list[ast.stmt] | None:
        """The code that a call of a magic runs, with its lines in the cell."""
        code, first = _code_of(node)
        if code is None:
            return None
        try:
            body = _parse(code, self._budget, self._depth + 1).body
        except _ERRORS:
            return None
        for child in (child for top in body for child in ast.walk(top)):
            if isinstance(child, ast.stmt | ast.expr):
                # What an exported notebook has as a text is in one line of its module.
                child.lineno = line + first + child.lineno - 1 if self._transformed else line
                child.end_lineno = child.lineno
        return body or [ast.Pass()]


def _code_of(node: ast.expr) -> tuple[str | None, int]:
    """The code that a magic runs, and how many lines after the magic's own it begins; None if it is no such magic."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=how), args=arguments):
            texts = [each.value for each in arguments if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        case _:
            return None, 0
    if how == "magic" and len(texts) == 1:
        how, texts = "run_line_magic", texts[0].split(None, 1)
    name, line, *body = [*texts, "", ""]
    if how == "run_cell_magic" and name in _RUNNING:
        return body[0], 1
    if how == "run_line_magic" and name in _RUNNING:
        return line[_OPTIONS.match(f"{line} ").end() :] if line else "", 0  # type: ignore[union-attr]
    return (_PYLAB, 0) if how == "run_line_magic" and name == "pylab" else (None, 0)


_reader: Callable[[str], str] | None = None


def read_as_ipython(folder: Path | None) -> None:
    """From now on read cells as the IPython in a folder does: by two of its files, as all of it takes a second."""
    global _reader
    if folder is None:
        return
    packages = {f"IPython{part}": folder / part[1:] for part in ("", ".core", ".utils")}
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "IPython"}
    finders = sys.meta_path[:]
    sys.meta_path[:] = [BuiltinImporter, FrozenImporter, PathFinder]  # and nothing that stands in for IPython
    try:
        for name, path in packages.items():
            sys.modules[name] = types.ModuleType(name)
            sys.modules[name].__path__ = [str(path)]
        _reader = importlib.import_module("IPython.core.inputtransformer2").TransformerManager().transform_cell
    except (ImportError, AttributeError):
        return
    finally:
        sys.meta_path[:] = finders
        for name in [name for name in sys.modules if name.partition(".")[0] == "IPython"]:
            del sys.modules[name]
        sys.modules.update(before)


def _as_ipython(source: str, budget: Budget) -> str:
    """What IPython makes of a cell, or nearly that where there is no IPython; its lines are where they were."""
    if _reader is None:
        return _nearly_as_ipython(source)
    try:
        made: str = budget.run(_reader, source)
    except (Exception, TooSlow):
        return source
    return "\n" * next((number for number, line in enumerate(source.split("\n")) if line.strip()), 0) + made


def _nearly_as_ipython(source: str) -> str:
    text = textwrap.dedent(source)
    magic = re.match(r"\s*%%(\w+)", text)
    if magic and magic[1] not in _RUNNING:
        return ""
    text = re.sub(r"^([ \t]*)%time(?:it)?[ \t]+(?=\w)", r"\1", text, flags=re.MULTILINE)
    return re.sub(r"^([ \t]*)(?:[%!?].*|[\w.]+[ \t]*\?\??[ \t]*)$", r"\1pass", text, flags=re.MULTILINE)
