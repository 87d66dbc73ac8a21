"""A class of any size: whatever submissions do, nothing is left of them in the grader or in the warm parent."""

from __future__ import annotations

import os
from pathlib import Path

from autograder.cases.model import AssignmentCases
from autograder.grade.grader import Grader
from autograder.sandbox.launcher import choose
from autograder.sandbox.parent import Limits
from autograder.submission.reading import Submission
from tests.test_attacks import family

BODIES = (
    "return A - Y",
    "import os; os._exit(0)",
    "raise ValueError('x' * 1000)",
    "import ctypes; ctypes.string_at(0)",
    "return np.ones(100_000) * len(A)",
    "return bytearray(8 << 30)",
)


def descriptors(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:  # another user's
        return 0


def held(root: int) -> dict[int, int]:
    """Open descriptors of a process and of all that descend from it."""
    return {pid: descriptors(pid) for pid in (root, *family(root))}


def memory(pid: int) -> int:
    """Bytes in use."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_nothing_grows_with_the_number_of_submissions(backprop: AssignmentCases) -> None:
    grader = Grader(backprop, choose(), Limits())

    def grade(start: int, count: int) -> None:
        for number in range(start, start + count):
            cell = f"# {number}\nimport numpy as np\ndef dZ_output(A, Y): {BODIES[number % len(BODIES)]}"
            grader.grade(Submission.of(str(number), (cell,)))

    grade(0, len(BODIES))
    before, memories = held(os.getpid()), {pid: memory(pid) for pid in (os.getpid(), *family())}
    grade(len(BODIES), 8 * len(BODIES))
    assert held(os.getpid()) == before
    assert all(memory(pid) - size < 32 << 20 for pid, size in memories.items())
