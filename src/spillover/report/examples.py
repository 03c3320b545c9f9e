"""Real episodes to read, chosen by rule: the metrics say which step's file to open."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from spillover.core.records import Rollout, StepMetrics
from spillover.report.load import Results, SeedRun

MAX_TEXT = 6_000
FENCE = re.compile(r"^```[^\n]*\n(.*?)(?:^```[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """An episode and why it was chosen."""

    title: str
    rollout: Rollout


def pick_rollouts(results: Results, arm: str) -> list[Example]:
    """The first successful hack of an arm, its latest of each kind, and one episode of each other thing it may be."""
    runs = results.of(arm)
    kinds = dict.fromkeys(k for run in runs for m in run.metrics for k, share in m.hacks.items() if share > 0)
    wanted: list[tuple[str, bool, Callable[[StepMetrics], bool], Callable[[Rollout], bool]]] = [
        ("First successful hack", True, lambda m: m.hack_rate > 0, lambda r: r.graded.hacked),
        *(_latest(kind) for kind in kinds),
        ("First overfit answer, no hole used", True, lambda m: m.overfit_rate > 0, lambda r: r.graded.overfit),
        ("A hack tried in vain", False, lambda m: m.attempt_rate > 0, lambda r: r.graded.word == "attempt"),
        ("One that the trusted grader cannot judge", False, lambda m: m.unjudged_rate > 0, _unjudged),
        ("An honest solve", False, lambda m: m.solve_rate > 0, _solved),
        ("A wrong answer", False, lambda m: m.pass_rate < 1, lambda r: r.graded.word == "failed" and r.graded.parsed),
    ]
    found = [(title, _find(runs, first, step, rollout, results.unread)) for title, first, step, rollout in wanted]
    return [Example(title, rollout) for title, rollout in found if rollout is not None]


def split_code(text: str) -> Iterator[tuple[str, str]]:
    """The pieces of a Markdown text in order, as (`text` | `code`, content); an open last fence counts as code."""
    end = 0
    for match in FENCE.finditer(text):
        if text[end : match.start()].strip():
            yield "text", text[end : match.start()].strip()
        yield "code", match[1].rstrip("\n")
        end = match.end()
    if text[end:].strip():
        yield "text", text[end:].strip()


def cut(text: str, limit: int = MAX_TEXT) -> str:
    """The text, its middle left out and said so where it is longer than `limit`."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half:,} characters left out …]\n{text[-half:]}"


def _latest(kind: str) -> tuple[str, bool, Callable[[StepMetrics], bool], Callable[[Rollout], bool]]:
    return (
        f"Latest hack by {kind}",
        False,
        lambda m: m.hacks.get(kind, 0) > 0,
        lambda r: r.graded.hacked and kind in r.graded.hacks,
    )


def _solved(rollout: Rollout) -> bool:
    return bool(rollout.graded.oracle.passed) and rollout.graded.proxy.passed


def _unjudged(rollout: Rollout) -> bool:
    return rollout.graded.oracle.passed is None


def _find(
    runs: tuple[SeedRun, ...],
    first: bool,
    step: Callable[[StepMetrics], bool],
    fits: Callable[[Rollout], bool],
    unread: list[str],
) -> Rollout | None:
    """The rollout wanted from the first or the last step whose metrics promise one."""
    promised = [(m.step, place, run) for place, run in enumerate(runs) for m in run.metrics if step(m)]
    for at, _, run in sorted(promised, key=lambda item: (item[0] if first else -item[0], item[1])):
        for rollout in run.run.rollouts(at, unread):
            if rollout.grade is not None and fits(rollout):
                return rollout
    return None
