"""Released: what must hold of what students get: as it would be made now, and as it lies in `assignments/`."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
from collections.abc import Iterator

from autograder import project
from autograder.cases import visible
from autograder.cases.model import AssignmentCases
from autograder.errors import AuthoringError, AutograderError

_SECRETS = re.compile(r"BEGIN SOLUTION|END SOLUTION|HIDDEN TESTS|MARK SCHEME|misconception|hidden\.py", re.I)
_SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)
_TELLING = 25  # characters: shorter lines of a solution may stand in the text by chance


def leaks(assignment: AssignmentCases, text: str) -> Iterator[str]:
    """What the notebook for students tells and must not: marks of the instructor's, answers, hidden tests."""
    if secret := _SECRETS.search(text):
        yield f"it contains {secret[0]!r}"
    if answer := answer_in(text, project.notebook(assignment.name).read_text(encoding="utf-8")):
        yield f"it contains a line of a solution: {answer!r}"
    for hidden in hidden_in(text, assignment):
        yield f"it contains {hidden!r}, which is in the hidden tests"


def outdated(assignment: AssignmentCases, made: str) -> Iterator[str]:
    """What in `assignments/` is not as it would be released now: the notebook, which would be `made`, and the cases."""
    name = assignment.name
    notebook, cases = project.released(name), project.visible_cases(name)
    again = f"`{project.program()} course release {name}` writes it anew"
    if not notebook.exists():
        yield f"{notebook} is missing; {again}"
    elif notebook.read_text(encoding="utf-8") != made:
        yield f"{notebook} differs from its source; {again}"
    try:
        content = cases.read_bytes()
        found = dataclasses.replace(visible.read(cases), version="")
    except (OSError, AutograderError):
        yield f"{cases} is missing or cannot be read; {again}"
        return
    if visible.write(found) != content:
        yield f"there is something else in {cases}; {again}"
    elif not visible.same(found, visible.visible(assignment)):
        yield f"{cases} differs from the hidden tests; {again}"


def answer_in(released: str, notebook: str) -> str:
    """A line that stands in the notebook's solutions only, and yet in the released text; "" if there is none."""
    elsewhere = _SOLUTION.sub("", notebook)
    for solution in _SOLUTION.findall(notebook):
        for line in map(str.strip, solution.splitlines()):
            telling = len(line) >= _TELLING and not line.startswith("#") and line not in elsewhere
            if telling and _quoted(line) in released:
                return line
    return ""


def hidden_in(released: str, assignment: AssignmentCases) -> Iterator[str]:
    """Hints of misconceptions, and names that only the hidden tests define, that stand in the released text."""
    for entry in assignment.exercises:
        for known in entry.mistakes:
            if _quoted(known.hint) in released:
                yield known.hint
    # A name of one word may be a word of the text; one that the notebook defines, too, is its own.
    tree = ast.parse(project.hidden_tests(assignment.name).read_text(encoding="utf-8"))
    own = "\n".join(assignment.reference)
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef) and "_" in statement.name.strip("_"):
            word = re.compile(rf"(?<!\w){re.escape(statement.name)}(?!\w)")
            if word.search(released) and not word.search(own):
                yield statement.name


def graded_cells(text: str) -> tuple[int, int, float]:
    """How many tests and written questions a notebook has, and the sum of its automatic points.

    Raises AuthoringError for what is no notebook to Jupyter or to nbgrader.
    """
    import nbformat
    from nbgrader.nbgraderformat.common import SchemaMismatchError
    from nbgrader.preprocessors import CheckCellMetadata

    try:
        notebook = nbformat.reads(text, as_version=nbformat.current_nbformat)
        nbformat.validate(notebook)
        CheckCellMetadata().preprocess(notebook, {})
    except (ValueError, SchemaMismatchError, nbformat.ValidationError) as error:
        raise AuthoringError(f"it is no valid notebook for nbgrader: {' '.join(str(error).split())[:200]}") from error
    graded = [cell.metadata.nbgrader for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    tests = [entry for entry in graded if not entry.solution]
    return len(tests), len(graded) - len(tests), float(sum(entry.points for entry in tests))


def _quoted(line: str) -> str:
    """A line as it stands in a notebook's JSON."""
    return json.dumps(line, ensure_ascii=False)[1:-1]
