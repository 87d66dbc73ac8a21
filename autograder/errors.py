"""Every error a user can meet, as one tree. Each message is one sentence: what is wrong, where, what to do next.

    AutograderError
    ├── UsageError          the command line names something that is not there         (exit status 2)
    ├── AuthoringError      an exercise, a reference or a misconception is not right    (exit status 3)
    ├── SandboxError        this machine cannot run student code safely                (exit status 4)
    └── CourseError         nbgrader's files, exchange or gradebook stand in the way    (exit status 5)

A student's mistake is never an exception: it is an outcome.
"""

from __future__ import annotations


class AutograderError(Exception):
    """Base of all errors that end a command with one sentence and no traceback."""

    exit_status = 1


class UsageError(AutograderError):
    """The command line names something that does not exist or does not fit."""

    exit_status = 2


class AuthoringError(AutograderError):
    """An assignment is invalid: its references disagree, an annotation cannot be drawn, …"""

    exit_status = 3


class SandboxError(AutograderError):
    """No sandbox works here, or the one that does is not good enough for what was asked."""

    exit_status = 4


class CourseError(AutograderError):
    """The course directory, the exchange or the gradebook cannot be used."""

    exit_status = 5
