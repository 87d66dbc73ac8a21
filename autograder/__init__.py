"""Property-based grading of neural-network exercises, with the tests outside the student's process."""

from collections.abc import Callable
from typing import Any

__version__ = "0.1.0"
__all__ = ["__version__", "check"]

check: Callable[..., Any]


def __getattr__(name: str) -> object:
    """`from autograder import check`, which loads what it needs only then."""
    if name == "check":
        import importlib

        return importlib.import_module("autograder.student.check").check
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
