"""Released: what must hold of the notebook that students get, and of nbgrader's source that it is made from."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator

from autograder import project
from autograder.cases.model import AssignmentCases
from autograder.errors import AuthoringError

_SECRETS = re.compile(r"BEGIN SOLUTION|END SOLUTION|HIDDEN TESTS|MARK SCHEME|misconception|hidden\.py", re.I)
_SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)
_TELLING = 25  # characters: shorter lines of a solution may stand in the text by chance


def problems(assignment: AssignmentCases, made: str) -> Iterator[str]:
    """What is wrong with the released notebook: missing, not as it would be `made` now, telling answers or tests."""
    name = assignment.name
    path = project.released(name)
    if not path.exists():
        yield f"{path} is missing; run `make release A={name}`"
        return
    text = path.read_text(encoding="utf-8")
    if secret := _SECRETS.search(text):
        yield f"it contains {secret[0]!r}"
    if answer := answer_in(text, project.notebook(name).read_text(encoding="utf-8")):
        yield f"it contains a line of a solution: {answer!r}"
    for hidden in hidden_in(text, assignment):
        yield f"it contains {hidden!r}, which is in the hidden tests"
    if text != made:
        yield f"it differs from its source; run `make release A={name}`"


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
