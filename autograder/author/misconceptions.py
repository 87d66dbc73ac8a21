"""Misconceptions as variants of what is right: definitions of which each mistake replaces a part.

Where many mistakes are mistakes in the same code, the author writes that code once, rightly, and for each
mistake only the part that is wrong in it:

    def _descend(W, dW, lr, *, sign=-1.0):
        return W + sign * lr * dW

    wrong = Right(descend=_descend).wrong

    wrong(descend, "uphill", sign=1.0).hint("you add the gradient: it points uphill, and the loss should go down.")
    wrong(descend, "lr-ignored", descend=lambda W, dW, lr: _descend(W, dW, 1.0)).hint("the learning rate is ignored.")

A mistake that shares nothing with others is a function of its own: see `Exercise.misconception`.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import inspect
from collections.abc import Mapping
from typing import Any

from autograder.author.exercise import Exercise, Misconception
from autograder.border.values import Value, called
from autograder.errors import AuthoringError


class Right:
    """Right definitions in NumPy of what a student defines, by name: what misconceptions are mistakes in.

    An exercise's call expression is evaluated with them, as it is with a student's names; programs and functions
    among its arguments (`Code`) run first, and see them, too. Give whatever else those use, such as `np`:

        wrong = Right(np=np, Tensor=Engine, sgd=sgd).wrong
    """

    def __init__(self, **definitions: Any) -> None:
        self.definitions = definitions

    def wrong(self, exercise: Exercise, name: str, /, **replaced: Any) -> Unexplained:
        """Record a misconception: these definitions with some replaced. Its hint follows: `.hint("…")`.

        What is replaced is a definition (`sgd=…`), or a part of the one that the exercise is about: a method or
        attribute of its class, a keyword of its function.

            wrong(multiplication, "half-of-the-product-rule", __mul__=lambda u, v: …).hint("two terms carry ε.")
            wrong(loss, "clipped-at-1e-12", closest=1e-12).hint("a confident mistake costs more than that.")

        Raises AuthoringError for a part that there is not.
        """
        definitions = {**self.definitions, **self._replaced(exercise, name, replaced)}
        call = compile(exercise.call, "<call>", "eval")

        def function(**arguments: Value) -> Value:
            return called(call, dict(definitions), arguments)

        function.__name__ = name.replace("-", "_")
        function.__signature__ = inspect.signature(exercise.reference)  # type: ignore[attr-defined]
        exercise.misconception(hint="")(function)
        return Unexplained(exercise, exercise.misconceptions[-1])

    def _replaced(self, exercise: Exercise, name: str, replaced: Mapping[str, Any]) -> dict[str, Any]:
        """The definitions that differ. Raises AuthoringError for a part that there is not."""
        whole = {key: value for key, value in replaced.items() if key in self.definitions}
        parts = {key: value for key, value in replaced.items() if key not in whole}
        owner = exercise.name.partition(".")[0]
        right: Any = self.definitions.get(owner)
        for part in parts:
            if part not in _parts(right):
                near = difflib.get_close_matches(part, sorted({*_parts(right), *self.definitions}), 1)
                raise AuthoringError(
                    f"{exercise.name}: misconception {name!r} replaces {part!r}, which is neither a definition "
                    f"({', '.join(self.definitions)}) nor a part of {owner}"
                    + (f"; did you mean {near[0]!r}?" if near else "; name one of these.")
                )
        if not parts:
            return whole
        variant = type(owner, (right,), parts) if isinstance(right, type) else functools.partial(right, **parts)
        return {**whole, owner: variant}


@dataclasses.dataclass(frozen=True)
class Unexplained:
    """A misconception that was recorded, and still wants its hint."""

    exercise: Exercise
    misconception: Misconception

    def hint(self, hint: str) -> None:
        """Say in a sentence what is wrong, without giving the answer away."""
        place = self.exercise.misconceptions.index(self.misconception)
        self.exercise.misconceptions[place] = dataclasses.replace(self.misconception, hint=hint)


def _parts(right: Any) -> set[str]:
    """What can be replaced in a right definition: attributes of a class, keywords with a default of a function."""
    if isinstance(right, type):
        return set(dir(right))
    if not callable(right):
        return set()
    keywords = inspect.signature(right).parameters.values()
    return {keyword.name for keyword in keywords if keyword.default is not inspect.Parameter.empty}
