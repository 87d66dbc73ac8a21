"""Coverage: which inputs the cases of an exercise reach, and which lines and branches of the solution they run.

A grade is only as good as its cases. An edge that a signature promises (a dimension of 1, all sizes equal, the edges
of a domain) and that no case reaches, and a branch of the solution that no case takes, are holes: `validate` fails for
them. Where the interface rules a branch out, its line in the notebook says so: `# unreached: not a promised name`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder import project
from autograder.author.exercise import Exercise, exercises_of
from autograder.author.files import definitions_of, load_module
from autograder.border.values import Value
from autograder.cases.calling import answer_of, caller
from autograder.cases.model import AssignmentCases, ExerciseCases
from autograder.errors import AuthoringError
from autograder.validate.mutations import solution_lines

_EXCUSED = r"# unreached: \S.{9,}"
"""The comment on a line that no case can run, with the reason in at least ten characters."""
_LARGE = 100.0


@dataclass(frozen=True)
class Reached:
    """What the cases of one exercise reach: sizes of dimensions from least to most, cases by edge and by part.

    `missing` are sentences about edges that its signature promises and no case reaches.
    """

    exercise: str
    cases: int
    sizes: dict[str, tuple[int, int]]
    edges: dict[str, int]
    parts: dict[str, int]
    missing: tuple[str, ...]


def inputs_reached(assignment: AssignmentCases) -> list[Reached]:
    """What the drawn inputs of each exercise reach. Reads the hidden tests, for the domains in their annotations."""
    written = {entry.name: entry for entry in exercises_of(load_module(project.hidden_tests(assignment.name)))}
    return [reached(entry, written[entry.name]) for entry in assignment.exercises]


def reached(entry: ExerciseCases, written: Exercise) -> Reached:
    """What the cases of an exercise reach, and what of its signature's promise they do not."""
    dimensions = [_dimensions(entry, case.arguments) for case in entry.cases]
    names = list(dict.fromkeys(name for found in dimensions for name in found))
    counted = {
        **_dimension_edges(names, dimensions),
        **_domain_edges(written, [case.arguments for case in entry.cases]),
    }
    features = [set(_features(case.arguments)) for case in entry.cases]
    seen = {word: sum(word in each for each in features) for word in ("zeros", "ties", "negative", f"≥ {_LARGE:g}")}
    parts = [case.part for case in entry.cases if case.part]
    return Reached(
        entry.name,
        len(entry.cases),
        {name: _range([found[name] for found in dimensions if name in found]) for name in names},
        {**counted, **{word: count for word, count in seen.items() if count}},
        {part: parts.count(part) for part in sorted(set(parts))},
        tuple(_missing(counted, written.unreached)),
    )


def _missing(counted: Mapping[str, int], unreached: Mapping[str, str]) -> Iterator[str]:
    for edge, count in counted.items():
        if not count and edge not in unreached:
            yield f'no case reaches "{edge}": draw one in inputs=, or give unreached={{"{edge}": "the reason"}}'
    for edge in unreached:
        if counted.get(edge) != 0:
            state = "is reached" if edge in counted else f"is none of its edges ({', '.join(counted)})"
            yield f'"{edge}" is given as unreached, but {state}: take it out'


def branches_missed(assignment: AssignmentCases) -> list[str]:
    """Lines and branches of the solutions that no case runs, each as a sentence.

    Raises AuthoringError where the cells cannot be measured.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"definition_{number}.py" for number in range(1, len(assignment.reference) + 1)]
        for path, source in zip(paths, assignment.reference, strict=True):
            path.write_text(source, encoding="utf-8")
        measured = _measured(assignment, paths, Path(folder))
    missed: list[str] = []
    for path, source in zip(paths, assignment.reference, strict=True):
        missed += _missed(source, measured.get(path.name, {}))
    return missed


def _measured(assignment: AssignmentCases, paths: Sequence[Path], folder: Path) -> dict[str, Any]:
    """coverage.py's findings by file name: `missing_lines`, and `missing_branches` from line to line."""
    from coverage import Coverage
    from coverage.exceptions import CoverageException

    coverage = Coverage(branch=True, data_file=None, include=[str(path) for path in paths], messages=False)
    coverage.exclude(_EXCUSED)
    try:
        with coverage.collect():
            functions = definitions_of(assignment.name, assignment.reference, [str(path) for path in paths])
            for entry in assignment.exercises:
                call = caller(entry.call, functions)
                for case in entry.cases:
                    answer_of(call, case.arguments)
        coverage.json_report(outfile=str(folder / "report.json"))
    except CoverageException as error:
        raise AuthoringError(
            f"{assignment.name}: the branches of its solutions cannot be measured: {error}."
        ) from error
    found = json.loads((folder / "report.json").read_text(encoding="utf-8"))["files"]
    return {Path(name).name: data for name, data in found.items()}


def _missed(source: str, found: Mapping[str, Any]) -> Iterator[str]:
    lines, inside = source.split("\n"), solution_lines(source)
    told = "draw a case that does, or write `# unreached: …` with the reason behind it"
    for number in found.get("missing_lines", ()):
        if number in inside:
            yield f"no case runs {lines[number - 1].strip()!r}: {told}"
    for start, end in found.get("missing_branches", ()):
        if start in inside and end not in found.get("missing_lines", ()):
            to = f"to {lines[end - 1].strip()!r}" if end > 0 else "to the end of the function"
            yield f"no case goes from {lines[start - 1].strip()!r} {to}: {told}"


def _dimensions(entry: ExerciseCases, arguments: Mapping[str, Value]) -> dict[str, int]:
    """Sizes of the named dimensions in one case."""
    return {
        dim: size
        for name, dims in entry.shapes.items()
        if dims and name in arguments
        for dim, size in zip(dims, np.shape(arguments[name]), strict=False)
        if not dim.isdigit()
    }


def _dimension_edges(names: Sequence[str], found: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """How many cases reach each edge of the dimensions."""
    edges = {f"{name} = 1": sum(sizes[name] == 1 for sizes in found) for name in names}
    edges |= {f"{name} > 1": sum(sizes[name] > 1 for sizes in found) for name in names}
    if len(names) > 1:
        edges["all dimensions 1"] = sum(set(sizes.values()) == {1} for sizes in found)
        edges["all dimensions equal"] = sum(len(set(sizes.values())) == 1 != min(sizes.values()) for sizes in found)
        edges["all dimensions different"] = sum(len(set(sizes.values())) == len(sizes) for sizes in found)
    return edges


def _domain_edges(written: Exercise, drawn: Sequence[Mapping[str, Value]]) -> dict[str, int]:
    """How many cases reach each edge that the domain of an argument names."""
    return {
        f"{parameter.name} {word}": sum(bool(shown(np.asarray(arguments[parameter.name]))) for arguments in drawn)
        for parameter in written.parameters
        for word, shown in getattr(getattr(parameter.annotation, "dtype", None), "edges", {}).items()
    }


def _features(value: Value) -> Iterator[str]:
    """What the numbers in some arguments show."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _features(item)
        return
    if not isinstance(value, np.ndarray | int | float) or isinstance(value, bool):
        return
    numbers = np.asarray(value, dtype=np.float64).ravel()
    if (numbers == 0).any():
        yield "zeros"
    if len(np.unique(numbers)) < len(numbers):
        yield "ties"
    if (numbers < 0).any():
        yield "negative"
    if (np.abs(numbers) >= _LARGE).any():
        yield f"≥ {_LARGE:g}"


def _range(sizes: Sequence[int]) -> tuple[int, int]:
    return min(sizes), max(sizes)
