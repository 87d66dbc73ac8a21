"""Mutants of the torch references: what is changed, and who notices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder import project
from autograder.author.files import load_module
from autograder.cases.drawing import compile_assignment
from autograder.cases.model import AssignmentCases
from autograder.errors import AutograderError
from autograder.validate import checks, oracles
from autograder.validate.mutations import Mutant
from autograder.validate.oracles import mutants_of_references, references_of, unnoticed
from tests.test_authoring import IMPORTS, NOTEBOOK
from tests.test_validate import subject

HIDDEN = """
def _factor():
    return _two()

def _two():
    '''Two.'''
    return 2.0

def unused():
    return 1

def inputs(dims, style):
    return st.just({})

@exercise(points=100, inputs=inputs)
def twice(X: Real[Tensor, "N n"]) -> Real[Tensor, "N n"]:
    '''Two times X.'''
    return _factor() * torch.add(X.clone(), 0)

@twice.misconception(hint="h")
def wrong(X):
    return 3 * X

@twice.relation
def finite(result, X):
    return bool((abs(result) < 1e9).all())
"""


def test_references_and_what_they_call_are_changed_and_nothing_else() -> None:
    found = references_of(HIDDEN)
    assert found.names == ("_factor", "_two", "twice")
    assert found.reached == {"twice": ["twice"], "_factor": ["twice"], "_two": ["twice"]}
    assert found.sources[2].startswith("def twice(X: Real")
    assert {mutant.function for mutant in mutants_of_references(found)} == {"_two", "twice"}


def alive(tmp_path: Path, hidden: str) -> set[str]:
    (tmp_path / "hidden.py").write_text(IMPORTS + hidden)
    (tmp_path / "a.py").write_text(NOTEBOOK)
    assignment = compile_assignment("a", tmp_path / "hidden.py", tmp_path / "a.py", 0)
    references, module = references_of(hidden), vars(load_module(tmp_path / "hidden.py"))
    made = mutants_of_references(references)
    return {str(mutant) for mutant in made if unnoticed(mutant, references, module, assignment)}


def test_those_that_disagree_are_noticed(tmp_path: Path) -> None:
    assert alive(tmp_path, HIDDEN) == {"twice: torch.add(X.clone(), 0) → (torch.add(0, X.clone()))"}


def test_what_changes_nothing_by_how_torch_is_used_is_left_out() -> None:
    text = """
@exercise(points=100)
def f(X, Y):
    leaf = X.detach().clone().requires_grad_()
    pairs = [x - y for x, y in zip(X, Y, strict=True)]
    return torch.autograd.grad(leaf - X, leaf)[0]
"""
    made = {str(mutant) for mutant in mutants_of_references(references_of(text))}
    assert "f: leaf - X → (X - leaf)" in made
    assert "f: 0 → (1)" in made
    assert "f: X.detach().clone().requires_grad_() → (X.detach().clone())" in made
    assert "f: zip(X, Y, strict=True) → (zip(Y, X, strict=True))" in made
    assert not [change for change in made if "__i" in change or "-1" in change or "False" in change]
    idle = {"X.detach() → (X)", "X.detach().clone() → (X.detach())", "zip(X, Y, strict=True) → (zip(X, Y))"}
    assert not made & {f"f: {change}" for change in idle}


def test_one_that_loops_for_ever_is_noticed(backprop: AssignmentCases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracles, "_SECONDS", 0.5)
    hidden = project.hidden_tests("backprop")
    references = references_of(hidden.read_text(encoding="utf-8"))
    cell = references.names.index("db")
    endless = Mutant("db", cell, 1, "", "", "def db(dZ):\n    while True:\n        pass\n")
    assert not unnoticed(endless, references, vars(load_module(hidden)), backprop)
    same = replace(endless, source=references.sources[cell])
    monkeypatch.setattr(oracles, "_SECONDS", 60)
    assert unnoticed(same, references, vars(load_module(hidden)), backprop)


def test_a_hole_in_the_cases_is_found(backprop: AssignmentCases) -> None:
    """Drawn with one example only, no case would miss the mean."""
    hidden = project.hidden_tests("backprop")
    references, module = references_of(hidden.read_text(encoding="utf-8")), vars(load_module(hidden))
    made = mutants_of_references(references)
    (mean,) = [m for m in made if str(m) == "db: (dZ * (ones @ b.T)).sum() / len(dZ) → ((dZ * (ones @ b.T)).sum())"]
    holes = tuple(
        replace(entry, cases=tuple(case for case in entry.cases if len(case.arguments["dZ"]) == 1))
        if entry.name == "db"
        else entry
        for entry in backprop.exercises
    )
    assert not unnoticed(mean, references, module, backprop)
    assert unnoticed(mean, references, module, replace(backprop, exercises=holes))


def test_one_that_is_not_listed_stops_a_release(backprop: AssignmentCases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracles, "survivors", lambda name: (9, ["db: 1 → (2)", "db: 0 → (-1)"]))
    monkeypatch.setattr(checks, "equivalents", lambda *where: {"db: 0 → (-1)": "x", "db: 3 → (4)": "x"})
    wrong, _ = checks._oracles(subject(backprop))
    assert wrong[0].startswith("no case tells 'db: 1 → (2)' from the torch reference: draw one that does, or list it")
    assert wrong[1].startswith("'db: 3 → (4)' is listed in solutions/equivalent.toml, but is no mutant that survives")
    assert len(wrong) == 2


def test_a_process_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AutograderError, match="of the torch references of nothing failed"):
        oracles.survivors("nothing")
