"""Data flows one way: no module imports one that comes after it, and the worker has next to nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.sandbox.mounts import _INSIDE, PACKAGE

# A room, or a module beside them, may use those above it. In one line: what does not know of each other.
ORDER = """
errors outcome streams
project border
text
author
cases
submission
sandbox
judge
grade
validate
report
student
course
cli
"""
LAYERS = {name: number for number, line in enumerate(ORDER.split("\n")) for name in line.split()}


def imports(path: Path) -> set[str]:
    """Modules of ours, and top-level modules of others, that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return found


def layer(module: str) -> str:
    return module.removeprefix("autograder.").partition(".")[0]


FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE) != Path("__init__.py")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_knows_one_that_comes_after_it(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert own in LAYERS, f"{own} has no place in ORDER yet: where does it stand in the flow?"
    used = {layer(name) for name in imports(path) if name.startswith("autograder.")} - {own}
    later = {name for name in used if LAYERS.get(name, -1) >= LAYERS[own]}
    assert not later, f"{own} imports {', '.join(sorted(later))}, which comes after it"


def test_no_module_is_on_a_circle_of_imports() -> None:
    names = {path: f"autograder.{'.'.join(path.relative_to(PACKAGE).with_suffix('').parts)}" for path in FILES}
    imported = {name: imports(path) & set(names.values()) for path, name in names.items()}
    while free := {name for name, used in imported.items() if not used}:
        imported = {name: used - free for name, used in imported.items() if name not in free}
    assert not imported, "on a circle, or above one: " + ", ".join(sorted(imported))


def test_the_order_names_what_there_is() -> None:
    there = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES}
    assert set(LAYERS) == there


def test_an_import_against_the_flow_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("def f():\n    from autograder import grade\n    import autograder.course.record\n")
    assert {layer(name) for name in imports(file) if name.startswith("autograder.")} == {"grade", "course"}


def test_the_worker_imports_only_the_standard_library_and_numpy() -> None:
    """And of ours what is mounted beside it, at import and later."""
    inside = {f"autograder.{name.removesuffix('.py').replace('/', '.')}".removesuffix(".__init__") for name in _INSIDE}
    for name in _INSIDE:
        for module in imports(PACKAGE / name):
            top = module.partition(".")[0]
            if top == "autograder":
                names = {module, module.rpartition(".")[0]}
                assert names & inside, f"{name} imports {module}, which is not in the sandbox"
            else:
                assert top in {*sys.stdlib_module_names, "numpy"}, f"{name} imports {module}"


def test_the_worker_loads_nothing_else() -> None:
    modules = ", ".join(
        f"autograder.{name.removesuffix('.py').replace('/', '.')}" for name in _INSIDE if "__init__" not in name
    )
    code = (
        f"import sys\nbefore = set(sys.modules)\nimport numpy, {modules}\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "sys.exit(str(sorted(new - set(sys.stdlib_module_names) - {'numpy', 'autograder'})).replace('[]', ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert not done.stderr.strip(), done.stderr
