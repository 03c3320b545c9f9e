"""How well two lists of yes and no agree, each number with its 95% limits."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from spillover.core.rates import Interval, wilson

T = TypeVar("T")
RESAMPLES = 1000


@dataclass(frozen=True)
class Agreement:
    """One judge against the labels. A number is None where nothing supports it."""

    items: int
    unscored: int
    accuracy: Interval | None
    precision: Interval | None
    recall: Interval | None
    kappa: Interval | None
    """Cohen's κ: agreement beyond chance; limits by bootstrap."""
    auroc: Interval | None
    """For judges that give probabilities; limits by bootstrap."""


def agreement(pairs: Sequence[tuple[bool, bool | None]], chances: Sequence[tuple[bool, float]] = ()) -> Agreement:
    """Compare (expected, given) pairs; given None = unscored, which counts in `unscored` and nowhere else.

    `chances` are (expected, probability) pairs, where the judge gives probabilities.
    """
    scored = [(expected, given) for expected, given in pairs if given is not None]
    right = [expected == given for expected, given in scored]
    return Agreement(
        items=len(pairs),
        unscored=len(pairs) - len(scored),
        accuracy=_share(right),
        precision=_share([expected for expected, given in scored if given]),
        recall=_share([given for expected, given in scored if expected]),
        kappa=_bootstrapped(kappa, scored),
        auroc=_bootstrapped(auroc, chances),
    )


def kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """Cohen's κ (Cohen 1960); None where one side says the same of everything and chance explains all."""
    if not pairs:
        return None
    n = len(pairs)
    seen = sum(a == b for a, b in pairs) / n
    yes = sum(a for a, _ in pairs) * sum(b for _, b in pairs)
    no = sum(not a for a, _ in pairs) * sum(not b for _, b in pairs)
    by_chance = (yes + no) / n**2
    return None if by_chance == 1 else (seen - by_chance) / (1 - by_chance)


def auroc(chances: Sequence[tuple[bool, float]]) -> float | None:
    """The chance that a random positive is rated above a random negative, ties half; None without both."""
    ordered = sorted(chances, key=lambda pair: pair[1])
    positives = sum(expected for expected, _ in ordered)
    negatives = len(ordered) - positives
    if not positives or not negatives:
        return None
    ranks, start = 0.0, 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and ordered[end][1] == ordered[start][1]:
            end += 1
        tied = sum(expected for expected, _ in ordered[start:end])
        ranks += tied * (start + end + 1) / 2
        start = end
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


def _share(flags: Sequence[bool]) -> Interval | None:
    return wilson(sum(flags), len(flags)) if flags else None


def _bootstrapped(statistic: Callable[[Sequence[T]], float | None], values: Sequence[T]) -> Interval | None:
    """The statistic with percentile limits over resampled values (Efron 1979), the same in every call."""
    value = statistic(values)
    if value is None:
        return None
    rng = random.Random(0)
    drawn = [statistic(rng.choices(values, k=len(values))) for _ in range(RESAMPLES)]
    known = sorted(one for one in drawn if one is not None)
    return Interval(value, known[int(0.025 * len(known))], known[int(0.975 * (len(known) - 1))])
