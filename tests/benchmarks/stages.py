"""Where the time of ours goes, stage by stage over a whole class: run as a program, for a clean process.

Each stage is the pipeline's own function, given all that the stage before it made. The floor is measured here too,
before and after the engine, on the same submissions.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from autograder.cases.store import load
from autograder.course.engine import engine
from autograder.course.feedback import write_pages, write_result
from autograder.course.files import Collected, released, students
from autograder.course.grading import note
from autograder.course.marking import Marked, Marker
from autograder.course.plugins.export import rows, to_csv
from autograder.course.pool import pool
from autograder.course.record import penalise, record
from autograder.course.tools import gradebook
from autograder.report.classroom import class_page
from autograder.sandbox.launcher import Sandbox, choose
from autograder.sandbox.parent import Inputs, Limits, Worker
from autograder.submission import reading
from tests.benchmarks.floor import floor
from tests.benchmarks.measure import Cost, spent

STAGES = (
    "read the files",
    "parse the notebooks",
    "sandbox",
    "compare and diagnose",
    "make the notebooks",
    "record",
    "feedback pages",
    "wait for the disk",
    "class page and table",
)
_BATCH = 64


def main(name: str, folder: str) -> None:
    """Measure on a course where nothing has been graded yet, and print what each stage cost as JSON."""
    print(json.dumps({stage: asdict(cost) for stage, cost in measured(name, Path(folder)).items()}))


def measured(name: str, course: Path) -> dict[str, Cost]:
    """Costs for the class: those of `STAGES` on one thread, and "engine" on all cores, "floor", "floor again"."""
    costs: dict[str, Cost] = {}
    assignment, text = load(name), released(course, name).read_text("utf-8")
    choose()
    with spent() as costs["read the files"]:
        collected = [Collected.read(course, name, student) for student in students(course, name)[0]]
    with spent() as costs["parse the notebooks"]:
        handed_in = [reading.parse(each.content, Path(each.file).suffix, each.student) for each in collected]
    costs["floor"] = floor(assignment, handed_in)
    with pool(name, text, len(collected)) as processes:
        processes.sandbox()  # the floor's process has been started, too
        with spent() as costs["engine"]:
            for _ in processes.grade(collected):
                pass
    waiting = Waiting(choose())
    grade = engine(assignment, waiting, text)
    with spent() as alone:
        entries = {each.name: grade(each) for each in handed_in}
    costs["sandbox"] = Cost(waiting.seconds, alone.children)
    costs["compare and diagnose"] = Cost(alone.seconds - waiting.seconds, alone.cpu - alone.children)
    costs["floor again"] = floor(assignment, handed_in)
    marker = Marker(text)
    with spent() as costs["make the notebooks"]:
        marked = [marker(each, entries[each.student]) for each in collected]
    return {**costs, **_recorded(name, course, marked)}


def _recorded(name: str, course: Path, marked: Sequence[Marked]) -> dict[str, Cost]:
    costs: dict[str, Cost] = {}
    batches = [marked[start : start + _BATCH] for start in range(0, len(marked), _BATCH)]
    with gradebook(course) as book:
        with spent() as costs["record"]:
            for batch in batches:
                record(course, book, name, batch)
                penalise(course, book, name, [each.collected.student for each in batch])
        with spent() as costs["feedback pages"]:
            for batch in batches:
                results = {each.collected.student: each.result for each in batch if each.result}
                for student, result in results.items():
                    write_result(course, name, student, result)
                write_pages(course, book, name, results)
        with spent() as costs["wait for the disk"]:
            os.sync()
        with spent() as costs["class page and table"]:
            notes = {each.collected.student: note(each, "") for each in marked}
            table = rows(book, name, notes)
            to_csv(table)
            class_page(name, table, notes, "grades.csv")
    return costs


class Waiting:
    """A sandbox that counts the seconds for which the one thread that uses it waits for it."""

    weakness = ""

    def __init__(self, sandbox: Sandbox) -> None:
        self.name, self.strong = sandbox.name, sandbox.strong
        self.seconds = 0.0
        self._sandbox = sandbox

    def start(self, limits: Limits, inputs: Inputs | None = None) -> Any:
        """Start a worker; what it is asked and its end are counted, too."""
        begin = time.perf_counter()
        worker = self._sandbox.start(limits, inputs)
        self.seconds += time.perf_counter() - begin
        return _Counted(worker, self)


class _Counted:
    """A worker, to the engine; it must not outlive its use, or its parent would, too."""

    def __init__(self, worker: Worker, waiting: Waiting) -> None:
        self._worker, self._waiting = worker, waiting

    def request(self, *words: Any, **options: Any) -> Any:
        return self._during(self._worker.request, *words, **options)

    def close(self, *words: Any) -> Any:
        return self._during(self._worker.close, *words)

    def _during(self, work: Callable[..., Any], *words: Any, **options: Any) -> Any:
        begin = time.perf_counter()
        try:
            return work(*words, **options)
        finally:
            self._waiting.seconds += time.perf_counter() - begin


if __name__ == "__main__":
    main(*sys.argv[1:])
