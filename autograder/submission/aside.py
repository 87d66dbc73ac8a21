"""Aside: whatever goes wrong with one submission puts that one aside, by name and with the reason; the class goes on.

What is done for many at once goes through `apart`: where it fails, it is done for one at a time, and those for whom it
fails again are named. Only what would fail for everybody stops a class: this machine's disk, or what a person must set
right first (an `AutograderError`).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from typing import TypeVar

from autograder.errors import AutograderError

_T = TypeVar("_T")
_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE)
KILLED = "the process that was at it died twice: killed, or for want of memory"


def message(stage: str, error: BaseException | str) -> str:
    """Why a submission was put aside while it was `stage` ("graded"), and what a person should do, as one sentence."""
    from autograder.text import clean  # and NumPy, which a run does without where nothing has changed

    reason = error if isinstance(error, str) else _reason(error)
    told = f"put aside while it was {stage} ({clean(reason, 300)}), which is no mistake of its author; nothing is lost"
    again = "collect" if stage == "collected" else "grade"
    return f"{told}: {again} it again, and where it is put aside again, look at it by hand"


def apart(
    work: Callable[[Sequence[_T]], object],
    items: Sequence[_T],
    stage: str,
    name: Callable[[_T], str] = str,
    fatal: tuple[type[BaseException], ...] = (),
) -> dict[str, str]:
    """Do `work` for many at once, or for one at a time where that fails. Returns whom it fails for, and why.

    `work` may be done twice for the same. Raises what would fail for everybody, and `fatal`.
    """
    if not items:
        return {}
    try:
        work(items)
    except Exception as error:
        if stops_all(error) or isinstance(error, fatal):
            raise
        if len(items) == 1:
            return {name(items[0]): message(stage, error)}
        failed: dict[str, str] = {}
        for item in items:
            failed |= apart(work, [item], stage, name, fatal)
        return failed
    return {}


def stops_all(error: BaseException) -> bool:
    """Whether an error is about this machine, or what a person must set right first, and not about one submission."""
    return isinstance(error, AutograderError) or (isinstance(error, OSError) and error.errno in _MACHINE)


def _reason(error: BaseException) -> str:
    said, kind = str(error), type(error).__name__
    return said if said and isinstance(error, AutograderError) else f"{kind}: {said}" if said else kind
