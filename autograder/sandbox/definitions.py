"""Which statements of a submission define what is graded, and running just those.

A notebook is graded on its definitions. Plots, prints, scratch cells that raise and demo loops that take
a minute define nothing that the exercises need, so they are never run: starting from the exercises' names,
only the top-level statements that bind a name needed (transitively) are executed, in document order.
A statement that needs a name bound further down is tried again after it, as a student's kernel would have had it.

Runs inside the sandbox, so it needs only the standard library.
"""

from __future__ import annotations
import __future__

import ast
import dis
import re
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType, MappingProxyType
from typing import Any

STATEMENT_SECONDS = 2.0
"""Of processor time for one statement."""
_ASLEEP_SECONDS = 8.0
"""Of any time: less than a worker has for all statements, and much more than one needs while the machine is busy."""

_LOADS = {
    dis.opmap[name]: shift
    for name, shift in (("LOAD_NAME", 0), ("LOAD_GLOBAL", 1), ("LOAD_FROM_DICT_OR_GLOBALS", 0))
    if name in dis.opmap
}
"""Instructions that load a global name, and by how many bits the number of the name is shifted."""
_STORE_NAME, _STORE_GLOBAL = dis.opmap["STORE_NAME"], dis.opmap["STORE_GLOBAL"]
_IMPORT_STAR, _INTRINSIC, _STAR = dis.opmap.get("IMPORT_STAR"), dis.opmap.get("CALL_INTRINSIC_1"), 2
_OF_NAMES = re.compile(
    b"["
    + b"".join(
        re.escape(bytes([each]))
        for each in (*_LOADS, _STORE_NAME, _STORE_GLOBAL, _IMPORT_STAR, _INTRINSIC)
        if each is not None
    )
    + b"]",
    re.DOTALL,
)
"""Those of all instructions that have to do with names, in bytes that are one for each."""

_PYTHON_CELL_MAGICS = frozenset({"time", "timeit", "capture", "prun", "python", "python3"})
_MAGIC_LINE = re.compile(r"^(\s*)(?:[%!?]|[\w.]+\s*\?\??\s*$).*$")
_MAGIC_VALUE = re.compile(r"^(\s*[\w, ]+=\s*)[%!].*$")
_ONE_FUNCTION = re.compile(r"(?:[ \t]*(?:#[^\n\r\f]*)?\n)*def [^\n\r\f]*(?:\n(?:[ \t][^\n\r\f]*|#[^\n\r\f]*)?)*\Z")
"""A cell in which nothing but one function begins at the left margin, comments apart: most that students write."""
_DEFINITION = re.compile(r"^\s*(?:def|class)\s+(\w+)", re.MULTILINE)


@dataclass
class Problem:
    """Why a name could not be defined: the exception's type and text, the line of the cell, and the function there."""

    type: str
    message: str
    line: int | None = None
    within: str | None = None


@dataclass
class Statement:
    """One top-level statement, compiled: the names it binds and needs, and whether it imports."""

    code: CodeType
    binds: frozenset[str]
    needs: frozenset[str]
    changes: frozenset[str]
    imports: bool


@dataclass
class Definitions:
    """What a submission defines once the needed statements have run."""

    namespace: dict[str, Any]
    problems: dict[str, Problem] = field(default_factory=dict)
    forbidden: dict[str, str] = field(default_factory=dict)
    """Name → module that may not be imported here."""
    bound: set[str] = field(default_factory=set)
    """Every name that some statement binds, run or not: where to look for a misspelt one."""
    draws: bool = False
    """Whether what was run may draw random numbers."""

    def problem_of(self, error: BaseException) -> Problem:
        """Describe an exception; where a name is missing since nobody answered its `input()`, that is why."""
        cause = self.problems.get(getattr(error, "name", None) or "") if isinstance(error, NameError) else None
        return cause if cause and cause.type == "EOFError" else problem_of(error)


class _TooSlow(BaseException):
    """A statement took longer than STATEMENT_SECONDS; no `except Exception` of the student's stops it."""


