"""Measurements as text: tables in Markdown, which fit into a page as they are."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from statistics import mean, median

from autograder.cases.model import AssignmentCases
from tests.benchmarks.measure import Cost, spread
from tests.benchmarks.results import Found

_MB = 1e6
_COURSES = (1_000, 10_000, 100_000)


def show(assignment: AssignmentCases, found: Found) -> None:
    """Print all of it."""
    cases = sum(len(entry.cases) for entry in assignment.exercises)
    print(f"{assignment.name}: {len(assignment.exercises)} exercises, {cases} cases; {found.students} different")
    print(f"submissions in {len(found.rounds)} rounds; {os.cpu_count()} cores, Python {platform.python_version()}.")
    print("Of what a class takes the mean (least to most), else the median;")
    print("CPU is processor time; it and MB are of all processes together.\n")
    for part in (_peers, _engine, _stages, _scale, _course):
        print(f"{part(found)}\n")


def _peers(found: Found) -> str:
    runs = found.runs
    each = [1e3 * run.each for run in runs]
    cpu = [1e3 * run.cost.cpu / run.students for run in runs]
    memory = max(run.memory for run in runs)
    size, many = found.many[0].students, mean(1e3 * run.each for run in found.many)
    ours = f"{many / mean(each):.2f}"
    title = "ours: graded, recorded, feedback pages"
    rows = [[title, spread(each, 1, mean), f"{mean(cpu):.1f}", _mb(memory), "1", ours, "1"]]
    for title, held in found.memory.items():
        seconds = found.of_peer(title, lambda graded: 1e3 * graded.grade.seconds)
        middle = mean(found.of_peer(title, lambda graded: 1e3 * graded.grade.cpu))
        few, cpus = (spread(found.ratios(title, value), 0, mean) for value in (_seconds, _cpu))
        in_many = spread(found.ratios(title, _seconds, lambda each: each.many), 0, mean)
        rows.append([title, spread(seconds, 0, mean), f"{middle:.0f}", _mb(held), few, in_many, cpus])
    head = ["one submission", "ms", "CPU ms", "MB", "× ours", f"× ours among {size}", "× CPU of ours"]
    notes = [*(_feedback(found, title) for title in found.memory), _agreed(found)]
    return "\n".join([_table(head, rows), "", *filter(None, notes)])


def _feedback(found: Found, title: str) -> str:
    seconds = found.of_peer(title, lambda graded: 1e3 * graded.feedback.seconds)
    if max(seconds) < 1:
        return ""
    return f"Not counted: {title}: {spread(seconds, 0)} ms more for the page, which is in ours."


def _agreed(found: Found) -> str:
    agreed = [(title, same) for each in found.rounds for title, some in each.agreed.items() for same in some]
    hidden, plain = ([same for title, same in agreed if ("hidden" in title) == wanted] for wanted in (True, False))
    told = f"{sum(hidden)} of {len(hidden)} with the same hidden tests, {sum(plain)} of {len(plain)} with plain asserts"
    return f"Points taken from the same exercises as by ours: {told}."


def _engine(found: Found) -> str:
    cores, engine = os.cpu_count() or 1, found.stages["engine"]
    unit = 1e3 / found.students
    rows = [
        ["floor, one core", f"{unit * found.floor(_seconds):.2f}", f"{unit * found.floor(_cpu):.2f}", "1", "1"],
        [
            f"engine, {cores} cores",
            f"{unit * engine.seconds:.2f}",
            f"{unit * engine.cpu:.2f}",
            f"{engine.seconds * cores / found.floor(_seconds):.1f} (a core)",
            f"{engine.cpu / found.floor(_cpu):.1f}",
        ],
    ]
    return _table(["one submission", "ms", "CPU ms", "× floor", "× CPU of floor"], rows)


def _stages(found: Found) -> str:
    stages = found.each_stage()
    rows = [[name, f"{each:.2f}", f"{cpu:.2f}"] for name, each, cpu in stages]
    rows.append(["all", f"{sum(each for _, each, _ in stages):.2f}", f"{sum(cpu for _, _, cpu in stages):.2f}"])
    return _table(["one submission, on one thread", "ms", "CPU ms"], rows)


def _scale(found: Found) -> str:
    few, many = ([1e3 * run.each for run in runs] for runs in (found.runs, found.many))
    size = found.many[0].students
    rows = [
        [f"a submission among {found.students}", f"{spread(few, 1, mean)} ms"],
        [f"a submission among {size}", f"{spread(many, 1, mean)} ms: {mean(many) / mean(few):.2f} times that"],
        [f"memory, class of {found.students}", f"{_mb(max(run.memory for run in found.runs))} MB"],
        [f"memory, class of {size}", f"{_mb(max(run.memory for run in found.many))} MB"],
        [f"unchanged class of {found.size}", f"{spread(found.unchanged, 2)} s"],
        ["… with one submission more", f"{spread(found.added, 2)} s"],
        ["a class of one", f"{spread(found.one, 2)} s"],
        ["`autograder --help`", f"{found.help:.2f} s"],
        ["first word of `autograder course grade`", f"{found.words:.2f} s"],
    ]
    return _table(["ours", ""], rows)


def _course(found: Found) -> str:
    """What courses need: a start and so much for each submission, by the two sizes that were measured."""
    (seconds, memory), (longer, larger) = (
        (mean(run.cost.seconds for run in runs), max(run.memory for run in runs)) for runs in (found.runs, found.many)
    )
    size = found.many[0].students
    more = size - found.students
    each, kept = (max(0.0, longer - seconds) / more, max(0, larger - memory) / more)
    start, disk = max(0.0, seconds - each * found.students), found.many[0].disk / size
    again = median(found.unchanged) / found.size
    peer = next(iter(found.memory))
    slow = mean(found.of_peer(peer, lambda graded: graded.grade.seconds))
    rows = [
        [
            f"{students:,}".replace(",", " "),
            _time(start + each * students),
            _time(again * students),
            f"{_mb(memory + kept * (students - found.students))} MB",
            f"{disk * students / 1e9:.1f} GB",
            _time(slow * students),
        ]
        for students in _COURSES
    ]
    head = ["students", "all of them", "nothing changed", "memory", "disk", peer]
    sums = [
        f"One assignment, {os.cpu_count()} cores: {start:.1f} s and {1e3 * each:.1f} ms a submission;",
        f"unchanged: {1e3 * again:.2f} ms a submission; the peer: {slow:.1f} s a submission;",
        f"memory: {_mb(memory)} MB for {found.students} and {kept / 1e3:.0f} kB each more; disk: {disk / 1e3:.0f} kB.",
    ]
    return "\n".join([_table(head, rows), "", *sums])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        f"| {' | '.join(word.ljust(width) for word, width in zip(line, widths, strict=True))} |" for line in lines
    )


def _seconds(cost: Cost) -> float:
    return cost.seconds


def _cpu(cost: Cost) -> float:
    return cost.cpu


def _mb(count: float) -> str:
    return f"{count / _MB:.0f}"


def _time(seconds: float) -> str:
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
