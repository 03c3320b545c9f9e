"""Runs put together. The unit is the training seed: responses of one run share its training.

Each run gives one number, the mean over its plateau; a rate over seeds is the mean of these with a t interval, and arms
are compared by differences within seeds, because they share problems and random numbers by seed. A few seeds may agree
by chance, all at 0 above all, so that no limits are narrower than the sampling error of the runs. With a single seed
there is that error and no test.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from math import atan, copysign, cos, inf, pi, sin, sqrt
from statistics import NormalDist, fmean, median_high, stdev
from typing import NamedTuple

from spillover.core.rates.intervals import Z95, Interval, difference, mean_of
from spillover.core.rates.rows import Rate

ENOUGH_SEEDS = 6
"""The fewest seeds of a verdict: with five the exact test cannot fall below 0.06."""
BOOTSTRAP_SEEDS = 8
"""From so many seeds on they can be drawn anew."""
EXACT_SEEDS = 20
ALPHA = 0.05
MARGIN = 0.03
"""The largest difference of MGS that counts as none, unless a claim says otherwise; 0.05 for a single evaluation."""


class Difference(NamedTuple):
    """One arm minus another. Over several seeds the limits are those of a t interval, else sampling error."""

    interval: Interval | None
    by_seed: Mapping[int, float]
    error: float = 0.0
    """Standard error of what was sampled, which the spread over a few seeds may miss."""
    p: float | None = None
    """Two-sided, by flipping signs; None with a single seed, or with too many to flip."""
    reason: str = ""

    @property
    def seeds(self) -> int:
        """How many pairs it rests on."""
        return len(self.by_seed)


class Equivalence(NamedTuple):
    """Two one-sided t tests over seeds (TOST, Schuirmann 1987)."""

    interval: Interval
    """90%, which lies within the margin exactly where the tests over seeds say so."""
    margin: float
    p: float

    @property
    def equal(self) -> bool:
        """Whether the difference is shown to be smaller than the margin."""
        return self.p < ALPHA


def over_seeds(runs: Sequence[Mapping[str, Rate]]) -> dict[str, Rate]:
    """Row by row the mean over runs of one arm, a run each seed. A run without a rate is left out, and that is said."""
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: _mean([run[name] for run in runs if name in run]) for name in names}


def minus(left: Mapping[int, Rate], right: Mapping[int, Rate]) -> Difference:
    """Seed -> rate of one arm, minus that of another, paired by seed; a gap where they share no seed with a rate."""
    pairs = {
        seed: (mine.interval, theirs.interval)
        for seed, mine in left.items()
        if (theirs := right.get(seed)) and mine.interval and theirs.interval
    }
    by_seed = {seed: mine.value - theirs.value for seed, (mine, theirs) in pairs.items()}
    if not pairs:
        reasons = [rate.reason for rate in (*left.values(), *right.values()) if rate.interval is None]
        return Difference(None, {}, reason=reasons[0] if reasons else "no seed in common")
    sampled = difference(*(mean_of(side) for side in zip(*pairs.values(), strict=True)))
    error = max(sampled.value - sampled.low, sampled.high - sampled.value) / Z95
    if len(pairs) == 1:
        return Difference(sampled, by_seed, error)
    held = list(by_seed.values())
    p = sign_flip(held) if len(held) <= EXACT_SEEDS else None
    return Difference(_both(t_interval(held), sampled), by_seed, error, p)


def t_interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """The mean of independent numbers with its limits by Student's t. Raises ValueError for fewer than two."""
    if len(values) < 2:
        raise ValueError("one number has no spread")
    value = fmean(values)
    half = t_quantile((1 + level) / 2, len(values) - 1) * stdev(values) / sqrt(len(values))
    return Interval(value, value - half, value + half)


