"""Mutants: the instructor's solutions with one small change each, all of which must lose points.

Mutation libraries (mutmut, cosmic-ray) change files and run a test command on each; here a mutant is a submission,
judged in the sandbox like any other, so only making it is ours. What is changed stands between the solution markers.
"""

from __future__ import annotations

import ast
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from autograder import project
from autograder.batch import Batch
from autograder.cases import AssignmentCases
from autograder.errors import AuthoringError
from autograder.grade import Grader
from autograder.sandbox.launcher import Limits, Sandbox, WorkerDied
from autograder.submission import Submission

_BEGIN, _END = "### BEGIN SOLUTION", "### END SOLUTION"
_LIMITS = Limits(wall=3.0)
"""A mutant may well loop for ever; the solutions need a small part of that for an exercise."""

_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
}
_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_PAIRS = (
    "sum mean, maximum minimum, max min, argmax argmin, zeros ones, zeros_like ones_like, sin cos, exp log, sqrt square"
)
_OTHER = {a: b for pair in _PAIRS.split(", ") for a, b in (pair.split(), pair.split()[::-1])}


@dataclass(frozen=True)
class Mutant:
    """One change: in which function ("dW", "Tensor.__add__"), on which line of which cell, from what to what."""

    function: str
    cell: int
    line: int
    before: str
    after: str
    source: str

    def __str__(self) -> str:
        return f"{self.function}: {' '.join(self.before.split())} → {' '.join(self.after.split())}"


def mutants_of(cells: Sequence[str]) -> list[Mutant]:
    """All mutants of the solutions in some cells; those that compile to the same code as another are left out."""
    found: list[Mutant] = []
    for number, source in enumerate(cells):
        seen = {_compiled(source)}
        inside = _solution_lines(source)
        for function, node in _nodes(ast.parse(source)):
            if node.lineno not in inside:
                continue
            for place, after in _replacements(node):
                mutated = _spliced(source, place, after)
                code = _compiled(mutated)
                if code is not None and code not in seen:
                    seen.add(code)
                    before = ast.get_source_segment(source, place) or ""
                    found.append(Mutant(function, number, place.lineno, before, after, mutated))
    return found


def equivalents(name: str) -> dict[str, str]:
    """Mutants of an assignment that are right solutions, as `str` writes them, and why: from solutions/equivalent.toml.

    Raises AuthoringError for a file that cannot be read.
    """
    path = project.root() / "solutions" / "equivalent.toml"
    try:
        listed = tomllib.loads(path.read_text(encoding="utf-8")).get(name, {}) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise AuthoringError(f"{path}: cannot be read: {error}.") from error
    return {str(change): str(reason) for change, reason in listed.items()}


def survivors(
    assignment: AssignmentCases,
    cells: Sequence[str],
    mutants: Sequence[Mutant],
    sandbox: Sandbox,
    progress: Callable[[], None] = lambda: None,
) -> list[Mutant]:
    """The mutants that lose no point in any exercise."""
    graders: dict[str, Grader] = {}
    for mutant in mutants:
        graders.setdefault(mutant.function, _grader_of(assignment, mutant.function, sandbox))
    whole = Grader(assignment, sandbox, _LIMITS)

    def survives(mutant: Mutant) -> bool:
        submission = Submission("mutant", _with(cells, mutant))
        alive = all(_full(grader, submission) for grader in (graders[mutant.function], whole))
        progress()
        return alive

    with ThreadPoolExecutor(os.cpu_count() or 1) as executor:
        return [mutant for mutant, alive in zip(mutants, executor.map(survives, mutants), strict=True) if alive]


