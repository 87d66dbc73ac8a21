"""Shortcuts change nothing: without any of them, each document of a class is the same to the byte."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from autograder import project
from autograder.author import files
from autograder.author.exercise import exercises_of
from autograder.author.files import load_module
from autograder.cases import store
from autograder.course.sample import mistakes_of
from autograder.grade.grader import Grader, Shortcuts
from autograder.sandbox.launcher import choose
from autograder.sandbox.parent import Limits
from autograder.submission.reading import Submission
from autograder.validate.mutations import mutants_of

NONE = Shortcuts(share=False, remember=False, at_once=False, known_cells=False)
ALONE = {name: replace(NONE, **{name: True}) for name in ("share", "remember", "at_once", "known_cells")}

COUNTS = """
count = [0]
right = dW
def dW(dZ, A_prev):
    count[0] += 1
    return right(dZ, A_prev) * (1 + (count[0] {condition}))
"""
ODD = {
    "changes an argument": "def dA_dZ(A):\n    A *= 1 - A\n    return A",
    "changes an argument, and is right": "def dZ_output(A, Y):\n    result = A - Y\n    Y += 1\n    return result",
    "changes an argument in few calls": (
        "def db(dZ):\n    r = dZ.mean(0)[:, None]\n    if len(dZ) == 3: dZ[0] = 0\n    return r"
    ),
    "changes what it was given before": (
        "seen = []\ndef db(dZ):\n    seen.append(dZ)\n    if len(seen) > 5: seen[-4][:] = 7\n"
        "    return dZ.mean(0)[:, None]"
    ),
    "changes an argument and counts": (
        "calls = [0]\ndef db(dZ):\n    calls[0] += 1\n    r = dZ.mean(0)[:, None] + (calls[0] % 7 == 3)\n"
        "    dZ += calls[0] == 20\n    return r"
    ),
    "wrong in its first calls": COUNTS.format(condition="<= 10"),
    "wrong after some calls": COUNTS.format(condition="> 150"),
    "wrong after many calls": COUNTS.format(condition="> 300"),
    "wrong each eleventh time": COUNTS.format(condition="% 11 == 0"),
    "wrong once": COUNTS.format(condition="== 200"),
    "wrong after many calls, and so is another": (
        COUNTS.format(condition="> 300") + "def db(dZ): return dZ.sum(0)[:, None]"
    ),
    "remembers by shape": ("known = {}\ndef dA_dZ(A):\n    return known.setdefault(A.shape, A * (1 - A))"),
    "adds to what it gave": "total = []\ndef bce(A, Y):\n    total.append(1.0)\n    return sum(total)",
    "one tells another": (
        "told = []\nright = dZ_output\ndef dZ_output(A, Y):\n    told.append(A)\n    return right(A, Y)\n"
        "def db(dZ): return dZ.mean(0)[:, None] * (1 if told else 2)\ndef dL_dA(A, Y): return A if told else Y"
    ),
    "a default that grows": "def db(dZ, seen=[]):\n    seen.append(1)\n    return dZ.mean(0)[:, None] * len(seen)",
    "draws": "def dW(dZ, A_prev): return np.random.rand(*A_prev.T.shape)",
    "draws, in few calls": (
        "import random\ndef db(dZ): return dZ.mean(0)[:, None] + (random.random() if len(dZ) == 3 else 0)"
    ),
    "draws without a seed": ("def db(dZ): return dZ.mean(0)[:, None] + np.random.default_rng().normal()"),
    "raises": "def dA_dZ(A): raise ValueError(f'a shape of {A.shape}')",
    "raises in few calls": "def dZ_output(A, Y):\n    if len(A) == 3: raise KeyError(3)\n    return A - Y",
    "raises after some calls": COUNTS.format(condition="> 40 and 1 / 0"),
    "exits": "import os\ndef db(dZ): os._exit(0)",
    "exits after some calls": COUNTS.format(condition="> 60 and __import__('os')._exit(3)"),
    "loops": "def dZ_output(A, Y):\n    while True: pass",
    "loops in few calls": "def dL_dA(A, Y):\n    while len(A) == 3: pass\n    return (A - Y) / (A * (1 - A))",
    "counts and another loops": COUNTS.format(condition="> 150") + "def bce(A, Y):\n    while True: pass",
    "too much memory": "def db(dZ): return np.ones(10**10)",
    "too much memory in few calls": "def db(dZ): return np.ones(10**10) if len(dZ) == 3 else dZ.mean(0)[:, None]",
    "a stub": "def dA_dZ(A): raise NotImplementedError()",
    "half done": "def dA_dZ(A):\n    if len(A) == 3: raise NotImplementedError()\n    return A * (1 - A)",
    "half done, with a wrong helper": (
        "def dA_dZ(A): return A\ndef dZ_hidden_for(dZ_next, W_next, Z, activation):\n"
        "    if activation == 'tanh': raise NotImplementedError()\n"
        "    slopes = {'sigmoid': dA_dZ(sigmoid(Z)), 'relu': 1.0 * (Z > 0), 'identity': 1.0}\n"
        "    return dZ_next @ W_next * slopes[activation]"
    ),
    "a stub, and a helper that is wrong for some sizes": (
        "def dA_dZ(A): raise NotImplementedError()\n"
        "def dZ_hidden(dZ_next, W_next, A): return dZ_next @ W_next * dA_dZ(A)\n"
        "good = dW\ndef dW(dZ, A_prev): return good(dZ, A_prev) * (1 + (len(dZ) >= 3))"
    ),
    "nothing": "def dW(dZ, A_prev): pass",
    "float32": "def dA_dZ(A): return (A * (1 - A)).astype(np.float32)",
    "lists": "def dA_dZ(A): return (A * (1 - A)).tolist()",
    "NaN": "def dA_dZ(A): return A * np.nan",
    "infinite": "def bce(A, Y): return float('inf')",
    "objects": "def db(dZ): return object()",
    "forbidden": "import torch\ndef db(dZ): return torch.mean(dZ)",
}


def class_of(name: str, count: int, odd: Sequence[str] = ()) -> list[Submission]:
    """Different submissions: odd ones, each misconception alone, several at once, and mutants."""
    right = files.reference_cells(project.notebook(name))
    wrong = {entry.name: mistakes_of(entry) for entry in exercises_of(load_module(project.hidden_tests(name)))}
    functions = [found for exercise, found in wrong.items() if found and "." not in exercise]
    chance = random.Random(0)

    def several() -> Iterator[tuple[str, ...]]:
        while True:
            chosen = [chance.choice(found) for found in functions if chance.random() < 0.4]
            yield (*right, *chosen)

    mutants = mutants_of(right)
    chance.shuffle(mutants)
    made = [
        *((*right, source) for source in odd),
        *((*right, source) for found in functions for source in found[:3]),
        *((*right[: each.cell], each.source, *right[each.cell + 1 :]) for each in mutants[: count // 4]),
    ]
    made += [cells for cells, _ in zip(several(), range(count - len(made)), strict=False)]
    return [Submission.of(f"student{number}", cells) for number, cells in enumerate(dict.fromkeys(made))]


def graded(name: str, submissions: Sequence[Submission], shortcuts: Shortcuts) -> list[str]:
    """The documents of a class."""
    cells = Submission.of(name, files.reference_cells(project.notebook(name))).cells
    assignment = store.load(name)
    short = tuple(entry for entry in assignment.exercises if entry.seconds is None)  # what trains takes seconds
    # Only what loops gets a short limit: a busy machine must not decide an outcome.
    graders = {
        loops: Grader(
            replace(assignment, exercises=short), choose(), Limits(wall=3.0 if loops else 60.0), cells, shortcuts
        )
        for loops in (True, False)
    }

    def document(submission: Submission) -> str:
        return json.dumps(graders["while" in submission.cells[-1].source].grade(submission).as_json())

    with ThreadPoolExecutor(2) as executor:
        return [*executor.map(document, submissions)]


def test_without_shortcuts_each_document_of_a_class_is_the_same_and_so_it_is_in_another_order() -> None:
    submissions = class_of("backprop", 130, [*ODD.values()])
    assert len(submissions) > 100
    quick = graded("backprop", submissions, Shortcuts())
    assert len(set(quick)) > 100
    careful = graded("backprop", submissions[::-1], NONE)[::-1]
    differing = [
        (each.cells[-1], one, other)
        for each, one, other in zip(submissions, quick, careful, strict=True)
        if one != other
    ]
    assert not differing, differing[0]


def test_each_shortcut_alone_changes_nothing() -> None:
    odd = [*ODD.values()][::2]
    submissions = class_of("backprop", 0, odd)[: len(odd)]
    careful = graded("backprop", submissions, NONE)
    for name, alone in ALONE.items():
        assert graded("backprop", submissions, alone) == careful, name


@pytest.mark.parametrize("name", ["training", "alternatives"])
def test_shortcuts_change_nothing_elsewhere(name: str) -> None:
    submissions = class_of(name, 12)
    assert graded(name, submissions, Shortcuts()) == graded(name, submissions[::-1], NONE)[::-1]
