"""What runs in Jupyter is right here: no reading of cells, and no analysis of names, makes a right function wrong."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder import project
from autograder.cases import model, store
from autograder.grade.grader import Grader
from autograder.outcome import Outcome
from autograder.sandbox.inside import budget
from autograder.sandbox.inside import cells as reading
from autograder.sandbox.inside.definitions import Definitions, define, described
from autograder.sandbox.inside.shell import Session
from autograder.sandbox.launcher import choose
from autograder.sandbox.mounts import ipython_folder
from autograder.sandbox.parent import Limits
from autograder.student.check import check_file
from autograder.submission.reading import Cell, Submission, parse
from autograder.submission.ways import NOTEBOOK, Way, Ways
from tests.conftest import Grade, exercise

DW = "def dW(dZ, A_prev): return dZ.T @ A_prev / len(dZ)"
WRONG_DW = "def dW(dZ, A_prev): return dZ.T @ A_prev"


@pytest.fixture(autouse=True)
def as_ipython(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_reader", None)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # put back afterwards
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    reading.read_as_ipython(ipython_folder())


def defined(*sources: str, whole: bool = False) -> Definitions:
    return define(Session({"np": np}), sources, ["f"], whole=whole)


def test_the_names_of_a_notebook_are_those_of_its_shell() -> None:
    assert defined("get_ipython().user_ns['ONE'] = 1\ndef f(): return ONE", whole=True).namespace["f"]() == 1


# --- reading cells


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline\nn = (7\n  % 4)\ndef f(): return 1",
        "%matplotlib inline\nn = (7\n  != 4)\ndef f(): return 1",
        "    def f():\n        return 1",
        ">>> def f():\n...     return 1",
        "In [1]: def f():\n   ...:     return 1",
        "!ls\ndef f():\n    '''\n    % of all\n    ! and\n    what?\n    '''\n    return len(f.__doc__.split('%')) - 1",
        "def one(): return 1\n%time ONE = one()\ndef f(): return ONE",
        "def one(): return 1\n%timeit -n 1 -r1 ONE = one()\ndef f(): return ONE",
        "def one(): return 1\nONE = %time one()\ndef f(): return ONE",
        "%prun -s cumulative ONE = 1\ndef f(): return ONE",
        "%%time\ndef f(): return 1",
        "from asyncio import sleep\nasync def g():\n    await sleep(0)\n    return 1\nN = await g()\ndef f(): return N",
        "\n\n%%time\n%%capture out\n%time ONE = 1\ndef f(): return ONE",
        "%%capture\n%matplotlib inline\ndef f(): return 1",
        "if True:\n    %time ONE = 1\n    %time\ndef f(): return ONE",
        "def f():\n    %time one = 1\n    %matplotlib inline\n    files = !ls\n    return one + len(files)",
        "%pylab inline\ndef f(): return int(cos(0) + sum(array([0])))",
        "get_ipython().run_cell_magic('time', '', 'def f():\\n    return 1\\n')",
        "get_ipython().run_line_magic('time', 'ONE = 1')\ndef f(): return ONE",
        "get_ipython().magic('time ONE = 1')\ndef f(): return ONE",
        "get_ipython().system('pip install x')\nget_ipython().magic('matplotlib inline')\ndef f(): return 1",
        "f?\nnp.sum??\ndef f(): return 1",
        "%%time\n%%bash\nexit",
        "%config InlineBackend.figure_format = 'retina'\n%load_ext autoreload\n%autoreload 2\ndef f(): return 1",
    ],
)
def test_cells_are_read_as_ipython_reads_them(source: str) -> None:
    if "exit" in source:
        assert "f" not in defined(source, "def g(): pass").namespace
        return
    for whole in (False, True):
        found = defined(source, whole=whole)
        assert found.namespace["f"]() == 1, found.problems


def test_what_is_in_no_python_cell_defines_nothing() -> None:
    assert "f" not in defined("%%bash\ndef f(): return 1").namespace
    assert "f" not in defined("%%writefile a.py\ndef f(): return 1", whole=True).namespace


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("def f():\n    return 1 / 0", 2),
        ("\n\n%%time\n\ndef f():\n    return 1 / 0", 6),
        ("%matplotlib inline\n\ndef f():\n    return 1 / 0", 4),
        ("!ls\n%time f = lambda: 1 / 0", 2),
    ],
)
def test_lines_are_those_of_the_cell(source: str, line: int) -> None:
    found = defined("x = 1", source)
    with pytest.raises(ZeroDivisionError) as caught:
        found.namespace["f"]()
    told = described(caught.value, found)
    assert (told["cell"], told["line"]) == (1, line)


@pytest.mark.parametrize(
    "source",
    ["%matplotlib inline\n%time ONE = 1\ndef f(): return ONE", "    def f(): return 1", "%%time\ndef f(): return 1"],
)
def test_without_ipython_the_usual_is_read(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_reader", None)
    assert defined(source).namespace["f"]() == 1


def test_the_transformer_leaves_no_ipython_behind() -> None:
    code = "import IPython\ndef f(): return 'core' in vars(IPython)"
    assert defined(code).namespace["f"]() in (False, True)
    with choose().start(Limits()) as worker:
        cell = "from IPython.display import display\n%time ONE = 1.0\ndef f(): return ONE"
        loaded = worker.request({"op": "load", "cells": [cell], "names": ["f"]})
    assert loaded["defined"] == ["f"]


def test_a_text_that_is_slow_to_read_costs_its_time_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(text: str) -> str:
        while True:
            pass

    monkeypatch.setattr(reading, "_reader", endless)
    monkeypatch.setattr(budget, "STATEMENT_SECONDS", 0.05)
    begin = time.process_time()
    found = defined(*["%x"] * 20, "def f(): return 1")
    assert found.namespace["f"]() == 1
    assert time.process_time() - begin < 10


# --- what a notebook has


@pytest.mark.parametrize(
    "source",
    [
        "if __name__ == '__main__':\n    ONE = 1\ndef f(): return ONE",
        "def f():\n    display('x')\n    get_ipython().run_line_magic('matplotlib', 'inline')\n    return 1",
        "def f(): return len(In) + len(Out) - 1",
        "exit()\nquit()\ndef f(): return 1",
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: 'int' = 1\ndef f(): return P().x",
        "import pickle\nclass P: x = 1\ndef f(): return pickle.loads(pickle.dumps(P())).x",
    ],
)
def test_what_is_there_before_the_first_cell(source: str) -> None:
    for whole in (False, True):
        assert defined(source, whole=whole).namespace["f"]() == 1


# --- kinds of side effects

KINDS = {
    "a decorator that registers": (
        "TABLE = {}\ndef add(name):\n    def inner(g): TABLE[name] = g; return g\n    return inner\n",
        "@add('one')\ndef _one(): return 1\n",
        "def f(): return TABLE['one']()",
    ),
    "subclasses that sign in": (
        "class Base:\n    known = {}\n    def __init_subclass__(cls): Base.known[cls.__name__] = cls\n",
        "class One(Base):\n    value = 1\ndef f(): return Base.known['One'].value",
    ),
    "singledispatch under _": (
        "from functools import singledispatch\n@singledispatch\ndef g(x): return 0\ndef f(): return g(1)",
        "@g.register\ndef _(x: int): return 1\n",
    ),
    "a patch": (
        "class T: pass\ndef patch(cls):\n    def inner(g): setattr(cls, g.__name__, g); return g\n    return inner",
        "@patch(T)\ndef one(self): return 1\ndef f(): return T().one()",
    ),
    "a patch by annotation": (
        "class T: pass\ndef patch(g):\n    setattr(g.__annotations__['self'], g.__name__, g)\n    return g",
        "@patch\ndef one(self: T): return 1\ndef f(): return T().one()",
    ),
    "targets in pairs": ("class T: pass", "T.a, T.b = lambda self: 1, None\ndef f(): return T().a()"),
    "targets in nests": ("class T: pass", "[T.a, (T.b, *T.c)] = 1, (2, 3)\ndef f(): return T.a"),
    "setattr in a comprehension": (
        "class T: pass",
        "[setattr(T, name, lambda self: 1) for name in ('a', 'b')]\ndef f(): return T().b()",
    ),
    "a helper that fills a class": (
        "class T: pass\ndef fill(cls):\n    cls.one = 1",
        "fill(T)\ndef f(): return T.one",
    ),
    "a name that is looked up": ("def one(): return 1", "def f(): return globals()['one']()"),
    "the recursion limit": (
        "import sys\nsys.setrecursionlimit(20000)",
        "def deep(n): return 1 if n == 0 else deep(n - 1)\ndef f(): return deep(10000)",
    ),
    "names made by exec": ("exec('ONE = 1')", "def f(): return ONE"),
    "a star import": ("from math import *", "def f(): return int(cos(0))"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_works_by_side_effect_works(kind: str) -> None:
    limit = sys.getrecursionlimit()
    try:
        assert defined(*KINDS[kind], whole=True).namespace["f"]() == 1
    finally:
        sys.setrecursionlimit(limit)


CHEAP = ["singledispatch under _", "subclasses that sign in", "a patch", "targets in pairs", "targets in nests"]


@pytest.mark.parametrize("kind", [*CHEAP, "setattr in a comprehension", "a name that is looked up", "a star import"])
def test_some_are_seen_by_the_definitions_alone(kind: str) -> None:
    assert defined(*KINDS[kind]).namespace["f"]() == 1


def test_a_cell_that_fails_loops_or_prints_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "STATEMENT_SECONDS", 0.1)
    scratch = (
        "1 / 0",
        "while True: pass",
        "raise SystemExit",
        "print('x' * 1000)",
        "exit()",
        "def g(:\n pass",
        "del h",
    )
    assert defined(*scratch, "def f(): return 1", *scratch, whole=True).namespace["f"]() == 1


def test_many_endless_cells_take_no_longer_than_a_few() -> None:
    begin = time.process_time()
    found = defined(*["while True: pass"] * 100, "def f(): return 1", whole=True)
    assert found.namespace["f"]() == 1
    assert time.process_time() - begin < 8


# --- which ways there are


def ways(*sources: str, ids: tuple[str, ...] = (), asked: str = "f", unmoved: str = "") -> list[Way]:
    names = [*ids, *[""] * len(sources)]
    cells = tuple(
        Cell(source, number, 0, name) for number, (source, name) in enumerate(zip(sources, names, strict=False))
    )
    own = Ways(cells)
    found = define(Session({"np": np}), sources, ["f", "g"], given=own.given)
    own.learn({"complete": found.complete, "rebound": found.rebound, "settled": found.settled})
    own.unmoved |= set(unmoved)
    entry: Any = type("Exercise", (), {"name": asked})
    return [way for way, _ in own.others(lambda: [(entry, Outcome.WRONG)])]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (("import numpy as np\nimport math", "def f(): return 1", "def g(): return 2", "LR = 0.1"), []),
        (("import numpy as np", "def f(x: np.ndarray = None): return 1", "import numpy as np"), []),
        (("def f(): return 1", "print(f())"), [NOTEBOOK, Way(True, 1)]),
        (("print(1)", "def f(): return 1"), [NOTEBOOK]),
        (("def h(): return 1", "def f(): return h()", "h = 'x'"), [Way(True, 2)]),
        (("def f(): return sum([1])", "sum = 0"), [Way(True, 1)]),
        (("def f(): return 1", "def f(): return 2"), []),
        (("def f(): return ONE", "ONE = 1"), []),
    ],
)
def test_a_way_is_tried_only_where_it_can_differ(sources: tuple[str, ...], expected: list[Way]) -> None:
    assert ways(*sources) == expected


def test_scratch_that_changed_nothing_is_left_out_no_more() -> None:
    """What binds or changes again what is needed is, whatever it gave."""
    assert ways("def f(): return 1", "print(f())", unmoved="f") == [NOTEBOOK]
    assert ways("T = {}", "def f(): return T", "T.clear()", unmoved="f") == [Way(True, 2)]
    assert ways("def f(): return sum([1])", "sum = 0", unmoved="f") == [Way(True, 1)]


def test_tests_that_were_given_make_no_difference() -> None:
    sources = ("def f(): return 1", "A = np.ones(3)\nassert f()", "def g(): return 1")
    assert ways(*sources, ids=("f", "test-f", "g")) == []
    # unless they take a name that is needed
    taken = ("def chain(): return 1", "def f(): return chain()", "assert f()", "chain = [np.ones(1)]")
    assert ways(*taken, ids=("", "f", "test-f", "test-g")) == [Way(True, 2)]


def test_a_test_that_lost_its_metadata_is_known_by_its_text() -> None:
    released = (Cell("assert f()", 7, 0, "test-f"),)
    own = Ways((Cell("def f(): return 1", 1), Cell("assert f()", 2), Cell("f = 2", 3)), released)
    assert own.given == [1]
    entry: Any = type("Exercise", (), {"name": "f"})
    assert [way for way, _ in own.others(lambda: [(entry, Outcome.WRONG)])] == [NOTEBOOK, Way(True, 1)]


# --- graded


def notebook(*sources: str, ids: tuple[str, ...] = (), **metadata: Any) -> bytes:
    names = [*ids, *[""] * len(sources)]
    made = [
        {"cell_type": "code", "source": source, "metadata": {"nbgrader": {"grade_id": name}} if name else {}}
        for source, name in zip(sources, names, strict=False)
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made}).encode()


REGISTRY = (
    "TABLE = {}\ndef add(name):\n    def inner(g): TABLE[name] = g; return g\n    return inner",
    "@add('dW')\ndef _dW(dZ, A_prev): return dZ.T @ A_prev / len(dZ)",
    "def dW(dZ, A_prev): return TABLE['dW'](dZ, A_prev)",
)
HELPER = "def mean(X): return X / len(X)"


@pytest.mark.parametrize(
    ("sources", "ids"),
    [
        (REGISTRY, ()),
        ((HELPER, "def dW(dZ, A_prev): return mean(dZ).T @ A_prev", "mean = 0"), ()),
        (("def dW(dZ, A_prev): return sum([dZ.T @ A_prev / len(dZ)])", "sum = 0"), ()),
        ((DW, "assert dW(np.ones((1, 1)), np.ones((1, 1))) == 1", "def dW(dZ, A_prev): pass"), ("dW", "test-dW")),
        ((DW, "dW = dW(np.ones((1, 1)), np.ones((1, 1)))"), ()),
        (("import nowhere\nfrom nowhere.at import all", DW), ()),
    ],
)
def test_each_exercise_counts_as_the_best_way_gives_it(
    sources: tuple[str, ...], ids: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In grading, and in a student's own check."""
    content = notebook(*sources, ids=ids)
    submission = parse(content, ".ipynb", "a")
    assert isinstance(submission, Submission)
    grader = Grader(store.load("backprop"), choose(), Limits())
    assert exercise(grader.grade(submission).as_json(), "dW")["outcome"] == "correct"
    monkeypatch.setenv("AUTOGRADER_ASSIGNMENTS", str(project.visible_cases("backprop").parent))
    (tmp_path / "backprop.ipynb").write_bytes(content)
    (checked,) = check_file(tmp_path / "backprop.ipynb", ["dW"]).exercises
    assert checked.outcome == "correct"