def define(
    cells: Sequence[str],
    names: Iterable[str],
    namespace: dict[str, Any],
    known: Mapping[str, Sequence[Statement]] = MappingProxyType({}),
) -> Definitions:
    """Run the statements of `cells` that `names` need, in `namespace`, each under a time limit of its own.

    `known` are cells that `compiled` has seen already.
    """
    found = Definitions(namespace)
    statements = list(_statements(cells, found.problems, known))
    found.bound = {name for entry in statements for name in entry.binds}
    wanted = frozenset(names)
    pending = _needed(statements, wanted)
    found.draws = any(_draws(entry.code) for entry in pending)
    functions: dict[str, Any] = {}
    while pending:
        postponed = [entry for entry in pending if not _run(entry, wanted, functions, found)]
        if len(postponed) == len(pending):
            break
        pending = postponed
    # A scratch cell like `dW = dW(dZ, A)` hides the function that it calls: the function is what is graded.
    namespace.update(functions)
    for name in functions:
        found.problems.pop(name, None)
    return found


def compiled(cells: Iterable[str]) -> dict[str, tuple[Statement, ...]]:
    """Statements of cells that many submissions will have, by source; without those that change how others compile."""
    return {source: tuple(_statements([source], {}, {})) for source in cells if "__future__" not in source}


def _statements(
    cells: Sequence[str], problems: dict[str, Problem], known: Mapping[str, Sequence[Statement]]
) -> Iterator[Statement]:
    flags = 0
    for number, source in enumerate(cells, 1):
        if source in known and not flags:
            yield from known[source]
            continue
        function = _function(source, f"<cell {number}>", flags)
        if function:
            yield function
            continue
        try:
            tree = _parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            problem = Problem("SyntaxError", getattr(error, "msg", str(error)), getattr(error, "lineno", None))
            problems.update(dict.fromkeys(_DEFINITION.findall(source), problem))
            continue
        for node in _split(tree.body):
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                for alias in node.names:
                    flags |= getattr(getattr(__future__, alias.name, None), "compiler_flag", 0)
                continue
            try:
                code = compile(ast.Module([node], []), f"<cell {number}>", "exec", flags=flags, dont_inherit=True)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            binds, needs = _names(code)
            imports = isinstance(node, ast.Import | ast.ImportFrom)
            yield Statement(code, binds, needs, _changed(node), imports)


def _function(source: str, file: str, flags: int) -> Statement | None:
    """The statement in a cell that is one function, without a tree of it, which takes as long again; None if unsure."""
    if not _ONE_FUNCTION.match(source):
        return None
    try:
        code = compile(source, file, "exec", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return Statement(code, *_names(code), frozenset(), False)


def _parse(source: str) -> ast.Module:
    """Parse a cell; only if that fails, without what IPython alone understands."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.parse(_without_magics(source))


def _without_magics(source: str) -> str:
    lines = source.split("\n")
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%"):
        if first[2:].split(" ")[0].strip() not in _PYTHON_CELL_MAGICS:
            return ""
        lines[lines.index(first)] = ""
    plain = []
    continued = False
    for line in lines:
        magic = continued or _MAGIC_LINE.match(line)
        continued = bool(magic) and line.rstrip().endswith("\\")
        if magic:
            plain.append(line[: len(line) - len(line.lstrip())] + "pass")
        else:
            plain.append(_MAGIC_VALUE.sub(r"\1None", line))
    return "\n".join(plain)


def _split(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """One statement per import, so that one missing module does not take the others with it."""
    for node in body:
        if isinstance(node, ast.Import) and len(node.names) > 1:
            for alias in node.names:
                yield ast.copy_location(ast.Import([alias]), node)
        else:
            yield node


def _names(code: CodeType, nested: bool = False) -> tuple[frozenset[str], frozenset[str]]:
    """Module-level names that a statement binds, and global names that it or functions in it load."""
    binds, needs, names = set(), set(), code.co_names
    for operation, argument in _instructions(code.co_code):
        if operation in _LOADS:
            needs.add(names[argument >> _LOADS[operation]])
        elif operation == _STORE_GLOBAL or (operation == _STORE_NAME and not nested):
            binds.add(names[argument])
        elif operation == _IMPORT_STAR or (operation == _INTRINSIC and argument == _STAR):
            binds.add("*")
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            inner_binds, inner_needs = _names(constant, nested=True)
            binds |= inner_binds
            needs |= inner_needs
    return frozenset(binds), frozenset(needs)


def _instructions(code: bytes) -> Iterator[tuple[int, int]]:
    """Instructions that have to do with names, and their arguments, of which others before them may hold a part.

    Read off the bytes: `dis` describes every instruction, which takes longer than running most submissions.
    """
    operations, arguments = code[::2], code[1::2]
    for found in _OF_NAMES.finditer(operations):
        place, argument, shift = found.start(), arguments[found.start()], 8
        while place and operations[place - 1] == dis.EXTENDED_ARG:
            place -= 1
            argument |= arguments[place] << shift
            shift += 8
        yield operations[found.start()], argument


def _draws(code: CodeType) -> bool:
    """Whether a name with "random" in it occurs in some code or the functions in it."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return any("random" in name for name in code.co_names) or any(map(_draws, inner))


def _changed(node: ast.AST) -> frozenset[str]:
    """Names whose object a statement changes without binding it, in blocks too.

    That is `TABLE[k] = v`, `f.x = 1`, `CACHE.update(…)` and `setattr(Tensor, name, method)`.
    """
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        return frozenset()
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called = node.value
        targets = [called.func]
        if isinstance(called.func, ast.Name) and called.func.id == "setattr" and called.args:
            targets = [ast.Attribute(called.args[0], "")]
    roots = {name for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt) for name in _changed(child)}
    for target in targets:
        inner = target
        while isinstance(inner, ast.Attribute | ast.Subscript):
            inner = inner.value
        if isinstance(inner, ast.Name) and inner is not target:
            roots.add(inner.id)
    return frozenset(roots)


