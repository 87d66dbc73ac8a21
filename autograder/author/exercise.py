"""What authors write: an exercise is its torch reference with an annotated signature.

    @exercise(points=8)
    def dW(dZ: Real[Tensor, "N n_l"], A_prev: Real[Tensor, "N n_prev"]) -> Real[Tensor, "n_l n_prev"]:
        \"""∂L/∂W of one layer, averaged over the examples\"""
        ...

    @dW.misconception(hint="the mean over the N examples is missing: divide by N")
    def no_mean(dZ, A_prev):
        return dZ.T @ A_prev

Shapes are jaxtyping's; the dtype in front of the brackets is a *domain*
(`autograder.author.domains`), which says what the entries may be. The signature is the
strategy that draws inputs, the shape check and the wording of messages. Mistakes that differ from
a right solution in one part are variants of it (`autograder.author.misconceptions`).
"""

from __future__ import annotations

import difflib
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from autograder.errors import AuthoringError

Function = Callable[..., Any]


@dataclass(frozen=True)
class Parameter:
    """One argument (or the result) of an exercise, as its annotation describes it.

    `dims` are the named or fixed dimensions of an array (`("N", "n_l")`, `("n_l", "1")`),
    `()` for a number, and None where the annotation is not one array.
    """

    name: str
    dims: tuple[str, ...] | None
    annotation: Any = field(compare=False, default=None)


@dataclass(frozen=True)
class Misconception:
    """A known wrong function (NumPy, the exercise's own arguments) and the hint it earns."""

    name: str
    hint: str
    function: Function


@dataclass(frozen=True)
class Relation:
    """A property that a right result has: `predicate(result, **arguments)` is True, or says what is wrong."""

    name: str
    predicate: Callable[..., bool | str]


@dataclass
class Exercise:
    """An exercise, as made by the `exercise` decorator.

    name       the function (or `Class.method`) that a student defines
    points     what it is worth
    reference  the torch reference; arrays arrive as float64 tensors
    inputs     `inputs(dims, style)` → Hypothesis strategy of a dict with some or all arguments, for
               those that the annotation alone cannot draw; `dims` maps dimension names to sizes
    parts      names of arguments whose values split the points: one equal share per distinct combination
    builds_on  earlier exercises that a right solution may call
    call       the Python expression evaluated with the student's names and the arguments
    unique     False where many results are right: then only the relations judge
    minimum    how many distinct cases must be drawn (fewer only where there are not more)
    seconds    what all cases together may take, where the usual limit does not fit; waiting for a processor is free
    unreached  edges of its signature that no case can reach ("A zero", "n = 1"), each with the reason
    """

    name: str
    points: float
    reference: Function
    inputs: Callable[[Mapping[str, int], Any], Any] | None = None
    parts: tuple[str, ...] = ()
    builds_on: tuple[str, ...] = ()
    call: str = ""
    unique: bool = True
    minimum: int = 100
    seconds: float | None = None
    unreached: Mapping[str, str] = field(default_factory=dict)
    misconceptions: list[Misconception] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    parameters: tuple[Parameter, ...] = ()
    result: Parameter = field(default_factory=lambda: Parameter("result", None))

    @property
    def summary(self) -> str:
        """The first line of the reference's docstring: the sentence a student reads."""
        return (inspect.getdoc(self.reference) or "").partition("\n")[0]

    def misconception(self, *, hint: str) -> Callable[[Function], Function]:
        """Record a wrong function under its own name (`sign_flipped` becomes "sign-flipped")."""

        def record(function: Function) -> Function:
            name = function.__name__.strip("_").replace("_", "-")
            if any(known.name == name for known in self.misconceptions):
                raise AuthoringError(f"{self.name}: there are two misconceptions named {name!r}; rename one of them.")
            self._check_arguments(function, f"misconception {name!r}")
            self.misconceptions.append(Misconception(name, hint, function))
            return function

        return record

    def relation(self, function: Callable[..., bool | str]) -> Callable[..., bool | str]:
        """Record a property of (result, arguments); its docstring is what a student reads."""
        name = (inspect.getdoc(function) or function.__name__).partition("\n")[0]
        self._check_arguments(function, f"relation {name!r}", skip=1)
        self.relations.append(Relation(name, function))
        return function

    def _check_arguments(self, function: Callable[..., Any], what: str, skip: int = 0) -> None:
        got = list(inspect.signature(function).parameters)[skip:]
        expected = [parameter.name for parameter in self.parameters]
        if got != expected:
            raise AuthoringError(
                f"{self.name}: {what} takes ({', '.join(got)}), the exercise takes "
                f"({', '.join(expected)}); give it the same arguments."
            )


