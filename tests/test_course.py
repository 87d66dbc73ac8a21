"""The course layer on the real nbgrader: exchange, gradebook, exports and feedback; the engine is a small fake."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any, cast

import nbformat
import numpy as np
import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.exchange.default import ExchangeFetchAssignment, ExchangeFetchFeedback, ExchangeSubmit

from autograder import project
from autograder.author import files
from autograder.author.exercise import exercises_of
from autograder.cases import store, visible
from autograder.cases.model import Answer, AssignmentCases, Case, ExerciseCases, KnownMistake
from autograder.cli import main
from autograder.course import grading, sample
from autograder.course import record as recording
from autograder.course import release as releasing
from autograder.course.engine import Engine, graded
from autograder.course.feedback import release_feedback
from autograder.course.files import Collected, students
from autograder.course.grading import Summary, Workers, grade_course
from autograder.course.marking import Marked, Marker
from autograder.course.notebook import source_notebook
from autograder.course.outputs import write_outputs
from autograder.course.plugins.export import to_csv
from autograder.course.plugins.late import LatePenalty
from autograder.course.plugins.safe import clean
from autograder.course.reporting import report
from autograder.course.restore import Released
from autograder.course.sample import sample_class
from autograder.course.students import CLASS, LATE, Sheet
from autograder.course.tools import exchange, gradebook, run, settings
from autograder.errors import AuthoringError, CourseError
from autograder.grade.result import Document, ExerciseResult, SubmissionResult
from autograder.outcome import Outcome, Status
from autograder.report.table import Row
from autograder.submission import choice
from autograder.submission.reading import Submission, Unreadable, kind_of, parse, read

REPOSITORY = Path(__file__).resolve().parent.parent
POINTS = {"double": 57.5, "total": 42.5}
PERCENT = '''# %% [markdown]
# # Tiny: $a<b$, $\\begin{matrix} a & b \\end{matrix}$

# %% locked="imports"
import numpy as np

# %% exercise="double"
def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return 2 * x  # secret of double
    ### END SOLUTION

# %% tests="double"
assert double(2.0) == 4.0

# %% exercise="total"
def total(x):
    """The sum."""
    ### BEGIN SOLUTION
    return float(np.sum(x))  # secret of total
    ### END SOLUTION

# %% tests="total"
assert total(np.ones(2)) == 2

# %% [markdown] written="why" points=10
# **Why?**
#
# ### BEGIN SOLUTION
# The secret model answer.
# ### END SOLUTION

# %%
double(1)
'''
HIDDEN = '''import numpy as np
import torch
from torch import Tensor
from autograder.author.exercise import exercise
from autograder.author.domains import Real


@exercise(points=57.5)
def double(x: Real[Tensor, "n"]) -> Real[Tensor, "n"]:
    """Twice x."""
    return 2 * x


@double.misconception(hint="multiply by 2")
def adds_two(x):
    return x + 2


@exercise(points=42.5)
def total(x: Real[Tensor, "n"]) -> Real[Tensor, ""]:
    """The sum."""
    return x.sum()


@total.misconception(hint="sum, not mean")
def mean(x):
    return float(np.mean(x))
'''
RIGHT = {"double": "return 2 * x", "total": "return float(np.sum(x))"}
SOME = ["ada", "fatou", "gustav", "hana", "paula", "yann", "zoe", "broken-json", "broken-empty", "broken-text"]
EVERYONE = sorted([*SOME, *LATE])
calls: list[str] = []


def fake_grade(submission: Submission | Unreadable) -> SubmissionResult:
    """Full points for an exercise whose right line is in the file, a third for others."""
    calls.append(submission.name)
    if isinstance(submission, Unreadable):
        nothing = [fake_result(name, points, 0.0, Outcome.MISSING) for name, points in POINTS.items()]
        return SubmissionResult.graded(submission.name, nothing, Status.UNREADABLE, submission.reason)
    text = "\n".join(cell.source for cell in submission.cells)
    exercises = [
        fake_result(name, points, points, Outcome.CORRECT)
        if RIGHT[name] in text
        else fake_result(name, points, round(points / 3, 2), Outcome.PARTIAL)
        for name, points in POINTS.items()
    ]
    return SubmissionResult.graded(submission.name, exercises)


def fake_result(name: str, points: float, score: float, outcome: Outcome) -> ExerciseResult:
    return ExerciseResult(name, "", score, points, outcome, f"<about {name}>", None, False, None)


def fake_engine(name: str, paths: list[Path], *, names: list[str], **options: Any) -> Document:
    """In the place of `autograder.grade.grader.grade_files`."""
    chosen = [choice.choose(path, name, choice.Released()) for path in paths]
    results = [
        fake_grade(parse(each.content, kind_of(each.file), shown)) for each, shown in zip(chosen, names, strict=True)
    ]
    return Document(name, "1", tuple(results))


def marked_by(grade: Engine) -> Workers:
    @contextmanager
    def workers(name: str, text: str, collected: Iterable[Collected], size: int) -> Iterator[Iterator[Marked]]:
        marker = Marker(text)
        yield (marker(each, graded(grade, each)) for each in collected)

    return workers


def fake_cases(name: str, seed: int = 0) -> AssignmentCases:
    case = Case({"x": np.ones(1)}, 2.0, "", "small")
    known = KnownMistake.of("secret-mistake", "secret hint", [Answer(3.0)] * 4)
    exercises = [
        ExerciseCases(key, points, "", f"{key}(x)", (), True, None, False, (), {}, (case,) * 4, (known,))
        for key, points in POINTS.items()
    ]
    return AssignmentCases(name, seed, "1", tuple(exercises), ("secret reference",))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with one tiny assignment, a sample class that went through the exchange, and its first grading."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("project")
        folder = root / "solutions" / "tiny"
        folder.mkdir(parents=True)
        (folder / "tiny.py").write_text(PERCENT, encoding="utf-8")
        (folder / "hidden.py").write_text(HIDDEN, encoding="utf-8")
        patch.setenv("AUTOGRADER_ROOT", str(root))
        patch.setattr(store, "load", fake_cases)
        patch.setattr(grading, "assignment_key", lambda name: "same")
        project.root.cache_clear()
        patch.setattr(sample, "CLASS", {name: CLASS[name] for name in SOME})
        sample_class("tiny", root / "course")
        grade_course("tiny", root / "course", workers=marked_by(fake_grade))
        yield root
    project.root.cache_clear()


@pytest.fixture
def course(tiny: Path, tmp_path: Path) -> Path:
    """A copy of the graded course: a test may do to it what it likes."""
    for folder in ("course", "exchange", "students"):
        shutil.copytree(tiny / folder, tmp_path / folder, copy_function=shutil.copy2)
    return tmp_path / "course"


def regrade(course: Path, **options: Any) -> Summary:
    calls.clear()
    return grade_course("tiny", course, workers=marked_by(fake_grade), **options)


def hand_in(course: Path, student: str) -> None:
    """A student solves everything and submits, with nbgrader's own actions; a newcomer fetches first."""
    home = course.parent / "students" / student
    own = {"assignment_dir": str(home), "cache": str(home / "cache")}
    if not home.exists():
        home.mkdir()
        run(exchange(ExchangeFetchAssignment, course, "tiny", student, **own), "fetching")
    solutions = sample.solutions_of(course / "source" / "tiny" / "tiny.ipynb")
    sheet = Sheet(home / "tiny" / "tiny.ipynb", solutions, {})
    sheet.solve()
    sheet.save()
    run(exchange(ExchangeSubmit, course, "tiny", student, **own), "submitting")


