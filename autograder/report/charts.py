"""Numbers of a class as bars to draw: places and sizes in the units of an SVG, and the words that say the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

WIDTH, HEIGHT = 480, 220
LEFT, RIGHT, TOP, BOTTOM = 34, 466, 26, 170
"""The plot's corners in the drawing."""
_UNITS = {"minutes": 1, "hours": 60, "days": 1440, "weeks": 10080}
_STEPS = (
    ("minutes", 5),
    ("minutes", 15),
    ("hours", 1),
    ("hours", 3),
    ("hours", 6),
    ("days", 1),
    ("days", 2),
    ("weeks", 1),
)
"""Widths of the bins of hand-in times."""
_MOST_BINS = 14


@dataclass(frozen=True)
class Bar:
    """A bar with its count; `label` stands under its left end, `late` are those after the due date."""

    x: float
    width: float
    y: float
    height: float
    count: int
    label: str
    late: bool = False


@dataclass(frozen=True)
class Chart:
    """A histogram: bars, ticks of the count (place and number), a line across it, and all of it in words."""

    bars: Sequence[Bar]
    ticks: Sequence[tuple[float, int]]
    end: str
    line: float | None
    line_label: str
    words: str
    unit: str = ""


def scores(shares: Sequence[float]) -> Chart:
    """How many students have which share of the points, in per cent; the line is at the median."""
    counts = [0] * 10
    for share in shares:
        counts[min(max(int(share / 10), 0), 9)] += 1
    words = "; ".join(f"{10 * i} to {10 * i + 10} %: {count}" for i, count in enumerate(counts))
    middle = median(shares) if shares else None
    return _chart(
        counts,
        [f"{10 * i}" for i in range(10)],
        "100",
        None if middle is None else middle / 100,
        "" if middle is None else f"median {middle:.0f} %",
        f"Students by share of the points. {words}.",
    )


def hand_ins(minutes: Sequence[float]) -> Chart | None:
    """How many students handed in when; `minutes` are after the due date, negative before. The line is the due date.

    Where they do not fit into the bins, the first and the last bin hold the rest.
    """
    if not minutes:
        return None
    for unit, size in _STEPS:
        step = size * _UNITS[unit]
        low, high = math.floor(min(*minutes, -1) / step), math.ceil(max(*minutes, 1) / step)
        if high - low <= _MOST_BINS:
            break
    else:
        low, high = max(low, -_MOST_BINS // 2), min(high, _MOST_BINS // 2)
    counts = [0] * (high - low)
    for minute in minutes:
        place = math.ceil(minute / step) - 1 - low  # at the due date is not late
        counts[min(max(place, 0), len(counts) - 1)] += 1
    edges = [f"{edge:+d}" if (edge := (low + i) * size) else "0" for i in range(len(counts) + 1)]
    words = "; ".join(f"{a} to {b}: {n}" for a, b, n in zip(edges, edges[1:], counts, strict=False) if n)
    told = f"Hand-ins by {unit} after the due date, less than 0 is before it. {words}."
    return _chart(counts, edges[:-1], edges[-1], -low / len(counts), "due", told, unit, late=-low)


def stacked(counts: Iterable[tuple[str, int]]) -> list[tuple[str, float, float, int]]:
    """A bar in pieces: key, start and width in per cent, and count, of those that are not 0."""
    found = [(key, count) for key, count in counts if count]
    whole = sum(count for _, count in found)
    pieces, start = [], 0.0
    for key, count in found:
        width = 100 * count / whole
        pieces.append((key, start, width, count))
        start += width
    return pieces


def _chart(
    counts: Sequence[int],
    labels: Sequence[str],
    end: str,
    line: float | None,
    line_label: str,
    words: str,
    unit: str = "",
    late: int | None = None,
) -> Chart:
    most = max([*counts, 1])
    step = next(size for power in range(9) for size in (10**power, 2 * 10**power, 5 * 10**power) if size * 5 >= most)
    top = step * math.ceil(most / step)
    width = (RIGHT - LEFT) / len(counts)
    scale = (BOTTOM - TOP) / top
    every = math.ceil(len(counts) / 10)
    bars = [
        Bar(
            LEFT + i * width + 1.5,
            width - 3,
            BOTTOM - count * scale,
            count * scale,
            count,
            labels[i] if i % every == 0 else "",
            late is not None and i >= late,
        )
        for i, count in enumerate(counts)
    ]
    ticks = [(BOTTOM - count * scale, count) for count in range(0, top + 1, step)]
    return Chart(bars, ticks, end, None if line is None else LEFT + line * (RIGHT - LEFT), line_label, words, unit)
