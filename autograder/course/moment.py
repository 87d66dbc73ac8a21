"""When something was handed in: from text that a student may have written to a moment that all can record and show."""

from __future__ import annotations

from datetime import datetime

from nbgrader.utils import parse_utc

_YEARS = range(1970, 2200)
"""Moments at the ends of the calendar cannot be shown in another time zone: formgrader stops at one, for the class."""


def moment(text: str) -> datetime | None:
    """The moment (UTC) that a text means, None if that is none."""
    try:
        found = parse_utc(text) if text else None
    except Exception:  # the parser of dates raises many kinds
        return None
    return found if isinstance(found, datetime) and plausible(found) else None


def plausible(found: datetime) -> bool:
    """Whether anything can have been handed in then."""
    return found.year in _YEARS
