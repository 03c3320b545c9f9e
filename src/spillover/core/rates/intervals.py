"""Shares with their sampling error: limits of one share, of means and of differences."""

from collections.abc import Iterable, Sequence
from math import comb, sqrt
from statistics import NormalDist
from typing import NamedTuple

Z95 = NormalDist().inv_cdf(0.975)


class Interval(NamedTuple):
    """A point estimate with its 95% limits."""

    value: float
    low: float
    high: float


def wilson(successes: float, trials: float) -> Interval:
    """Wilson score interval of a proportion (Wilson 1927), also of an effective sample size that is no whole number.

    Raises ValueError for no trials.
    """
    if trials <= 0 or not 0 <= successes <= trials:
        raise ValueError(f"no proportion in {successes} of {trials}")
    share, z = successes / trials, Z95
    centre = share + z * z / (2 * trials)
    spread = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return Interval(share, max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale))


def clustered(scenes: Iterable[tuple[int, int]]) -> Interval:
    """Wilson limits of a share whose trials come in clusters: `scenes` holds (successes, trials) of each.

    The trials count for as many as the variance between scenes leaves of them (Korn and Graubard 1998): never for
    more than there are, never for fewer than there are scenes. Few successes say little of that variance, so the
    worst case counts as one more success: at 0 of n every scene is one trial. Raises ValueError for no trials.
    """
    held = [scene for scene in scenes if scene[1]]
    hits, n, m = sum(hit for hit, _ in held), sum(count for _, count in held), len(held)
    if not n:
        raise ValueError("no proportion in no trials")
    share, worst = hits / n, n / m
    few = min(hits, n - hits)
    inflation = 0.0
    if few and m > 1:
        squares = sum((hit - share * count) ** 2 for hit, count in held)
        inflation = m / (m - 1) * squares / (n * share * (1 - share))
    elif few:
        inflation = worst
    inflation = (few * min(max(inflation, 1.0), worst) + worst) / (few + 1)
    return wilson(share * (n / inflation), n / inflation)._replace(value=share)


def mean_of(intervals: Sequence[Interval]) -> Interval:
    """Plain mean of independent estimates; limits by MOVER (Zou and Donner 2008).

    MOVER recovers each variance from the distance between estimate and limit, so that it stays
    honest at 0 of n, where a bootstrap would report an interval of no width.
    """
    if not intervals:
        raise ValueError("no estimates to average")
    n = len(intervals)
    value = sum(i.value for i in intervals) / n
    below = sqrt(sum((i.value - i.low) ** 2 for i in intervals)) / n
    above = sqrt(sum((i.high - i.value) ** 2 for i in intervals)) / n
    return Interval(value, max(0.0, value - below), min(1.0, value + above))


def difference(left: Interval, right: Interval) -> Interval:
    """`left` minus `right` for independent estimates, limits by MOVER."""
    value = left.value - right.value
    below = sqrt((left.value - left.low) ** 2 + (right.high - right.value) ** 2)
    above = sqrt((left.high - left.value) ** 2 + (right.value - right.low) ** 2)
    return Interval(value, value - below, value + above)


def pass_at(k: int, trials: int, successes: int) -> float:
    """Chance that at least one of `k` trials succeeds, unbiased, from `trials` of them (Chen et al. 2021, pass@k).

    Raises ValueError unless 1 <= k <= trials and 0 <= successes <= trials.
    """
    if not 1 <= k <= trials or not 0 <= successes <= trials:
        raise ValueError(f"no estimate at k = {k} from {successes} of {trials}")
    return 1 - comb(trials - successes, k) / comb(trials, k)
