"""Ours, as an instructor runs it: the whole command on a course, its start and its end included."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course.files import StudentFiles
from tests.benchmarks.classes import Assignment, hand_in
from tests.benchmarks.measure import ROOT, Cost, Memory, command, environment, first_words, spent

_CLI = [sys.executable, "-m", "autograder.cli"]


@dataclass(frozen=True)
class Run:
    """One run over a class: its cost, the memory that all its processes held together, and what it left on the disk."""

    students: int
    cost: Cost
    memory: int
    disk: int

    @property
    def each(self) -> float:
        """Seconds for each submission, the start of the command shared among them."""
        return self.cost.seconds / self.students


@dataclass(frozen=True)
class Ours:
    """Makes courses of any size out of one that has been released, and grades them."""

    assignment: Assignment
    released: Path
    folder: Path

    def course(self, numbers: Sequence[int], name: str) -> Path:
        """A new course in which these students have handed in and nothing has been graded.

        No other is removed for it: a file system takes longer to make files where many have just been deleted.
        """
        course = Path(tempfile.mkdtemp(dir=self.folder, prefix=name))
        shutil.copytree(self.released, course, dirs_exist_ok=True)
        hand_in(self.assignment, course, numbers)
        return course

    def grade(self, course: Path, students: int) -> Run:
        """Run the command. Ends the benchmark if it fails."""
        before = _bytes(course)
        with (self.folder / "log").open("wb") as log, spent() as cost:
            process = subprocess.Popen(self._words, cwd=ROOT, env=_env(course), stdout=log, stderr=log)
            with Memory(process.pid) as memory:
                process.wait()
        if process.returncode:
            sys.exit(f"{' '.join(self._words)} failed:\n{(self.folder / 'log').read_text(errors='replace')[-2000:]}")
        return Run(students, cost, memory.peak, _bytes(course) - before)

    def stages(self, course: Path) -> dict[str, Cost]:
        """What each stage costs, from a program of its own (see `stages`)."""
        words = [sys.executable, "-m", "tests.benchmarks.stages", self.assignment.name, str(course)]
        alike = {**_env(course), "OPENBLAS_NUM_THREADS": "1"}  # as the command has it for itself
        found: dict[str, dict[str, float]] = json.loads(command(words, alike)[1])
        return {stage: Cost(**cost) for stage, cost in found.items()}

    def first_words(self, course: Path) -> float:
        """Seconds until a person sees the first word on the terminal."""
        return first_words(self._words, {**_env(course), "TERM": "xterm"})

    def lost(self, course: Path, student: str) -> set[str]:
        """Exercises whose own result was wrong, whether or not that was forgiven afterwards."""
        entry = json.loads(StudentFiles(course, self.assignment.name, student).result.read_bytes())
        return {
            each["name"] for each in entry["exercises"] if each["score"] < each["max_score"] or each["follow_through"]
        }

    @property
    def _words(self) -> list[str]:
        return [*_CLI, "course", "grade", self.assignment.name]


def help_seconds() -> float:
    """Seconds of `autograder --help`, the median of five."""
    return statistics.median(command([*_CLI, "--help"], environment())[0].seconds for _ in range(5))


def _env(course: Path) -> dict[str, str]:
    return environment(COURSE=str(course))


def _bytes(course: Path) -> int:
    """What a course takes on the disk, in whole blocks."""
    return sum(path.lstat().st_blocks * 512 for path in course.rglob("*"))
