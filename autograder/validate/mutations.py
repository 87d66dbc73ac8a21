"""Mutations: the small changes to a solution that must not go unnoticed, and the mutants they make.

Mutation libraries (mutmut, cosmic-ray) change files and run a test command on each; here a mutant is a submission,
judged in the sandbox like any other (see `mutants`), so only making it is ours. What is changed stands between
the solution markers.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

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
_IN_PLACE: dict[type[ast.operator], str] = {
    ast.Add: "__iadd__",
    ast.Sub: "__isub__",
    ast.Mult: "__imul__",
    ast.Div: "__itruediv__",
    ast.Pow: "__ipow__",
}
"""What changes an argument and gives the right result; numbers have none of these."""
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
    nth: int = 1

    def __str__(self) -> str:
        """As listed in solutions/equivalent.toml; `#2` is the second of those that read the same in a function."""
        text = f"{self.function}: {' '.join(self.before.split())} → {' '.join(self.after.split())}"
        return f"{text} #{self.nth}" if self.nth > 1 else text


def mutants_of(
    cells: Sequence[str], lines: Callable[[str], set[int]] | None = None, in_place: bool = True
) -> list[Mutant]:
    """All mutants of some cells; those that compile to the same code as another are left out.

    Changes are made on the `lines` of each cell, as a rule those of its solutions; with `in_place`, operations on
    arguments that change them are among them.
    """
    found: list[Mutant] = []
    names: Counter[str] = Counter()
    for number, source in enumerate(cells):
        seen = {_compiled(source)}
        inside = (lines or solution_lines)(source)
        for function, node, given in _nodes(ast.parse(source)):
            if node.lineno not in inside:
                continue
            for place, after in _replacements(node, given if in_place else frozenset()):
                mutated = _spliced(source, place, after)
                code = _compiled(mutated)
                if code is not None and code not in seen:
                    seen.add(code)
                    before = ast.get_source_segment(source, place) or ""
                    made = Mutant(function, number, place.lineno, before, after, mutated)
                    names[str(made)] += 1
                    found.append(replace(made, nth=names[str(made)]))
    return found


def every_line(source: str) -> set[int]:
    """Numbers of all lines of a cell."""
    return set(range(1, source.count("\n") + 2))


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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what looks like a mistake, as it is meant to
            compile(source, "<mutant>", "exec", dont_inherit=True)
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError):
        return None


Place = tuple[str, ast.expr | ast.stmt, frozenset[str]]


def _nodes(tree: ast.AST, function: str = "", given: frozenset[str] = frozenset()) -> Iterator[Place]:
    """Expressions and statements but definitions, annotations and texts, with the function or method they are in, and
    the names that stand there for what belongs to a caller: arguments, and what loops take out of them."""
    name = function
    if isinstance(tree, ast.FunctionDef | ast.ClassDef):
        outside = not function or (function[0].isupper() and "." not in function)
        name = ".".join(filter(None, [function, tree.name])) if outside else function
        children = [*tree.body, *(tree.args.defaults if isinstance(tree, ast.FunctionDef) else [])]
    else:
        children = [*ast.iter_child_nodes(tree)]
        if isinstance(tree, ast.Constant | ast.JoinedStr) and not isinstance(
            getattr(tree, "value", ""), bool | int | float
        ):
            return
        if isinstance(tree, ast.expr | ast.stmt):
            yield function, tree, given
    if isinstance(tree, ast.FunctionDef | ast.Lambda):
        given = given | _given(tree)
    for child in children:
        yield from _nodes(child, name, given)


def _given(function: ast.FunctionDef | ast.Lambda) -> frozenset[str]:
    arguments = {argument.arg for argument in function.args.args}
    loops = [node.target for node in ast.walk(function) if isinstance(node, ast.For | ast.comprehension)]
    assigned = [target for node in ast.walk(function) if isinstance(node, ast.Assign) for target in node.targets]
    return frozenset((arguments | _names(loops)) - _names(assigned))


def _names(targets: Iterable[ast.expr]) -> set[str]:
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def _spliced(source: str, node: ast.expr | ast.stmt, after: str) -> str:
    """The source with a node's text replaced."""
    lines = source.encode().splitlines(keepends=True)
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: (node.end_lineno or 1) - 1])) + (node.end_col_offset or 0)
    content = source.encode()
    return (content[:start] + after.encode() + content[end:]).decode()


def _replacements(
    node: ast.expr | ast.stmt, given: frozenset[str] = frozenset()
) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    """What may stand in a node's place, or in that of a part of it."""
    if isinstance(node, ast.If):
        yield from ((node.test, text) for text in ("True", "False"))
    if isinstance(node, ast.BinOp) and type(node.op) in _IN_PLACE and _root(node.left) in given:
        yield node, f"({ast.unparse(node.left)}.{_IN_PLACE[type(node.op)]}({ast.unparse(node.right)}))"
    for made in _mutations(node):
        text = ast.unparse(made)
        yield node, f"({text})" if isinstance(made, ast.expr) else text


