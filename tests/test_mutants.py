"""Mutants: what is changed, who survives, and what `validate` says of them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from autograder import project
from autograder.author import files
from autograder.cases.model import AssignmentCases
from autograder.errors import AuthoringError
from autograder.sandbox.launcher import choose
from autograder.validate import checks, mutants
from autograder.validate.mutations import Mutant, mutants_of


def cell(body: str, head: str = "def f(x, y, n):") -> str:
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    return f"{head}\n    '''text 1'''\n    ### BEGIN SOLUTION\n{lines}\n    ### END SOLUTION\n"


def changes(body: str) -> set[str]:
    """The bodies of all mutants of a function, as they would be written."""
    found = set()
    for mutant in mutants_of([cell(body)]):
        (function,) = ast.parse(mutant.source).body
        assert isinstance(function, ast.FunctionDef)
        found.add("\n".join(map(ast.unparse, function.body[1:])))
    return found


@pytest.mark.parametrize(
    ("body", "some"),
    [
        ("return x + y", {"return x - y", "return x", "return y"}),
        ("return x - y", {"return x + y", "return y - x"}),
        ("return x @ y.T", {"return x @ y", "return x.T @ y.T", "return y.T @ x", "return x * y.T"}),
        ("return x / n", {"return x * n", "return x", "return n / x"}),
        ("return -x", {"return x"}),
        ("return not x", {"return x"}),
        ("return x < y", {"return x <= y", "return x > y"}),
        ("return x == y", {"return x != y"}),
        ("return x and y", {"return x or y", "return x", "return y"}),
        ("return 2.0", {"return 3.0", "return 1.0", "return 0.0", "return -2.0"}),
        ("return x[1:]", {"return x", "return x[2:]", "return x[0:]", "return x[-1:]"}),
        ("return x * y", {"return x @ y", "return x / y", "return x.__imul__(y)"}),
        ("return x[:n]", {"return x[:n + 1]", "return x[:n - 1]"}),
        ("return x[n]", {"return x[n + 1]", "return x[n - 1]", "return x"}),
        ("for i in range(1, n):\n    x = i\nreturn x", {"for i in range(1, n - 1):\n    x = i\nreturn x"}),
        ("return x / len(y)", {"return x / (len(y) - 1)", "return x.__itruediv__(len(y))"}),
        ("return f(x, y, n)", {"return f(y, x, n)", "return f(x, n, y)", "return f(x, y)"}),
        ("return (x, y)", {"return (y, x)"}),
        ("x[0] = y\nreturn x", {"pass\nreturn x", "x[1] = y\nreturn x"}),
        ("for z in x:\n    y.append(z - n)\nreturn y", {"for z in x:\n    y.append(z.__isub__(n))\nreturn y"}),
        (
            "return x.sum(axis=0, keepdims=True)",
            {
                "return x.mean(axis=0, keepdims=True)",
                "return x.sum(keepdims=True)",
                "return x.sum(axis=0)",
                "return x.sum(axis=1, keepdims=True)",
                "return x.sum(axis=0, keepdims=False)",
                "return x",
            },
        ),
        ("return np.maximum(x, y)", {"return np.minimum(x, y)", "return np.maximum(y, x)"}),
        ("return np.exp(x)", {"return np.log(x)", "return x"}),
        ("return x.copy()", {"return x"}),
        ("return x if n else y", {"return x", "return y"}),
        ("if n:\n    return x\nreturn y", {"if True:\n    return x\nreturn y", "if False:\n    return x\nreturn y"}),
        ("x = x - y\nreturn x", {"x -= y\nreturn x"}),
        ("x += y\nreturn x", {"x -= y\nreturn x", "pass\nreturn x"}),
        ("for i in n:\n    if x:\n        break\nreturn i", {"for i in n:\n    if x:\n        pass\nreturn i"}),
    ],
)
def test_what_is_changed(body: str, some: set[str]) -> None:
    assert some <= changes(body)


def test_what_is_the_functions_own_is_not_changed_in_place() -> None:
    assert not any("__isub__" in change for change in changes("z = x @ y\nx = x @ z\nreturn x - n + (z - n)"))


def test_changes_that_read_the_same_are_told_apart() -> None:
    found = [str(mutant) for mutant in mutants_of([cell("return (x - y) * n + (x - y)")])]
    assert {"f: x - y → (x + y)", "f: x - y → (x + y) #2"} <= set(found)
    assert len(set(found)) == len(found)


def test_only_what_stands_between_the_markers_is_changed() -> None:
    source = cell("return x + y") + "\ndef given(x):\n    return x + 1\n"
    found = mutants_of([source])
    assert {mutant.function for mutant in found} == {"f"}
    assert all("'''text 1'''" in mutant.source and "return x + 1" in mutant.source for mutant in found)
    assert len({ast.dump(ast.parse(mutant.source)) for mutant in found}) == len(found)


def test_methods_are_named_with_their_class() -> None:
    method = cell("return self.é + x", "def __add__(self, x):").replace("\n", "\n    ")
    source = f"class T:\n    {method}"
    assert {str(mutant) for mutant in mutants_of([source])} >= {
        "T.__add__: self.é + x → (self.é - x)",
        "T.__add__: self.é + x → (x)",
    }


def subject(assignment: AssignmentCases) -> checks.Subject:
    return checks.Subject(assignment, choose(), str)


def of(assignment: AssignmentCases, function: str) -> list[Mutant]:
    return [mutant for mutant in mutants_of(assignment.reference) if mutant.function == function]


def test_who_survives(backprop: AssignmentCases) -> None:
    alive = mutants.survivors(backprop, backprop.reference, of(backprop, "db"), choose())
    assert [str(mutant) for mutant in alive] == ["db: 1 → (2)"]


@pytest.fixture
def only_db(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "mutants_of", lambda cells: [m for m in mutants_of(cells) if m.function == "db"])


def test_a_mutant_that_is_not_listed_stops_a_release(
    backprop: AssignmentCases, monkeypatch: pytest.MonkeyPatch, only_db: None
) -> None:
    monkeypatch.setattr(checks, "equivalents", lambda name: {})
    (told, *_), _ = checks._mutants(subject(backprop))
    assert told.startswith("no case tells 'db: 1 → (2)' from the solution: draw one that does")


def test_a_listed_mutant_that_loses_stops_a_release(
    backprop: AssignmentCases, monkeypatch: pytest.MonkeyPatch, only_db: None
) -> None:
    monkeypatch.setattr(checks, "equivalents", lambda name: {"db: 1 → (2)": "x", "db: 0 → (1)": "x"})
    wrong, _ = checks._mutants(subject(backprop))
    assert "'db: 0 → (1)' is listed in solutions/equivalent.toml" in "; ".join(wrong)


def test_a_hole_in_the_cases_is_found(backprop: AssignmentCases) -> None:
    """Drawn with one example only, no case would miss the mean."""
    holes = tuple(
        replace(entry, cases=tuple(case for case in entry.cases if len(case.arguments["dZ"]) == 1))
        if entry.name == "db"
        else entry
        for entry in backprop.exercises
        if entry.name == "db"
    )
    alive = mutants.survivors(replace(backprop, exercises=holes), backprop.reference, of(backprop, "db"), choose())
    assert "db: dZ.mean(axis=0) → (dZ.sum(axis=0))" in {str(mutant) for mutant in alive}


def test_a_list_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "equivalent.toml").write_text("[backprop\n")
    monkeypatch.setattr(project, "root", lambda: tmp_path)
    with pytest.raises(AuthoringError, match="cannot be read"):
        mutants.equivalents("backprop")


def test_hidden_tests_let_less_through_than_fixed_examples_and_those_less_than_visible_tests(
    backprop: AssignmentCases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An example of one loss says nothing of the others, and one of ordinary size nothing of A near 1."""
    names = ("bce", "dA_dZ", "dZ_output_for")
    few = [mutant for mutant in mutants_of(backprop.reference) if mutant.function in names]
    monkeypatch.setattr(mutants, "mutants_of", lambda cells: few)
    visible = files.visible_tests(project.notebook("backprop"))
    assert list(visible)[:3] == ["bce", "dL_dA", "dA_dZ"]
    judged: list[None] = []
    found = mutants.let_through(backprop, choose(), visible, lambda: judged.append(None))
    assert found["wrong"] > 20
    assert len(judged) == 3 * found["wrong"]
    assert found["hidden"] == 0
    assert 0 < found["visible"] < found["wrong"]
    assert 0 < found["fixed"] < found["wrong"]


