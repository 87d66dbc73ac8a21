"""Calling: an exercise's call expression, evaluated with someone's names, and what it gave.

Used where the code that runs is trusted (references, misconceptions) or is on the machine of whoever wrote it (a
student's own check); a student's code is called elsewhere, in `autograder.sandbox.inside.worker`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.border.values import Code, Value, copied, decode, encode, evaluate, identical
from autograder.cases.model import Answer

Call = Callable[[dict[str, Value]], Value]
Describe = Callable[[BaseException], Answer]


def caller(expression: str, namespace: dict[str, Any]) -> Call:
    """The call expression of an exercise as a function of its arguments; programs among them are run first."""
    code = compile(expression, "<call>", "eval")

    def call(arguments: dict[str, Value]) -> Value:
        data = {name: value for name, value in arguments.items() if not isinstance(value, Code)}
        given = {
            name: evaluate(value, {**namespace, **data}) if isinstance(value, Code) else value
            for name, value in arguments.items()
        }
        return eval(code, namespace, given)

    return call


def told(error: BaseException) -> Answer:
    """What an exception says of itself."""
    return Answer(error=type(error).__name__, message=str(error))


def answer_of(function: Call, arguments: dict[str, Value], describe: Describe = told) -> Answer:
    """Call a function on a copy of `arguments` and note what it gave, as the worker does for a student's."""
    given = copied(arguments)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            value = decode(encode(function(given)))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit, too
        return describe(error)
    changed = tuple(name for name, value_ in given.items() if not identical(value_, arguments[name]))
    return Answer(value, changed)