def test_follow_through_and_shrinking_ask_in_the_best_way(grade: Grade) -> None:
    wrong = REGISTRY[1].replace(" / len(dZ)", "")
    backward = (
        "def backward(X, Y, W1, b1, W2, b2):\n    s = lambda Z: 1 / (1 + np.exp(-Z))\n"
        "    A1 = s(X @ W1.T + b1.T)\n    d2 = s(A1 @ W2.T + b2.T) - Y\n    d1 = d2 @ W2 * A1 * (1 - A1)\n"
        "    return TABLE['backward'](d1, X), d1.mean(0)[:, None], dW(d2, A1), d2.mean(0)[:, None]"
    )
    named = "@add('backward')\ndef _(dZ, A_prev): return dW(dZ, A_prev)"
    result = grade([REGISTRY[0], wrong, REGISTRY[2], named, backward])
    assert "is their mean" in exercise(result, "dW")["message"]
    assert exercise(result, "dW")["counterexample"]["arguments"]["dZ"]
    assert exercise(result, "backward")["score"] > 0
    assert exercise(result, "backward")["follow_through"]


def test_what_differs_the_second_time_is_wrong_in_every_way(grade: Grade) -> None:
    counting = (
        "calls = [0]\ndef dW(dZ, A_prev):\n    calls[0] += 1\n    return dZ.T @ A_prev / len(dZ) * (calls[0] < 90)"
    )
    assert "second time" in exercise(grade([counting, "print(1)"]), "dW")["message"]


