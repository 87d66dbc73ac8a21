"""The graders graded: right solutions in unusual styles win, wrong ones lose exactly what they break."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder import project
from autograder.author import files
from autograder.author.exercise import exercises_of
from autograder.author.files import load_module
from autograder.cases import store
from autograder.cases.model import AssignmentCases
from autograder.errors import SandboxError
from autograder.grade.grader import Grader, grade_files
from autograder.grade.result import SubmissionResult
from autograder.sandbox.launcher import choose
from autograder.sandbox.parent import Limits, Worker
from autograder.submission.reading import Submission
from tests.conftest import Grade, exercise, instead, lost

SUBMISSIONS = Path(__file__).parent / "submissions"
STYLES = sorted((SUBMISSIONS / "backprop").glob("*.py"))
# torch behind the interface cannot run in the sandbox: tests/test_autodiff.py looks at it
OTHERS = sorted(path for path in SUBMISSIONS.glob("*/*.py") if path not in STYLES and path.stem != "torch_adapter")
HIDDEN = exercises_of(load_module(project.hidden_tests("backprop")))
MISTAKES = [(entry.name, known) for entry in HIDDEN for known in entry.misconceptions]


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.stem)
def test_right_in_an_unusual_style(path: Path, grade: Grade) -> None:
    result = grade([path.read_text()])
    assert result["score"] == 100
    assert all(entry["message"] is None and entry["misconception"] is None for entry in result["exercises"])


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_right_in_an_unusual_style_elsewhere(path: Path) -> None:
    (result,) = grade_files(path.parent.name, [path]).published()["submissions"]
    assert result["score"] == 100, [entry for entry in result["exercises"] if entry["outcome"] != "correct"]


def test_the_instructors_solution_scores_100(solution: tuple[str, ...], grade: Grade) -> None:
    assert grade(solution)["score"] == 100


def test_the_released_stub_scores_0_as_not_attempted() -> None:
    stub = project.root() / "assignments" / "backprop" / "backprop.ipynb"
    (result,) = grade_files("backprop", [stub]).published()["submissions"]
    assert result["score"] == 0
    assert {entry["outcome"] for entry in result["exercises"]} == {"missing"}
    assert {entry["message"] for entry in result["exercises"]} == {"not attempted yet"}


@pytest.mark.parametrize(("name", "known"), MISTAKES, ids=lambda value: getattr(value, "name", value))
def test_every_misconception_loses_and_is_named(
    name: str, known: object, solution: tuple[str, ...], grade: Grade
) -> None:
    """Through the sandbox, as a student's own source."""
    function = known.function  # type: ignore[attr-defined]
    source = inspect.getsource(function)
    source = source[source.index("def ") :].replace(f"def {function.__name__}(", f"def {name}(", 1)
    result = grade(instead(solution, source))
    found = exercise(result, name)
    assert found["score"] < found["max_score"]
    assert (found["misconception"], found["message"]) == (known.name, known.hint)  # type: ignore[attr-defined]
    assert found["counterexample"] is not None
    assert lost(result) == {name}


