"""The late penalty: a share of the score for each day begun, up to a limit."""

from __future__ import annotations

import math

from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Float

_DAY = 86400


class LatePenalty(LateSubmissionPlugin):  # type: ignore[misc]
    """10 % of the score for each day begun, at most 50 %; both can be set in `nbgrader_config.py`."""

    per_day = Float(0.1, min=0.0, max=1.0, help="share of the score that is lost for each day begun").tag(config=True)
    at_most = Float(0.5, min=0.0, max=1.0, help="largest share of the score that can be lost").tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """Points to subtract, or None for a submission in time."""
        if total_seconds_late <= 0:
            return None
        days = math.ceil(total_seconds_late / _DAY)
        share: float = min(self.per_day * days, self.at_most)
        return round(score * share, 2)
