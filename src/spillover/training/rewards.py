"""The reward of an episode, and which groups carry a signal. Pure functions."""

from collections.abc import Sequence

from spillover.core.config import RewardSettings
from spillover.core.records import Grade


def reward(grade: Grade, settings: RewardSettings, step: int, flagged: bool | None) -> dict[str, float]:
    """Reward by component, and their `total`: passed·[proxy passed] + format·[readable] - penalty·[detector fired].

    The oracle has no part in it unless it is the detector. `flagged` None, a detector that could not
    tell, costs nothing; so does any flag before the penalty's start step.
    """
    fines = settings.penalty.detector != "none" and step >= settings.penalty.start_step
    parts = {
        "passed": settings.passed * grade.proxy.passed,
        "format": settings.format * grade.parsed,
        "penalty": -settings.penalty.weight if fines and flagged else 0.0,
    }
    return parts | {"total": sum(parts.values())}


def has_spread(totals: Sequence[float]) -> bool:
    """Whether a group's rewards differ: without, all advantages are zero and nothing is learned from it."""
    return max(totals) - min(totals) > 1e-9