WRONG = {
    "missing 1/N": ("def dW(dZ, A_prev): return dZ.T @ A_prev", {"dW"}),
    "mean over all entries": ("def bce(A, Y): return float(-np.mean(Y*np.log(A) + (1-Y)*np.log(1-A)))", {"bce"}),
    "sum for mean": ("def bce(A, Y): return float(-np.sum(Y*np.log(A) + (1-Y)*np.log(1-A)))", {"bce"}),
    "W untransposed": ("def dZ_hidden(dZ_next, W_next, A): return dZ_next @ W_next.T * A * (1-A)", {"dZ_hidden"}),
    "W untransposed where it fits": (
        "def dZ_hidden(dZ_next, W_next, A):\n"
        "    W = W_next.T if W_next.shape[0] == W_next.shape[1] else W_next\n"
        "    return dZ_next @ W * A * (1 - A)",
        {"dZ_hidden"},
    ),
    "b as a vector": ("def db(dZ): return dZ.mean(axis=0)", {"db"}),
    "b as a row": ("def db(dZ): return dZ.mean(axis=0, keepdims=True)", {"db"}),
    "(n,1) broadcast with (n,)": ("def db(dZ): return dZ.mean(axis=0) + np.zeros((dZ.shape[1], 1))", {"db"}),
    "sign": ("def dZ_output(A, Y): return Y - A", {"dZ_output"}),
    "clipped": (
        "def bce(A, Y):\n    A = np.clip(A, 1e-12, 1 - 1e-12)\n"
        "    return -(Y*np.log(A) + (1-Y)*np.log1p(-A)).sum(axis=1).mean()",
        {"bce"},
    ),
    "right for N >= 2 only": ("def dW(dZ, A_prev): return dZ.T @ A_prev / max(2, len(dZ))", {"dW"}),
    "dropped dimension": ("def dZ_output(A, Y): return np.squeeze(A - Y)", {"dZ_output"}),
    "changes its argument": ("def dA_dZ(A):\n    A *= 1 - A\n    return A", {"dA_dZ"}),
    "changes its argument, result right": (
        "def dZ_output(A, Y):\n    result = A - Y\n    Y += 1\n    return result",
        {"dZ_output"},
    ),
    "float32": ("def dA_dZ(A): return (A * (1 - A)).astype(np.float32)", {"dA_dZ"}),
    "returns None": ("def dL_dA(A, Y): -(Y / A) + (1 - Y) / (1 - A)", {"dL_dA"}),
    "returns text": ("def db(dZ): return 'dZ.mean(axis=0)'", {"db"}),
    "returns its input": ("def dA_dZ(A): return A", {"dA_dZ"}),
    "NaN": ("def dA_dZ(A): return A * (1 - A) + np.nan", {"dA_dZ"}),
    "only one pair": ("def dZ_output_for(A, Y, loss, activation): return A - Y", {"dZ_output_for"}),
}


@pytest.mark.parametrize(("source", "expected"), WRONG.values(), ids=WRONG.keys())
def test_wrong_solutions_lose_exactly_what_they_break(
    source: str, expected: set[str], solution: tuple[str, ...], grade: Grade
) -> None:
    assert lost(grade(instead(solution, source))) == expected


MESSAGES = {
    "shape": ("def dW(dZ, A_prev): return np.zeros((7, 7))", "dW", "wrong", "should have shape (n_l, n_prev)"),
    "transposed": (
        "def dZ_hidden(dZ_next, W_next, A): return (dZ_next @ W_next * A * (1 - A)).T",
        "dZ_hidden",
        "wrong",
        "transposed?",
    ),
    "factor": ("def dW(dZ, A_prev): return 3 * dZ.T @ A_prev / len(dZ)", "dW", "wrong", "3 times the expected"),
    "none": ("def db(dZ): dZ.sum()", "db", "wrong", "is a `return` missing?"),
    "float32": (
        "def dW(dZ, A_prev): return (dZ.T @ A_prev / len(dZ)).astype('f4')",
        "dW",
        "wrong",
        "compute in float64",
    ),
    "argument": ("def db(dZ):\n  r = dZ.mean(0)[:, None]\n  dZ[:] = 0\n  return r", "db", "wrong", "argument `dZ`"),
    "exception": ("def db(dZ):\n  return dZ.nothing", "db", "error", "raises AttributeError"),
    "line": (
        "def db(dZ):\n  x = 1\n  raise ValueError('why')",
        "db",
        "error",
        "line 3: `raise ValueError('why')`)",
    ),
    "exit": ("def db(dZ): raise SystemExit", "db", "error", "raises SystemExit"),
    "stub": ("def db(dZ): raise NotImplementedError()", "db", "missing", "not attempted yet"),
    "removed": ("del db", "db", "correct", None),
    "import": ("import torch\ndef db(dZ): return torch.mean(dZ)", "db", "forbidden", "needs torch"),
    "late import": ("def db(dZ):\n  import scipy.stats", "db", "forbidden", "needs scipy"),
    "files": ("def db(dZ): return open('/tmp/x', 'w')", "db", "forbidden", "uses files"),
    "object": ("def db(dZ): return object()", "db", "error", "returns an object of type object"),
    "ragged": ("def db(dZ): return [[1.0], [1.0, 2.0]]", "db", "wrong", "should be numbers"),
    "partial": (
        "def dZ_hidden_for(dZ_next, W_next, Z, activation):\n"
        "    slope = {'sigmoid': sigmoid(Z) * (1 - sigmoid(Z)), 'relu': 1.0 * (Z > 0), 'identity': 1.0}\n"
        "    return dZ_next @ W_next * slope[activation]",
        "dZ_hidden_for",
        "partial",
        "for tanh: raises KeyError",
    ),
}


