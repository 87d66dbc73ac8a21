"""What the last run graded, so that the next one does only what changed. Loads nothing of nbgrader or the engine."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from autograder import project
from autograder.course.files import stamp, submission_file, write
from autograder.submission import Unreadable, read


@dataclass
class State:
    """The state file of an assignment in a course.

    students   by name: `key` of what was graded, `status` and `message` of the result, whether `feedback` was made
    rows       the class table of the last run
    gradebook  when the gradebook was last changed, in nanoseconds: a person may have graded since
    """

    path: Path
    students: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    gradebook: int = 0

    @classmethod
    def load(cls, course: Path, name: str) -> State:
        """Read the state; a missing or damaged file is an empty state, which only means more work."""
        path = course / ".autograder" / f"{name}.json"
        try:
            data = json.loads(path.read_bytes())
            return cls(path, dict(data["students"]), list(data["rows"]), int(data["gradebook"]))
        except (OSError, ValueError, KeyError, TypeError):
            return cls(path)

    def save(self) -> None:
        """Write the state, whole or not at all."""
        data = {key: value for key, value in asdict(self).items() if key != "path"}
        write(self.path, json.dumps(data, indent=1, sort_keys=True).encode())


def assignment_key(name: str) -> str:
    """A digest of all that a grade depends on besides the submission: the hidden tests and this framework."""
    package = Path(__file__).resolve().parent.parent
    ours = sorted(path for path in package.rglob("*") if path.suffix in (".py", ".j2"))
    digest = hashlib.sha256()
    for path in (*project.sources(name), *ours):
        digest.update(path.read_bytes() if path.is_file() else b"-")
    return digest.hexdigest()[:20]


def submission_key(course: Path, name: str, student: str, assignment: str) -> str:
    """A digest of a submission: its bytes (or why they cannot be read), when it came, and the assignment's key."""
    path = submission_file(course, name, student)
    found = read(path, student)
    reason = found.reason if isinstance(found, Unreadable) else ""
    parts = (assignment, path.name, found.digest, reason, stamp(course, name, student, "timestamp.txt"))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def gradebook_time(course: Path) -> int:
    """When the gradebook was last written, 0 if there is none."""
    try:
        return (course / "gradebook.db").stat().st_mtime_ns
    except OSError:
        return 0