def _root(value: ast.expr) -> str:
    """The name that an expression like `A` or `self.data` starts with."""
    while isinstance(value, ast.Attribute):
        value = value.value
    return value.id if isinstance(value, ast.Name) else ""


def _mutations(node: ast.expr | ast.stmt) -> Iterator[ast.expr | ast.stmt]:
    match node:
        case ast.BinOp():
            yield from _operations(node)
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
        case ast.Tuple(elements, ast.Load()) if not all(isinstance(each, ast.Constant) for each in elements):
            yield from (ast.Tuple(swapped, ast.Load()) for swapped in _swapped(elements))
        case ast.Subscript(value, index, ast.Load()):
            yield value
            yield from (ast.Subscript(value, other, ast.Load()) for other in _off_by_one(index))
        case ast.Call():
            yield from _calls(node)
        case _:
            yield from _statements(node)


def _statements(node: ast.expr | ast.stmt) -> Iterator[ast.expr | ast.stmt]:
    match node:
        case ast.AugAssign(target, op, value):
            yield ast.AugAssign(target, _ARITHMETIC.get(type(op), ast.Add)(), value)
            yield ast.Pass()
        case ast.Assign([ast.Name(name) as target], ast.BinOp(ast.Name(same), op, right)) if name == same:
            yield ast.AugAssign(target, op, right)
        case ast.Expr(ast.Constant(str())):
            return  # a docstring
        case ast.Assign([ast.Attribute() | ast.Subscript()]) | ast.Expr() | ast.Continue() | ast.Break():
            yield ast.Pass()
        case _:
            return


def _operations(node: ast.BinOp) -> Iterator[ast.expr]:
    left, op, right = node.left, node.op, node.right
    yield ast.BinOp(left, _ARITHMETIC.get(type(op), ast.Add)(), right)
    yield from (left, right)
    if isinstance(op, ast.Mult):
        yield ast.BinOp(left, ast.MatMult(), right)
    if not isinstance(op, ast.Add | ast.Mult):
        yield ast.BinOp(right, op, left)
    if isinstance(op, ast.MatMult):
        yield ast.BinOp(_transposed(left), op, right)
        yield ast.BinOp(left, op, _transposed(right))


def _transposed(value: ast.expr) -> ast.expr:
    return ast.Attribute(value, "T", ast.Load())


def _calls(node: ast.Call) -> Iterator[ast.expr]:
    function, positional, named = node.func, node.args, node.keywords
    if isinstance(function, ast.Attribute) and function.attr in _OTHER:
        yield ast.Call(ast.Attribute(function.value, _OTHER[function.attr], ast.Load()), positional, named)
    if isinstance(function, ast.Name) and function.id in _OTHER:
        yield ast.Call(ast.Name(_OTHER[function.id], ast.Load()), positional, named)
    if isinstance(function, ast.Name) and function.id == "range":
        yield from (ast.Call(function, [*positional[:-1], last], named) for last in _off_by_one(positional[-1]))
    if isinstance(function, ast.Name) and function.id == "len":
        yield from (ast.BinOp(node, op, ast.Constant(1)) for op in (ast.Add(), ast.Sub()))
    if len(positional) == 1:
        yield positional[0]
    if isinstance(function, ast.Attribute) and not positional:
        yield function.value  # x.copy(), x.sum(axis=0)
    if len(positional) > 1:
        yield from (ast.Call(function, swapped, named) for swapped in _swapped(positional))
        yield ast.Call(function, positional[:-1], named)
    for index in range(len(named)):
        yield ast.Call(function, positional, named[:index] + named[index + 1 :])


def _swapped(items: Sequence[ast.expr]) -> Iterator[list[ast.expr]]:
    """Each two neighbours in each other's place."""
    for i in range(len(items) - 1):
        yield [*items[:i], items[i + 1], items[i], *items[i + 2 :]]


def _off_by_one(index: ast.expr) -> Iterator[ast.expr]:
    """One more and one less, for whole numbers that are no constants: those are changed themselves."""
    if isinstance(index, ast.Slice):
        lower, upper, step = index.lower, index.upper, index.step
        yield from (ast.Slice(other, upper, step) for other in (_off_by_one(lower) if lower else ()))
        yield from (ast.Slice(lower, other, step) for other in (_off_by_one(upper) if upper else ()))
    elif not isinstance(index, ast.Constant | ast.UnaryOp | ast.Tuple | ast.Starred):
        yield from (ast.BinOp(index, op, ast.Constant(1)) for op in (ast.Add(), ast.Sub()))