def test_what_is_wrong_is_told_as_jupyter_shows_it(grade: Grade) -> None:
    wrong = REGISTRY[1].replace(" / len(dZ)", "")
    message = exercise(grade([REGISTRY[0], wrong, REGISTRY[2]]), "dW")["message"]
    assert "is their mean" in message
    assert "KeyError" not in message


@pytest.mark.parametrize(
    ("sources", "outcome", "words"),
    [
        (("x = 1", "\ndef dW(dZ, A_prev):\n    return 1 / 0"), "error", "(cell 2, line 3: `return 1 / 0`)"),
        (("from scipy.special import expit", f"{DW} + expit(0)"), "forbidden", "needs scipy"),
        (("import numba\njit = numba.njit", f"@jit\n{DW}"), "forbidden", "needs numba"),
        (("from scipy.special import *", f"{DW} + expit(0)"), "forbidden", "needs scipy"),
        (
            ("from math import sigmoid", f"{DW} + sigmoid(0)"),
            "error",
            "its own definition raises ImportError: cannot import name 'sigmoid' from 'math'",
        ),
        (("ONE = 1 / 0", f"{DW} * ONE"), "error", "division by zero (cell 1, line 1: `ONE = 1 / 0`)"),
        (
            (DW, "def dW(dZ, A_prev):\n    raise NotImplementedError"),
            "error",
            "`dW` is defined twice, first in cell 1, line 1, last in cell 2, line 1: the last one counts",
        ),
        ((DW, "\ndef dW(dZ, A_prev): return A_prev.oops"), "error", "last in cell 2, line 2: the last one counts"),
        (("def dW(dZ, A_prev)\n    return 1",), "error", "(cell 1, line 1: `def dW(dZ, A_prev)`)"),
        (("def dW(dZ, A_prev): raise NotImplementedError",), "missing", "not attempted yet"),
    ],
)
def test_words(sources: tuple[str, ...], outcome: str, words: str, grade: Grade) -> None:
    found = exercise(grade(list(sources)), "dW")
    assert found["outcome"] == outcome
    assert words in found["message"]
    assert "None" not in found["message"]


