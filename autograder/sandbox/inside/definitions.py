"""Which statements of a submission are run, and running them.

A notebook is graded on its definitions. Plots, prints, scratch cells that raise and demo loops that take
a minute define nothing that the exercises need, so they are not run at first: starting from the exercises' names,
only the top-level statements that bind a name needed (transitively) are executed, in document order, and those that
do nothing else than bind names. A statement that needs a name bound further down is tried again after it, as a
student's kernel would have had it.

What works by side effect needs more: the whole notebook, in order, as Jupyter runs it (`whole`).

Runs inside the sandbox, so it needs only the standard library.
"""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType, MappingProxyType
from typing import Any

from autograder.sandbox.inside.budget import Budget, TooSlow
from autograder.sandbox.inside.cells import NONE_KNOWN, Known, Problem, Statement, read
from autograder.sandbox.inside.names import draws
from autograder.sandbox.inside.shell import Session

_SECONDS, _WHOLE_SECONDS = 8.0, 4.0
"""Of processor time for the statements that are needed, and for those of a whole notebook."""


@dataclass
class Definitions:
    """What a submission defines once statements have run.

    namespace   the names
    problems    why a name could not be defined
    forbidden   name → module that may not be imported here
    bound       every name that some statement binds, run or not: where to look for a misspelt one
    draws       whether what was run may draw random numbers
    complete    whether the whole notebook, in order, would give nothing else
    rebound     how many cells there are up to the last one that binds or changes anew what is needed
    settled     the same for any change that running all may make to what stands before it
    files       the cell, from 0, that has the code of a file name
    """

    namespace: dict[str, Any]
    problems: dict[str, Problem] = field(default_factory=dict)
    forbidden: dict[str, str] = field(default_factory=dict)
    bound: set[str] = field(default_factory=set)
    draws: bool = False
    complete: bool = False
    rebound: int = 0
    settled: int = 0
    files: dict[str, int] = field(default_factory=dict)


def _execute(code: CodeType, namespace: dict[str, Any]) -> None:
    """Run a statement; one that awaits is driven to its end, without a loop of events, for which there is nothing."""
    if not code.co_flags & inspect.CO_COROUTINE:
        exec(code, namespace)
        return
    coroutine = eval(code, namespace)
    try:
        while True:
            coroutine.send(None)
    except StopIteration:
        return


def define(
    session: Session,
    cells: Sequence[str],
    names: Iterable[str],
    known: Known = NONE_KNOWN,
    given: Collection[int] = (),
    whole: bool = False,
) -> Definitions:
    """Run the statements of `cells` that `names` need, or the `whole`, in `session`, each under a time limit.

    `known` are cells that `compiled` has seen already; the numbers of cells that are not the student's are `given`, and
    what is not needed there is never run: it tests or shows.
    """
    budget = Budget(_WHOLE_SECONDS if whole else _SECONDS)
    reading, namespace = read(cells, known, budget), vars(session.module)
    session.type(cells, reading.files)
    statements = reading.statements
    found = Definitions(namespace, reading.problems, files=reading.files)
    found.bound = {name for _, entry in statements for name in entry.binds}
    wanted = frozenset(names)
    chosen, needed = _needed([entry for _, entry in statements], wanted)
    asked = [
        index in chosen or entry.only_binds or (whole and cell not in given)
        for index, (cell, entry) in enumerate(statements)
    ]
    found.rebound, found.settled = _settled(statements, needed, given)
    found.complete = all(run or cell in given for run, (cell, _) in zip(asked, statements, strict=True))
    pending = [statement for run, statement in zip(asked, statements, strict=True) if run]
    found.draws = any(draws(entry.code) for _, entry in pending)
    functions: dict[str, Any] = {}
    while pending:
        postponed = []
        for session.cell, entry in pending:
            if not _run(entry, wanted, functions, found, budget):
                postponed.append((session.cell, entry))
        if whole or len(postponed) == len(pending):
            break
        found.complete = found.complete and not postponed
        pending = postponed
    # A scratch cell like `dW = dW(dZ, A)` hides the function that it calls: the function is what is graded.
    found.complete = found.complete and all(namespace.get(name) is functions[name] for name in functions)
    namespace.update(functions)
    for name in functions:
        found.problems.pop(name, None)
    return found


