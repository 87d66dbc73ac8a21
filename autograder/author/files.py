"""Author's files: the instructor's notebook and the hidden tests of an assignment, read and imported."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.errors import AuthoringError, AutograderError

_CELL = re.compile(r"^# %%(.*)$", re.MULTILINE)
_TESTS = re.compile(r"""\btests="([^"]+)\"""")


def reference_cells(notebook: Path) -> tuple[str, ...]:
    """Sources of the cells of an instructor's notebook that define something: marked `exercise=` or `locked=`."""
    return tuple(body for marker, body in _cells(notebook) if "exercise=" in marker or "locked=" in marker)


def visible_tests(notebook: Path) -> dict[str, str]:
    """Sources of the tests that students see in an instructor's notebook, by exercise."""
    return {found[1]: body for marker, body in _cells(notebook) if (found := _TESTS.search(marker))}


def _cells(notebook: Path) -> list[tuple[str, str]]:
    try:
        text = notebook.read_text(encoding="utf-8")
    except OSError as error:
        raise AuthoringError(f"{notebook}: there is no instructor's notebook here; write it.") from error
    pieces = _CELL.split(text)
    return [(marker, body.strip() + "\n") for marker, body in zip(pieces[1::2], pieces[2::2], strict=True)]


def load_module(path: Path) -> ModuleType:
    """Import an author's file by path. Raises AuthoringError, with the line, where it fails."""
    specification = importlib.util.spec_from_file_location(f"hidden_{path.parent.name}", path)
    if specification is None or specification.loader is None:
        raise AuthoringError(f"{path}: is not a Python file.")
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # typing.get_type_hints looks there
    try:
        specification.loader.exec_module(module)
    except AutograderError:
        raise
    except Exception as error:
        raise AuthoringError(f"{path}: cannot be imported: {type(error).__name__}: {error}.") from error
    return module


def definitions_of(name: str, cells: Iterable[str], files: Sequence[str] = ()) -> dict[str, Any]:
    """The names that trusted cells define; `files` are what tools that measure them take for their sources.

    Raises AuthoringError where one of them fails.
    """
    namespace: dict[str, Any] = {"__name__": f"reference_{name}"}
    for number, source in enumerate(cells, 1):
        try:
            file = files[number - 1] if files else f"<{name} notebook, definition {number}>"
            exec(compile(source, file, "exec"), namespace)
        except Exception as error:
            raise AuthoringError(
                f"{name}: definition {number} of the notebook fails: {type(error).__name__}: {error}."
            ) from error
    return namespace