def graded(content: bytes, suffix: str = ".ipynb") -> dict[str, Any]:
    return exercise(
        Grader(store.load("backprop"), choose(), Limits()).grade(parse(content, suffix, "a")).as_json(), "dW"
    )


def test_a_place_in_a_module_is_a_line_of_it() -> None:
    found = graded(b"# %%\nx = 1\n\n# %%\ndef dW(dZ, A_prev):\n    return 1 / 0\n", ".py")
    assert found["message"] == "raises ZeroDivisionError: division by zero (line 6: `return 1 / 0`)"


def test_syntax_of_a_later_python_is_said_to_be_that() -> None:
    source = "def dW(dZ, A_prev)::\n    return 1"
    newer = graded(notebook(source, language_info={"version": "3.99.1"}))
    assert "your notebook was written with Python 3.99.1, and it is graded with Python 3." in newer["message"]
    assert "Python" not in graded(notebook(source, language_info={"version": "3.8.1"}))["message"]
    assert "Python" not in graded(notebook(source))["message"], "a beginner's mistake is no matter of versions"
    for later in ("type dW = int\ndef dW(dZ, A_prev): return 1", "def dW[T](dZ: T, A_prev: T) -> T:\n    return dZ"):
        assert "does not know the syntax of later versions" in graded(notebook(later))["message"]


