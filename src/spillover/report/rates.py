"""The report's numbers: each arm's rows over seeds, curves, differences. Pure functions of `Results`.

The rates themselves are those of `core.rates`. A rate that cannot be had is a gap with the reason; it is never zero.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from spillover.core.rates import Difference, Rate, Scores, minus, missing, over_seeds, plateau
from spillover.core.rates import episodes as of_episodes
from spillover.core.rates.bootstrap import bootstrap
from spillover.core.rates.onset import onset
from spillover.core.rates.seeds import BOOTSTRAP_SEEDS, median_step
from spillover.core.records import StepMetrics
from spillover.report.load import Results, SeedRun

Row = dict[str, Any]


@dataclass(frozen=True)
class Final:
    """Where an arm ended: the rows of `core.rates.plateau` for each seed."""

    arm: str
    runs: tuple[SeedRun, ...]

    @cached_property
    def by_seed(self) -> dict[int, dict[str, Rate]]:
        """The rows of each seed."""
        return {run.seed: plateau(run.metrics, run.scores) for run in self.runs}

    @cached_property
    def rates(self) -> dict[str, Rate]:
        """The rows over seeds."""
        return over_seeds(list(self.by_seed.values()))

    @property
    def mgs(self) -> Rate:
        """MGS over seeds."""
        return self.rates["MGS"]

    @property
    def hack(self) -> Rate:
        """Share of episodes hacked over seeds."""
        return self.rates["hacked"]

    def seeds_of(self, name: str) -> dict[int, Rate]:
        """One row by seed."""
        return {seed: rates[name] for seed, rates in self.by_seed.items() if name in rates}

    def minus(self, other: "Final", name: str = "MGS") -> Difference:
        """A row of this arm minus that of another, paired by seed."""
        return minus(self.seeds_of(name), other.seeds_of(name))

    def resampled_minus(self, other: "Final") -> Difference | None:
        """The difference of MGS by the hierarchical bootstrap; None where there are too few seeds for it."""
        apart = self.minus(other)
        if apart.seeds < BOOTSTRAP_SEEDS:
            return None
        mine, theirs = ({run.seed: run.final_scores() for run in one.runs} for one in (self, other))
        return apart._replace(interval=bootstrap(mine, theirs))


def finals(results: Results) -> dict[str, Final]:
    """The final figures of every arm, in the study's order."""
    return {arm.name: Final(arm.name, results.of(arm.name)) for arm in results.arms}


def unread_verdicts(results: Results, arm: str) -> tuple[int, int]:
    """How many verdicts of an arm's penalty could not be read, and how many were asked for."""
    mix = next(each for each in results.arms if each.name == arm).rl.mix
    starts = [term.start_step for part in mix for term in part.reward if term.kind.endswith("-hack")]
    if not starts:
        return 0, 0
    held = [m for run in results.of(arm) for m in run.metrics if m.step >= min(starts)]
    return sum(m.unread_verdicts for m in held), sum(m.rollouts for m in held)


def onsets(results: Results) -> dict[str, int | None]:
    """Arm -> onset of hacking, the median over seeds; None if there is none."""
    return {arm.name: median_step(onset(run.metrics) for run in results.of(arm.name)) for arm in results.arms}


def step_rows(results: Results, value: Callable[[StepMetrics], float | None]) -> tuple[list[Row], list[Row]]:
    """A training metric against step: means over seeds, and each seed's line (empty for a single seed)."""
    means: list[Row] = []
    seeds: list[Row] = []
    for arm in results.arms:
        by_step: dict[int, list[float]] = {}
        for run in results.of(arm.name):
            for m in run.metrics:
                number = value(m)
                if number is not None:
                    by_step.setdefault(m.step, []).append(number)
                    seeds.append({"arm": arm.name, "seed": run.seed, "step": m.step, "value": number})
        means += [
            {"arm": arm.name, "step": step, "value": sum(held) / len(held)} for step, held in sorted(by_step.items())
        ]
    return means, seeds if len(results.study.seeds) > 1 else []


def hack_rows(results: Results) -> tuple[list[Row], list[Row]]:
    """Share of episodes hacked against step with limits, over seeds, and each seed's line."""
    return _curves(results, lambda run: {m.step: of_episodes([m])["hacked"] for m in run.metrics})


def score_rows(results: Results, rate: Callable[[Scores], Rate]) -> tuple[list[Row], list[Row]]:
    """A rate of each checkpoint against step: over seeds, and each seed's line. Gaps stay as empty values."""
    return _curves(results, lambda run: {step: rate(scores) for step, scores in run.scores.items()})


def _curves(results: Results, rates_of: Callable[[SeedRun], Mapping[int, Rate]]) -> tuple[list[Row], list[Row]]:
    means: list[Row] = []
    seeds: list[Row] = []
    for arm in results.arms:
        held = {run.seed: rates_of(run) for run in results.of(arm.name)}
        for step in sorted({step for rates in held.values() for step in rates}):
            here = {seed: rates[step] for seed, rates in held.items() if step in rates}
            [over] = over_seeds([{"": rate} for rate in here.values()]).values()
            means.append(_curve_row(arm.name, step, over))
            seeds += [_curve_row(arm.name, step, rate) | {"seed": seed} for seed, rate in here.items()]
    return means, seeds if len(results.study.seeds) > 1 else []


def gaps(results: Results) -> list[str]:
    """Every evaluated checkpoint that lacks a core evaluation: one line per arm and cause, seeds and steps named."""
    found: dict[tuple[str, str], tuple[set[int], set[int]]] = {}
    for run in results.runs:
        for step, scores in run.scores.items():
            for name in missing(scores):
                seeds, steps = found.setdefault((run.arm, f"{name}: {_why(scores, name)}"), (set(), set()))
                seeds.add(run.seed)
                steps.add(step)
    return [
        f"{arm}, seed {_numbers(seeds)}, step {_numbers(steps)}, {cause}"
        for (arm, cause), (seeds, steps) in found.items()
    ]


def _curve_row(arm: str, step: int, rate: Rate) -> Row:
    value, low, high = rate.interval or (None, None, None)
    return {"arm": arm, "step": step, "value": value, "low": low, "high": high, "n": rate.scored}


def _numbers(held: set[int]) -> str:
    return ", ".join(str(number) for number in sorted(held))


def _why(scores: Scores, name: str) -> str:
    if name not in scores:
        return "not run"
    reason = str(scores[name].data.get("reason", "")).strip()
    return f"none of {scores[name].samples} samples could be scored" + (f" ({reason})" if reason else "")
