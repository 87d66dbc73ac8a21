"""What was measured, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.benchmarks.measure import Cost
from tests.benchmarks.ours import Run
from tests.benchmarks.peers import Graded
from tests.benchmarks.stages import STAGES


@dataclass
class Round:
    """Ours on the whole class and on a much larger one, and each peer, by its title, on some of it, one by one.

    agreed   for each of these submissions, whether the peer took points from the same exercises as ours
    """

    run: Run
    many: Run
    graded: dict[str, list[Graded]] = field(default_factory=dict)
    agreed: dict[str, list[bool]] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """Everything that was measured.

    rounds      the comparison with peers
    memory      bytes that all processes of a peer held together, by its title
    stages      cost of each stage for the class of a round; "engine", "floor" and "floor again" beside them
    unchanged   seconds for a class of `size` in which nothing has changed; `added`: in which one submission is new;
                `one`: for a class of one
    help        seconds of `--help`; words: seconds until `course grade` shows the first word
    """

    rounds: list[Round]
    memory: dict[str, int]
    stages: dict[str, Cost]
    size: int
    unchanged: list[float]
    added: list[float]
    one: list[float]
    help: float
    words: float

    @property
    def runs(self) -> list[Run]:
        """Ours in each round."""
        return [each.run for each in self.rounds]

    @property
    def many(self) -> list[Run]:
        """Ours on the larger class in each round."""
        return [each.many for each in self.rounds]

    @property
    def students(self) -> int:
        """Size of the class of the rounds and the stages."""
        return self.rounds[0].run.students

    def of_peer(self, title: str, value: Callable[[Graded], float]) -> list[float]:
        """Something of a peer, for each submission that it graded."""
        return [value(graded) for each in self.rounds for graded in each.graded[title]]

    def ratios(
        self, title: str, value: Callable[[Cost], float], ours: Callable[[Round], Run] = lambda each: each.run
    ) -> list[float]:
        """A cost of a peer as a multiple of that in `ours`, for each submission that it graded, within the round."""
        return [
            value(graded.grade) / (value(ours(each).cost) / ours(each).students)
            for each in self.rounds
            for graded in each.graded[title]
        ]

    def floor(self, value: Callable[[Cost], float]) -> float:
        """A cost of the floor for the class: the mean of before and after the engine."""
        return (value(self.stages["floor"]) + value(self.stages["floor again"])) / 2

    def each_stage(self) -> list[tuple[str, float, float]]:
        """Stages in turn, with milliseconds and milliseconds of processor time for each submission."""
        unit = 1e3 / self.students
        return [(name, unit * self.stages[name].seconds, unit * self.stages[name].cpu) for name in STAGES]
