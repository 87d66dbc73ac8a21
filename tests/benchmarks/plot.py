"""One picture: what a submission costs with each, from the floor up, on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from tests.benchmarks.results import Found

_OURS, _PEER, _FLOOR = "#0b6e4f", "#9a9a9a", "#c9a227"


def plot(found: Found, path: Path) -> None:
    """Draw it; the suffix of `path` says in which format."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    unit = 1e3 / found.students
    bars: list[tuple[str, Sequence[float], str]] = [
        (
            "floor: called and compared, one core",
            [unit * found.stages[key].seconds for key in _FLOORS],
            _FLOOR,
        ),
        ("ours, engine alone", [unit * found.stages["engine"].seconds], _OURS),
        ("ours: graded, recorded, feedback pages", [1e3 * run.each for run in found.runs], _OURS),
    ]
    for title in found.memory:
        bars.append((title, found.of_peer(title, lambda graded: 1e3 * graded.grade.seconds), _PEER))
    figure, axes = pyplot.subplots(figsize=(9, 0.5 * len(bars) + 1.2), layout="constrained")
    for place, (_, values, color) in enumerate(reversed(bars)):
        middle = mean(values)
        axes.barh(place, middle, color=color, xerr=[[middle - min(values)], [max(values) - middle]], capsize=3)
        axes.text(
            max(values) * 1.15,
            place,
            f"{middle:.1f} ms" if middle < 100 else f"{middle:.0f} ms",
            va="center",
            fontsize=9,
        )
    axes.set_yticks(range(len(bars)), [title for title, _, _ in reversed(bars)])
    axes.set_xscale("log")
    axes.set_xlim(1, axes.get_xlim()[1] * 4)
    axes.set_xlabel("milliseconds for a submission (bar: mean, line: least to most)")
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


_FLOORS = ("floor", "floor again")