def _needed(statements: list[Statement], wanted: frozenset[str]) -> list[Statement]:
    imported = {name for entry in statements if entry.imports for name in entry.binds}
    needed = set(wanted) | {"*"}
    chosen: set[int] = set()
    grew = True
    while grew:
        grew = False
        for index, entry in enumerate(statements):
            if index not in chosen and (entry.binds & needed or entry.changes & (needed - imported)):
                chosen.add(index)
                needed |= entry.needs
                grew = True
    return [statements[index] for index in sorted(chosen)]


def _run(entry: Statement, wanted: frozenset[str], functions: dict[str, Any], found: Definitions) -> bool:
    """Run one statement; False only if it met a name that may be bound later."""
    try:
        _limited(entry.code, found.namespace)
    except NameError as error:
        _note(entry, error, found)
        return False
    except BaseException as error:
        _note(entry, error, found)
        return True
    for name in entry.binds:
        found.problems.pop(name, None)
        if name in wanted and callable(found.namespace.get(name)):
            functions[name] = found.namespace[name]
    return True


def _limited(code: CodeType, namespace: dict[str, Any]) -> None:
    def stop(signum: int, frame: FrameType | None) -> None:
        raise _TooSlow

    if not hasattr(signal, "setitimer"):  # Windows, where only students are: their check has a time limit of its own
        exec(code, namespace)
        return
    timers = (
        (signal.SIGPROF, signal.ITIMER_PROF, STATEMENT_SECONDS),
        (signal.SIGALRM, signal.ITIMER_REAL, _ASLEEP_SECONDS),
    )
    for number, timer, seconds in timers:
        signal.signal(number, stop)
        signal.setitimer(timer, seconds, 0.1)
    try:
        exec(code, namespace)
    finally:
        for _, timer, _ in timers:
            signal.setitimer(timer, 0)


def _note(entry: Statement, error: BaseException, found: Definitions) -> None:
    for name in entry.binds:
        if isinstance(error, ImportError) and getattr(error, "name", None):
            found.forbidden[name] = str(error.name)
        found.problems[name] = problem_of(error)


def problem_of(error: BaseException) -> Problem:
    """Describe an exception that student code raised, with the line of the cell where it arose."""
    if isinstance(error, _TooSlow):
        return Problem("TimeoutError", f"took more than {STATEMENT_SECONDS:g} seconds")
    line = within = None
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if _is_cell(code.co_filename):
            line, within = trace.tb_lineno, code.co_qualname
        trace = trace.tb_next
    try:
        message = str(error)[:300]
    except BaseException:  # a hostile __str__
        message = ""
    return Problem(type(error).__name__, message, line, within)


def _is_cell(file: str) -> bool:
    """Whether code comes from a cell: one that was compiled here, or that a student's own Jupyter has run."""
    return file.startswith(("<cell", "<ipython-input")) or "ipykernel_" in file
