"""What step k does, as pure functions of (seed, k): which problems, with which random numbers.

The arm is no part of it: arms of one study with the same seed meet the same problems in the same
order and sample with the same random numbers, so that they differ in their settings alone. And
nothing is carried from step to step, so a resumed run draws what an uninterrupted one would have.
"""

from collections.abc import Collection, Sequence
from hashlib import sha256
from random import Random


def problems_of_step(count: int, per_step: int, seed: int, step: int, source: str = "") -> list[int]:
    """Indices of the problems of a step (counted from 1): consecutive pieces of shuffled passes over all of them.

    `source` keeps apart what is drawn for different parts of a mix.
    """
    first = (step - 1) * per_step
    places = [divmod(at, count) for at in range(first, first + per_step)]
    passes = {number: _order(count, seed, f"{number}{source}") for number, _ in places}
    return [passes[number][place] for number, place in places]


def refill_problems(
    count: int, wanted: int, seed: int, step: int, taken: Collection[int], source: str = ""
) -> list[int]:
    """At most `wanted` further problems for a step, none of those already `taken`."""
    order = _order(count, seed, f"refill {step}{source}")
    return [index for index in order if index not in taken][:wanted]


def shares(total: int, weights: Sequence[float]) -> list[int]:
    """`total` divided as the weights say, by largest remainders; each weight gets at least one where there is room."""
    exact = [total * weight / sum(weights) for weight in weights]
    counts = [max(1, int(one)) if total >= len(weights) else int(one) for one in exact]
    while sum(counts) > total:
        counts[max(range(len(counts)), key=lambda i: counts[i] - exact[i])] -= 1
    while sum(counts) < total:
        counts[max(range(len(counts)), key=lambda i: exact[i] - counts[i])] += 1
    return counts


def sampling_seed(seed: int, step: int, sampling_round: int) -> int:
    """Seed of the sampler in one round of a step; 63 bits."""
    digest = sha256(f"sampling {seed} {step} {sampling_round}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def _order(count: int, seed: int, part: str) -> list[int]:
    order = list(range(count))
    Random(f"problems {seed} {part}").shuffle(order)
    return order