def exercise(
    *,
    points: float,
    name: str | None = None,
    inputs: Callable[[Mapping[str, int], Any], Any] | None = None,
    parts: tuple[str, ...] = (),
    builds_on: tuple[str, ...] = (),
    call: str | None = None,
    unique: bool = True,
    minimum: int = 100,
    seconds: float | None = None,
    unreached: Mapping[str, str] | None = None,
) -> Callable[[Function], Exercise]:
    """Turn a torch reference with an annotated signature into an `Exercise`.

    Raises AuthoringError where the signature cannot be understood.
    """

    def decorate(reference: Function) -> Exercise:
        title = name or reference.__name__
        if points <= 0:
            raise AuthoringError(f"{title}: points={points} must be positive.")
        parameters, result = _signature(reference, title)
        _check_dimensions(title, parameters, result)
        names = [parameter.name for parameter in parameters]
        for part in parts:
            if part not in names:
                raise AuthoringError(f"{title}: parts names {part!r}, which is not one of its arguments {names}.")
        return Exercise(
            name=title,
            points=float(points),
            reference=reference,
            inputs=inputs,
            parts=parts,
            builds_on=builds_on,
            call=call or f"{title}({', '.join(names)})",
            unique=unique,
            minimum=minimum,
            seconds=seconds,
            unreached=unreached or {},
            parameters=parameters,
            result=result,
        )

    return decorate


def exercises_of(module: ModuleType) -> list[Exercise]:
    """The exercises that a `hidden.py` defines, in its order. Raises AuthoringError if there are none."""
    found = [value for value in vars(module).values() if isinstance(value, Exercise)]
    if not found:
        raise AuthoringError(f"{module.__file__}: no exercise found; decorate a reference with @exercise(points=…).")
    names = [entry.name for entry in found]
    for number, entry in enumerate(found):
        for known in entry.misconceptions:
            if not known.hint:
                raise AuthoringError(f"{entry.name}: misconception {known.name!r} has no hint; say what is wrong.")
        for helper in entry.builds_on:
            if helper not in names[:number]:  # a later one would be judged after its right results were given away
                raise AuthoringError(f"{entry.name}: builds_on names {helper!r}, which is no exercise before it.")
    return found


def _signature(reference: Function, title: str) -> tuple[tuple[Parameter, ...], Parameter]:
    try:
        hints = typing.get_type_hints(reference, include_extras=True)
    except (NameError, TypeError, ValueError) as error:
        raise AuthoringError(f"{title}: cannot read its annotations: {error}.") from error
    parameters = []
    for argument in inspect.signature(reference).parameters.values():
        if argument.name not in hints:
            raise AuthoringError(
                f"{title}: argument {argument.name!r} has no annotation; write its domain and "
                f'shape, like Real[Tensor, "N n"].'
            )
        parameters.append(Parameter(argument.name, _dims(hints[argument.name]), hints[argument.name]))
    result = hints.get("return")
    return tuple(parameters), Parameter("result", _dims(result), result)


def _check_dimensions(title: str, parameters: tuple[Parameter, ...], result: Parameter) -> None:
    """The result's dimensions are arguments or theirs, where all arguments tell theirs. Raises AuthoringError."""
    if any(parameter.dims is None and not _dimensionless(parameter.annotation) for parameter in parameters):
        return
    sizes = {parameter.name for parameter in parameters if parameter.annotation is int}
    known = sorted({dim for entry in parameters for dim in entry.dims or () if not dim.isdigit()} | sizes)
    for dim in result.dims or ():
        if not dim.isdigit() and dim not in known:
            near = difflib.get_close_matches(dim, known, 1, cutoff=0.5)
            meant = f"; did you mean {near[0]!r}?" if near else f"; name one of theirs: {', '.join(known) or 'none'}."
            raise AuthoringError(f"{title}: its result has a dimension {dim!r} that no argument has{meant}")


def _dimensionless(annotation: Any) -> bool:
    return annotation in (int, float, bool, str) or typing.get_origin(annotation) is typing.Literal


def _dims(annotation: Any) -> tuple[str, ...] | None:
    shape = getattr(annotation, "dim_str", None)
    return None if shape is None or "..." in shape else tuple(shape.split())
