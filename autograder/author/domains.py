"""Annotation → inputs: what the entries of an array may be, and how sizes and values are drawn.

A *domain* stands where jaxtyping has a dtype: `Probability[Tensor, "N n"]`. Authors add their own by
subclassing `Domain`. Each case is drawn in one *style*, so that small readable cases, ordinary ones and
edges are all present by construction and not by luck.
"""

from __future__ import annotations

import itertools
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, Literal

import jaxtyping
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.strategies import SearchStrategy

from autograder.author.exercise import Exercise, Parameter
from autograder.border.values import Value
from autograder.errors import AuthoringError

Choice = SearchStrategy[Any] | Sequence[Any]


class Style(Enum):
    """How values are drawn: SIMPLE ones are easy to read and check by hand, EDGE ones are where code breaks."""

    SIMPLE = "simple"
    TYPICAL = "typical"
    EDGE = "edge"

    def choose(self, *, simple: Choice, typical: Choice, edge: Choice) -> SearchStrategy[Any]:
        """The strategy for this style; a list is what to choose from.

        style.choose(simple=[1.0, 2.0], typical=decimals(-3, 3), edge=[0.0, 1000.0])
        """
        choice = {Style.SIMPLE: simple, Style.TYPICAL: typical, Style.EDGE: edge}[self]
        return choice if isinstance(choice, SearchStrategy) else st.sampled_from(choice)


Array = np.ndarray[Any, Any]


class Domain(jaxtyping.AbstractDtype):
    """What the entries of an array may be. Subclass it, and give `words` and `elements` (or `arrays`).

    `edges` are what some case has to reach (see `validate.coverage`): a word for each, and how an array shows it.
    Entries do not depend on each other: counterexamples are cut out of arrays. Draw what does with `inputs=`.
    """

    dtypes = ["float64"]
    words = "numbers"
    edges: ClassVar[Mapping[str, Callable[[Array], bool]]] = {}

    @classmethod
    def elements(cls, style: Style) -> SearchStrategy[float]:
        """A strategy for one entry."""
        raise NotImplementedError

    @classmethod
    def arrays(cls, shape: tuple[int, ...], style: Style) -> SearchStrategy[Any]:
        """A strategy for a float64 array of this shape (a Python float for shape ())."""
        return array(shape, cls.elements(style))


def array(shape: tuple[int, ...], elements: SearchStrategy[float]) -> SearchStrategy[Any]:
    """A strategy for a float64 array of these entries, independent of each other (a Python float for shape ())."""
    return elements if shape == () else hnp.arrays(np.float64, shape, elements=elements, fill=st.nothing())


def _zero(values: Array) -> bool:
    return bool((values == 0).any())


class Real(Domain):
    """Any real number of ordinary size; edges are zeros, ties and entries of a thousand."""

    dtypes = ["float64"]
    words = "real numbers"
    edges = {
        "zero": _zero,
        "negative": lambda values: bool((values < 0).any()),
        "a thousand": lambda values: bool((np.abs(values) >= 1000).any()),
    }

    @classmethod
    def elements(cls, style: Style) -> SearchStrategy[float]:
        edge = [0.0, 1.0, 1.0, -1.0, 1000.0, -1000.0, 0.001]
        return style.choose(simple=[1.0, 2.0, -1.0, 0.5, 3.0, -2.0], typical=decimals(-3, 3), edge=edge)


class Moderate(Real):
    """Real numbers small enough that a sigmoid of a few sums of them stays inside (0, 1) in float64."""

    dtypes = ["float64"]
    edges = {"zero": _zero, "negative": Real.edges["negative"]}

    @classmethod
    def elements(cls, style: Style) -> SearchStrategy[float]:
        return st.sampled_from([0.0, 1.0, -1.0, 2.0, -2.5]) if style is Style.EDGE else super().elements(style)


