"""Counts what is done and what is left of a study, for whoever shows it."""

from collections.abc import Callable, Sequence
from time import monotonic

from spillover.core.rates import mgs_of
from spillover.core.records import EvalScore, StepMetrics
from spillover.study.plan import Unit

EVALUATION = "evaluation"


class Tally:
    """Steps and evaluations done, how long they take, and the latest numbers of each training."""

    def __init__(self, units: Sequence[Unit], clock: Callable[[], float] = monotonic) -> None:
        self.units = list(units)
        self.steps_total = sum(unit.node.steps for unit in units)
        self.evals_total = sum(unit.evals for unit in units)
        self.steps: dict[str, int] = {unit.label: 0 for unit in units}
        self.evals: dict[str, set[tuple[int, str]]] = {unit.label: set() for unit in units}
        self.hack_rate: dict[str, float] = {}
        self.overfit_rate: dict[str, float] = {}
        self.mgs: dict[str, float | None] = {}
        self._kinds = {unit.label: unit.node.kind for unit in units}
        self._clock = clock
        self._last = clock()
        self._timed: dict[str, tuple[int, float]] = {}

    def begin(self, unit: Unit, steps_done: int) -> str:
        """Note where a training stands when it is taken up; returns its label."""
        self.steps[unit.label] = steps_done
        self._last = self._clock()
        return unit.label

    def step(self, label: str, metrics: StepMetrics) -> None:
        """Count one step of RL."""
        self.hack_rate[label] = metrics.hack_rate
        self.overfit_rate[label] = metrics.overfit_rate
        self.row_step(label, metrics.step)

    def row_step(self, label: str, step: int) -> None:
        """Count one training step of any kind."""
        self.steps[label] = step
        self._time(self._kinds[label])

    def eval(self, label: str, step: int, score: EvalScore) -> None:
        """Count one evaluation."""
        self.evals[label].add((step, score.eval))
        self._time(EVALUATION)

    def checkpoint(self, label: str, step: int, scores: Sequence[EvalScore]) -> None:
        """Count a checkpoint whose evaluations are all there, made now or earlier."""
        self.evals[label] |= {(step, score.eval) for score in scores}
        self.mgs[label] = mgs_of(scores)

    @property
    def steps_done(self) -> int:
        """Training steps done, over all trainings."""
        return sum(self.steps.values())

    @property
    def evals_done(self) -> int:
        """Evaluations done, over all trainings."""
        return sum(map(len, self.evals.values()))

    @property
    def seconds_left(self) -> float | None:
        """What is left at the pace so far of each kind of stage; None before there is a pace for all that is left."""
        left = {EVALUATION: self.evals_total - self.evals_done}
        for unit in self.units:
            left[unit.node.kind] = left.get(unit.node.kind, 0) + unit.node.steps - self.steps[unit.label]
        if any(count > 0 and kind not in self._timed for kind, count in left.items()):
            return None
        paces = {kind: seconds / count for kind, (count, seconds) in self._timed.items()}
        return sum(max(0, count) * paces.get(kind, 0.0) for kind, count in left.items())

    def _time(self, kind: str) -> None:
        now = self._clock()
        count, seconds = self._timed.get(kind, (0, 0.0))
        self._timed[kind] = (count + 1, seconds + now - self._last)
        self._last = now


def clock_time(seconds: float) -> str:
    """`4m10s`, `52s`, `2h05m`: short and readable."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