@pytest.mark.parametrize(("source", "name", "outcome", "words"), MESSAGES.values(), ids=MESSAGES.keys())
def test_outcome_and_message(
    source: str, name: str, outcome: str, words: str | None, solution: tuple[str, ...], grade: Grade
) -> None:
    found = exercise(grade(instead(solution, source)), name)
    assert found["outcome"] == outcome
    assert words is None or words in found["message"]
    assert found["message"] is None or "\n" not in found["message"]


def test_a_missing_function_is_missing_and_a_near_name_is_offered(solution: tuple[str, ...], grade: Grade) -> None:
    renamed = [cell.replace("def dZ_hidden_for(", "def dZ_hidden_four(") for cell in solution]
    found = exercise(grade(renamed), "dZ_hidden_for")
    assert found["outcome"] == "missing"
    assert "is it your `dZ_hidden_four`?" in found["message"]
    assert found["counterexample"] is None


def test_a_cell_that_does_not_parse_costs_what_it_defines(solution: tuple[str, ...], grade: Grade) -> None:
    broken = [cell.replace("def db(dZ):", "def db(dZ:") for cell in solution]
    result = grade(broken)
    found = exercise(result, "db")
    assert found["outcome"] == "error"
    assert "SyntaxError" in found["message"]


def test_one_mistake_is_paid_for_once(solution: tuple[str, ...], grade: Grade) -> None:
    """`backward` calls `dW`; the missing mean is paid for there, and the feedback says so."""
    result = grade(instead(solution, "def dW(dZ, A_prev): return dZ.T @ A_prev"))
    composite = exercise(result, "backward")
    assert lost(result) == {"dW"}
    assert composite["follow_through"] is True
    assert "`dW`" in composite["message"]
    assert not exercise(result, "dZ_output")["follow_through"]


def test_follow_through_forgives_the_helper_and_nothing_else(solution: tuple[str, ...], grade: Grade) -> None:
    composite = "def backward(X, Y, W1, b1, W2, b2): return dW(X, X), db(X), dW(X, X), db(X)"
    result = grade(instead(solution, "def dW(dZ, A_prev): return dZ.T @ A_prev", composite))
    assert lost(result) == {"dW", "backward"}


def test_a_composition_that_does_without_its_wrong_helper_is_its_own(solution: tuple[str, ...], grade: Grade) -> None:
    alone = (
        "def backward(X, Y, W1, b1, W2, b2):\n"
        "    A1 = 1 / (1 + np.exp(-(X @ W1.T + b1.T)))\n"
        "    dZ2 = 1 / (1 + np.exp(-(A1 @ W2.T + b2.T))) - Y\n"
        "    dZ1 = dZ2 @ W2 * A1 * (1 - A1)\n"
        "    return dZ1.T @ X / len(X), db(dZ1), dZ2.T @ A1 / len(X), db(dZ2)"
    )
    result = grade(instead(solution, "def dW(dZ, A_prev): return dZ.T @ A_prev", alone))
    assert lost(result) == {"dW"}
    assert exercise(result, "backward")["follow_through"] is False