class PreActivation(Domain):
    """Arguments of an activation: zeros, ties, and up to ±30, where a sigmoid is saturated but not yet 0 or 1."""

    dtypes = ["float64"]
    words = "real numbers"
    edges = {
        "zero": _zero,
        "saturated below": lambda values: bool((values <= -20).any()),
        "saturated above": lambda values: bool((values >= 20).any()),
    }

    @classmethod
    def elements(cls, style: Style) -> SearchStrategy[float]:
        edge = [0.0, 30.0, -30.0, 12.5, -20.0, 1e-3]
        return style.choose(simple=[1.0, -1.0, 2.0, 0.0, 0.5], typical=decimals(-4, 4), edge=edge)


class Probability(Domain):
    """Outputs of a sigmoid, strictly inside (0, 1); edges are saturated on both sides."""

    dtypes = ["float64"]
    words = "probabilities strictly between 0 and 1"
    edges = {
        "near 0": lambda values: bool((values < 1e-5).any()),
        "near 1": lambda values: bool((values > 1 - 1e-5).any()),
    }

    @classmethod
    def elements(cls, style: Style) -> SearchStrategy[float]:
        typical = st.integers(1, 999).map(lambda i: i / 1000)
        edge = [1e-20, 1e-13, 1e-6, 0.5, 1 - 1e-6, 1 - 1e-13]
        return style.choose(simple=[0.5, 0.25, 0.75, 0.2, 0.9], typical=typical, edge=edge)


class Target(Domain):
    """Labels, 0 or 1; edges are arrays of nothing but 0 or nothing but 1."""

    dtypes = ["float64"]
    words = "targets, 0 or 1"
    edges = {
        "all 0": lambda values: bool((values == 0).all()),
        "all 1": lambda values: bool((values == 1).all()),
    }

    @classmethod
    def elements(cls, style: Style) -> SearchStrategy[float]:
        return st.sampled_from([0.0, 1.0])

    @classmethod
    def arrays(cls, shape: tuple[int, ...], style: Style) -> SearchStrategy[Any]:
        if style is not Style.EDGE or shape == ():
            return super().arrays(shape, style)
        return st.sampled_from([0.0, 1.0]).map(lambda value: np.full(shape, value))


def decimals(low: int, high: int) -> SearchStrategy[float]:
    """Numbers with two decimals in [low, high]: generic, and still short enough to read and paste."""
    return st.integers(low * 100, high * 100).map(lambda i: i / 100)


def layers(sizes: Sequence[int], style: Style, domain: type[Domain] = Moderate) -> SearchStrategy[list[Any]]:
    """Parameters `[(W¹, b¹), …]` of a network with `sizes = [n_0, …, n_L]`; Wˡ is (n_l, n_{l-1}), bˡ (n_l, 1)."""
    pairs = [
        st.tuples(domain.arrays((after, before), style), domain.arrays((after, 1), style))
        for before, after in itertools.pairwise(sizes)
    ]
    return st.tuples(*pairs).map(list)


def drawn(
    case: Callable[..., dict[str, Any]], *given: Any
) -> Callable[[Mapping[str, int], Style], SearchStrategy[dict[str, Any]]]:
    """What `inputs=` takes, from a function that draws the arguments of one case: `case(draw, style, *given)`.

    `draw(strategy)` gives a value of a strategy, so that one argument may depend on another:

        def shifted(draw, style, largest):
            n = draw(st.integers(1, largest))
            return {"n": n, "x": draw(Real.arrays((n,), style))}

        @exercise(points=5, inputs=drawn(shifted, 4))
    """
    strategy = st.composite(case)
    return lambda dims, style: strategy(style, *given)


@dataclass(frozen=True)
class Plan:
    """One kind of case: how the dimensions are drawn, in which style, and how many."""

    label: str
    ones: frozenset[str]
    largest: int
    style: Style
    count: int
    equal: bool = False


TYPICAL = "all dimensions different"
"""The plan of ordinary cases: what a course would take for an example."""


