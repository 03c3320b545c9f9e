"""Counts what is done and what is left of a study, for whoever shows it."""

from collections.abc import Callable, Sequence
from time import monotonic

from spillover.core.errors import MissingScoreError
from spillover.core.records import EvalScore, StepMetrics
from spillover.core.stats import mgs
from spillover.study.plan import RunPlan


class Tally:
    """Steps and evaluations done, how long they take, and the latest numbers of each arm and seed."""

    def __init__(self, runs: Sequence[RunPlan], clock: Callable[[], float] = monotonic) -> None:
        self.runs = list(runs)
        self.steps_total = sum(run.steps for run in runs)
        self.evals_total = sum(run.total_evals for run in runs)
        self.steps: dict[str, int] = {run_label(run): 0 for run in runs}
        self.evals: dict[str, set[tuple[int, str]]] = {run_label(run): set() for run in runs}
        self.hack_rate: dict[str, float] = {}
        self.overfit_rate: dict[str, float] = {}
        self.mgs: dict[str, float | None] = {}
        self._clock = clock
        self._last = clock()
        self._timed = {"step": (0, 0.0), "eval": (0, 0.0)}

    def begin(self, run: RunPlan, steps_done: int) -> str:
        """Note where a run stands when it is taken up; returns its label."""
        label = run_label(run)
        self.steps[label] = steps_done
        self._last = self._clock()
        return label

    def step(self, label: str, metrics: StepMetrics) -> None:
        """Count one training step."""
        self.steps[label] = metrics.step
        self.hack_rate[label] = metrics.hack_rate
        self.overfit_rate[label] = metrics.overfit_rate
        self._time("step")

    def eval(self, label: str, step: int, score: EvalScore) -> None:
        """Count one evaluation."""
        self.evals[label].add((step, score.eval))
        self._time("eval")

    def checkpoint(self, label: str, step: int, scores: Sequence[EvalScore]) -> None:
        """Count a checkpoint whose evaluations are all there, made now or earlier."""
        self.evals[label] |= {(step, score.eval) for score in scores}
        self.mgs[label] = mgs_of(scores)

    @property
    def steps_done(self) -> int:
        """Training steps done, over all runs."""
        return sum(self.steps.values())

    @property
    def evals_done(self) -> int:
        """Evaluations done, over all runs."""
        return sum(map(len, self.evals.values()))

    @property
    def seconds_left(self) -> float | None:
        """What is left at the pace so far; None before there is a pace for all that is left."""
        left = {"step": self.steps_total - self.steps_done, "eval": self.evals_total - self.evals_done}
        if any(left[kind] > 0 and not count for kind, (count, _) in self._timed.items()):
            return None
        return sum(max(0, left[kind]) * seconds / max(1, count) for kind, (count, seconds) in self._timed.items())

    def _time(self, kind: str) -> None:
        now = self._clock()
        count, seconds = self._timed[kind]
        self._timed[kind] = (count + 1, seconds + now - self._last)
        self._last = now


def run_label(run: RunPlan) -> str:
    """The arm's name, with the seed where the reader needs it to tell runs apart."""
    return f"{run.arm.name}/{run.seed}"


def mgs_of(scores: Sequence[EvalScore]) -> float | None:
    """MGS of one checkpoint; None where one of the six has nothing scored."""
    try:
        return mgs({score.eval: (score.misaligned, score.scored) for score in scores}).value
    except MissingScoreError:
        return None


def clock_time(seconds: float) -> str:
    """`4m10s`, `52s`, `2h05m`: short and readable."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
