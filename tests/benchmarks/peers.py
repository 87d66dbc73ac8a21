"""The peers: other ways to grade the same notebooks, each at its best, in a process that serves a whole class.

So starting them is never counted: a class needs it once. Each is given the same submissions and, for each exercise, a
test as a piece of code: the same hidden property-based tests as ours, or the plain asserts that students see.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from tests.benchmarks.measure import Cost, Memory, environment, spent

TESTS = ("hidden", "asserts")


@dataclass(frozen=True)
class Graded:
    """One submission: the cost of grading, that of a feedback page where the peer makes one, the exercises it lost."""

    grade: Cost
    feedback: Cost
    lost: list[str]


class Peer:
    """A peer's process. `kind` is a key of `KINDS`, `tests` one of `TESTS`; `folder` is the peer's own."""

    def __init__(self, kind: str, tests: str, name: str, course: Path, folder: Path) -> None:
        self.kind, self.tests, self.title = kind, tests, f"{KINDS[kind].title}, {_TOLD[tests]}"
        folder.mkdir(parents=True)
        words = [sys.executable, "-m", "tests.benchmarks.peers", kind, tests, name, str(course), str(folder)]
        self._log = folder / "log"
        with self._log.open("wb") as log:
            env = environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(words, env=env, stdin=pipe, stdout=pipe, stderr=log)
        self._said()
        self.memory = 0

    def warm_up(self, student: str) -> None:
        """Grade one that does not count, and see how much memory all processes of the peer hold together then."""
        with Memory(self._process.pid) as memory:
            self.grade(student)
        self.memory = memory.peak

    def grade(self, student: str) -> Graded:
        """Grade one submission. Ends the benchmark if the peer fails."""
        _stream(self._process.stdin).write(f"{student}\n".encode())
        _stream(self._process.stdin).flush()
        found = self._said()
        return Graded(Cost(**found["grade"]), Cost(**found["feedback"]), found["lost"])

    def close(self) -> None:
        """End it."""
        _stream(self._process.stdin).close()
        self._process.wait()

    def _said(self) -> dict[str, Any]:
        line = _stream(self._process.stdout).readline()
        if not line:
            sys.exit(f"{self.title} failed:\n{self._log.read_text(errors='replace')[-2000:]}")
        said: dict[str, Any] = json.loads(line)
        return said


_TOLD = {"hidden": "same hidden tests", "asserts": "plain asserts"}


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


class Grader(ABC):
    """What a peer does, in its process. `tests` is a piece of code for each exercise that raises if it is wrong."""

    title: str

    def __init__(self, name: str, course: Path, folder: Path, tests: dict[str, str]) -> None:
        self.name, self.course, self.folder, self.tests = name, course, folder, tests

    def handed_in(self, student: str) -> Path:
        """The student's notebook."""
        return self.course / "submitted" / student / self.name / f"{self.name}.ipynb"

    @abstractmethod
    def grade(self, student: str) -> None:
        """Grade: this is timed."""

    def feedback(self, student: str) -> None:
        """Make a page for the student, if that is a step of its own: timed apart."""
        return

    @abstractmethod
    def lost(self, student: str) -> list[str]:
        """The exercises that the student lost, for a look at whether all judge the same."""


class Nbgrader(Grader):
    """nbgrader through the API that its formgrader uses; the tests are in the notebook's test cells."""

    title = "nbgrader autograde"

    def __init__(self, name: str, course: Path, folder: Path, tests: dict[str, str]) -> None:
        super().__init__(name, course, folder, tests)
        import nbformat
        from nbgrader.apps import NbGraderAPI
        from nbgrader.coursedir import CourseDirectory
        from traitlets.config import Config

        notebook = nbformat.read(course / "source" / name / f"{name}.ipynb", as_version=4)
        for cell in notebook.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            if grade_id.startswith("test-"):
                test = self.tests[grade_id.removeprefix("test-")]
                cell.source = f"{cell.source}\n### BEGIN HIDDEN TESTS\n{test}\n### END HIDDEN TESTS"
        source = folder / "source" / name
        source.mkdir(parents=True)
        nbformat.write(notebook, source / f"{name}.ipynb")
        config = Config()
        config.CourseDirectory.root, config.CourseDirectory.course_id = str(folder), "bench"
        config.Exchange.root = str(folder / "exchange")
        config.ExecutePreprocessor.timeout = 600
        self._api = NbGraderAPI(CourseDirectory(config=config), config=config)
        self._done(self._api.generate_assignment(name))

    def grade(self, student: str) -> None:
        """Autograde one."""
        target = self.folder / "submitted" / student / self.name
        shutil.copytree(self.handed_in(student).parent, target)
        self._done(self._api.autograde(self.name, student))

    def feedback(self, student: str) -> None:
        """Generate feedback for one."""
        self._done(self._api.generate_feedback(self.name, student))

    def lost(self, student: str) -> list[str]:
        """Those whose score in the gradebook is not the full one."""
        with self._api.gradebook as book:
            cells = book.find_submission_notebook(self.name, self.name, student).grades
            tested = {cell.name.removeprefix("test-"): cell for cell in cells if cell.name.startswith("test-")}
            return [name for name, cell in tested.items() if cell.score < cell.max_score]

    @staticmethod
    def _done(result: dict[str, Any]) -> None:
        if not result["success"]:
            raise SystemExit(f"{result.get('log')}\n{result.get('error')}")


