"""Calling: an exercise's call expression, evaluated with someone's names, and what it gave.

Used where the code that runs is trusted (references, misconceptions) or is on the machine of whoever wrote it (a
student's own check); a student's code is called elsewhere, in `autograder.sandbox.inside.worker`.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.border.values import Value, called, copied, decode, encode, identical
from autograder.cases.model import Answer

Call = Callable[[dict[str, Value]], Value]
Describe = Callable[[BaseException], Answer]


def caller(expression: str, namespace: dict[str, Any]) -> Call:
    """The call expression of an exercise as a function of its arguments."""
    return functools.partial(called, compile(expression, "<call>", "eval"), namespace)


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