def let_through(
    assignment: AssignmentCases, sandbox: Sandbox, visible: Mapping[str, str], progress: Callable[[], None]
) -> dict[str, int]:
    """How many wrong solutions there are (mutants that are not listed as right), and how many of them pass

    hidden    the hidden tests of the assignment
    fixed     one fixed example for each exercise, of middling size, compared as strictly
    visible   the tests that students see, by exercise
    """
    cells, right = assignment.reference, equivalents(assignment.name)
    wrong = [mutant for mutant in mutants_of(cells) if str(mutant) not in right]
    one = tuple(replace(entry, cases=(entry.cases[len(entry.cases) // 2],)) for entry in assignment.exercises)
    tests = {f"visible_{number}": source for number, source in enumerate(visible.values())}
    callable_tests = [_as_function(name, source) for name, source in tests.items()]

    def passes(mutant: Mutant) -> bool:
        progress()
        return _passes_visible([*_with(cells, mutant), *callable_tests], list(tests), sandbox)

    with ThreadPoolExecutor(os.cpu_count() or 1) as executor:
        seen = sum(executor.map(passes, wrong))
    return {
        "wrong": len(wrong),
        "hidden": len(survivors(assignment, cells, wrong, sandbox, progress)),
        "fixed": len(survivors(replace(assignment, exercises=one), cells, wrong, sandbox, progress)),
        "visible": seen,
    }


def _as_function(name: str, source: str) -> str:
    """Tests of the notebook, to be called; what they define is theirs alone."""
    function = ast.parse(f"def {name}(): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = ast.parse(source).body or function.body
    return ast.unparse(function)


def _passes_visible(cells: Sequence[str], names: Sequence[str], sandbox: Sandbox) -> bool:
    try:
        with sandbox.start(_LIMITS) as worker:
            worker.request({"op": "load", "cells": list(cells), "names": list(names)})
            for name in names:
                reply = worker.request({"op": "call", "name": name, "call": f"{name}()", "cases": [{}]})
                (result,) = Batch.from_json(reply).entries()
                if "error" in result:
                    return False
    except (WorkerDied, ValueError):
        return False
    return True


def _with(cells: Sequence[str], mutant: Mutant) -> tuple[str, ...]:
    return (*cells[: mutant.cell], mutant.source, *cells[mutant.cell + 1 :])


def _full(grader: Grader, submission: Submission) -> bool:
    result = grader.grade(submission)
    return all(entry["outcome"] == "correct" and not entry["follow_through"] for entry in result["exercises"])


def _grader_of(assignment: AssignmentCases, function: str, sandbox: Sandbox) -> Grader:
    """For the exercise of this name, or those of its class: nearly all mutants lose there, and need go no further."""
    owner = function.partition(".")[0]
    own = tuple(entry for entry in assignment.exercises if entry.name == function)
    near = tuple(entry for entry in assignment.exercises if entry.name.partition(".")[0] == owner)
    return Grader(replace(assignment, exercises=own or near or assignment.exercises), sandbox, _LIMITS)


def _solution_lines(source: str) -> set[int]:
    inside, lines = False, set()
    for number, line in enumerate(source.split("\n"), 1):
        if line.strip() in (_BEGIN, _END):
            inside = line.strip() == _BEGIN
        elif inside:
            lines.add(number)
    return lines


def _compiled(source: str) -> str | None:
    """What a source compiles to, to tell mutants apart; None if it does not compile."""
    try:
        compile(source, "<mutant>", "exec", dont_inherit=True)
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError):
        return None


def _nodes(tree: ast.AST, function: str = "") -> Iterator[tuple[str, ast.expr | ast.stmt]]:
    """Expressions and statements but definitions, annotations and texts, with the function or method they are in."""
    if isinstance(tree, ast.FunctionDef | ast.ClassDef):
        outside = not function or (function[0].isupper() and "." not in function)
        name = ".".join(filter(None, [function, tree.name])) if outside else function
        children = [*tree.body, *(tree.args.defaults if isinstance(tree, ast.FunctionDef) else [])]
    else:
        name, children = function, [*ast.iter_child_nodes(tree)]
        if isinstance(tree, ast.Constant | ast.JoinedStr) and not isinstance(
            getattr(tree, "value", ""), bool | int | float
        ):
            return
        if isinstance(tree, ast.expr | ast.stmt):
            yield function, tree
    for child in children:
        yield from _nodes(child, name)


def _spliced(source: str, node: ast.expr | ast.stmt, after: str) -> str:
    """The source with a node's text replaced."""
    lines = source.encode().splitlines(keepends=True)
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: (node.end_lineno or 1) - 1])) + (node.end_col_offset or 0)
    content = source.encode()
    return (content[:start] + after.encode() + content[end:]).decode()


def _replacements(node: ast.expr | ast.stmt) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    """What may stand in a node's place, or in that of a part of it."""
    if isinstance(node, ast.If):
        yield from ((node.test, text) for text in ("True", "False"))
    for made in _mutations(node):
        text = ast.unparse(made)
        yield node, f"({text})" if isinstance(made, ast.expr) else text


def _mutations(node: ast.expr | ast.stmt) -> Iterator[ast.expr | ast.stmt]:
    match node:
        case ast.BinOp(left, op, right):
            yield ast.BinOp(left, _ARITHMETIC.get(type(op), ast.Add)(), right)
            yield from (left, right)
            if not isinstance(op, ast.Add | ast.Mult):
                yield ast.BinOp(right, op, left)
            if isinstance(op, ast.MatMult):
                yield ast.BinOp(_transposed(left), op, right)
                yield ast.BinOp(left, op, _transposed(right))
        case ast.UnaryOp(ast.USub() | ast.Not(), operand):
            yield operand
        case ast.Compare(left, [op], [right]):
            yield from (ast.Compare(left, [other()], [right]) for other in _COMPARISONS.get(type(op), ()))
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() | float() as value):
            yield from (ast.Constant(other) for other in dict.fromkeys([value + 1, value - 1, 0 * value, -value]))
        case ast.Attribute(value, "T"):
            yield value
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            yield from values
        case ast.IfExp(_, body, orelse):
            yield from (body, orelse)
        case ast.Subscript(value, _, ast.Load()):
            yield value
        case ast.Call():
            yield from _calls(node)
        case ast.AugAssign(target, op, value):
            yield ast.AugAssign(target, _ARITHMETIC.get(type(op), ast.Add)(), value)
            yield ast.Pass()
        case ast.Assign([ast.Name(name) as target], ast.BinOp(ast.Name(same), op, right)) if name == same:
            yield ast.AugAssign(target, op, right)
        case ast.Expr():
            yield ast.Pass()
        case ast.Continue() | ast.Break():
            yield ast.Pass()
        case _:
            return


def _transposed(value: ast.expr) -> ast.expr:
    return ast.Attribute(value, "T", ast.Load())


def _calls(node: ast.Call) -> Iterator[ast.expr]:
    function, positional, named = node.func, node.args, node.keywords
    if isinstance(function, ast.Attribute) and function.attr in _OTHER:
        yield ast.Call(ast.Attribute(function.value, _OTHER[function.attr], ast.Load()), positional, named)
    if isinstance(function, ast.Name) and function.id in _OTHER:
        yield ast.Call(ast.Name(_OTHER[function.id], ast.Load()), positional, named)
    if len(positional) == 1:
        yield positional[0]
    if isinstance(function, ast.Attribute) and not positional:
        yield function.value  # x.copy(), x.sum(axis=0)
    if len(positional) > 1:
        yield ast.Call(function, [positional[1], positional[0], *positional[2:]], named)
        yield ast.Call(function, positional[:-1], named)
    for index in range(len(named)):
        yield ast.Call(function, positional, named[:index] + named[index + 1 :])