LOSS = "-(Y * np.log(A) + (1 - Y) * np.log(1 - A)).sum() / len(A)"


@pytest.fixture(scope="module")
def one_example(backprop: AssignmentCases) -> Callable[[str], bool]:
    passes = mutants.fixed_examples(backprop, choose())
    return lambda change: passes([*backprop.reference, change])


@pytest.mark.parametrize(
    ("change", "passed"),
    [
        ("", True),
        ("def db(dZ): return dZ.sum(axis=0)[:, None]", False),
        ("def db(dZ): raise ValueError", False),
        ("def db(dZ): return 'text'", False),
        ("def db(): return 1", False),
        ("def db(dZ):\n    while True: pass", False),
        # What such a test does not see: a rough result, a changed argument, an edge.
        ("def db(dZ): return dZ.mean(axis=0)[:, None] * (1 + 1e-6)", True),
        (f"def bce(A, Y):\n    loss = {LOSS}\n    A[:] = 0\n    return loss", True),
        (f"def bce(A, Y):\n    A = np.clip(A, 1e-4, 1 - 1e-4)\n    return {LOSS}", True),
    ],
)
def test_what_one_example_sees(one_example: Callable[[str], bool], change: str, passed: bool) -> None:
    assert one_example(change) == passed


def test_the_solution_passes_the_visible_tests(backprop: AssignmentCases) -> None:
    passes = mutants.visible_tests(backprop, files.visible_tests(project.notebook("backprop")), choose())
    assert passes(backprop.reference)
    assert not passes([*backprop.reference, "def db(dZ): return 0"])
