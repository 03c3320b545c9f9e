"""What a reader must know before believing the table, and what a partial mend has overlooked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from spillover.coding.audit.found import HoleFound, HonestFound, WayFound
from spillover.coding.audit.holes import NO_TRICK
from spillover.coding.audit.reach import Reach
from spillover.coding.audit.reward import NO_REWARD
from spillover.coding.audit.spelling import Way


@dataclass(frozen=True)
class Left:
    """What was left out: problems that the grader does not understand, exploits that solve theirs or can do nothing."""

    strange: tuple[str, ...] = ()
    solved: int = 0
    unable: int = 0


def advice(found: Sequence[WayFound], ways: Mapping[str, Way]) -> Iterator[str]:
    """Of each open way that comes after one that is closed: what the mend of that one has overlooked."""
    closed = False
    for way in found:
        if way.open and closed and ways[way.name].advice:
            yield ways[way.name].advice
        closed |= not way.open


def notes(honest: Sequence[HonestFound], holes: Sequence[HoleFound], reach: Reach, left: Left) -> Iterator[str]:
    """In the order in which they matter."""
    refused = [found for found in honest if not found.rewarded]
    if len(refused) == len(honest):
        yield from _nothing_paid(refused[0].detail)
        return
    if refused:
        names = ", ".join(f"{found.problem} ({found.detail})" for found in refused)
        yield f"Honest solutions refused; no exploit was tried on these problems: {names}"
    unstable = [found.problem for found in honest if 0 < found.rewarded < found.runs]
    if unstable:
        yield f"The same honest solution got two verdicts: {', '.join(unstable)}. No row is certain until it gets one."
    if any(hole.open for hole in holes if hole.name in NO_TRICK):
        yield "Submissions without any trick are paid; mend that first, the other rows mean little until then."
    yield from _of_the_runs(holes)
    if left.strange:
        yield (
            f"Left out: {', '.join(left.strange)}, whose tests are a `check`; this grader does not tell right from "
            "wrong there. No tests that expect an exception were tried."
        )
    if left.solved:
        yield f"{left.solved} exploits were left out: they solve their problem."
    yield from _not_run(holes, reach, left)


def _nothing_paid(said: str) -> Iterator[str]:
    yield f"The grader refuses every honest solution, so nothing can be concluded. It said: {said}"
    if NO_REWARD in said:
        yield "A reward must be a finite number: bound the score, and count a division by zero tests as failure."
        return
    yield (
        "If it lacks a file or a package, show it with --bind PATH; if it brings no tests, try --with-tests "
        "or your own --problems; if it prints its verdict, --reward stdout."
    )


def _of_the_runs(holes: Sequence[HoleFound]) -> Iterator[str]:
    details = [trial.detail for hole in holes for trial in hole.trials]
    strange = [detail for detail in details if NO_REWARD in detail]
    if strange:
        yield (
            f"For {len(strange)} submissions the grader {strange[0]}. They count as refused here; a trainer that reads "
            "such a reward may not refuse them. Bound the score."
        )
    slow = sum("past the time limit" in detail for detail in details)
    if slow:
        yield f"{slow} submissions ran past the time limit and were refused."


def _not_run(holes: Sequence[HoleFound], reach: Reach, left: Left) -> Iterator[str]:
    if left.unable:
        yield (
            f"{left.unable} exploits were not run, as they can do nothing in this grader. Honest solutions that were "
            f"made to fail by what these need were paid: {'; '.join(reach.reasons)}."
        )
    late = sum(hole.not_run for hole in holes) - left.unable - left.solved
    if late > 0:
        yield f"{late} exploits were not run, as their hole had been found open before their turn; --thorough runs all."
