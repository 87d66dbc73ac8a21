"""The documentation of the exercise language: its examples are one assignment, and it works."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from autograder.author.exercise import Exercise, exercises_of
from autograder.author.files import definitions_of, load_module
from autograder.cases.calling import answer_of, caller
from autograder.cases.drawing import compile_assignment
from autograder.cases.equality import ATOL, RTOL
from autograder.cases.model import AssignmentCases
from autograder.errors import AuthoringError
from autograder.judge.compare import compare
from autograder.judge.diagnosis import diagnose
from autograder.validate.coverage import branches_missed, reached
from autograder.validate.mutations import mutants_of
from autograder.validate.oracles import mutants_of_references, references_of, unnoticed

DOCUMENT = (Path(__file__).parent.parent / "docs" / "author.md").read_text(encoding="utf-8")


def blocks(name: str) -> str:
    """All blocks of the document with this name, as one text."""
    return "\n\n".join(re.findall(rf"<!-- {name} -->\n```\w+\n(.*?)```", DOCUMENT, re.DOTALL))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("example")
    (folder / "hidden.py").write_text(blocks("hidden"), encoding="utf-8")
    (folder / "example.py").write_text(blocks("notebook"), encoding="utf-8")
    return folder


def written(folder: Path) -> dict[str, Exercise]:
    """The exercises as their author wrote them, by name."""
    return {entry.name: entry for entry in exercises_of(load_module(folder / "hidden.py"))}


@pytest.fixture(scope="module")
def example(folder: Path) -> AssignmentCases:
    return compile_assignment("example", folder / "hidden.py", folder / "example.py", 0)


def test_the_references_agree(example: AssignmentCases) -> None:
    assert len(example.exercises) == 8
    assert all(len(entry.cases) >= 100 for entry in example.exercises)


def test_the_misconceptions_lose_and_are_named(folder: Path, example: AssignmentCases) -> None:
    known_by = written(folder)
    for entry in example.exercises:
        assert len(entry.mistakes) >= 2
        for known in entry.mistakes:
            found = diagnose(entry, compare(entry, known.answers, known_by[entry.name].relations))
            assert (found.outcome, found.misconception) == ("wrong", known.name)


def test_the_cases_reach_every_edge_and_branch(folder: Path, example: AssignmentCases) -> None:
    known_by = written(folder)
    for entry in example.exercises:
        assert reached(entry, known_by[entry.name]).missing == ()
    assert branches_missed(example) == []


def test_the_parts_and_the_calls_are_those_described(example: AssignmentCases) -> None:
    entries = {entry.name: entry for entry in example.exercises}
    assert {case.part for case in entries["loss"].cases} == {"squares", "cross-entropy"}
    assert entries["descend"].call == "descend(W, dW, **options)"
    assert entries["variance"].builds_on == ("center",)
    assert not entries["order"].unique


def test_the_changes_listed_are_made_and_are_right(folder: Path, example: AssignmentCases) -> None:
    listed = tomllib.loads(blocks("equivalent"))["example"]
    of_references = listed.pop("torch")
    (change,) = (mutant for mutant in mutants_of(example.reference) if str(mutant) in listed)
    cells = [*example.reference[: change.cell], change.source, *example.reference[change.cell + 1 :]]
    for entry in example.exercises:
        call = caller(entry.call, definitions_of("example", cells))
        answers = [answer_of(call, case.arguments) for case in entry.cases]
        assert all(verdict.right for verdict in compare(entry, answers, written(folder)[entry.name].relations))
    references = references_of(blocks("hidden"))
    (change,) = (mutant for mutant in mutants_of_references(references) if str(mutant) in of_references)
    assert unnoticed(change, references, vars(load_module(folder / "hidden.py")), example)


def test_the_tolerance_is_the_one_described() -> None:
    assert f"within {ATOL:g} + {RTOL:g} · |expected|".replace("e-09", "e-9") in DOCUMENT


def test_a_mistake_is_told_as_shown(tmp_path: Path) -> None:
    (tmp_path / "hidden.py").write_text(f"{blocks('hidden')}\n\n{blocks('mistake')}", encoding="utf-8")
    with pytest.raises(AuthoringError) as caught:
        load_module(tmp_path / "hidden.py")
    assert str(caught.value) == blocks("told").strip()


def test_every_example_is_python() -> None:
    for source in re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL):
        ast.parse(
            source
            if not source.startswith("@exercise(points=10, inputs=drawn(increasing)")
            else f"{source}def f(): ..."
        )