def test_a_helper_that_is_wrong_for_one_size_is_paid_for_once(
    solution: tuple[str, ...], grade: Grade, backprop: AssignmentCases
) -> None:
    of = {entry.name: entry for entry in backprop.exercises}
    tested = {case.arguments["A_prev"].shape for case in of["dW"].cases}
    size = next(shape for case in of["backward"].cases if (shape := case.arguments["X"].shape) in tested)
    helper = f"good = dW\ndef dW(dZ, A_prev): return good(dZ, A_prev) * (1 + (A_prev.shape == {size}))"
    result = grade(instead(solution, helper))
    assert lost(result) == {"dW"}
    assert exercise(result, "backward")["follow_through"] is True
    odd = (
        "right = backward\n"
        "def backward(X, Y, W1, b1, W2, b2):\n"
        f"    return None if X.shape == {size} else right(X, Y, W1, b1, W2, b2)"
    )
    result = grade(instead(solution, helper, odd))
    assert lost(result) == {"dW", "backward"}
    assert "None" in exercise(result, "backward")["message"]


def test_a_composition_with_a_mistake_of_its_own_is_told_it(solution: tuple[str, ...], grade: Grade) -> None:
    """Beside a wrong helper, too."""
    composite = "def backward(X, Y, W1, b1, W2, b2): return dW(X, X)"
    alone, beside = (
        exercise(grade(instead(solution, *helper, composite)), "backward")
        for helper in ([], ["def db(dZ): return dZ.sum(axis=0)[:, None]"])
    )
    assert beside == alone
    assert alone["score"] == 0


HOSTILE = {
    "os._exit": ("import os\ndef db(dZ): os._exit(0)", {"crashed"}),
    "sys.exit": ("import sys\ndef db(dZ): sys.exit()", {"error"}),
    "endless": ("def db(dZ):\n  while True: pass", {"timeout"}),
    "endless, ignoring": (
        "def db(dZ):\n  while True:\n    try:\n      while True: pass\n    except: pass",
        {"timeout"},
    ),
    "sleep": ("import time\ndef db(dZ): time.sleep(1e6)", {"timeout"}),
    "8 GB": ("def db(dZ): return np.ones(10**9)", {"memory"}),
    "8 GB, piecewise": ("def db(dZ):\n  x = []\n  while True: x.append(bytearray(10**7))", {"memory"}),
    "500 MB of prints": ("def db(dZ):\n  print('x' * 5 * 10**8)\n  return 1", {"wrong", "memory", "timeout"}),
    "fork": ("import os\ndef db(dZ):\n  while True: os.fork()", {"forbidden", "error"}),
    "threads": ("import threading\ndef db(dZ): threading.Thread(target=print).start()", {"forbidden"}),
    "fake __eq__": (
        "class Yes(np.ndarray):\n  def __eq__(self, other): return np.True_\n  def __array_ufunc__(self, *a, **k):"
        " return np.True_\ndef db(dZ): return np.zeros((dZ.shape[1], 1)).view(Yes) + 7",
        {"wrong", "error"},
    ),
    "fake number": (
        "class Yes(float):\n  def __eq__(self, other): return True\ndef bce(A, Y): return Yes(1.0)",
        {"wrong"},
    ),
    "search": (
        "import gc, sys\ndef db(dZ):\n  for o in gc.get_objects():\n    if isinstance(o, dict) and 'expected' in o:\n"
        "      return o['expected']\n  f = sys._getframe()\n  while f:\n    if 'expected' in f.f_locals: return 1\n"
        "    f = f.f_back\n  return 'nothing found'",
        {"wrong"},
    ),
    "patched NumPy": ("np.allclose = np.array_equal = lambda *a, **k: True\ndef db(dZ): return np.ones(1)", {"wrong"}),
    "deep result": ("def db(dZ):\n  x = []\n  for _ in range(10**5): x = [x]\n  return x", {"error"}),
    "large result": ("def db(dZ): return np.broadcast_to(0.0, (10**5, 10**5))", {"error"}),
    "recursion": ("def db(dZ): return db(dZ)", {"error"}),
    "segfault": ("import ctypes\ndef db(dZ): ctypes.string_at(0)", {"crashed"}),
    "forged reply": (
        "import os\ndef db(dZ):\n  for fd in range(3, 20):\n    try: os.write(fd, b'\\0\\0\\0\\2{}' * 9)\n"
        "    except OSError: pass\n  return 1",
        {"wrong", "crashed"},
    ),
    "evil exception": (
        "class E(Exception):\n  def __str__(self): return '\\x1b[2J<script>' + 'x' * 10**6\ndef db(dZ): raise E",
        {"error"},
    ),
}


