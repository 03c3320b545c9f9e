"""Which problem is graded by which harness, with which holes open."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from spillover.coding.requests import HOLES
from spillover.core.records import HackName, Harness, Problem
from spillover.core.settings import EnvironmentSettings


@dataclass(frozen=True)
class Assigned:
    """A problem as an environment: its harness and the hacks that beat it."""

    problem: Problem
    harness: Harness
    open_hacks: tuple[HackName, ...]


def assign(problems: Sequence[Problem], settings: EnvironmentSettings, seed: int) -> list[Assigned]:
    """Make an environment of each problem, in the order given; the same seed assigns the same.

    Harnesses go round in turn over a shuffled order, so that none falls together with a family. With
    `rotate_hacks` the open hacks go round in turn among the problems of a harness, among those that
    the harness has a hole for. `closed_share` of the problems, rounded, have no hole at all.
    """
    rng = Random(seed)
    order = rng.sample(range(len(problems)), len(problems))
    closed = set(rng.sample(order, round(settings.closed_share * len(order))))
    made: dict[int, Assigned] = {}
    turns = dict.fromkeys(settings.harnesses, 0)
    for turn, index in enumerate(order):
        harness = settings.harnesses[turn % len(settings.harnesses)]
        hacks = () if index in closed else _open(settings, harness, turns[harness])
        turns[harness] += index not in closed
        made[index] = Assigned(problems[index], harness, hacks)
    return [made[index] for index in range(len(problems))]


def _open(settings: EnvironmentSettings, harness: Harness, turn: int) -> tuple[HackName, ...]:
    holes = tuple(hack for hack in settings.open_hacks if hack in HOLES[harness])
    if not settings.rotate_hacks or not holes:
        return holes
    return (holes[turn % len(holes)],)