def _needed(statements: list[Statement], wanted: frozenset[str]) -> tuple[set[int], set[str]]:
    """Which statements the names need, and all names that are needed then."""
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
    return chosen, needed


def _settled(statements: list[tuple[int, Statement]], needed: set[str], given: Collection[int]) -> tuple[int, int]:
    """How many cells there are up to the last one that binds or changes again what is needed; that may change more."""
    rebound = settled = 0
    there, imported = set(vars(builtins)), set[str]()
    for cell, entry in statements:
        again = (entry.binds - (imported if entry.imports else set()) | entry.changes) & needed & there
        if again:
            rebound = cell + 1
        if again or not (entry.only_binds or cell in given):
            settled = cell + 1
        there |= entry.binds
        imported |= entry.binds if entry.imports else set()
    return rebound, settled


def _run(
    entry: Statement, wanted: frozenset[str], functions: dict[str, Any], found: Definitions, budget: Budget
) -> bool:
    """Run one statement; False only if it met a name that may be bound later."""
    try:
        budget.run(_execute, entry.code, found.namespace)
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


def _note(entry: Statement, error: BaseException, found: Definitions) -> None:
    module = absent_module(error, found.forbidden)
    for name in entry.binds:
        if module:
            found.forbidden[name] = module
        found.problems[name] = problem_of(error, found.files)


def absent_module(error: BaseException, forbidden: Mapping[str, str]) -> str | None:
    """The module for want of which something was raised: it, or a name that would come from it, is not there."""
    name = getattr(error, "name", None)
    if not isinstance(name, str):
        return None
    if isinstance(error, ModuleNotFoundError):
        return name
    return forbidden.get(name, forbidden.get("*")) if isinstance(error, NameError) else None


def problem_of(error: BaseException, files: Mapping[str, int] = MappingProxyType({})) -> Problem:
    """Describe an exception that student code raised, with the place in the cells where it arose."""
    if isinstance(error, TooSlow):
        return Problem("TimeoutError", str(error))
    line = cell = within = None
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename in files or _is_cell(code.co_filename):
            line, cell, within = trace.tb_lineno, files.get(code.co_filename), code.co_qualname
        trace = trace.tb_next
    try:
        message = str(error)[:300]
    except BaseException:  # a hostile __str__
        message = ""
    return Problem(type(error).__name__, message, line, cell, within)


def described(error: BaseException, found: Definitions) -> dict[str, Any]:
    """What an exception that a call raised says of itself, with the module that was missing, if that is why.

    Of a name that is in plain sight and yet not there, it says why that is so.
    """
    problem, module = problem_of(error, found.files), absent_module(error, found.forbidden)
    cause = found.problems.get(error.name) if isinstance(error, NameError) and isinstance(error.name, str) else None
    if cause and cause.type == "EOFError":
        problem = cause  # nobody answered its `input()`
    elif cause and not module:
        message = f"{problem.message}: its own definition raises {cause.type}: {cause.message}"
        problem = Problem(problem.type, message[:300], cause.line, cause.cell)
    return {**vars(problem), "module": module}


def target(namespace: Mapping[str, Any], name: str) -> Any:
    """The function, class or attribute of a class that an exercise asks for; None if it is not there."""
    owner, *attributes = name.split(".")
    there = namespace.get(owner)
    for attribute in attributes:
        there = getattr(there, attribute, None)
    return there


def defines(namespace: Mapping[str, Any], name: str) -> bool | None:
    """Whether a function, class or method is there; None if only a call can tell, because objects may have it."""
    if target(namespace, name) is not None:
        return True
    owner, _, attribute = name.partition(".")
    return None if attribute and namespace.get(owner) is not None else False


def is_absence(error: str, message: str) -> bool:
    """Whether an exception says that an object has no such method or operator."""
    return error == "AttributeError" or (error == "TypeError" and "operand type" in message)


def _is_cell(file: str) -> bool:
    """Whether code comes from a cell that a student's own Jupyter has run."""
    return file.startswith("<ipython-input") or "ipykernel_" in file
