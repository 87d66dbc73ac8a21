"""`make bench`: ours against nbgrader, Otter and pytest on the same class in the same run, and against the bare floor.

Ours grades the whole class and a much larger one in each round; the peers, which need seconds for a submission, grade
some of it, one after another in the same rounds, so that whatever else the machine does hits all. Ratios are taken
within a round.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from autograder import project
from autograder.cases import store
from tests.benchmarks.classes import hand_in, new_course, student_name
from tests.benchmarks.ours import Ours, help_seconds
from tests.benchmarks.peers import KINDS, TESTS, Peer
from tests.benchmarks.plot import plot
from tests.benchmarks.report import show
from tests.benchmarks.results import Found, Round


def main() -> None:
    """Measure and print."""
    options = _options()
    name = options.assignment
    assignment = store.load(name)
    if any(entry.relations or not entry.unique or "." in entry.name for entry in assignment.exercises):
        sys.exit(f"The peers' tests are for functions with one right result, which {name} has not throughout.")
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        _say("making the class")
        ours = Ours(new_course(name, folder / "released"), folder / "released", folder)
        rounds, memory = _rounds(ours, options)
        found = _found(ours, options, rounds, memory)
    _say("")
    show(assignment, found)
    plot(found, options.plot)
    print(f"The first tables as a picture: {options.plot}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--assignment", default="backprop")
    parser.add_argument("--students", type=int, default=200, help="size of the class (default 200)")
    parser.add_argument("--many", type=int, default=2000, help="size of the class that is compared (default 2000)")
    parser.add_argument("--peers", type=int, default=32, help="how many of the class a peer grades (default 32)")
    parser.add_argument("--rounds", type=int, default=4, help="how often ours grades the class (default 4)")
    parser.add_argument("--unchanged", type=int, default=1000, help="size of the class graded again (default 1000)")
    parser.add_argument("--plot", type=Path, default=project.cache_dir() / "bench.svg", help="where to draw it")
    return parser.parse_args()


def _rounds(ours: Ours, options: argparse.Namespace) -> tuple[list[Round], dict[str, int]]:
    """The rounds, and how much memory each peer took.

    Before the first round each peer grades a submission that does not count, so that all is warm.
    """
    everyone = ours.course(range(options.students + 1), "everyone")
    peers: list[Peer] = []
    for kind in KINDS:
        for tests in TESTS:
            _say(f"starting {kind}, {tests}")
            peers.append(Peer(kind, tests, ours.assignment.name, everyone, ours.folder / f"{kind}-{tests}"))
            peers[-1].warm_up(student_name(options.students))
    rounds: list[Round] = []
    for number in range(options.rounds):
        _say(f"round {number + 1} of {options.rounds}: ours")
        course = ours.course(range(options.students), "class")
        run = ours.grade(course, options.students)
        rounds.append(Round(run, ours.grade(ours.course(range(options.many), "class"), options.many)))
        some = [student_name(each) for each in range(number, options.peers, options.rounds)]
        for peer in peers:
            _say(f"round {number + 1} of {options.rounds}: {peer.title}")
            graded = [peer.grade(student) for student in some]
            lost = [ours.lost(course, student) for student in some]
            rounds[-1].graded[peer.title] = graded
            rounds[-1].agreed[peer.title] = [set(each.lost) == due for each, due in zip(graded, lost, strict=True)]
    for peer in peers:
        peer.close()
    return rounds, {peer.title: peer.memory for peer in peers}


def _found(ours: Ours, options: argparse.Namespace, rounds: list[Round], memory: dict[str, int]) -> Found:
    """What is measured of ours alone."""
    _say("stages, engine and floor")
    stages = ours.stages(ours.course(range(options.students), "class"))
    _say("the first word on the terminal")
    words = ours.first_words(ours.course(range(options.students), "class"))
    size = options.unchanged
    _say(f"an unchanged class of {size}")
    course = ours.course(range(size), "class")
    ours.grade(course, size)
    unchanged = [ours.grade(course, size).cost.seconds for _ in range(3)]
    added = []
    for number in range(size, size + 3):
        hand_in(ours.assignment, course, [number])
        added.append(ours.grade(course, number + 1).cost.seconds)
    one = [ours.grade(ours.course([0], "class"), 1).cost.seconds for _ in range(3)]
    return Found(rounds, memory, stages, size, unchanged, added, one, help_seconds(), words)


def _say(text: str) -> None:
    """What it is doing, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}{' …' if text else ''}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
