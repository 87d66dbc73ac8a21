"""Oracles: mutants of the torch references, each of which must disagree with the NumPy reference on some case.

That is what a second reference is for. They never meet a student, so they run in processes of ours, one after another,
each with a limit of time; the helpers in `hidden.py` that a reference calls are changed as well. Left out is what
changes nothing by how torch is used here: operations in place, `clone` and `detach` (torch is given copies), the last
item in place of the first (of the one gradient asked for), and `strict`. Relations are not changed: a weaker one
accepts all that the right one does, so that only a misconception or a mutant of a solution can show it.
"""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder import project
from autograder.author.exercise import Exercise
from autograder.author.files import load_module
from autograder.cases.drawing import agrees, second_answer
from autograder.cases.model import AssignmentCases, ExerciseCases
from autograder.cases.store import load
from autograder.errors import AutograderError
from autograder.validate.mutations import Mutant, every_line, mutants_of

_SECONDS = 10
"""Of processor time: several times what all cases of a right reference take. What loops for ever is noticed so."""


_IDLE = re.compile(
    r"(?P<copied>.+)\.(clone|detach)\(\) → \((?P=copied)\)"
    r"|0 → \(-1\)"
    r"|(?P<zipped>zip\(.+), strict=(True|False)\) → \((?P=zipped)\)\)|(True|False) → \((True|False)\)",
    re.DOTALL,
)


@dataclass(frozen=True)
class References:
    """Functions and classes of a `hidden.py` that its torch references are made of: names and sources, in its order.

    `reached` are the exercises that depend on each.
    """

    names: tuple[str, ...]
    sources: tuple[str, ...]
    reached: dict[str, list[str]]


def references_of(text: str) -> References:
    """Find them in the text of a `hidden.py`: whatever is decorated as an exercise, and what that calls."""
    tree = ast.parse(text)
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    starts = [name for name, node in defined.items() if any("exercise(" in found for found in _decorators(node))]
    reached: dict[str, list[str]] = {}
    for start in starts:
        for name in _reached(start, defined, set()):
            reached.setdefault(name, []).append(start)
    names = tuple(name for name in defined if name in reached)
    return References(names, tuple(_source(text, defined[name]) for name in names), reached)


def mutants_of_references(references: References) -> list[Mutant]:
    """The mutants of torch references, but those that change nothing by how torch is used."""
    made = mutants_of(references.sources, every_line, in_place=False)
    return [mutant for mutant in made if not _IDLE.fullmatch(f"{mutant.before} → {mutant.after}")]


def survivors(name: str) -> tuple[int, list[str]]:
    """How many mutants the torch references of an assignment have, and those that agree with NumPy on every case."""
    parts = os.cpu_count() or 1
    with ThreadPoolExecutor(parts) as executor:
        found = list(executor.map(lambda part: _run(name, part, parts), range(parts)))
    return sum(count for count, _ in found), sorted(alive for _, some in found for alive in some)


def _run(name: str, part: int, parts: int) -> tuple[int, list[str]]:
    done = project.run_apart("autograder.validate.oracles", name, str(part), str(parts))
    try:
        found = json.loads(done.stdout.splitlines()[-1])
        return int(found["mutants"]), list(found["alive"])
    except (IndexError, ValueError, KeyError, TypeError) as error:
        told = done.stderr.strip()[-2000:]
        raise AutograderError(f"judging mutants of the torch references of {name} failed:\n{told}") from error


def main() -> None:
    """Judge every so many-th mutant and print which agree: what `survivors` runs in processes of their own."""
    import torch

    torch.set_num_threads(1)
    name, part, parts = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    assignment, hidden = load(name), project.hidden_tests(name)
    references = references_of(hidden.read_text(encoding="utf-8"))
    mutants = mutants_of_references(references)[part::parts]
    module = vars(load_module(hidden))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        alive = [str(mutant) for mutant in mutants if unnoticed(mutant, references, module, assignment)]
    print(json.dumps({"mutants": len(mutants), "alive": alive}))


def unnoticed(mutant: Mutant, references: References, module: dict[str, Any], assignment: AssignmentCases) -> bool:
    """Whether references with this change still agree with NumPy on every case, and keep every relation."""
    cases = {entry.name: entry for entry in assignment.exercises}
    sources = [*references.sources]
    sources[mutant.cell] = mutant.source
    try:
        with _limited(_SECONDS):
            scope = _defined(sources, module)
            for start in references.reached[references.names[mutant.cell]]:
                exercise: Exercise = module[start]
                if not _agree(scope[start], exercise, cases[exercise.name]):
                    return False
    except Exception:  # whatever a mutant raises, it has been noticed
        return False
    return True


def _agree(reference: Callable[..., Any], exercise: Exercise, entry: ExerciseCases) -> bool:
    return all(
        agrees(exercise, case.arguments, second_answer(reference, case.arguments), case.expected)
        for case in entry.cases
    )


def _defined(sources: Sequence[str], module: dict[str, Any]) -> dict[str, Any]:
    """The module's names, with the references defined anew, so that they call each other as they now are."""
    scope = {**module}
    for source in sources:
        exec(compile(f"from __future__ import annotations\n{source}", "<reference>", "exec"), scope)
    return scope


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def late(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _reached(start: str, defined: dict[str, ast.FunctionDef | ast.ClassDef], seen: set[str]) -> set[str]:
    if start not in seen:
        seen.add(start)
        for statement in defined[start].body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and node.id in defined:
                    _reached(node.id, defined, seen)
    return seen


def _decorators(node: ast.FunctionDef | ast.ClassDef) -> list[str]:
    return [ast.unparse(decorator) for decorator in node.decorator_list]


def _source(text: str, node: ast.FunctionDef | ast.ClassDef) -> str:
    """A definition as it stands, without the decorator that makes it an exercise."""
    kept = [f"@{decorator}\n" for decorator in _decorators(node) if "exercise(" not in decorator]
    return "".join(kept) + "\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno]) + "\n"