def sign_flip(differences: Sequence[float]) -> float:
    """Two-sided p of paired differences: the share of all ways to flip their signs that are as far from zero.

    Exact; its least value is 2 / 2^n. Raises ValueError for more differences than can be flipped in every way.
    """
    if not 1 <= len(differences) <= EXACT_SEEDS:
        raise ValueError(f"signs are flipped of 1 to {EXACT_SEEDS} differences, not {len(differences)}")
    sums = [differences[0]]
    # The other half of the ways mirrors this one.
    for one in differences[1:]:
        sums = [total + turned for total in sums for turned in (one, -one)]
    observed = abs(sum(differences)) * (1 - 1e-12)
    return sum(abs(total) >= observed for total in sums) / len(sums)


def equivalence(differences: Sequence[float], margin: float, sampled: float = 0.0) -> Equivalence:
    """Whether paired differences are on average smaller than `margin`, also by their `sampled` standard error.

    Raises ValueError for fewer than two.
    """
    interval = t_interval(differences, 1 - 2 * ALPHA)
    spread, inside = stdev(differences) / sqrt(len(differences)), margin - abs(interval.value)
    # Without an error the mean is what it is.
    t, z = (inside / error if error else copysign(inf, inside) for error in (spread, sampled))
    return Equivalence(interval, margin, 1 - min(t_below(t, len(differences) - 1), NormalDist().cdf(z)))


def holm(ps: Mapping[str, float]) -> dict[str, float]:
    """p values adjusted for having made all these tests (Holm 1979), in their own order."""
    adjusted, reached = {}, 0.0
    for rank, name in enumerate(sorted(ps, key=lambda name: ps[name])):
        reached = max(reached, min(1.0, (len(ps) - rank) * ps[name]))
        adjusted[name] = reached
    return {name: adjusted[name] for name in ps}


def median_step(steps: Iterable[int | None]) -> int | None:
    """The median step over seeds, the later one of two; None counts as later than any."""
    held = [inf if step is None else step for step in steps]
    found = median_high(held) if held else inf
    return None if found == inf else int(found)


def t_below(t: float, df: int) -> float:
    """Student's distribution function for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4)."""
    angle = atan(t / sqrt(df))
    odd, square = df % 2, cos(angle) ** 2
    term = cos(angle) if odd else 1.0
    total = 0.0
    for k in range(1 + odd, df, 2):
        total += term
        term *= square * k / (k + 1)
    inside = (angle + sin(angle) * total) * 2 / pi if odd else sin(angle) * total
    return min(1.0, max(0.0, (1 + inside) / 2))


@cache
def t_quantile(p: float, df: int) -> float:
    """The `p` quantile of Student's distribution, 0.5 <= p < 1, by halving."""
    low, high = 0.0, 1.0
    while t_below(high, df) < p:
        high *= 2
    for _ in range(100):
        half = (low + high) / 2
        low, high = (half, high) if t_below(half, df) < p else (low, half)
    return (low + high) / 2


def _mean(rates: Sequence[Rate]) -> Rate:
    held = [rate.interval for rate in rates if rate.interval]
    counts = {key: sum(getattr(rate, key) for rate in rates) for key in ("hits", "scored", "samples")}
    reason = next((rate.reason for rate in rates if rate.reason), "")
    if len(held) < len(rates) and held:
        reason = f"{len(rates) - len(held)} of {len(rates)} seeds left out: {reason}"
    if len(held) < 2:
        return replace(rates[0], interval=held[0] if held else None, reason=reason, **counts)
    value, low, high = _both(t_interval([interval.value for interval in held]), mean_of(held))
    # A gap between two rates may be negative, a rate may not.
    least = 0.0 if all(interval.low >= 0 for interval in held) else -1.0
    interval = Interval(value, max(least, low), min(1.0, high))
    return replace(rates[0], interval=interval, reason=reason, seeds=len(held), **counts)


def _both(over_seeds: Interval, sampled: Interval) -> Interval:
    """The wider of two limits, on either side."""
    return over_seeds._replace(low=min(over_seeds.low, sampled.low), high=max(over_seeds.high, sampled.high))
