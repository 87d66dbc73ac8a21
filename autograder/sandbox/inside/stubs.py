"""Whether a function is as it was released: nothing is written in it yet.

Runs inside the sandbox and where students check, so it needs only the standard library.
"""

from __future__ import annotations

import dis
from types import CodeType, FunctionType, MethodType
from typing import Any

_STEPS = frozenset(
    {"RESUME", "NOP", "CACHE", "PUSH_NULL", "PRECALL", "CALL", "LOAD_GLOBAL", "LOAD_COMMON_CONSTANT", "LOAD_CONST"}
    | {"RETURN_CONST", "RETURN_VALUE", "RAISE_VARARGS"}
)
"""All that a stub does, in any version of Python: it raises, or returns a constant."""
_RAISES = ("NotImplementedError",)
_LONGEST = 64
"""Bytes of code: what is longer is no stub."""


def untouched(target: Any) -> bool:
    """Whether a function, method or property, or the `__init__` of a class, is only a stub.

    That is a body which raises NotImplementedError and does nothing else, or is empty: `...`, `pass`, `return None`.
    """
    try:
        return _is_stub(_function(target).__code__)
    except Exception:  # no function, or one that is something else to whoever asks
        return False


def _function(target: Any) -> Any:
    if type(target) is property:
        target = target.fget
    elif isinstance(target, type):
        target = type.__getattribute__(target, "__dict__")["__init__"]
    elif type(target) is MethodType:
        target = target.__func__
    if type(target) is not FunctionType:
        raise TypeError
    return target


def _is_stub(code: CodeType) -> bool:
    if len(code.co_code) > _LONGEST or code.co_names not in ((), _RAISES):
        return False
    steps = list(dis.get_instructions(code))
    if not {step.opname for step in steps} <= _STEPS:
        return False
    if code.co_names:
        return any(step.opname == "RAISE_VARARGS" for step in steps)
    given = [step.argval for step in steps if step.opname in ("LOAD_CONST", "RETURN_CONST")]
    return all(value is None or value is ... for value in given)
