"""Formulas: what a wrong solution computes, in what it should compute, the arguments and the dimensions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from autograder.cases.equality import Array
from autograder.judge.evidence import Evidence, derived
from autograder.text import number


def formulas(seen: Evidence, subject: str, sizes: Sequence[str]) -> Iterator[str]:
    """Formulas that give what came, from what was expected, the arguments and the dimensions."""
    wanted = seen.wanted
    with np.errstate(all="ignore"):
        if seen.shows(-wanted):
            yield f"{subject} has the opposite sign"
        for name in sizes:
            if name in seen.terms:
                yield from _times_size(seen, subject, name, seen.terms[name])
        yield from _constant(seen, subject)
        for words, formula in _alone(wanted):
            if seen.shows(formula, finite=False):
                yield f"{subject} is {words} the expected one"
        for name, term in derived(seen.terms, sizes):
            yield from _with_term(seen, subject, name, term)


def _alone(wanted: Array) -> Iterator[tuple[str, Array]]:
    yield "1 minus", 1 - wanted
    yield "1 over", 1 / wanted
    yield "the square of", wanted**2
    yield "the square root of", np.sqrt(wanted)
    yield "the exponential of", np.exp(wanted)
    yield "the logarithm of", np.log(wanted)
    yield "the absolute value of", np.abs(wanted)
    yield "minus the absolute value of", -np.abs(wanted)


def _times_size(seen: Evidence, subject: str, name: str, size: Array) -> Iterator[str]:
    mean = ": the mean over the examples is missing" if name == "N" else ""
    if seen.shows(seen.wanted * size):
        yield f"{subject} is {name} times too large{mean}"
    if seen.shows(seen.wanted / size):
        yield f"{subject} is {name} times too small"
    if seen.shows(seen.wanted * size**2):
        yield f"{subject} is {name}² times too large"
    if seen.shows(seen.wanted / size**2):
        yield f"{subject} is {name}² times too small"


def _constant(seen: Evidence, subject: str) -> Iterator[str]:
    if np.isfinite(seen.got[0]) and (seen.got == seen.got[0]).all() and seen.enough(seen.wrong):
        yield f"{subject} is {number(float(seen.got[0]) + 0.0)} whatever the arguments are"
        return
    at = int(np.nanargmax(np.where(np.isfinite(seen.wanted), np.abs(seen.wanted), -1)))
    factor, offset = seen.got[at] / seen.wanted[at], seen.got[at] - seen.wanted[at]
    if np.isfinite(factor) and factor not in (0.0, 1.0, -1.0) and seen.shows(seen.wanted * factor):
        yield f"{subject} is {number(float(factor))} times the expected one"
    at = int(np.nanargmin(np.where(np.isfinite(seen.wanted), np.abs(seen.wanted), np.inf)))
    offset = seen.got[at] - seen.wanted[at]
    if np.isfinite(offset) and abs(offset) > 1e-6 and seen.shows(seen.wanted + offset, seen.wanted):
        more = "more" if offset > 0 else "less"
        yield f"{subject} is {number(abs(float(offset)))} {more} than expected, everywhere"


def _with_term(seen: Evidence, subject: str, name: str, term: Array) -> Iterator[str]:
    shown = f"`{name}`"
    if seen.shows(term):
        yield f"{subject} is just {shown}"
    if seen.shows(-term):
        yield f"{subject} is just minus {shown}"
    if np.ptp(term) == 0:
        return
    wanted = seen.wanted
    scale = np.abs(wanted) + np.abs(term)
    if seen.shows(wanted + term, scale):
        yield f"{subject} is the expected one plus {shown}"
    if seen.shows(wanted - term, scale):
        yield f"{subject} is the expected one minus {shown}"
    if seen.shows(wanted - 2 * term, scale):
        yield f"{subject} is the expected one minus 2 {shown}: the sign of a term is wrong"
    if seen.shows(term - wanted, scale):
        yield f"{subject} is {shown} minus the expected one"
    if seen.shows(wanted * term):
        yield f"{subject} is the expected one times {shown}"
    if seen.shows(wanted / term):
        yield f"{subject} is the expected one divided by {shown}"
    if seen.shows(wanted / term**2):
        yield f"{subject} is the expected one divided by the square of {shown}"
    if seen.shows(-wanted * term):
        yield f"{subject} is the expected one times minus {shown}"
    if seen.shows(-wanted / term):
        yield f"{subject} is the expected one divided by minus {shown}"
