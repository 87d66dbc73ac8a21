"""The engine of a course: grades one submission, in any process or machine. Nothing of nbgrader is loaded here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from autograder.cases import model, store
from autograder.course.files import Collected
from autograder.grade.grader import Grader
from autograder.grade.result import SubmissionResult
from autograder.sandbox.launcher import Sandbox, choose
from autograder.sandbox.parent import Limits
from autograder.submission.aside import message
from autograder.submission.reading import Submission, Unreadable, kind_of, parse

Engine = Callable[[Submission | Unreadable], SubmissionResult]
Graded: TypeAlias = SubmissionResult | str
"""A result, or why the submission was put aside: that is nobody's fault but ours."""


def engine(assignment: model.AssignmentCases, sandbox: Sandbox, released: str) -> Engine:
    """The engine for an assignment, in this process; `released` is the text of its released notebook."""
    found = parse(released.encode(), ".ipynb", assignment.name)
    return Grader(assignment, sandbox, Limits(), () if isinstance(found, Unreadable) else found.cells).grade


def prepared(name: str, released: str, allow_weak: bool) -> tuple[Engine, Sandbox]:
    """The engine for an assignment by its name, and the sandbox that it uses. Raises SandboxError, AuthoringError."""
    assignment, sandbox = store.load(name), choose(allow_weak=allow_weak)
    return engine(assignment, sandbox, released), sandbox


def graded(grade: Engine, collected: Collected) -> Graded:
    """Grade one submission. Never raises for what it does: it never stops the class."""
    if collected.problem:
        return collected.problem
    try:
        submission = parse(collected.content, kind_of(collected.file), collected.student)
        return grade(submission).with_remark(collected.remark)
    except Exception as error:
        return message("graded", error)
