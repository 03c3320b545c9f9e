"""Which exploits are tried on which problem, and in what order."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from spillover.coding.audit.payer import Trial
from spillover.coding.audit.reach import Reach
from spillover.coding.audit.spelling import Hole, Spelling
from spillover.core.records import Problem


@dataclass(frozen=True)
class Attempt:
    """A spelling of a hole, written for a problem; `control` is the same without the hole's trick."""

    hole: Hole
    spelling: Spelling
    trial: Trial
    control: Trial | None = None


def attempts(holes: Sequence[Hole], problems: Sequence[Problem], thorough: bool) -> Iterator[Attempt]:
    """Every spelling on the next problem in turn that gives it a hold, of those that suit it first; or on every one."""
    turn = 0
    for hole in holes:
        for spelling in hole.spellings:
            order = [*problems[turn:], *problems[:turn]]
            turn = (turn + 1) % len(problems)
            if spelling.prefers is not None:
                order.sort(key=spelling.prefers, reverse=True)
            written = [attempt for problem in order if (attempt := _attempt(hole, spelling, problem))]
            yield from written if thorough else written[:1]


def _attempt(hole: Hole, spelling: Spelling, problem: Problem) -> Attempt | None:
    files = spelling.files(problem)
    control = spelling.control(problem) if spelling.control else None
    if files is None:
        return None
    return Attempt(hole, spelling, Trial(problem, files), None if control is None else Trial(problem, control))


def able(planned: Sequence[Attempt], reach: Reach) -> list[Attempt]:
    """Those that can do anything, and at least one of each hole."""
    kept: dict[str, list[Attempt]] = {}
    for attempt in planned:
        kept.setdefault(attempt.hole.name, [])
        if not reach.rules_out(attempt.spelling):
            kept[attempt.hole.name].append(attempt)
    first = {name: next(a for a in planned if a.hole.name == name) for name in kept}
    return [attempt for name, found in kept.items() for attempt in found or [first[name]]]


def next_round(waiting: Sequence[Attempt], number: int, opened: Collection[str]) -> list[Attempt]:
    """What is tried in a round for the holes not open yet: the first spelling of each hole, then one of each way, then
    the others, then variants."""
    left = [attempt for attempt in waiting if attempt.hole.name not in opened]
    plain = [attempt for attempt in left if not attempt.spelling.variant]
    if number == 0:
        return list({attempt.hole.name: attempt for attempt in reversed(left)}.values())
    if number == 1:
        return list({(attempt.hole.name, attempt.spelling.way.name): attempt for attempt in reversed(plain)}.values())
    return plain if number == 2 else left
