"""An author's mistake gets one sentence that says what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.author.files import load_module, reference_cells
from autograder.cases.drawing import compile_assignment
from autograder.errors import AuthoringError
from autograder.judge.compare import compare
from autograder.judge.diagnosis import diagnose

IMPORTS = """
import torch
from torch import Tensor
from typing import Literal
from hypothesis import strategies as st
from autograder.author.exercise import exercise
from autograder.author.domains import Real
from autograder.border.values import Code, evaluate
"""
TWICE = """
@exercise(points=100)
def twice(X: Real[Tensor, "N n"]) -> Real[Tensor, "N n"]:
    '''Two times X.'''
    return X + X
"""
NOTEBOOK = """# %% exercise="twice"
import numpy as np
def twice(X):
    return 2 * X
# %%
raise RuntimeError("cells that define nothing are not run")
"""


def compiled(tmp_path: Path, hidden: str, notebook: str = NOTEBOOK) -> object:
    (tmp_path / "hidden.py").write_text(IMPORTS + hidden)
    (tmp_path / "a.py").write_text(notebook)
    return compile_assignment("a", tmp_path / "hidden.py", tmp_path / "a.py", 0)


@pytest.mark.parametrize(
    ("hidden", "notebook", "words"),
    [
        ("", NOTEBOOK, "no exercise found"),
        ("import nothing_here", NOTEBOOK, "cannot be imported: ModuleNotFoundError"),
        (TWICE.replace("100", "90"), NOTEBOOK, "add up to 90, not 100"),
        (TWICE.replace("points=100", "points=0"), NOTEBOOK, "must be positive"),
        (TWICE.replace('X: Real[Tensor, "N n"]', "X"), NOTEBOOK, "'X' has no annotation"),
        (TWICE.replace('Real[Tensor, "N n"]', "int"), NOTEBOOK, "cannot draw argument 'X'"),
        (TWICE.replace("points=100", 'points=100, parts=("Z",)'), NOTEBOOK, "parts names 'Z'"),
        (
            TWICE.replace("points=100", "points=100, inputs=lambda dims, style: dims['n_9']"),
            NOTEBOOK,
            "its arguments cannot be drawn: KeyError: 'n_9'",
        ),
        (TWICE.replace("points=100", 'points=100, builds_on=("Z",)'), NOTEBOOK, "builds_on names 'Z'"),
        (TWICE.replace("points=100", 'points=100, builds_on=("twice",)'), NOTEBOOK, "no exercise before it"),
        (TWICE.replace("X + X", "X + 1"), NOTEBOOK, "the references disagree"),
        (TWICE.replace("X + X", "X.nothing"), NOTEBOOK, "the torch reference raises AttributeError"),
        (TWICE, NOTEBOOK.replace("2 * X", "1 / 0"), "the NumPy reference raises ZeroDivisionError"),
        (TWICE, NOTEBOOK.replace("return 2 * X", "X *= 2; return X"), "changes its argument X"),
        (TWICE, NOTEBOOK.replace("twice", "thrice"), "no NumPy reference of this name"),
        (TWICE, NOTEBOOK.replace("import numpy as np", "import nothing_here"), "definition 1 of the notebook fails"),
        (
            TWICE.replace('"N n"', '"1 1"').replace("points=100", "points=100, minimum=10_000"),
            NOTEBOOK,
            "distinct cases",
        ),
        (
            TWICE + "@twice.misconception(hint='h')\ndef wrong(Z): return Z\n",
            NOTEBOOK,
            "takes (Z), the exercise takes (X)",
        ),
        (
            TWICE + "@twice.misconception(hint='h')\ndef wrong(X): return X\n" * 2,
            NOTEBOOK,
            "two misconceptions named 'wrong'",
        ),
        (
            TWICE.replace('"N n"]:', '"N m_l"]:').replace('X: Real[Tensor, "N n"]', 'X: Real[Tensor, "N n_l"]'),
            NOTEBOOK,
            "its result has a dimension 'm_l' that no argument has; did you mean 'n_l'?",
        ),
        (
            TWICE.replace('"N n"]:', '"N width"]:'),
            NOTEBOOK,
            "its result has a dimension 'width' that no argument has; name one of theirs: N, n.",
        ),
        (
            TWICE.replace('"N n"]:', '"n N"]:'),
            NOTEBOOK,
            "but the annotation of the result says (n, N); correct the one",
        ),
        (TWICE.replace('"N n"]:', '"N"]:'), NOTEBOOK, "but the annotation of the result says (N); correct the one"),
        (
            TWICE.replace('X: Real[Tensor, "N n"]', 'X: Real[Tensor, "N n_l"], W: Real[Tensor, "n_1 n"]').replace(
                "X + X", "X @ W"
            ),
            NOTEBOOK.replace("twice(X)", "twice(X, W)").replace("2 * X", "X @ W"),
            ", drawn as X (N, n_l), W (n_1, n).",
        ),
        (
            TWICE + "@twice.relation\ndef small(result, X):\n  'the result is small'\n  return abs(result).max() < 3\n",
            NOTEBOOK,
            "breaks the relation 'the result is small'",
        ),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, hidden: str, notebook: str, words: str) -> None:
    with pytest.raises(AuthoringError) as caught:
        compiled(tmp_path, hidden, notebook)
    assert words in str(caught.value)


def test_a_missing_notebook(tmp_path: Path) -> None:
    with pytest.raises(AuthoringError, match="no instructor's notebook"):
        reference_cells(tmp_path / "none.py")


RELATION = """
@exercise(points=100, unique=False)
def twice(X: Real[Tensor, "N n"]) -> Real[Tensor, "N n"]:
    '''Any array larger than X.'''
    return X + 1

