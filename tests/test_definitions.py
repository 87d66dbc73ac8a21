"""A notebook as students really hand it in is graded on its definitions."""

from typing import Any

import numpy as np
import pytest

from autograder.sandbox.inside import budget
from autograder.sandbox.inside.definitions import Definitions, define
from autograder.sandbox.inside.shell import Session


def run(*sources: str, names: tuple[str, ...] = ("f",), whole: bool = False) -> Definitions:
    return define(Session({"np": np}), sources, names, whole=whole)


def f(*sources: str, whole: bool = False) -> Any:
    found = run(*sources, whole=whole)
    assert "f" in found.namespace, found.problems
    return found.namespace["f"]


@pytest.fixture(autouse=True)
def short_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "STATEMENT_SECONDS", 0.2)
    monkeypatch.setattr(budget, "ASLEEP_SECONDS", 1.0)


@pytest.mark.parametrize(
    "cells",
    [
        ("%matplotlib inline\n!pip install x\nfiles = !ls\nf?", "def f(): return 1"),
        ("%%time\ndef f(): return 1",),
        ("%%bash\nrm -rf /\ndef f(): return 2", "def f(): return 1"),
        ("1 / 0", "def f(): return 1", "raise SystemExit"),
        ("def f(): return 1\n1 / 0",),
        ("while True: pass", "def f(): return 1"),
        ("def f(): return 1", "f(\n"),
        ("def f(): return 2", "def f(): return 1"),
        ("@deco\ndef f(): return 0", "def deco(g): return lambda: 1"),
        ("def f(x=ONE): return x", "ONE = 1"),
        ("def f(): return helper()", "def helper(): return 1"),
        ("TABLE = {}", "TABLE['k'] = 1", "def f(): return TABLE['k']"),
        ("TABLE = {}\nTABLE.update(k=1)\ndef f(): return TABLE['k']",),
        ("class T: pass", "for name in ['g']:\n  setattr(T, name, lambda self: 1)", "def f(): return T().g()"),
        ("TABLE = {}\nif True:\n  TABLE['k'] = 1", "def f(): return TABLE['k']"),
        ("f = lambda: 1",),
        ("from functools import partial\nf = partial(int, 1)",),
        ("def make():\n  def inner(): return 1\n  return inner\nf = make()",),
        ("def f(): return 1", "f = f()"),
        ("def f(): return 1", "f = undefined_here + 1"),
        ("from __future__ import annotations\ndef f(x: Unknown = 1): return x",),
        ("try:\n  import nothing\n  ONE = 2\nexcept ImportError:\n  ONE = 1\ndef f(): return ONE",),
        ("if True:\n  def f(): return 1",),
        ("from math import *\ndef f(): return int(cos(0))",),
        ("def f():\n    '''100 %\n    %not magic\n    '''\n    return 10 % 3",),
        ('if __name__ == "__main__":\n  raise ValueError\n', "def f(): return 1"),
    ],
)
def test_the_definition_is_found(cells: tuple[str, ...]) -> None:
    assert f(*cells)() == 1


def test_plots_and_demos_are_not_run() -> None:
    found = run("ran = []", "ran.append(1)", "def f(): return 1", "print(f())\nresult = f()")
    assert found.namespace["ran"] == []
    assert "result" not in found.namespace


def test_a_slow_constant_is_given_up_with_a_reason() -> None:
    found = run("import time\nBIG = time.sleep(30)", "def f(): return BIG")
    assert found.problems["BIG"].type == "TimeoutError"
    assert callable(found.namespace["f"])


def test_waiting_for_a_processor_is_no_slowness() -> None:
    assert f("import time\nONE = time.sleep(0.4) or 1", "def f(): return ONE")() == 1


def test_a_syntax_error_is_reported_for_what_its_cell_defines() -> None:
    found = run("def f(x:\n  return x")
    assert found.problems["f"].type == "SyntaxError"
    assert found.problems["f"].line == 1


def test_a_module_that_is_not_there_is_named() -> None:
    found = run("import nowhere.at_all as n\ndef f(): return n.g()")
    assert found.forbidden == {"n": "nowhere"}


def test_lone_surrogates_and_null_bytes_cost_their_cell_only() -> None:
    assert f("x = '\ud800'", "y = '\0'", "def f(): return 1")() == 1


@pytest.mark.parametrize("count", [10, 200, 40000])
def test_however_many_names_a_function_needs_they_are_there(count: int) -> None:
    names = [f"n{number}" for number in range(count)]
    last = "N = 1\n" + "\n".join(f"{name} = N" for name in names)
    assert f(f"def f(): return [{', '.join(names)}]", last)() == [1] * count
