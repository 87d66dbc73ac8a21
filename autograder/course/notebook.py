"""The instructor's percent file → nbgrader's source notebook.

    locked="imports"                   read-only code
    exercise="dW"                      the solution, between ### BEGIN SOLUTION and ### END SOLUTION
    tests="dW"                         visible tests; the points of the exercise hang on this cell
    [markdown] written="why" points=10 a question that a person grades

follow `# %%` on the line that starts a cell. Figures that the text shows, `![words](figures/name.png)`, are put into
the text itself, at its end: the notebook stays whole wherever it is copied.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, v4

from autograder.errors import AuthoringError

_KEYS = ("locked", "exercise", "tests", "written", "points")
_FIGURE = re.compile(r"\]\((figures/[\w.-]+)\)")
# What all that show notebooks accept in a link: nbconvert and VS Code take no SVG there. Colab shows no attachments,
# JupyterLab none that is SVG.
_PICTURES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif"}
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def source_notebook(assignment_dir: Path, points: Mapping[str, float]) -> NotebookNode:
    """Build nbgrader's source notebook of an assignment whose exercises are worth `points`.

    Raises AuthoringError where the percent file and the hidden tests do not fit together.
    """
    import jupytext  # grading does without

    path = assignment_dir / f"{assignment_dir.name}.py"
    if not path.is_file():
        raise AuthoringError(f"{path}: there is no instructor's notebook here; write it.")
    try:
        parsed = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    except (ValueError, SyntaxError) as error:
        raise AuthoringError(f"{path}: is not a notebook in jupytext's percent format: {error}.") from error
    cells = [_cell(cell, number, points, path) for number, cell in enumerate(parsed.cells, 1)]
    _check(cells, points, path)
    notebook = v4.new_notebook(cells=cells, metadata=_METADATA)
    notebook.nbformat_minor = 5
    return notebook


def exercise_of(grade_id: str) -> str:
    """The exercise that a test cell belongs to; the identifier itself of any other cell."""
    name = grade_id.removeprefix("test-")
    return name if name == grade_id else name.replace("-", ".")


def identifier_of(exercise: str) -> str:
    """nbgrader's identifier of an exercise's test cell; it allows no dots, and names of exercises have no hyphens."""
    return f"test-{exercise.replace('.', '-')}"


def _cell(cell: NotebookNode, number: int, points: Mapping[str, float], path: Path) -> NotebookNode:
    ours = {key: cell.metadata[key] for key in _KEYS if key in cell.metadata}
    kinds = [key for key in ours if key != "points"]
    where = f"{path}: cell {number}"
    if len(kinds) > 1:
        raise AuthoringError(f"{where} is marked {' and '.join(kinds)}; keep one.")
    if (kinds == ["written"]) != (cell.cell_type == "markdown") and kinds:
        raise AuthoringError(f"{where} is marked {kinds[0]} but is a {cell.cell_type} cell; change one of both.")
    if "points" in ours and kinds != ["written"]:
        raise AuthoringError(f"{where} has points; only written questions do, those of exercises are in hidden.py.")
    # jupytext adds lines_to_… keys about blank lines in the percent file
    kept = {key: value for key, value in cell.metadata.items() if key not in _KEYS and not key.startswith("lines_to_")}
    metadata: dict[str, Any] = kept
    identifier = f"cell-{number}"
    if kinds:
        grading = _grading(kinds[0], ours, points, where)
        metadata["nbgrader"] = grading
        identifier = re.sub(r"[^A-Za-z0-9_-]", "-", grading["grade_id"])[:64]
    make = {"markdown": v4.new_markdown_cell, "code": v4.new_code_cell, "raw": v4.new_raw_cell}[cell.cell_type]
    source = _with_figures(cell.source, path.parent, where) if cell.cell_type == "markdown" else cell.source
    return make(source, metadata=metadata, id=identifier)


def _with_figures(source: str, folder: Path, where: str) -> str:
    """A text with its figures as `data:` links below it, where they are out of the way of who edits the cell."""
    names = dict.fromkeys(_FIGURE.findall(source))
    links = [f"[{name}]: {_link(folder / name, name, where)}" for name in names]
    return "\n\n".join([_FIGURE.sub(r"][\1]", source), *links])


def _link(path: Path, name: str, where: str) -> str:
    kind = _PICTURES.get(path.suffix)
    if kind is None:
        raise AuthoringError(f"{where} shows {name}, which not every notebook can; take {', '.join(_PICTURES)}.")
    try:
        return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"
    except OSError:
        raise AuthoringError(f"{where} shows {name}, which is not there; draw it or correct the name.") from None


def _grading(kind: str, ours: Mapping[str, Any], points: Mapping[str, float], where: str) -> dict[str, Any]:
    """nbgrader's metadata for a cell, schema version 3."""
    name = ours[kind]
    if not isinstance(name, str) or not name:
        raise AuthoringError(f'{where}: {kind}={name!r} must name something in quotes, like {kind}="dW".')
    if kind == "exercise" and name not in {key.partition(".")[0] for key in points} | set(points):
        raise AuthoringError(f"{where}: there is no exercise {name!r} in hidden.py; add it or correct the name.")
    if kind == "tests" and name not in points:
        raise AuthoringError(f"{where}: tests for {name!r}, which is no exercise in hidden.py; correct the name.")
    worth = {"tests": points.get(name), "written": ours.get("points")}.get(kind)
    if kind == "written" and (isinstance(worth, bool) or not isinstance(worth, int | float) or worth <= 0):
        raise AuthoringError(f"{where}: the written question {name!r} needs points=… greater than 0.")
    grading: dict[str, Any] = {
        "grade": kind in ("tests", "written"),
        "grade_id": identifier_of(name) if kind == "tests" else name,
        "locked": kind in ("tests", "locked"),
        "schema_version": 3,
        "solution": kind in ("exercise", "written"),
        "task": False,
    }
    if worth is not None:
        grading["points"] = int(worth) if float(worth).is_integer() else float(worth)
    return grading


def _check(cells: list[NotebookNode], points: Mapping[str, float], path: Path) -> None:
    grading = [cell.metadata.nbgrader for cell in cells if "nbgrader" in cell.metadata]
    found = [entry.grade_id for entry in grading]
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise AuthoringError(f"{path}: there are two cells for {twice[0]!r}; rename or remove one.")
    for name in points:
        if name not in found and name.partition(".")[0] not in found:
            raise AuthoringError(f'{path}: there is no cell for exercise {name!r}; mark one with exercise="{name}".')
        if identifier_of(name) not in found:
            raise AuthoringError(f'{path}: exercise {name!r} has no visible tests; mark a cell with tests="{name}".')
    if not any(entry.grade and entry.solution for entry in grading):
        raise AuthoringError(f'{path}: there is no written question; mark a Markdown cell with written="…" points=….')
    for cell in cells:
        if cell.cell_type == "markdown" and "nbgrader" in cell.metadata and not cell.source.strip():
            raise AuthoringError(
                f"{path}: the written question {cell.metadata.nbgrader.grade_id!r} has no model answer; write one in "
                "its cell, for those who grade: students do not see it."
            )
        solution = "nbgrader" in cell.metadata and cell.metadata.nbgrader.solution
        if solution and cell.cell_type == "code" and "### BEGIN SOLUTION" not in cell.source:
            raise AuthoringError(
                f"{path}: the cell of {cell.metadata.nbgrader.grade_id!r} has no ### BEGIN SOLUTION; "
                "put its solution between that and ### END SOLUTION."
            )