@twice.relation
def larger(result, X):
    '''every entry is larger'''
    return bool((result > X).all()) or "an entry is not larger"

@twice.misconception(hint="not larger")
def same(X): return X
"""


def test_a_result_that_is_not_unique_is_judged_by_relations(tmp_path: Path) -> None:
    notebook = NOTEBOOK.replace("2 * X", "X + abs(X) + 1")
    assignment = compiled(tmp_path, RELATION, notebook)
    (entry,) = assignment.exercises  # type: ignore[attr-defined]
    relations = load_module(tmp_path / "hidden.py").twice.relations
    found = diagnose(entry, compare(entry, entry.mistakes[0].answers, relations))
    assert (found.outcome, found.misconception) == ("wrong", "same")
    other = diagnose(entry, compare(entry, [entry.mistakes[0].answers[0]] * len(entry.cases), relations))
    assert other.message == "an entry is not larger" or other.message == "every entry is larger"


PROGRAM = """
def programs(dims, style):
    return st.sampled_from([2.0, 3.0, 4.0]).map(
        lambda x: {"x": x, "f": Code("lambda u: u * u"), "program": Code("y = twice(x)\\ntwice(y)")})

@exercise(points=100, minimum=3, call="[program, f(x)]", inputs=programs)
def twice(x: float, f: Code, program: Code) -> list:
    '''Functions and programs as arguments.'''
    return [4 * x, evaluate(f, {})(x)]
"""


def test_functions_and_programs_are_inputs_too(tmp_path: Path) -> None:
    assignment = compiled(tmp_path, PROGRAM)
    (entry,) = assignment.exercises  # type: ignore[attr-defined]
    assert [case.expected for case in entry.cases] == [[8.0, 4.0], [12.0, 9.0], [16.0, 16.0]]


def test_cases_do_not_follow_what_else_is_loaded(tmp_path: Path) -> None:
    """Hypothesis draws constants of loaded modules of a checkout, too: an edit there must not change the cases."""
    (tmp_path / "hidden.py").write_text(IMPORTS + TWICE)
    (tmp_path / "a.py").write_text(NOTEBOOK)
    numbers = [f"NUMBER_{i}, WHOLE_{i} = {i / 64!r}, {100 + i}" for i in range(200)]
    (tmp_path / "numbers_of_ours.py").write_text("\n".join(numbers))
    program = (
        "import sys\nfrom pathlib import Path\nfrom autograder.cases.drawing import compile_assignment\n"
        f"folder = Path({str(tmp_path)!r})\nsys.path.insert(0, str(folder))\n"
        "if sys.argv[1] == 'more':\n    import numbers_of_ours\n"
        "print(compile_assignment('a', folder / 'hidden.py', folder / 'a.py', 0).version)\n"
    )
    versions = [
        subprocess.run([sys.executable, "-c", program, how], capture_output=True, text=True, check=True).stdout
        for how in ("alone", "more")
    ]
    assert versions[0] == versions[1]
