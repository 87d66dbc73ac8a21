"""Right is right: submissions in the styles that people write, and right solutions under changes that keep meaning.

How the table works: each file in `tests/right/<assignment>/` is a submission that is right by the interface of the
assignments. Its first comment (a notebook's first cell) says the style in a sentence. A line "Defines: …" names the
exercises that it has; without one it has all; `Dual.*` is a class with all its methods. Each file is tested in three
ways: graded, checked as a student checks it, and handed in to a course. They never disagree.
"""

from __future__ import annotations

import ast
import contextlib
import io
import itertools
import json
import random
import re
import shutil
import textwrap
import tokenize
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from nbgrader.exchange.default import ExchangeFetchAssignment, ExchangeSubmit

from autograder import project
from autograder.cases import store
from autograder.cases.model import AssignmentCases
from autograder.course.grading import grade_course
from autograder.course.notebook import exercise_of, source_notebook
from autograder.course.pool import processes
from autograder.course.release import collect, release
from autograder.course.tools import exchange, gradebook, run
from autograder.grade.grader import grade_files
from autograder.student.check import check_file

HERE = Path(__file__).parent
RIGHT = sorted(path for path in (HERE / "right").glob("*/*") if path.suffix in (".py", ".ipynb"))
WRONG = sorted((HERE / "wrong").glob("*/*"))
ASSIGNMENTS = sorted({path.parent.name for path in RIGHT})


def style(path: Path) -> str:
    """The comment at the top of a module, or a notebook's first cell."""
    if path.suffix == ".py":
        with tokenize.open(path) as file:
            return "".join(line.removeprefix("# ") for line in itertools.takewhile(lambda line: line[0] == "#", file))
    return "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])


def defined(path: Path) -> list[str]:
    """The exercises that a submission has."""
    known = [entry.name for entry in assignment(path.parent.name).exercises]
    line = re.search(r"^Defines: (.+)$", style(path), re.MULTILINE)
    named = line[1].split(", ") if line else known
    found = [name for name in known if name in named or f"{name.partition('.')[0]}.*" in named]
    assert len(found) >= len(named), f"{path}: some of {named} are no exercises"
    return found


@cache
def assignment(name: str) -> AssignmentCases:
    return store.load(name)


@cache
def graded(path: Path) -> dict[str, Any]:
    """The result of each exercise of a submission in the table, by name."""
    return results(path.parent.name, path)


def results(name: str, path: Path) -> dict[str, Any]:
    (submission,) = grade_files(name, [path]).published()["submissions"]
    return {entry["name"]: entry for entry in submission["exercises"]}


def lost(result: dict[str, Any], names: Iterable[str]) -> dict[str, str]:
    """What the exercises that did not get all their points are told."""
    entries = [result[name] for name in names]
    return {entry["name"]: entry["message"] for entry in entries if entry["score"] < entry["max_score"]}


def of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


# --- the table


def test_the_table_is_wide_enough() -> None:
    notebooks = [path for path in RIGHT if path.suffix == ".ipynb"]
    assert len(RIGHT) >= 66
    assert 3 * len(notebooks) >= len(RIGHT)
    assert project.assignments() == ASSIGNMENTS
    assert len({style(path).split("\n")[0] for path in RIGHT}) == len(RIGHT)


@pytest.mark.parametrize("path", RIGHT, ids=of)
def test_all_that_is_right_gets_all_its_points(path: Path) -> None:
    assert not lost(graded(path), defined(path))


