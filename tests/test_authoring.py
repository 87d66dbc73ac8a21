"""An author's mistake gets one sentence that says what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

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
from autograder.author.domains import Real, Style, decimals, drawn
from autograder.author.exercise import exercise
from autograder.author.misconceptions import Right
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


STEP = """
@exercise(points=100, call="twice(X, **options)",
          inputs=lambda dims, style: st.fixed_dictionaries({"options": st.sampled_from([{}, {"shift": 1.0}])}))
def twice(X: Real[Tensor, "N n"], options: dict) -> Real[Tensor, "N n"]:
    '''Two times X, shifted.'''
    return X + X + options.get("shift", 0.0)

def right(X, shift=0.0, *, factor=2.0):
    return factor * X + shift

wrong = Right(twice=right).wrong
"""
SHIFTED = NOTEBOOK.replace("twice(X)", "twice(X, shift=0.0)").replace("2 * X", "2 * X + shift")


def answers_of(tmp_path: Path, hidden: str, notebook: str) -> tuple[Any, list[tuple[Any, ...]]]:
    """The cases of the only exercise, and name, hint and answers of its misconceptions."""
    (entry,) = compiled(tmp_path, hidden, notebook).exercises  # type: ignore[attr-defined]
    return entry.cases, [(known.name, known.hint, known.answers) for known in entry.mistakes]


def test_a_misconception_replaces_a_part_of_a_right_definition(tmp_path: Path) -> None:
    hidden = STEP + (
        "wrong(twice, 'three-times', factor=3.0).hint('two, not three')\n"
        "wrong(twice, 'never-shifted', twice=lambda X, shift=0.0: right(X)).hint('shift it')\n"
    )
    cases, known = answers_of(tmp_path, hidden, SHIFTED)
    assert [entry[:2] for entry in known] == [("three-times", "two, not three"), ("never-shifted", "shift it")]
    for case, thrice, unshifted in zip(cases, known[0][2], known[1][2], strict=True):
        X, shift = case.arguments["X"], case.arguments["options"].get("shift", 0.0)
        assert (thrice.value == 3 * X + shift).all()
        assert (unshifted.value == 2 * X).all()


PAIRS = """
def programs(draw, style, most):
    x = draw(decimals(-most, most))
    return {"program": Code(f"p = Pair({x}, 1.0)\\nq = p + p\\n(q.x, q.y)")}

class TorchPair:
    def __init__(self, x, y):
        self.both = torch.tensor([x, y], dtype=torch.float64)
    x, y = property(lambda self: self.both[0]), property(lambda self: self.both[1])
    def __add__(self, other):
        return TorchPair(*(self.both + other.both))

@exercise(points=100, name="Pair.__add__", inputs=drawn(programs, 3), call="program")
def add(program: Code) -> tuple:
    '''The sum of two pairs.'''
    return evaluate(program, {"Pair": TorchPair})

class Pair:
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __add__(self, other):
        return type(self)(self.x + other.x, self.y + other.y)

wrong = Right(Pair=Pair).wrong
wrong(add, "first-only", __add__=lambda u, v: type(u)(u.x + v.x, u.y)).hint("the second, too")
"""
PAIR = """# %% exercise="Pair"
class Pair:
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __add__(self, other):
        return Pair(self.x + other.x, self.y + other.y)
"""


def test_a_misconception_replaces_a_method_and_programs_are_drawn(tmp_path: Path) -> None:
    cases, ((name, _, answers),) = answers_of(tmp_path, PAIRS, PAIR)
    assert name == "first-only"
    assert len(cases) >= 100
    for case, answer in zip(cases, answers, strict=True):
        assert answer.value == (case.expected[0], 1.0)


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (
            "wrong(twice, 'a', facto=3.0).hint('h')",
            "replaces 'facto', which is neither a definition (twice) nor a part of twice; did you mean 'factor'?",
        ),
        ("wrong(twice, 'a', X=3.0).hint('h')", "replaces 'X', which is neither"),
        ("wrong(twice, 'a', factor=3.0)", "misconception 'a' has no hint; say what is wrong."),
        ("wrong(twice, 'a', factor=3.0).hint('h')\n" * 2, "there are two misconceptions named 'a'"),
        (
            "Right(other=right).wrong(twice, 'a', factor=3.0).hint('h')",
            "neither a definition (other) nor a part of twice",
        ),
    ],
)
def test_a_mistake_in_a_variant_is_named(tmp_path: Path, mistake: str, words: str) -> None:
    with pytest.raises(AuthoringError) as caught:
        compiled(tmp_path, f"{STEP}{mistake}", SHIFTED)
    assert words in str(caught.value)


def test_what_students_import_does_without_hypothesis() -> None:
    program = (
        "import sys\nimport autograder.author.exercise, autograder.author.misconceptions\n"
        "print(*{'hypothesis', 'torch', 'jaxtyping'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
