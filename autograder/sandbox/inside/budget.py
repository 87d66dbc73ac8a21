"""Time for a submission's statements: one that takes too long is stopped, and many together take no longer.

Runs inside the sandbox, so it needs only the standard library.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

STATEMENT_SECONDS = 2.0
"""Of processor time for one statement."""
ASLEEP_SECONDS = 8.0
"""Of any time: less than a worker has for all statements, and much more than one needs while the machine is busy."""
_LEAST = 0.01
"""What each gets however little is left: a definition needs less."""


class TooSlow(BaseException):
    """What was run took longer than it may; no `except Exception` of the student's stops it."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(f"took more than {seconds:g} seconds")


class Budget:
    """Seconds of processor time for all statements of a submission, of which one gets half of what is left at most."""

    def __init__(self, seconds: float) -> None:
        self._cpu, self._wall = seconds, seconds * ASLEEP_SECONDS / STATEMENT_SECONDS / 2

    def run(self, action: Callable[..., Any], *arguments: Any) -> Any:
        """What `action` returns. Raises TooSlow, and whatever it raises."""
        if not hasattr(
            signal, "setitimer"
        ):  # Windows, where only students are: their check has a time limit of its own
            return action(*arguments)
        cpu = max(_LEAST, min(STATEMENT_SECONDS, self._cpu / 2))
        wall = max(_LEAST, min(ASLEEP_SECONDS, self._wall / 2))

        def stop(signum: int, frame: FrameType | None) -> None:
            raise TooSlow(cpu)

        timers = (signal.SIGPROF, signal.ITIMER_PROF, cpu), (signal.SIGALRM, signal.ITIMER_REAL, wall)
        begin, begin_wall = time.process_time(), time.monotonic()
        for number, timer, seconds in timers:
            signal.signal(number, stop)
            signal.setitimer(timer, seconds, 0.1)
        try:
            return action(*arguments)
        finally:
            for _, timer, _ in timers:
                signal.setitimer(timer, 0)
            self._cpu -= time.process_time() - begin
            self._wall -= time.monotonic() - begin_wall