def plans(exercise: Exercise) -> list[Plan]:
    """The mixture of cases for an exercise: smallest and simplest first, every edge of its dimensions included."""
    names = dimension_names(exercise)
    wide = max(6, len(names) + 2)
    small = max(3, len(names))
    edges = [
        Plan(f"{name} = 1", frozenset([name]), max(small, 3), style, count)
        for name in names
        for style, count in ((Style.SIMPLE, 4), (Style.TYPICAL, 4), (Style.EDGE, 3))
    ]
    return [
        Plan("all dimensions 1", frozenset(names), 1, Style.SIMPLE, 8),
        Plan("all dimensions 1", frozenset(names), 1, Style.EDGE, 6),
        *(Plan(f"only {name} > 1", frozenset(names) - {name}, 2, Style.SIMPLE, 3) for name in names),
        *edges,
        Plan("small", frozenset(), small, Style.SIMPLE, 24),
        Plan("all dimensions equal", frozenset(), 3, Style.TYPICAL, 6, equal=True),
        Plan("small", frozenset(), small, Style.EDGE, 16),
        Plan("all dimensions different, edges", frozenset(), wide, Style.EDGE, 20),
        Plan(TYPICAL, frozenset(), wide, Style.TYPICAL, 50 if names else 100),
    ]


def dimension_names(exercise: Exercise) -> list[str]:
    """Named dimensions of the arguments, in order of appearance (`N`, `n_l`, …; not fixed ones like `1`)."""
    found: dict[str, None] = {}
    for parameter in exercise.parameters:
        for dim in parameter.dims or ():
            if not dim.isdigit():
                found[dim] = None
    return list(found)


def sizes(names: Sequence[str], plan: Plan) -> SearchStrategy[dict[str, int]]:
    """Sizes for the named dimensions: 1 where the plan says so, elsewhere all different.

    They differ so that a wrong transpose cannot hide behind a square; a size of 1 may appear
    by itself only in small cases, where it keeps counterexamples minimal. A few cases are square all over:
    code that tells orientation by shape goes wrong there.
    """
    if plan.equal:
        return st.integers(2, plan.largest).map(lambda size: dict.fromkeys(names, size))
    free = [name for name in names if name not in plan.ones]
    lowest = 1 if plan.label == "small" else 2
    pool = range(lowest, max(plan.largest, lowest + len(free) - 1) + 1)
    drawn = st.permutations(list(pool)).map(lambda order: dict(zip(free, order, strict=False)))
    return drawn.map(lambda free_sizes: {name: free_sizes.get(name, 1) for name in names})


def arguments(exercise: Exercise, plan: Plan) -> SearchStrategy[dict[str, Value]]:
    """A strategy for the arguments of one call, dimensions consistent across them.

    Raises AuthoringError where neither the annotation nor `inputs` can draw an argument.
    """
    names = dimension_names(exercise)

    @st.composite
    def draw_all(draw: st.DrawFn) -> dict[str, Value]:
        dims = draw(sizes(names, plan))
        given = draw(exercise.inputs(dims, plan.style)) if exercise.inputs else {}
        return {
            parameter.name: given[parameter.name]
            if parameter.name in given
            else draw(_argument(exercise, parameter, dims, plan.style))
            for parameter in exercise.parameters
        }

    return draw_all()


def _argument(exercise: Exercise, parameter: Parameter, dims: Mapping[str, int], style: Style) -> SearchStrategy[Any]:
    annotation = parameter.annotation
    if typing.get_origin(annotation) is Literal:
        return st.sampled_from(list(typing.get_args(annotation)))
    domain = getattr(annotation, "dtype", None)
    if parameter.dims is not None and isinstance(domain, type) and issubclass(domain, Domain):
        shape = tuple(int(dim) if dim.isdigit() else dims[dim] for dim in parameter.dims)
        return domain.arrays(shape, style)
    raise AuthoringError(
        f"{exercise.name}: cannot draw argument {parameter.name!r} from its annotation "
        f"{annotation!r}; annotate a domain and shape, or return it from inputs=."
    )
