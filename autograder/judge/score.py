"""Score: points for the parts of an exercise that are right on every one of their cases."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.judge.compare import Verdict


def score(points: float, verdicts: Sequence[Verdict]) -> float:
    """Points earned: each part (one for most exercises) is worth an equal share and earned only as a whole."""
    parts: dict[str, bool] = {}
    for verdict in verdicts:
        parts[verdict.case.part] = parts.get(verdict.case.part, True) and verdict.right
    return round(points * sum(parts.values()) / len(parts), 2) if parts else 0.0
