"""Memory: which checks of an assignment passed, kept in the cache until something that they depend on changes."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from autograder import project
from autograder.sandbox.launcher import Sandbox


@dataclass(frozen=True)
class Memory:
    """What passed of one assignment: the details that were told, by the title of the check.

    `key` is a digest of all that the checks depend on; what passed with another is forgotten.
    """

    path: Path
    key: str
    passed: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, sandbox: Sandbox) -> Memory:
        """What is remembered of an assignment as it is now."""
        path, key = project.cache_dir() / f"valid-{name}.json", _key(name, sandbox)
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            passed = found["passed"] if found["key"] == key else {}
            return cls(path, key, {str(title): str(detail) for title, detail in passed.items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls(path, key)

    def remember(self, title: str, detail: str) -> None:
        """A check passed: kept at once, so that who stops the others has not waited for nothing."""
        self.passed[title] = detail
        beside = self.path.with_suffix(f".{os.getpid()}.tmp")
        beside.write_text(json.dumps({"key": self.key, "passed": self.passed}), encoding="utf-8")
        beside.replace(self.path)


def _key(name: str, sandbox: Sandbox) -> str:
    """A digest of an assignment's files and figures, the reasons given for its mutants, and the libraries."""
    digest = hashlib.sha256(f"{project.assignment_key(name)} {sandbox.name} {sys.version_info[:2]}".encode())
    solutions = project.root() / "solutions"
    for path in (solutions / "equivalent.toml", *sorted((solutions / name / "figures").glob("*"))):
        digest.update(f"{path.name}\0".encode() + (path.read_bytes() if path.is_file() else b"-"))
    for library in ("numpy", "torch", "hypothesis", "nbgrader"):
        digest.update(importlib.metadata.version(library).encode())
    return digest.hexdigest()[:20]
