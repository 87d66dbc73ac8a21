"""`make bench`: ours against `nbgrader autograde` with the same hidden tests, and against the bare floor.

All on the same machine, in the same run, on submissions of the same class. The peer is timed on a few of them, since
it needs seconds for each; so are the repeats that give the spread.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from pathlib import Path

import nbformat

from autograder import cases
from autograder.batch import pack
from autograder.cases import AssignmentCases
from autograder.compare import Expected
from autograder.values import copied
from tests.benchmarks.classes import make_class

_ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--assignment", default="backprop")
    parser.add_argument("--students", type=int, default=200, help="size of the class for ours (default 200)")
    parser.add_argument("--peers", type=int, default=8, help="how many of them the peer grades (default 8)")
    options = parser.parse_args()
    name = options.assignment
    assignment = cases.load(name)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        course = Path(folder) / "course"
        students = make_class(name, course, options.students)
        ours = _ours(name, course)
        again = min(_grade(name, course) for _ in range(3))
        some = students[: options.peers]
        plain = _nbgrader(name, course, some, Path(folder) / "peer")
        floor = [_floor(assignment, course, student) for student in some]
    mean_floor = statistics.mean(floor)
    each = [seconds / len(students) for seconds in ours]
    mine = statistics.median(each)
    print(f"{name}, {sum(len(entry.cases) for entry in assignment.exercises)} cases, {os.cpu_count()} cores")
    print(f"ours, recorded, with pages:           {_ms(each)} a submission ({len(students)} submissions, 3 runs)")
    print(f"ours, class unchanged:                {again:.2f} s for all {len(students)}")
    print(f"nbgrader autograde and feedback:      {_ms(plain)} a submission ({len(some)} submissions)")
    print(f"floor, functions called and compared: {_ms(floor)} a submission, one core")
    print(f"nbgrader / ours: {statistics.median(plain) / mine:.0f}     ours / floor: {mine / mean_floor:.1f}")


def _ms(seconds: Sequence[float]) -> str:
    return f"{1e3 * statistics.median(seconds):7.1f} ms ({1e3 * min(seconds):.1f} to {1e3 * max(seconds):.1f})"


def _grade(name: str, course: Path, *options: str) -> float:
    command = [sys.executable, "-m", "autograder.cli", "course", "grade", name, *options]
    return _timed(command, {"COURSE": str(course)})


def _timed(command: Sequence[str], environment: dict[str, str], cwd: Path = _ROOT) -> float:
    begin = time.perf_counter()
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, "PYTHONPATH": str(_ROOT), **environment}, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return time.perf_counter() - begin


def _ours(name: str, course: Path) -> list[float]:
    """Seconds of the whole command, for a new course and twice for all of it again."""
    return [_grade(name, course), _grade(name, course, "--force"), _grade(name, course, "--force")]


def _nbgrader(name: str, course: Path, students: Sequence[str], folder: Path) -> list[float]:
    """Seconds for each of some students: nbgrader as it comes, the hidden tests in the test cells."""
    source = folder / "source" / name / f"{name}.ipynb"
    source.parent.mkdir(parents=True)
    notebook = nbformat.read(course / "source" / name / f"{name}.ipynb", as_version=4)
    exercises = {f"test-{entry.name}": entry.name for entry in cases.load(name).exercises}
    for cell in notebook.cells:
        tested = exercises.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        if tested:
            hidden = (
                "### BEGIN HIDDEN TESTS\nfrom tests.benchmarks.hidden_tests import check, exercises\n"
                f"check(exercises({name!r}), {tested!r}, {tested})\n### END HIDDEN TESTS"
            )
            cell.source = f"{cell.source}\n{hidden}"
    nbformat.write(notebook, source)
    config = folder / "nbgrader_config.py"
    config.write_text(
        f"c = get_config()\nc.CourseDirectory.root = {str(folder)!r}\nc.ExecutePreprocessor.timeout = 600\n"
        "c.Autograde.create_student = True\n"
    )
    command = [sys.executable, "-m", "nbgrader"]
    _timed([*command, "generate_assignment", name, "--create"], {}, folder)
    found = []
    for student in students:
        target = folder / "submitted" / student / name
        shutil.copytree(course / "submitted" / student / name, target)
        grade = _timed([*command, "autograde", name, f"--student={student}"], {}, folder)
        found.append(grade + _timed([*command, "generate_feedback", name, f"--student={student}"], {}, folder))
    # Starting the commands is not counted: a class needs them once.
    empty = statistics.median(_timed([*command, "--version"], {}, folder) for _ in range(3))
    return [seconds - 2 * empty for seconds in found]


def _floor(assignment: AssignmentCases, course: Path, student: str) -> float:
    """Seconds to call one student's functions on all cases here, unprotected, and compare: nothing could be faster."""
    path = course / "submitted" / student / assignment.name / f"{assignment.name}.ipynb"
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    expected = {entry.name: Expected([case.expected for case in entry.cases]) for entry in assignment.exercises}
    begin = time.perf_counter()
    namespace: dict[str, object] = {}
    for cell in cells:
        if "def " in cell or "import" in cell:
            with suppress(Exception), redirect_stdout(None):
                exec(cell, namespace)
    for entry in assignment.exercises:
        code = compile(entry.call, "<call>", "eval")
        with suppress(Exception), redirect_stdout(None):
            results = [eval(code, namespace, copied(case.arguments)) for case in entry.cases]
            expected[entry.name].agrees(pack(results))
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
