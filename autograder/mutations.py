"""Mutations: the small changes to a solution that must not go unnoticed, and the mutants they make.

Mutation libraries (mutmut, cosmic-ray) change files and run a test command on each; here a mutant is a submission,
judged in the sandbox like any other (`autograder.mutants`), so only making it is ours. What is changed stands between
the solution markers.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_BEGIN, _END = "### BEGIN SOLUTION", "### END SOLUTION"

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
        inside = solution_lines(source)
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


def solution_lines(source: str) -> set[int]:
    """Numbers of the lines of a cell that stand between the solution markers."""
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