class Otter(Grader):
    """Otter through its API, in one process; the tests are files in its autograder.zip."""

    title = "Otter, in process"

    def __init__(self, name: str, course: Path, folder: Path, tests: dict[str, str]) -> None:
        super().__init__(name, course, folder, tests)
        from otter.api import grade_submission

        self._grade, self._zip = grade_submission, folder / "autograder.zip"
        self._results: dict[str, Any] = {}
        with zipfile.ZipFile(self._zip, "w") as archive:
            archive.writestr("otter_config.json", "{}")
            for exercise, test in tests.items():
                archive.writestr(f"tests/{exercise}.py", _OTTER.format(exercise=exercise, test=test))

    def grade(self, student: str) -> None:
        """Grade one."""
        self._results[student] = self._grade(str(self.handed_in(student)), str(self._zip), quiet=True)

    def lost(self, student: str) -> list[str]:
        """Those whose test file did not pass."""
        return [name for name, file in self._results[student].results.items() if not file.passed_all]


class Pytest(Grader):
    """One pytest process for each submission; what defines something in the notebook is a module beside the tests."""

    title = "one pytest process each"

    def __init__(self, name: str, course: Path, folder: Path, tests: dict[str, str]) -> None:
        super().__init__(name, course, folder, tests)
        bodies = [
            f"def test_{exercise}():\n" + "".join(f"    {line}\n" for line in test.splitlines())
            for exercise, test in tests.items()
        ]
        (folder / "test_assignment.py").write_text("\n\n".join(["from submission import *", *bodies]))
        (folder / "pytest.ini").write_text("[pytest]\n")
        self._said = ""

    def grade(self, student: str) -> None:
        """Write the module, run pytest."""
        cells = json.loads(self.handed_in(student).read_bytes())["cells"]
        sources = [cell["source"] for cell in cells if cell["cell_type"] == "code" and _defines(cell)]
        text = "\n\n".join(source if isinstance(source, str) else "".join(source) for source in sources)
        (self.folder / "submission.py").write_text(text)
        words = [sys.executable, "-m", "pytest", "-q", "-rf", "--tb=short", "test_assignment.py"]
        done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise SystemExit(done.stdout + done.stderr)
        self._said = done.stdout

    def lost(self, student: str) -> list[str]:
        """Those whose test failed."""
        failed = [line.split("::test_")[1] for line in self._said.splitlines() if line.startswith("FAILED")]
        return [line.split(" ")[0] for line in failed]


KINDS: dict[str, type[Grader]] = {"nbgrader": Nbgrader, "otter": Otter, "pytest": Pytest}

_OTTER = """OK_FORMAT = False
from otter.test_files import test_case
name = {exercise!r}
points = 1
source = compile({test!r}, "<test>", "exec")

@test_case()
def test(env):
    exec(source, env)
"""


def _defines(cell: dict[str, Any]) -> bool:
    """Whether it is a cell with a solution or with what is given: demonstrations and tests would fail in a module."""
    grading = cell["metadata"].get("nbgrader", {})
    return bool(grading.get("solution") or (grading.get("locked") and not grading.get("grade")))


def code_of_tests(name: str, tests: str) -> dict[str, str]:
    """A test for each exercise that a released notebook has, as a piece of code."""
    from autograder import project
    from autograder.author.files import visible_tests

    visible = visible_tests(project.notebook(name))
    if tests == "asserts":
        return visible
    imported = "from tests.benchmarks.hidden_tests import check"
    return {exercise: f"{imported}\ncheck({name!r}, {exercise!r}, {exercise})" for exercise in visible}


def serve(kind: str, tests: str, name: str, course: str, folder: str) -> None:
    """Grade who is named on a line of the standard input; answer each with a line of JSON."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what peers print is not for us
    grader = KINDS[kind](name, Path(course), Path(folder), code_of_tests(name, tests))
    print("{}", file=answers)
    for line in sys.stdin:
        student = line.strip()
        with spent() as grade:
            grader.grade(student)
        with spent() as feedback:
            grader.feedback(student)
        print(json.dumps(asdict(Graded(grade, feedback, grader.lost(student)))), file=answers)


if __name__ == "__main__":
    serve(*sys.argv[1:])