@pytest.mark.parametrize("path", RIGHT, ids=of)
def test_check_says_that_it_is_right(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRADER_ASSIGNMENTS", str(project.visible_cases(path.parent.name).parent))
    found = {entry.name: entry for entry in check_file(path, []).exercises}
    assert not {name: found[name].message for name in defined(path) if not found[name].right}


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_a_course_gives_the_same_points(name: str, tmp_path: Path) -> None:
    """The slow part: students fetch, hand in one file each in the place of what they fetched, and are graded."""
    submissions = {
        f"{path.stem}-{path.suffix[1:]}".replace("_", "-"): path for path in RIGHT if path.parent.name == name
    }
    course = tmp_path / "course"
    release(name, course)
    for student, path in submissions.items():
        hand_in(name, course, student, path)
    collect(name, course)
    summary = grade_course(name, course, workers=processes)
    assert not summary.aside
    with gradebook(course) as book:
        scores = {
            submission.student.id: {
                exercise_of(grade.name): grade.auto_score for page in submission.notebooks for grade in page.grades
            }
            for submission in book.assignment_submissions(name)
        }
    for student, path in submissions.items():
        assert {each: scores[student][each] for each in graded(path)} == {
            each: entry["score"] for each, entry in graded(path).items()
        }, student
    assert not {of(path): less for path in submissions.values() if (less := lost(graded(path), defined(path)))}


def hand_in(name: str, course: Path, student: str, path: Path) -> None:
    """Fetch an assignment into a home of one's own, put a file in the place of the notebook, and submit."""
    home = course / "students" / student
    own = {"assignment_dir": str(home), "cache": str(home / "cache")}
    home.mkdir(parents=True)
    run(exchange(ExchangeFetchAssignment, course, name, student, **own), f"fetching {name} as {student}")
    (home / name / f"{name}.ipynb").unlink()
    shutil.copy(path, home / name / f"{name}{path.suffix}")
    run(exchange(ExchangeSubmit, course, name, student, **own), f"submitting {name} as {student}")


# --- what is half done


@pytest.mark.parametrize("path", WRONG, ids=of)
def test_a_branch_that_is_not_written_yet_hides_no_mistake_in_another(path: Path) -> None:
    """The first line: `exercise is partial: ("part", …) is not written yet, and … ("other", …)`."""
    (name,) = [each for each in graded(path) if style(path).startswith(f"{each} is partial")]
    entry = graded(path)[name]
    assert 0 < entry["score"] < entry["max_score"]
    assert entry["outcome"] == "partial"
    for part in re.findall(r"\(([^)]+)\)", style(path).split("\n")[0]):
        assert part.replace('"', "") in entry["message"]
    assert entry["message"].count("not attempted yet") == 1


def test_a_helper_left_as_it_was_released_costs_its_own_points_alone(tmp_path: Path) -> None:
    """What builds on it is judged with a right one in its place, whichever it is."""
    path = tmp_path / "backprop.ipynb"
    notebook = json.loads(project.released("backprop").read_text(encoding="utf-8"))
    stubs = {
        cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"])
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("solution")
    }
    for helper in ("dA_dZ", "dZ_output", "db"):
        kept = [cell if cell.name != helper else replace(cell, source=stubs[helper]) for cell in solved("backprop")]
        path.write_bytes(notebook_of([cell for cell in kept if cell.kind == "definition"]))
        result = results("backprop", path)
        assert set(lost(result, result)) == {helper}
        assert result[helper]["outcome"] == "missing"


# --- what keeps a solution right


@dataclass(frozen=True)
class Cell:
    """A code cell of a solved notebook: a solution or another definition, the tests of an exercise, or scratch."""

    kind: str
    name: str
    source: str
    grading: dict[str, Any] = field(default_factory=dict)


Change = Callable[[list[Cell], random.Random], list[Cell]]


@cache
def solved(name: str) -> tuple[Cell, ...]:
    """The code cells of an assignment's notebook that have a name, solved as the instructor does."""
    points = {entry.name: entry.points for entry in assignment(name).exercises}
    found = []
    for cell in source_notebook(project.notebook(name).parent, points).cells:
        grading = cell.metadata.get("nbgrader")
        if cell.cell_type == "code" and grading:
            kind = "tests" if grading["grade"] else "definition"
            source = re.sub(r"^ *### (BEGIN|END) SOLUTION\n?", "", cell.source, flags=re.MULTILINE)
            found.append(Cell(kind, exercise_of(grading["grade_id"]), source, dict(grading)))
    return tuple(found)


def scratch(source: str) -> Cell:
    return Cell("scratch", "", source)


def only_statement(cell: Cell) -> ast.stmt | None:
    """The function or class that is all of a cell and has its name."""
    if cell.kind != "definition":
        return None
    (first, *more) = ast.parse(cell.source).body
    whole = isinstance(first, ast.FunctionDef | ast.ClassDef) and first.name == cell.name and not more
    return first if whole else None


def functions(cells: list[Cell]) -> list[int]:
    """Places of cells that are a function without decorators."""
    found = [only_statement(cell) for cell in cells]
    return [i for i, node in enumerate(found) if isinstance(node, ast.FunctionDef) and not node.decorator_list]


def chosen(places: list[int], draw: random.Random) -> set[int]:
    return set(draw.sample(places, draw.randint(1, len(places)))) if places else set()


def with_decorators(cells: list[Cell], draw: random.Random) -> list[Cell]:
    """Functions wrapped by a decorator."""
    traced = """import functools

def traced(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner"""
    some = chosen(functions(cells), draw)
    changed = [replace(cell, source=f"@traced\n{cell.source}") if i in some else cell for i, cell in enumerate(cells)]
    return [scratch(traced), *changed]


def in_a_registry(cells: list[Cell], draw: random.Random) -> list[Cell]:
    """Functions that a decorator takes away into a table, and that come back from there by no name."""
    entered = "REGISTRY = {}\n\ndef entered(function):\n    REGISTRY[function.__name__] = function"
    some = chosen(functions(cells), draw)
    changed = [scratch(entered)]
    for index, cell in enumerate(cells):
        if index in some:
            changed += [replace(cell, source=f"@entered\n{cell.source}"), scratch("globals().update(REGISTRY)")]
        else:
            changed.append(cell)
    return changed


def in_classes(cells: list[Cell], draw: random.Random) -> list[Cell]:
    """Functions that are static methods, each of a class, and pulled out of it by a tuple target."""
    some = chosen(functions(cells), draw)

    def boxed(cell: Cell) -> Cell:
        body = textwrap.indent(f"@staticmethod\n{cell.source}", "    ")
        return replace(cell, source=f"class Box:\n{body}\n\n{cell.name}, Box.own = Box.{cell.name}, True")

    return [boxed(cell) if index in some else cell for index, cell in enumerate(cells)]


def with_methods_apart(cells: list[Cell], draw: random.Random) -> list[Cell]:
    """Methods that are taken out of their class and set again by a comprehension in a cell of its own."""
    changed = []
    for cell in cells:
        changed.append(cell)
        statement = only_statement(cell)
        if isinstance(statement, ast.ClassDef):
            methods = sorted({node.name for node in statement.body if isinstance(node, ast.FunctionDef)})
            moved = draw.sample(methods, len(methods) // 2)
            taken = f"MOVED = {{key: vars({cell.name})[key] for key in {moved!r}}}"
            changed[-1] = replace(cell, source=f"{cell.source}\n\n{taken}\nfor key in MOVED: delattr({cell.name}, key)")
            changed.append(scratch(f"[setattr({cell.name}, key, method) for key, method in MOVED.items()]"))
    return changed


def split(cells: list[Cell], draw: random.Random) -> list[Cell]:
    """Each statement of some cells in a cell of its own."""
    changed = []
    for cell in cells:
        if cell.kind == "tests" or _is_no_python(cell.source) or draw.random() < 0.3:
            changed.append(cell)
            continue
        lines, body = cell.source.split("\n"), ast.parse(cell.source).body
        starts = [min(part.lineno for part in (node, *getattr(node, "decorator_list", ()))) - 1 for node in body]
        pieces = ["\n".join(lines[start:end]) for start, end in itertools.pairwise([0, *starts[1:], len(lines)])]
        changed += [replace(cell, source=pieces[0]), *map(scratch, pieces[1:])]
    return changed


def merged(cells: list[Cell], draw: random.Random) -> list[Cell]:
    """Neighbouring definitions in one cell."""
    changed = cells[:1]
    for cell in cells[1:]:
        last = changed[-1]
        if last.kind == cell.kind == "definition" and draw.random() < 0.7:
            changed[-1] = replace(last, source=f"{last.source}\n\n\n{cell.source}")
        else:
            changed.append(cell)
    return changed


def reordered(cells: list[Cell], draw: random.Random) -> list[Cell]:
    """Definitions before those that were above them, and before the tests of others: nothing is called earlier."""
    changed = list(cells)
    for _ in range(10 * len(cells)):
        place = draw.randrange(1, len(cells))
        statement, above = only_statement(changed[place]), changed[place - 1]
        if (
            statement
            and not getattr(statement, "decorator_list", ())
            and (only_statement(above) or above.kind == "tests")
        ):
            changed[place - 1 : place + 1] = changed[place], above
    return changed


SCRATCH = [
    "1 / 0",
    "raise RuntimeError('scratch')",
    "undefined_name + 1",
    "def broken(:",
    "import sys\nsys.exit()",
    "assert False, 'not yet'",
    "for i in range(100_000):\n    pass",
    "print('so far:', len(globals()))",
    "display([1, 2])",
    "%time x = 3",
    "%%time\ny = 4",
    "len?",
    "!ls",
    "import matplotlib.pyplot as plt\nfig, axes = plt.subplots(1, 2)\naxes[0].plot([1, 2])\nplt.show()",
    "import pandas as pd\npd.DataFrame()",
]


def with_scratch(cells: list[Cell], draw: random.Random) -> list[Cell]:
    """Cells in between that raise, loop for a while, print, plot or are no Python."""
    changed = list(cells)
    for source in draw.sample(SCRATCH, 5):
        changed.insert(draw.randint(1, len(changed)), scratch(source))
    return changed


def rebinding(cells: list[Cell], draw: random.Random) -> list[Cell]:
    """Names that are bound to other things below the last cell that needs them."""
    changed = list(cells)
    names = [
        cell.name for cell in cells if cell.kind == "definition" and cell.name.isidentifier() and cell.name != "imports"
    ]
    for name in draw.sample(names, len(names) // 2):
        users = [cell for cell in changed if re.search(rf"\b{name}\b", cell.source)]
        defining = [cell.source for cell in users if cell.kind != "tests"]
        alone = len(re.findall(rf"\b{name}\b", "\n".join(defining))) == 1
        last = changed.index(users[-1]) + 1 if alone else len(changed)
        changed.insert(last, scratch(f"{name} = 'free again'"))
    return [*changed, scratch("sum = max = len = range = 0")]


CHANGES: list[Change] = [
    with_decorators,
    in_a_registry,
    in_classes,
    with_methods_apart,
    split,
    merged,
    reordered,
    with_scratch,
    rebinding,
]


def _is_no_python(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return True
    return False


def assert_the_meaning_is_kept(cells: list[Cell]) -> None:
    """Run as Jupyter runs it, each test passes: a change that breaks this says nothing of the grader."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in cells:
        with contextlib.redirect_stdout(io.StringIO()):
            if cell.kind == "scratch":
                with contextlib.suppress(Exception, SystemExit):
                    exec(cell.source, namespace)
            else:
                exec(cell.source, namespace)


def notebook_of(cells: list[Cell]) -> bytes:
    """As Jupyter saves it: cells that were released have nbgrader's metadata, others none."""
    parts = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {"nbgrader": cell.grading} if cell.grading else {},
            "source": cell.source.splitlines(keepends=True),
            "outputs": [],
            "execution_count": None,
        }
        for number, cell in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps({"cells": parts, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}).encode()


def assert_right_after(name: str, changes: list[Change], seed: int, folder: Path) -> None:
    cells, draw = list(solved(name)), random.Random(seed)
    for change in sorted(changes, key=lambda each: each is rebinding):  # last, since it looks for the last use
        cells = change(cells, draw)
    assert_the_meaning_is_kept(cells)
    path = folder / f"{name}.ipynb"
    path.write_bytes(notebook_of(cells))
    result = results(name, path)
    assert not lost(result, result), [cell.source for cell in cells]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("name", ["backprop", "autodiff"])
def test_a_right_solution_stays_right_under_a_change(name: str, change: Change, tmp_path: Path) -> None:
    assert_right_after(name, [change], 0, tmp_path)


@pytest.mark.parametrize("name", ["backprop", "autodiff"])
def test_a_right_solution_stays_right_under_any_changes(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp(name)

    @settings(derandomize=True, max_examples=12, deadline=None, database=None, phases=[Phase.generate])
    @given(st.lists(st.sampled_from(CHANGES), min_size=2, max_size=5), st.integers(0, 999))
    def stays_right(changes: list[Change], seed: int) -> None:
        assert_right_after(name, changes, seed, folder)

    stays_right()
