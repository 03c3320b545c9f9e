"""The hierarchical bootstrap: seeds are drawn anew, and within each the scenes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np
import numpy.typing as npt

from spillover.core.rates.intervals import Interval
from spillover.core.rates.rows import MEANS, Scores, mean, missing, scenes_of
from spillover.core.records import EvalScore

Runs = Mapping[int, Sequence[Scores]]
"""Seed -> checkpoints of one arm."""


def bootstrap(left: Runs, right: Runs | None = None, name: str = "MGS", draws: int = 10_000) -> Interval | None:
    """A mean of `MEANS` over seeds, or of one arm minus another, with percentile limits; None without all its evals.

    Arms are paired by seed, and by scene within it. With one seed that is a bootstrap of its scenes.
    Unlike MOVER's, the limits have no width where every count is 0 of n or n of n.
    """
    sides = [left] if right is None else [left, right]
    whole = [
        {seed: [one for one in held if not missing(one, MEANS[name])] for seed, held in side.items()} for side in sides
    ]
    seeds = [seed for seed in whole[0] if all(side.get(seed) for side in whole)]
    if not seeds:
        return None
    rng = np.random.default_rng(0)
    total = np.zeros(draws)
    for _ in seeds:
        picked = rng.integers(len(seeds), size=draws)
        for index, seed in enumerate(seeds):
            here = np.flatnonzero(picked == index)
            total[here] += _replicates(rng, [side[seed] for side in whole], MEANS[name], len(here))
    low, high = np.quantile(total / len(seeds), (0.025, 0.975))
    return Interval(fmean(_value([side[seed] for side in whole], name) for seed in seeds), float(low), float(high))


def _value(sides: Sequence[Sequence[Scores]], name: str) -> float:
    values = [interval.value for side in sides if (interval := mean(side, name).interval)]
    return values[0] - sum(values[1:])


def _replicates(
    rng: np.random.Generator, sides: Sequence[Sequence[Scores]], evals: Sequence[str], draws: int
) -> npt.NDArray[np.float64]:
    """The mean over evaluations with the scenes of one run drawn anew, the same scenes for both arms."""
    total = np.zeros(draws)
    for name in evals:
        # Scenes with the same outcomes are one kind: what is drawn is how many there are of each.
        kinds = Counter(_outcomes([[one[name] for one in side] for side in sides]))
        scenes = sum(kinds.values())
        drawn = rng.multinomial(scenes, [count / scenes for count in kinds.values()], size=draws)
        sums = drawn @ np.array(list(kinds))
        rates = sums[:, ::2] / np.maximum(1, sums[:, 1::2])
        total += rates[:, 0] - rates[:, 1:].sum(1)
    return total / len(evals)


def _outcomes(sides: Sequence[Sequence[EvalScore]]) -> list[tuple[int, ...]]:
    """For each scene hits and scored answers, side by side. In scores of before every answer is a scene of its own."""
    known = [scenes_of(scores) for scores in sides]
    found = [tuple(n for side in known for n in side.get(scene, (0, 0))) for scene in sorted(set().union(*known))]
    for place, scores in enumerate(sides):
        alone = [0] * (2 * len(sides))
        for score in (one for one in scores if not one.by_scene):
            for hit, count in ((1, score.hits), (0, score.scored - score.hits)):
                alone[2 * place : 2 * place + 2] = hit, 1
                found += [tuple(alone)] * count
    return found
