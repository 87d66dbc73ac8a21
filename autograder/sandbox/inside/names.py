"""What a statement does with names, read off its code: which it binds, needs and changes, and whether it does no more.

Runs inside the sandbox, so it needs only the standard library.
"""

from __future__ import annotations

import ast
import dis
from collections.abc import Iterable, Iterator
from types import CodeType

_LOADS = {
    dis.opmap[name]: shift
    for name, shift in (("LOAD_NAME", 0), ("LOAD_GLOBAL", 1), ("LOAD_FROM_DICT_OR_GLOBALS", 0))
    if name in dis.opmap
}
"""Instructions that load a global name, and by how many bits the number of the name is shifted."""
_STORE_NAME, _STORE_GLOBAL = dis.opmap["STORE_NAME"], dis.opmap["STORE_GLOBAL"]
_IMPORT_STAR, _INTRINSIC, _STAR = dis.opmap.get("IMPORT_STAR"), dis.opmap.get("CALL_INTRINSIC_1"), 2
_BINDING = (
    "CACHE RESUME NOP EXTENDED_ARG LOAD_CONST LOAD_CONST_IMMORTAL LOAD_SMALL_INT LOAD_NAME LOAD_ATTR BINARY_SUBSCR "
    "MAKE_FUNCTION SET_FUNCTION_ATTRIBUTE BUILD_TUPLE BUILD_LIST BUILD_MAP BUILD_CONST_KEY_MAP LIST_EXTEND SWAP COPY "
    "IMPORT_NAME IMPORT_FROM STORE_NAME POP_TOP RETURN_VALUE RETURN_CONST"
)
_ONLY_BINDING = bytes(number for name, number in dis.opmap.items() if name in _BINDING.split())
_CONTAINERS = (ast.Tuple, ast.List)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp)


def bound_and_needed(code: CodeType, nested: bool = False) -> tuple[frozenset[str], frozenset[str]]:
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
            inner_binds, inner_needs = bound_and_needed(constant, nested=True)
            binds |= inner_binds
            needs |= inner_needs
    return frozenset(binds), frozenset(needs)


def _instructions(code: bytes) -> Iterator[tuple[int, int]]:
    """Instructions and their arguments; `dis` would describe each, which takes longer than running most submissions."""
    argument = 0
    for operation, low in zip(code[::2], code[1::2], strict=True):
        argument = argument << 8 | low
        if operation != dis.EXTENDED_ARG:
            yield operation, argument
            argument = 0


def only_binds(code: CodeType) -> bool:
    """Whether a statement calls nothing: an import, a function without decorators, a name for what is there already."""
    return not code.co_code[::2].translate(None, _ONLY_BINDING)


def draws(code: CodeType) -> bool:
    """Whether a name with "random" in it occurs in some code or the functions in it."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return any("random" in name for name in code.co_names) or any(map(draws, inner))


def changed(node: ast.AST) -> frozenset[str]:
    """Names whose object a statement changes without binding it, in blocks too.

    That is `TABLE[k] = v`, `A.f, A.g = …`, `CACHE.update(…)` and `setattr(Tensor, name, method)`; and what decorates a
    definition or is the base of a class may note it down.
    """
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        around = [*node.decorator_list, *(node.bases if isinstance(node, ast.ClassDef) else ())]
        return frozenset(name.id for each in around for name in ast.walk(each) if isinstance(name, ast.Name))
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    elif isinstance(node, ast.Expr):
        called = node.value.elt if isinstance(node.value, _COMPREHENSIONS) else node.value
        if isinstance(called, ast.Call):
            setting = isinstance(called.func, ast.Name) and called.func.id == "setattr" and called.args
            targets = [ast.Attribute(called.args[0], "")] if setting else [called.func]
    blocks = {name for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt) for name in changed(child)}
    return frozenset(blocks | set(_roots(targets)))


def _roots(targets: Iterable[ast.expr]) -> Iterator[str]:
    for target in targets:
        if isinstance(target, _CONTAINERS):
            yield from _roots(target.elts)
            continue
        inner = target
        while isinstance(inner, ast.Attribute | ast.Subscript):
            inner = inner.value
        if isinstance(inner, ast.Name) and inner is not target:
            yield inner.id
