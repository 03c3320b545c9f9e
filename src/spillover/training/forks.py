"""Where other stages start from a training: at fixed steps, or after its environments are passed often enough."""

from collections.abc import Iterable, Sequence

from spillover.core.records import StepMetrics
from spillover.core.stages import At


def fork_steps(places: Iterable[At], metrics: Sequence[StepMetrics], last: int) -> set[int]:
    """The steps at which a checkpoint is wanted, as far as they are known from the metrics so far."""
    found = {fork_step(at, metrics, last) for at in places}
    return {step for step in found if step is not None}


def fork_step(at: At, metrics: Sequence[StepMetrics], last: int) -> int | None:
    """The step that `at` means in a training of `last` steps; None while, or where, its trigger is not met.

    Every environment must be passed by the share at its latest step; the fork comes `later` steps after that, at the
    end of the training at the latest.
    """
    if at.share is None:
        return last if at.step is None else at.step
    latest: dict[str, float] = {}
    for step in metrics:
        latest |= {name: rates["pass_rate"] for name, rates in step.environments.items() if "pass_rate" in rates}
        if latest and all(rate >= at.share for rate in latest.values()):
            return min(last, step.step + at.later)
    return None