def test_code_in_a_text_cell_counts_as_nbgrader_puts_it_back_or_is_named() -> None:
    def text(kind: str, metadata: Any) -> dict[str, Any]:
        cell = {"cell_type": kind, "source": DW, "metadata": metadata}
        return graded(json.dumps({"nbformat": 4, "metadata": {}, "cells": [cell]}).encode())

    marked = {"nbgrader": {"grade_id": "dW", "cell_type": "code", "solution": True}}
    assert text("markdown", marked)["outcome"] == "correct"
    for kind, words in (("markdown", "cell 1, which has it, is a Markdown cell"), ("raw", "is a raw cell")):
        found = text(kind, {})
        assert found["outcome"] == "missing"
        assert words in found["message"]


ADD = "Dual.__add__"


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        ("class Dual:\n    def __init__(self, real, dual=0.0): self.real, self.dual = real, dual", "missing"),
        (
            "class _D:\n    def __init__(self, real, dual=0.0): self.real, self.dual = real, dual\n"
            "    def __add__(self, o):\n"
            "        return _D(self.real + getattr(o, 'real', o), self.dual + (o.dual if isinstance(o, _D) else 0.0))\n"
            "    __radd__ = __add__\ndef Dual(real, dual=0.0): return _D(real, dual)",
            "correct",
        ),
    ],
)
def test_methods_exist_if_the_call_works(source: str, outcome: str) -> None:
    result = Grader(store.load("alternatives"), choose(), Limits()).grade(Submission.of("a", [source])).as_json()
    assert exercise(result, ADD)["outcome"] == outcome
    assert exercise(result, "Dual.exp")["outcome"] == "missing"


@pytest.mark.parametrize("source", ["while True: pass", "import time\ntime.sleep(60)", "import os\nos._exit(0)"])
def test_the_worst_scratch_costs_a_bounded_time_and_nothing_else(source: str, backprop: model.AssignmentCases) -> None:
    submission = Submission.of("a", [f"{source}\n#{number}" for number in range(60)] + [WRONG_DW, "print(1)"])
    result = Grader(backprop, choose(), Limits()).grade(submission).as_json()
    assert "is their mean" in exercise(result, "dW")["message"]


def test_a_forked_process_says_what_it_has_run(backprop: model.AssignmentCases) -> None:
    """Whatever it says: `complete` and `settled` only ever cost it a way."""
    own = Ways((Cell(DW, 1),))
    for lie in ({}, {"complete": "yes", "settled": -5}, {"complete": True, "settled": 10**9}, {"settled": None}):
        own.learn(lie)
        assert all(
            isinstance(way, Way)
            for way, _ in own.others(lambda: [(entry, Outcome.WRONG) for entry in backprop.exercises])
        )