def row(course: Path, student: str) -> dict[str, Any]:
    return next(entry.as_json() for entry in regrade(course).rows if entry.student == student)


def edit(course: Path, student: str, change: Callable[[Any], None]) -> None:
    """Change a collected notebook."""
    path = course / "submitted" / student / "tiny" / "tiny.ipynb"
    notebook = json.loads(path.read_bytes())
    change(notebook)
    path.chmod(0o644)
    path.write_text(json.dumps(notebook))


def write_answer(text: str) -> Callable[[Any], None]:
    def change(notebook: Any) -> None:
        for cell in notebook["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == "why":
                cell["source"] = text

    return change


def grade_by_hand(course: Path, student: str, cell: str, **values: Any) -> None:
    """What formgrader does when a person grades."""
    with gradebook(course) as book:
        grade = book.find_grade(cell, "tiny", "tiny", student)
        for key, value in {"needs_manual_grade": False, **values}.items():
            setattr(grade, key, value)
        book.db.commit()


def gradebook_dump(course: Path) -> list[Any]:
    with gradebook(course) as book:
        return [
            (entry.student.id, entry.score, grade.name, grade.auto_score, grade.manual_score, grade.needs_manual_grade)
            for entry in sorted(book.assignment_submissions("tiny"), key=lambda entry: str(entry.student.id))
            for notebook in entry.notebooks
            for grade in sorted(notebook.grades, key=lambda grade: str(grade.name))
        ]


def nbgrader(root: Path, course: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run nbgrader's command with our configuration, the fake engine in place of the real one."""
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    program = (
        "import autograder.grade.grader\nfrom tests.test_course import fake_engine\n"
        "autograder.grade.grader.grade_files = fake_engine\n"
        "from nbgrader.apps.nbgraderapp import main\nmain()\n"
    )
    environment = {**os.environ, "COURSE": str(course), "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


# --- authoring and release


def test_released_notebook_holds_nothing_of_the_solution_and_is_reproducible(tiny: Path) -> None:
    text = (tiny / "assignments" / "tiny" / "tiny.ipynb").read_text(encoding="utf-8")
    assert "secret" not in text
    assert "SOLUTION" not in text
    assert "NotImplementedError" in text
    assert releasing.student_notebook("tiny") == text == releasing.student_notebook("tiny")


def test_students_get_visible_cases_with_their_notebook_and_nothing_secret(tiny: Path) -> None:
    fetched = tiny / "students" / "ada" / "tiny" / "tiny.cases.json"
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    published = json.loads((tiny / "assignments" / "tiny" / "tiny.cases.json").read_bytes())
    assert json.loads(fetched.read_bytes()) == {"python": python, **published}, "and the Python that will grade"
    assert b"secret" not in fetched.read_bytes()
    assert [len(entry.cases) for entry in visible.read(fetched).exercises] == [1, 1]


def test_released_cells_have_points_locks_and_clean_metadata(tiny: Path) -> None:
    notebook = nbformat.read(tiny / "assignments" / "tiny" / "tiny.ipynb", as_version=4)
    cells = {cell.id: cell.metadata for cell in notebook.cells}
    assert cells["test-double"]["nbgrader"]["points"] == 57.5
    assert cells["imports"]["nbgrader"]["locked"]
    assert cells["why"]["nbgrader"]["grade"]
    assert cells["why"]["nbgrader"]["solution"]
    assert cells["cell-1"] == {}
    assert all(set(metadata) <= {"nbgrader", "deletable", "editable"} for metadata in cells.values())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('exercise="double"', 'exercise="duoble"', "no exercise 'duoble'"),
        ('# %% tests="double"', "# %%", "'double' has no visible tests"),
        ('tests="total"', 'tests="totals"', "no exercise in hidden.py"),
        ('# %% exercise="total"', "# %%", "no cell for exercise 'total'"),
        (' written="why" points=10', "", "no written question"),
        (" points=10", "", "needs points"),
        ('locked="imports"', 'locked="double"', "two cells for 'double'"),
        ('tests="double"', 'tests="double" points=3', "only written questions"),
        ("    ### BEGIN SOLUTION\n    return 2 * x", "    return 2 * x", "no ### BEGIN SOLUTION"),
        ('[markdown] written="why"', '[markdown] tests="double"', "is a markdown cell"),
        ('locked="imports"', 'locked="imports" exercise="double"', "keep one"),
    ],
)
def test_author_mistakes_are_told_in_one_sentence(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in PERCENT
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "tiny.py").write_text(PERCENT.replace(old, new), encoding="utf-8")
    with pytest.raises(AuthoringError, match=message):
        source_notebook(folder, POINTS)


def test_methods_of_a_class_share_its_cell(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    text = PERCENT.replace('exercise="double"', 'exercise="Double"').replace('tests="double"', 'tests="Double.__mul__"')
    (folder / "tiny.py").write_text(text, encoding="utf-8")
    notebook = source_notebook(folder, {"Double.__mul__": 50, "total": 50})
    assert [cell.id for cell in notebook.cells if "nbgrader" in cell.metadata][:3] == [
        "imports",
        "Double",
        "test-Double-__mul__",
    ]


# --- the class


def test_sample_class_is_graded_whatever_it_hands_in(course: Path) -> None:
    summary = regrade(course, force=True)
    table = {entry.student: entry.as_json() for entry in summary.rows}
    assert sorted(table) == EVERYONE
    assert summary.aside == {}
    assert summary.skipped == []
    assert {name for name, entry in table.items() if entry["status"] == "unreadable"} == {
        "broken-json",
        "broken-empty",
        "broken-text",
    }
    assert table["ada"]["scores"] == {**POINTS, "why": 0.0}
    assert table["gustav"]["score"] == 100, "a plain module counts like a notebook"
    assert table["hana"]["score"] < 100
    assert table["paula"]["needs_manual_grade"] is False, "an unanswered question needs no person"
    assert table["ada"]["needs_manual_grade"] is True
    assert table["broken-json"]["needs_manual_grade"] is False
    assert "not valid JSON" in table["broken-json"]["message"]
    assert table["late-right"]["late_penalty"] == 10
    assert table["late-right"]["total"] == 90
    assert table["ada"]["late_penalty"] == 0


def test_every_autograded_notebook_is_valid_and_has_a_score_in_every_test_cell(course: Path) -> None:
    for student in EVERYONE:
        notebook = nbformat.read(course / "autograded" / student / "tiny" / "tiny.ipynb", as_version=4)
        nbformat.validate(notebook)
        tests = [
            cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("points") and cell.get("outputs")
        ]
        assert [cell.metadata.nbgrader.grade_id for cell in tests] == ["test-double", "test-total"]
        assert all("1000.0" not in cell.source for cell in tests), "an edited test cell is put back"


def test_every_student_of_the_sample_does_something_of_their_own(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "tiny.ipynb"
    solutions = sample.solutions_of(tiny / "course" / "source" / "tiny" / "tiny.ipynb")
    wrong = {"double": ("def double(x):\n    return x + 2",), "total": ("def total(x):\n    return np.mean(x)",)}
    handed_in = set()
    for work in CLASS.values():
        shutil.copy(tiny / "assignments" / "tiny" / "tiny.ipynb", path)
        sheet = Sheet(path, solutions, wrong)
        work(sheet)
        sheet.save()
        handed_in.add((path if path.exists() else path.with_suffix(".py")).read_bytes())
    assert len(CLASS) + len(LATE) >= 25
    assert len(handed_in) > len(CLASS) - 5, "with two exercises some mistakes are the same"


def test_misconceptions_become_what_a_student_would_write(tiny: Path) -> None:
    bank = exercises_of(files.load_module(tiny / "solutions" / "tiny" / "hidden.py"))
    assert sample.mistakes_of(bank[0]) == ("def double(x):\n    return x + 2",)


def test_importing_the_course_changes_nothing_of_others() -> None:
    """`nbgrader_config.py` is read by every Jupyter process started here: it takes no module from them."""
    program = (
        "import sys\nfrom traitlets.config import Config\nfrom autograder.course.config import configure\n"
        "from autograder.course import feedback, marking, record, reporting\nconfigure(Config())\n"
        "blocked = [name for name, module in sys.modules.items() if module is None]\nassert not blocked, blocked\n"
        "import nbgrader\nassert sys.modules['nbgrader'].api is sys.modules['nbgrader.api']\n"
        "assert nbgrader.__version__ and nbgrader._jupyter_server_extension_points()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nothing_changed_means_nothing_done_and_nothing_imported(
    tiny: Path, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grading, "assignment_key", project.assignment_key)
    regrade(course)
    program = (
        "import sys\nfrom pathlib import Path\nfrom autograder.course.grading import grade_course\n"
        f"summary = grade_course('tiny', Path({str(course)!r}), workers=None)\n"
        "assert summary.nothing_to_do and len(summary.rows) > 9, summary\n"
        "heavy = {'nbgrader.api', 'torch', 'jupytext', 'numpy', 'sqlalchemy', 'nbformat', 'traitlets'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "AUTOGRADER_ROOT": str(tiny)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_only_what_changed_is_graded(course: Path) -> None:
    regrade(course)
    edit(course, "hana", lambda notebook: notebook["cells"].pop())
    assert regrade(course).graded == ["hana"]
    assert calls == ["hana"]
    assert regrade(course).nothing_to_do


def test_grading_again_changes_nothing(course: Path) -> None:
    before = gradebook_dump(course)
    notebook = (course / "autograded" / "ada" / "tiny" / "tiny.ipynb").read_bytes()
    regrade(course, force=True)
    assert gradebook_dump(course) == before
    assert (course / "autograded" / "ada" / "tiny" / "tiny.ipynb").read_bytes() == notebook


def test_nbgrader_autograde_comes_to_the_same_gradebook(tiny: Path, course: Path) -> None:
    before = gradebook_dump(course)
    done = nbgrader(tiny, course, "autograde", "tiny", "--force")
    assert "'broken-json'" in done.stderr
    assert gradebook_dump(course) == before
    done = nbgrader(tiny, course, "export", "--to", str(course / "exported.csv"))
    assert done.returncode == 0, done.stderr
    assert (course / "exported.csv").read_bytes() == (course / "grades-tiny.csv").read_bytes()


def fetched(course: Path, student: str) -> list[str]:
    """The texts of the feedback pages that a student's nbgrader fetches, oldest submission first."""
    home = course.parent / "students" / student
    own = {"assignment_dir": str(home), "cache": str(home / "cache")}
    run(exchange(ExchangeFetchFeedback, course, "tiny", student, **own), "fetching")
    return [page.read_text(encoding="utf-8") for page in sorted((home / "tiny" / "feedback").rglob("tiny.html"))]


def test_feedback_is_released_after_grading_and_fetched(course: Path) -> None:
    released = release_feedback("tiny", course)
    assert released.students == tuple(EVERYONE)
    assert released.aside == {}
    (text,) = fetched(course, "hana")
    assert "&lt;about double&gt;" in text
    assert "<about double>" not in text


def test_feedback_is_released_after_nbgrader_made_its_own(tiny: Path, course: Path) -> None:
    done = nbgrader(tiny, course, "generate_feedback", "tiny", "--force")
    assert done.returncode == 0, done.stderr
    assert release_feedback("tiny", course).students == tuple(EVERYONE)
    (text,) = fetched(course, "hana")
    assert "&lt;about double&gt;" in text


def test_feedback_of_a_resubmission_and_of_who_comes_later_is_fetched(course: Path) -> None:
    release_feedback("tiny", course)
    (first,) = fetched(course, "hana")
    for student in ("hana", "newcomer"):
        hand_in(course, student)
    releasing.collect("tiny", course)
    assert sorted(regrade(course).graded) == ["hana", "newcomer"]
    assert release_feedback("tiny", course).aside == {}
    assert "&lt;about double&gt;" in fetched(course, "newcomer")[0]
    before, after = fetched(course, "hana")
    assert before == first, "the page of the first submission stays as it was"
    assert after != before, "hana has solved the rest since"


def test_one_damaged_result_keeps_no_others_from_their_feedback(course: Path) -> None:
    (course / ".autograder" / "tiny" / "hana.json").write_text("{")
    (course / "autograded" / "paula" / "tiny" / "submission_secret.txt").unlink()
    shutil.rmtree(course / "feedback" / "paula")
    released = release_feedback("tiny", course)
    assert set(released.aside) == {"hana", "paula"}
    assert "grade it again" in released.aside["hana"]
    assert fetched(course, "ada")


def test_a_page_can_be_fetched_under_the_name_of_the_notebook_that_was_handed_in(course: Path) -> None:
    folder = course / "submitted" / "ada" / "tiny"
    (folder / "tiny-Copy1.ipynb").write_bytes((folder / "tiny.ipynb").read_bytes())
    (folder / "bad\udce4name.ipynb").touch()
    release_feedback("tiny", course)
    pages = {path.name for path in (course / "feedback" / "ada" / "tiny").glob("*.html")}
    assert pages == {"tiny.html", "tiny-Copy1.html"}


def test_formgrader_sees_what_a_person_must_grade(course: Path) -> None:
    regrade(course)
    api = NbGraderAPI(config=settings(course))
    assert api.get_notebooks("tiny")[0]["needs_manual_grade"]
    seen = {entry["student"]: entry for entry in api.get_submissions("tiny")}
    assert len(seen) == len(EVERYONE)
    assert all(entry["autograded"] for entry in seen.values())
    assert seen["ada"]["needs_manual_grade"]
    assert not seen["paula"]["needs_manual_grade"]
    assert seen["ada"]["score"] == 100
    notebooks = {entry["student"]: entry for entry in api.get_notebook_submissions("tiny", "tiny")}
    assert notebooks["hana"]["failed_tests"]
    assert not notebooks["ada"]["failed_tests"]


# --- what a person did stays


def test_manual_grades_survive_regrading(course: Path) -> None:
    grade_by_hand(course, "ada", "why", manual_score=8.0, extra_credit=1.0)
    with gradebook(course) as book:
        book.find_comment("why", "tiny", "tiny", "ada").manual_comment = "nicely put"
        book.db.commit()
    regrade(course, force=True)
    assert row(course, "ada")["total"] == 109
    assert row(course, "ada")["needs_manual_grade"] is False
    with gradebook(course) as book:
        assert book.find_comment("why", "tiny", "tiny", "ada").comment == "nicely put"


def test_a_changed_answer_asks_for_a_person_again_and_keeps_the_score(course: Path) -> None:
    grade_by_hand(course, "ada", "why", manual_score=8.0)
    edit(course, "ada", write_answer("something else"))
    again = row(course, "ada")
    assert again["needs_manual_grade"] is True
    assert again["score"] == 108


def test_a_manual_score_of_a_test_stays_until_a_person_looks_at_the_changed_one(course: Path) -> None:
    grade_by_hand(course, "hana", "test-double", manual_score=50.0)
    regrade(course, force=True)
    assert row(course, "hana")["scores"]["double"] == 50


def test_a_grade_given_by_hand_since_the_last_run_is_in_the_table(course: Path) -> None:
    regrade(course)
    grade_by_hand(course, "ada", "why", manual_score=5.0)
    summary = regrade(course)
    assert summary.nothing_to_do
    assert calls == []
    assert next(entry for entry in summary.rows if entry.student == "ada").total == 105


def test_a_report_shows_what_people_graded_since_and_releases_nothing(course: Path) -> None:
    regrade(course)
    grade_by_hand(course, "ada", "why", manual_score=5.0)
    page = course / "feedback" / "ada" / "tiny" / "tiny.html"
    released = sorted((course.parent / "exchange").rglob("feedback/*"))
    assert report("tiny", course) == EVERYONE
    assert "5 of 10 points" in page.read_text()
    assert "ada,graded" in (table := (course / "grades-tiny.csv").read_text())
    assert next(line for line in table.splitlines() if "ada" in line).split(",")[6] == "105"
    assert "When it was handed in" in (course / "grades-tiny.html").read_text()
    assert sorted((course.parent / "exchange").rglob("feedback/*")) == released


def test_a_report_does_not_hide_a_lost_gradebook_from_the_next_run(course: Path) -> None:
    regrade(course)
    before = gradebook_dump(course)
    grade_by_hand(course, "ada", "test-double", auto_score=0.0)
    report("tiny", course)
    regrade(course)
    assert gradebook_dump(course) == before


def test_whom_the_grader_fails_at_is_on_the_class_page(course: Path) -> None:
    def failing(submission: Submission | Unreadable) -> SubmissionResult:
        if submission.name == "ada":
            raise RuntimeError("the sandbox <broke>")
        return fake_grade(submission)

    grade_course("tiny", course, workers=marked_by(failing), force=True)
    page = (course / "grades-tiny.html").read_text()
    assert "ada</a>: put aside while it was graded (RuntimeError: the sandbox &lt;broke&gt;)" in page


def test_a_student_who_is_taken_out_touches_nobody_else_and_can_come_back(
    course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    grade_by_hand(course, "ada", "why", manual_score=8.0)
    grade_by_hand(course, "hana", "why", manual_score=7.0)
    regrade(course)
    others = [entry for entry in gradebook_dump(course) if entry[0] != "hana"]
    monkeypatch.setenv("COURSE", str(course))
    assert main(["course", "remove", "hana"]) == 0
    kept = json.loads((course / "removed" / "hana" / "grades.json").read_text())
    assert 7.0 in [grade["manual_score"] for entry in kept for grade in entry["grades"]]
    assert [sentence for sentence in releasing.collect("tiny", course) if "hana was taken out" in sentence]
    summary = regrade(course)
    assert summary.nothing_to_do
    assert "hana" not in [entry.student for entry in summary.rows]
    assert gradebook_dump(course) == others
    assert "hana" not in release_feedback("tiny", course).students
    assert main(["course", "readmit", "hana"]) == 0
    assert regrade(course).graded == ["hana"]
    assert [entry for entry in gradebook_dump(course) if entry[0] != "hana"] == others
    assert main(["course", "remove", "nobody"]) == 2
    assert "no student 'nobody'" in capsys.readouterr().err


def test_an_exercise_may_be_added_and_removed_after_submissions_came_in(
    tiny: Path, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grade_by_hand(course, "ada", "why", manual_score=8.0)
    with gradebook(course) as book:
        book.find_comment("why", "tiny", "tiny", "ada").manual_comment = "nicely put"
        book.db.commit()
    before = gradebook_dump(course)
    # What `release` does of it, without the exchange: an assignment with one more exercise, then without it.
    more = {**POINTS, "double": 50.0, "half": 7.5}
    percent = PERCENT.replace(
        '# %% exercise="total"',
        '# %% exercise="half"\ndef half(x):\n    """Half."""\n    ### BEGIN SOLUTION\n    return x / 2\n'
        '    ### END SOLUTION\n\n# %% tests="half"\nassert half(2.0) == 1\n\n# %% exercise="total"',
    )
    folder = tiny / "solutions" / "tiny"
    monkeypatch.setattr(releasing, "_visible", lambda name, **options: b"{}")
    try:
        (folder / "tiny.py").write_text(percent, encoding="utf-8")
        releasing._generate("tiny", course, more)
        with gradebook(course) as book:
            grade = book.find_grade("test-half", "tiny", "tiny", "ada")
            assert (grade.auto_score, grade.max_score) == (None, 7.5)
            assert book.find_grade("test-double", "tiny", "tiny", "ada").max_score == 50
    finally:
        (folder / "tiny.py").write_text(PERCENT, encoding="utf-8")
    releasing._generate("tiny", course, POINTS)
    assert gradebook_dump(course) == before
    with gradebook(course) as book:
        assert book.find_comment("why", "tiny", "tiny", "ada").comment == "nicely put"


def test_a_question_that_people_graded_is_not_removed_and_the_release_stays(
    tiny: Path, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grade_by_hand(course, "ada", "why", manual_score=8.0)
    before = gradebook_dump(course)
    there = (course / "release" / "tiny" / "tiny.ipynb").read_bytes()
    folder = tiny / "solutions" / "tiny"
    monkeypatch.setattr(releasing, "_visible", lambda name, **options: b"{}")
    monkeypatch.setattr(releasing, "_points", lambda name: POINTS)
    try:
        (folder / "tiny.py").write_text(PERCENT.replace('written="why"', 'written="because"'), encoding="utf-8")
        with pytest.raises(
            CourseError, match="generating tiny failed: 'why' is gone from tiny, but people have graded it by hand"
        ):
            releasing.release("tiny", course)
    finally:
        (folder / "tiny.py").write_text(PERCENT, encoding="utf-8")
    assert gradebook_dump(course) == before
    assert (course / "release" / "tiny" / "tiny.ipynb").read_bytes() == there


def test_nothing_graded_is_nothing_to_report(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="grade it first"):
        report("tiny", tmp_path)


# --- killed, damaged, odd


def test_killed_between_gradebook_and_notebook_the_next_run_repairs(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grade_by_hand(course, "ada", "why", manual_score=8.0)
    edit(course, "ada", write_answer("another answer"))

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(recording, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            regrade(course)
    again = regrade(course)
    assert again.graded == ["ada"]
    assert row(course, "ada")["needs_manual_grade"] is True
    assert "another answer" in (course / "autograded" / "ada" / "tiny" / "tiny.ipynb").read_text(encoding="utf-8")


def test_killed_before_the_commit_nothing_is_recorded(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = gradebook_dump(course)
    edit(course, "hana", lambda notebook: notebook["cells"].clear())

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(recording, "_grade", killed)
        with pytest.raises(KeyboardInterrupt):
            regrade(course)
    assert gradebook_dump(course) == before
    assert regrade(course).graded == ["hana"]


def test_one_that_cannot_be_recorded_stops_nobody_and_is_tried_again(course: Path) -> None:
    def failing(submission: Submission | Unreadable) -> SubmissionResult:
        return first_exercise(fake_grade(submission), **({"score": 1e6} if submission.name == "hana" else {}))

    summary = grade_course("tiny", course, workers=marked_by(failing), force=True)
    assert list(summary.aside) == ["hana"]
    assert "no score" in summary.aside["hana"]
    assert len(summary.graded) == len(EVERYONE) - 1
    assert regrade(course).graded == ["hana"]


def test_odd_things_in_the_folder_of_submissions(course: Path) -> None:
    submitted = course / "submitted"
    shutil.copytree(submitted / "ada", submitted / "-rf")
    shutil.copytree(submitted / "ada", submitted / "=cmd")
    (submitted / "linked").symlink_to(submitted / "ada")
    (submitted / "folder" / "tiny" / "tiny.ipynb").mkdir(parents=True)
    (submitted / "pipe" / "tiny").mkdir(parents=True)
    os.mkfifo(submitted / "pipe" / "tiny" / "tiny.ipynb")
    (submitted / "nothing" / "tiny").mkdir(parents=True)
    (submitted / "renamed" / "tiny").mkdir(parents=True)
    shutil.copy(submitted / "ada" / "tiny" / "tiny.ipynb", submitted / "renamed" / "tiny" / "tiny (1).ipynb")
    summary = regrade(course)
    table = {entry.student: entry.as_json() for entry in summary.rows}
    assert summary.skipped == ["-rf", "=cmd", "linked"]
    assert [table[name]["status"] for name in ("folder", "pipe", "nothing")] == ["unreadable"] * 3
    assert table["renamed"]["score"] == 100
    assert students(course, "other") == ([], [])


@pytest.mark.parametrize(
    "damage",
    [
        lambda notebook: [cell["metadata"].update(nbgrader={"grade_id": "x"}) for cell in notebook["cells"]],
        lambda notebook: [cell["metadata"].update(nbgrader="no dict") for cell in notebook["cells"]],
        lambda notebook: [cell.pop("metadata") for cell in notebook["cells"]],
        lambda notebook: notebook["cells"].extend(list(notebook["cells"])),
        lambda notebook: [cell["metadata"].get("nbgrader", {}).update(schema_version=1) for cell in notebook["cells"]],
        lambda notebook: notebook["cells"].append({"cell_type": "code", "source": 5}),
        lambda notebook: notebook["cells"].append({"cell_type": "video", "source": "", "metadata": {}}),
        lambda notebook: notebook.update(nbformat="four", metadata=[]),
    ],
)
def test_damaged_metadata_costs_nothing(course: Path, damage: Callable[[Any], Any]) -> None:
    edit(course, "ada", damage)
    summary = regrade(course)
    assert summary.graded == ["ada"]
    assert summary.aside == {}
    assert next(entry for entry in summary.rows if entry.student == "ada").score == 100


def test_unreadable_after_readable_loses_the_automatic_score_only(course: Path) -> None:
    grade_by_hand(course, "ada", "why", manual_score=8.0)
    path = course / "submitted" / "ada" / "tiny" / "tiny.ipynb"
    path.chmod(0o644)
    path.write_text("not a notebook")
    now = row(course, "ada")
    assert now["status"] == "unreadable"
    assert now["score"] == 8
    assert now["needs_manual_grade"] is True


def test_unreleased_or_uncollected_is_said(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="collect them first"):
        grade_course("tiny", tmp_path, workers=marked_by(fake_grade))
    shutil.copytree(tiny / "course" / "submitted", tmp_path / "submitted")
    with pytest.raises(CourseError, match="release it first"):
        grade_course("tiny", tmp_path, workers=marked_by(fake_grade))
    with pytest.raises(CourseError, match="release it first"):
        releasing.set_due("tiny", tmp_path, datetime.now(UTC))
    with pytest.raises(CourseError, match="collecting tiny failed"):
        releasing.collect("tiny", tmp_path)


# --- scores that nbgrader would misread, and small parts


def first_exercise(result: SubmissionResult, **changed: Any) -> SubmissionResult:
    """The same with another first exercise."""
    first, *others = result.exercises
    return replace(result, exercises=(replace(first, **changed), *others))


@pytest.mark.parametrize("score", [float("nan"), -1.0, 58.0, float("inf")])
def test_no_score_outside_its_range_reaches_a_cell(tiny: Path, score: float) -> None:
    notebook = nbformat.read(tiny / "assignments" / "tiny" / "tiny.ipynb", as_version=4)
    graded = fake_grade(read(tiny / "assignments" / "tiny" / "tiny.ipynb"))
    with pytest.raises(CourseError, match="no score"):
        write_outputs(notebook, first_exercise(graded, score=score))


def test_other_exercises_or_points_than_released_are_refused(tiny: Path) -> None:
    path = tiny / "assignments" / "tiny" / "tiny.ipynb"
    graded = fake_grade(read(path))
    fewer = replace(graded, exercises=graded.exercises[:1])
    with pytest.raises(CourseError, match="other exercises"):
        write_outputs(nbformat.read(path, as_version=4), fewer)
    with pytest.raises(CourseError, match="other points"):
        write_outputs(nbformat.read(path, as_version=4), first_exercise(graded, max_score=50.0))
    with pytest.raises(CourseError, match="was not graded"):
        write_outputs(nbformat.read(path, as_version=4), SubmissionResult.put_aside("ada", 100.0, "why"))


def test_deleted_cells_come_back_in_their_places(tiny: Path) -> None:
    original = nbformat.read(tiny / "course" / "release" / "tiny" / "tiny.ipynb", as_version=4)
    for keep in ([], [0], [2], [3, 5], [5, 2]):
        student = nbformat.from_dict({**original, "cells": [original.cells[index] for index in keep]})
        found = [
            cell.id for cell in Released(original).canonical(student.cells).cells if not cell.id.startswith("student")
        ]
        expected = [cell.id for cell in original.cells if "nbgrader" in cell.metadata]
        missing = set(expected) - set(found)
        assert missing <= {"double", "total"}, "an answer that was deleted stays deleted"
        if keep == sorted(keep):
            assert found == [name for name in expected if name in found]


def test_late_penalty_per_day_begun_up_to_a_limit() -> None:
    plugin = LatePenalty()
    day = 86400
    penalties = [plugin.late_submission_penalty("a", 80.0, seconds) for seconds in (0, 1, day, day + 1, 30 * day)]
    assert penalties == [None, 8.0, 8.0, 16.0, 40.0]
    assert LatePenalty(per_day=0.25, at_most=0.3).late_submission_penalty("a", 80.0, 2 * day) == 24


def test_a_table_cell_is_never_a_formula() -> None:
    name, status = "=HYPERLINK(1)", cast(Status, "-x")
    entry = Row(name, "@sum", status, "+1", -1.5, 0.0, 0.0, 100.0, False, scores={"\tdouble": 1.0})
    lines = list(csv.reader(to_csv([entry]).splitlines()))
    assert lines[0][-1] == " double"
    assert lines[1][:5] == ["'=HYPERLINK(1)", "'@sum", "'-x", "+1", "-1.5"]


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<iframe srcdoc="x"></iframe>',
        "<svg onload=alert(1)>",
        '<a href=" data:text/html,x">x</a>',
        '<p style="position:fixed">x</p>',
    ],
)
def test_student_html_does_nothing_in_a_browser(html: str) -> None:
    cleaned = clean(html)
    for dangerous in ("<script", "onerror=alert(1)>", 'href="javascript', "<iframe", "<svg", 'href=" data', "style="):
        assert dangerous not in cleaned.replace("&gt;", ">") or "&lt;" in cleaned


@pytest.mark.parametrize("backslash", ["\\", "&#92;", "&#x5C;", "&bsol;", "&#092"])
@pytest.mark.parametrize(
    "command", ["href{javascript:x}{y}", "hr&#101;f{x}{y}", "require{html}", "HREF {x}", "htmlStyle{x}", "cssId{x}{y}"]
)
def test_no_formula_of_a_student_acts_on_a_page(backslash: str, command: str) -> None:
    acting = re.compile(r"\\(href|require|html|cssId)", re.IGNORECASE)
    assert not acting.search(unescape(clean(f"$x {backslash}{command}$")))
    assert not acting.search(unescape(clean(f"$x {backslash}<!-- -->{command}$")))


def test_ordinary_formulas_stay_as_they_are() -> None:
    for formula in (r"$\partial_Z \frac{1}{2} \hrefs$", r"$$\begin{pmatrix}a \\ b\end{pmatrix}$$", r"\(\text{class}\)"):
        assert clean(formula) == formula


def test_student_html_is_harmless_in_nbgraders_own_feedback_and_formulas_stay(tiny: Path, course: Path) -> None:
    edit(course, "ada", write_answer("<script>steal()</script> <img src=x onerror=steal()> $a<b$, $x & y$"))
    regrade(course)
    done = nbgrader(tiny, course, "generate_feedback", "tiny", "--force")
    assert done.returncode == 0, done.stderr
    text = (course / "feedback" / "ada" / "tiny" / "tiny.html").read_text(encoding="utf-8")
    assert "<script>steal()" not in text
    assert "onerror" not in text
    assert "$a&lt;b$, $x &amp; y$" in text
    assert r"\begin{matrix} a &amp; b \end{matrix}" in text


# --- written answers, wherever they stand


def written_cell(notebook: Any) -> Any:
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == "why")


def markdown(text: str, **more: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text, **more}


def stripped(notebook: Any) -> None:
    """Answered, and then all metadata were lost, as by another program."""
    written_cell(notebook)["source"] = "because I say so"
    for cell in notebook["cells"]:
        cell["metadata"] = {}


def below(*cells: dict[str, Any]) -> Callable[[Any], None]:
    def change(notebook: Any) -> None:
        place = notebook["cells"].index(written_cell(notebook)) + 1
        notebook["cells"][place:place] = cells

    return change


def with_a_blank_copy(notebook: Any) -> None:
    own = written_cell(notebook)
    notebook["cells"].append(json.loads(json.dumps(own)))
    own["source"] = "because I say so"


PICTURE = {"image.png": {"image/png": "iVBORw0KGgo="}}
ANSWERS: dict[str, Callable[[Any], None]] = {
    "stripped": stripped,
    "in a new cell": below(markdown("because I say so")),
    "after an empty cell": below(markdown(""), markdown("because I say so")),
    "in a raw cell": below({**markdown("because I say so"), "cell_type": "raw"}),
    "in a cell for code": below(
        {**markdown("It is so because I say so"), "cell_type": "code", "outputs": [], "execution_count": None}
    ),
    "in a comment": below(
        {
            **markdown("# well, because I say so, that is why"),
            "cell_type": "code",
            "outputs": [],
            "execution_count": None,
        }
    ),
    "somewhere else": lambda notebook: notebook["cells"].insert(0, markdown("because I say so")),
    "followed by a blank copy": with_a_blank_copy,
    "as a picture below": below(markdown("![](attachment:image.png)", attachments=PICTURE)),
    "as a picture": lambda notebook: written_cell(notebook).update(attachments=PICTURE),
}


@pytest.mark.parametrize("change", ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_reaches_a_person_wherever_it_stands(course: Path, change: Callable[[Any], None]) -> None:
    assert row(course, "paula")["needs_manual_grade"] is False
    edit(course, "paula", change)
    summary = regrade(course)
    assert summary.graded == ["paula"]
    assert next(each for each in summary.rows if each.student == "paula").needs_manual_grade is True
    with gradebook(course) as book:
        grade = book.find_grade("why", "tiny", "tiny", "paula")
        assert (grade.auto_score, grade.needs_manual_grade) == (None, True)
        assert book.find_comment("why", "tiny", "tiny", "paula").auto_comment is None
    notebook = nbformat.read(course / "autograded" / "paula" / "tiny" / "tiny.ipynb", as_version=4)
    nbformat.validate(notebook)
    (cell,) = (cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "why")
    assert "because I say so" in cell.source or cell.attachments == PICTURE
    grade_by_hand(course, "paula", "why", manual_score=7.0)
    assert regrade(course, force=True).aside == {}
    assert row(course, "paula")["needs_manual_grade"] is False, "the same answer is not asked for again"
    assert row(course, "paula")["scores"]["why"] == 7


def test_scratch_is_no_answer(course: Path) -> None:
    lines = ("from a import b, c, d, e", "x = 1", "assert double(2) == 4, 'twice of two is four'", "for i in x: pass")
    scratch = "\n".join(lines)
    edit(course, "paula", below({**markdown(scratch), "cell_type": "code", "outputs": [], "execution_count": None}))
    assert row(course, "paula")["needs_manual_grade"] is False


def test_nbgrader_autograde_sends_them_to_a_person_too(tiny: Path, course: Path) -> None:
    for student, name in (("paula", "in a new cell"), ("hana", "followed by a blank copy"), ("yann", "stripped")):
        edit(course, student, write_answer("x"))
        path = course / "submitted" / student / "tiny" / "tiny.ipynb"
        released = json.loads((course / "release" / "tiny" / "tiny.ipynb").read_bytes())
        ANSWERS[name](released)
        path.write_text(json.dumps(released))
    regrade(course)
    before = gradebook_dump(course)
    assert sum(needs for student, *_, needs in before if student in ("paula", "hana", "yann")) == 3
    nbgrader(tiny, course, "autograde", "tiny", "--force")
    assert gradebook_dump(course) == before


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("# %%\ndef double(x): return 2 * x\n# %% [markdown]\n# because I say so\n", True),
        ('"""\nWhy? It is so because I say so.\n"""\ndef double(x): return 2 * x\n', True),
        ("# Why: it is so because I say so\ndef double(x): return 2 * x\n", True),
        (
            'def double(x):\n    """Twice what is given to it."""\n    return 2 * x  # the double of it, I think\n',
            False,
        ),
    ],
)
def test_an_answer_in_a_module_reaches_a_person(course: Path, text: str, needs: bool) -> None:
    folder = course / "submitted" / "paula" / "tiny"
    (folder / "tiny.ipynb").unlink()
    (folder / "tiny.py").write_text(text)
    assert row(course, "paula")["needs_manual_grade"] is needs
    notebook = (course / "autograded" / "paula" / "tiny" / "tiny.ipynb").read_text()
    assert ("In other cells of what was handed in" in notebook) is needs


def test_a_score_that_a_person_gave_stands_alone_where_nothing_else_is_said(course: Path) -> None:
    def silent(submission: Submission | Unreadable) -> SubmissionResult:
        result = fake_grade(submission)
        return replace(result, exercises=tuple(replace(exercise, message=None) for exercise in result.exercises))

    grade_course("tiny", course, workers=marked_by(silent), force=True)
    grade_by_hand(course, "hana", "test-double", manual_score=7.0)
    report("tiny", course)
    page = (course / "feedback" / "hana" / "tiny" / "tiny.html").read_text()
    assert "(A person has given 7 instead of" in page
    assert "None" not in page


def test_a_choice_between_files_is_told_to_a_person(course: Path) -> None:
    folder = course / "submitted" / "ada" / "tiny"
    other = (folder / "tiny.ipynb").read_text().replace("return 2 * x", "return x * 2.5")
    (folder / "tiny-Copy1.ipynb").write_text(other)
    told = "tiny.ipynb was graded; tiny-Copy1.ipynb was worked on, too: a person must decide which one counts"
    summary = regrade(course)
    entry = next(each.as_json() for each in summary.rows if each.student == "ada")
    assert (entry["status"], entry["score"], entry["message"]) == ("graded", 100, told)
    assert told in (course / "grades-tiny.html").read_text()
    assert told in (course / "feedback" / "ada" / "tiny" / "tiny.html").read_text()
    assert regrade(course).nothing_to_do
