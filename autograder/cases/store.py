"""The store of cases: an assignment is drawn once per content and seed, and kept as a file that grading loads.

Drawing (`autograder.cases.drawing`) needs Hypothesis, torch and the author's files; grading needs none of these.
Drawing runs in a process of its own: Hypothesis mines constants from the modules that happen to be loaded, and the
same files must give the same cases whoever asks.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
import sys
from pathlib import Path
from typing import Any

from autograder import project
from autograder.border.batch import Batch
from autograder.border.values import decode, encode
from autograder.cases.model import AssignmentCases, Case, ExerciseCases, KnownMistake
from autograder.errors import AuthoringError, AutograderError

_ROOMS = ("author", "border", "cases")
"""Those of this package on which it depends what is drawn."""


def load(name: str, seed: int = 0) -> AssignmentCases:
    """Return the compiled cases of an assignment, from the cache or drawn now.

    Raises UsageError if there is no such assignment, AuthoringError if it is invalid (references that disagree, …).
    """
    path = cached(name, seed)
    try:
        return parse(path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not drawn yet, or written half: draw
    drawn = project.run_apart("autograder.cases.drawing", name, str(seed), str(path))
    if drawn.returncode == AuthoringError.exit_status:
        raise AuthoringError(drawn.stderr.strip().splitlines()[-1])
    if drawn.returncode != 0:
        raise AutograderError(f"drawing the cases of {name} failed unexpectedly:\n{drawn.stderr.strip()}")
    return parse(path.read_bytes())


def cached(name: str, seed: int = 0) -> Path:
    """Where the compiled cases of an assignment are, once they have been loaded. Raises UsageError as `load` does."""
    return project.cache_dir() / f"{name}-{_key(name, seed)}.json"


def parse(content: bytes) -> AssignmentCases:
    """Compiled cases from the bytes of their file. Raises ValueError, KeyError or TypeError if they are none."""
    return _from_json(json.loads(content))


def _key(name: str, seed: int) -> str:
    digest = hashlib.sha256(f"{seed} {sys.version_info[:2]}".encode())
    package = Path(__file__).resolve().parent.parent
    ours = [path for room in _ROOMS for path in sorted((package / room).glob("*.py"))]
    for path in (*project.sources(name), *ours):
        digest.update(path.read_bytes() if path.exists() else b"-")
    for library in ("numpy", "hypothesis", "torch"):
        digest.update(importlib.metadata.version(library).encode())
    return digest.hexdigest()[:20]


def _written(batch: Batch) -> str:
    return base64.b64encode(batch.as_bytes()).decode("ascii")


def _read(text: str) -> Batch:
    return Batch.from_bytes(base64.b64decode(text, validate=True))


def exercise_json(entry: ExerciseCases) -> dict[str, Any]:
    """An exercise as JSON-able data."""
    return {
        **{key: getattr(entry, key) for key in ("name", "points", "summary", "call", "unique", "seconds", "free")},
        "builds_on": list(entry.builds_on),
        "relations": list(entry.relations),
        "shapes": {name: None if dims is None else list(dims) for name, dims in entry.shapes.items()},
        "cases": [[encode(case.arguments), encode(case.expected), case.part, case.plan] for case in entry.cases],
        "mistakes": [[wrong.name, wrong.hint, _written(wrong.batch)] for wrong in entry.mistakes],
        **({"given": entry.given} if entry.given else {}),  # students' files have none
    }


def to_json(compiled: AssignmentCases) -> dict[str, Any]:
    """A compiled assignment as JSON-able data: what the cache holds."""
    return {
        "name": compiled.name,
        "seed": compiled.seed,
        "version": compiled.version,
        "reference": list(compiled.reference),
        "exercises": [exercise_json(entry) for entry in compiled.exercises],
    }


def _from_json(data: dict[str, Any]) -> AssignmentCases:
    exercises = tuple(
        ExerciseCases(
            entry["name"],
            entry["points"],
            entry["summary"],
            entry["call"],
            tuple(entry["builds_on"]),
            entry["unique"],
            entry["seconds"],
            entry["free"],
            tuple(entry["relations"]),
            {name: None if dims is None else tuple(dims) for name, dims in entry["shapes"].items()},
            tuple(Case(decode(case[0]), decode(case[1]), case[2], case[3]) for case in entry["cases"]),
            tuple(KnownMistake(wrong[0], wrong[1], _read(wrong[2])) for wrong in entry["mistakes"]),
            entry.get("given", {}),
        )
        for entry in data["exercises"]
    )
    return AssignmentCases(data["name"], data["seed"], data["version"], exercises, tuple(data["reference"]))