@pytest.mark.parametrize(("source", "outcomes"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_code_gains_nothing_and_costs_its_exercise_only(
    source: str, outcomes: set[str], solution: tuple[str, ...], grade: Grade
) -> None:
    # Only what is meant to run into the limit gets a short one: a busy machine must not decide an outcome.
    result = grade([*solution, source], wall=3.0 if "timeout" in outcomes else 60.0)
    name = "bce" if "def bce" in source else "db"
    assert exercise(result, name)["outcome"] in outcomes
    assert exercise(result, name)["score"] == 0
    assert lost(result) == {name}
    assert "\x1b" not in json.dumps(result, ensure_ascii=False)


def test_code_that_kills_the_loading_worker_costs_what_needs_it(solution: tuple[str, ...], grade: Grade) -> None:
    bomb = "import os\n@(lambda f: os._exit(0))\ndef db(dZ): return 1"
    result = grade(instead(solution, bomb))
    assert lost(result) == {"db", "backward", "backward_deep"}
    assert exercise(result, "db")["outcome"] == "crashed"


def test_the_same_files_give_the_same_document(tmp_path: Path, solution: tuple[str, ...]) -> None:
    path = tmp_path / "a.py"
    path.write_text("\n".join([*solution, "def dW(dZ, A_prev): return np.random.rand(*A_prev.T.shape)"]))
    first, second = (json.dumps(grade_files("backprop", [path, path]).published()) for _ in range(2))
    assert first == second


def test_one_unreadable_file_does_not_stop_the_others(tmp_path: Path) -> None:
    bad = [tmp_path / name for name in ("json.ipynb", "text.ipynb", "empty.ipynb", "folder.ipynb", "link.ipynb")]
    bad[0].write_text("{")
    bad[1].write_bytes(b"\xff\xfe")
    bad[2].touch()
    bad[3].mkdir()
    bad[4].symlink_to(STYLES[0])
    results = grade_files("backprop", [*bad, STYLES[0]]).published()["submissions"]
    assert [entry["status"] for entry in results] == ["unreadable"] * 5 + ["graded"]
    assert [entry["score"] for entry in results] == [0] * 5 + [100]
    assert all(entry["message"] for entry in results[:5])


def test_cases_are_many_smallest_first_and_reach_the_edges(backprop: AssignmentCases) -> None:
    for entry in backprop.exercises:
        assert len(entry.cases) >= 100, entry.name
        plans = {case.plan for case in entry.cases}
        assert {"N = 1", "all dimensions 1", "all dimensions different"} <= plans
    bce = next(entry for entry in backprop.exercises if entry.name == "bce")
    shapes = [case.arguments["A"].shape for case in bce.cases]
    assert shapes[0] == (1, 1)
    assert [shape[0] * shape[1] for shape in shapes] == sorted(shape[0] * shape[1] for shape in shapes)
    assert any(N == 1 < n for N, n in shapes)
    assert any(n == 1 < N for N, n in shapes)
    large = [case.arguments for case in bce.cases if case.arguments["Y"].size >= 6]
    assert any((case["Y"] == 0).all() for case in large)
    assert any((case["Y"] == 1).all() for case in large)
    assert any(case["A"].min() < 1e-15 for case in large)
    assert any(case["A"].max() > 1 - 1e-12 for case in large)


def test_a_counterexample_is_small_and_its_call_can_be_pasted(solution: tuple[str, ...], grade: Grade) -> None:
    found = exercise(grade(instead(solution, "def dZ_output(A, Y): return Y - A")), "dZ_output")
    shown = found["counterexample"]
    assert len(shown["arguments"]["A"]) == len(shown["arguments"]["A"][0]) == 1
    import numpy as np

    namespace: dict[str, object] = {"np": np, "dZ_output": lambda A, Y: Y - A}
    assert np.allclose(eval(shown["call"], namespace), shown["got"])


def test_what_is_published_is_what_the_interface_has(grade: Grade) -> None:
    graded = grade(["import numpy as np\ndef db(dZ):\n    return dZ.mean(axis=0, keepdims=True)"])
    wrong = exercise(graded, "db")
    assert wrong["summary"].startswith("∂L/∂b")
    assert wrong["counterexample"]["shapes"]["result"] == ["n_l", "1"]
    entry = SubmissionResult.from_json(graded).published()
    keys = "name score max_score outcome message misconception follow_through counterexample"
    assert all(set(each) == set(keys.split()) for each in entry["exercises"])
    assert set(exercise(entry, "db")["counterexample"]) == {"arguments", "expected", "got"}


@pytest.mark.parametrize(
    ("chance", "again"),
    [
        ("np.random.rand()", True),
        ("random.random()", True),
        ("(np.random.rand() < 0.1)", False),
        ("np.random.default_rng().normal()", True),
    ],
)
def test_who_draws_is_told_so(solution: tuple[str, ...], grade: Grade, chance: str, again: bool) -> None:
    """Calls are seeded, so that a file gets the same each time, but not alike: once in ten shows."""
    source = f"import random\ndef dW(dZ, A_prev): return dZ.T @ A_prev / len(dZ) + {chance}"
    first = exercise(grade(instead(solution, source)), "dW")
    assert (first["score"], first["outcome"]) == (0, "wrong")
    if again:
        assert "gave another result the second time" in first["message"]
    if "default_rng" not in chance:
        assert exercise(grade(instead(solution, source)), "dW") == first


def test_each_exercise_has_its_own_limit_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    training, asked = store.load("training"), []
    request = Worker.request

    def noted(worker: Worker, message: dict[str, Any], **options: Any) -> dict[str, Any]:
        if message["op"] == "call":
            asked.append((message["name"], options["wall"]))
        return request(worker, message, **options)

    monkeypatch.setattr(Worker, "request", noted)
    cells = files.reference_cells(project.notebook("training"))
    result = Grader(training, choose(), Limits(wall=7.0)).grade(Submission.of("right", cells))
    assert result.score == 100
    limits = {entry.name: entry.seconds for entry in training.exercises}
    assert all(wall == limits[name] for name, wall in asked)
    assert {name for name, _ in asked} == set(limits)


def test_grading_files_puts_one_aside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.py" for name in ("ada", "bela", "carl")]
    for path in paths:
        path.write_text("def dL_dA(A, Y): return (1 - Y) / (1 - A) - Y / A")
    original = Grader.grade

    def failing(fault: Exception, who: str) -> Callable[..., Any]:
        def graded(self: Grader, submission: Submission) -> Any:
            if who in submission.name:
                raise fault
            return original(self, submission)

        return graded

    for fault in (MemoryError(), SandboxError("no sandbox")):
        with monkeypatch.context() as patch:
            patch.setattr(Grader, "grade", failing(fault, "bela"))
            document = grade_files("backprop", paths).published()
        entry = document["submissions"][1]
        assert [each["status"] for each in document["submissions"]] == ["graded", "aside", "graded"]
        assert (entry["score"], entry["max_score"], entry["exercises"]) == (None, 100.0, [])
        assert "no mistake of its author" in entry["message"]
    with monkeypatch.context() as patch:
        patch.setattr(Grader, "grade", failing(SandboxError("no sandbox"), ""))
        with pytest.raises(SandboxError):
            grade_files("backprop", paths)
