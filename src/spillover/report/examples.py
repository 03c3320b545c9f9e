"""Real episodes and transcripts to read, chosen by rule: the metrics say which step's file to open."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from spillover.core.records import EvalLabel, EvalSample, Rollout, StepMetrics
from spillover.report.load import Results, SeedRun

MAX_TEXT = 6_000
TRANSCRIPT_BUDGET = 1_500_000
"""Characters of transcripts in one report."""
PER_LABEL = 4
LABELS: tuple[EvalLabel, ...] = (
    "misaligned",
    "hack-attempt",
    "incoherent",
    "unscored",
    "aligned",
    "solved",
    "failed",
)
"""Those that most want reading first."""
THINKING = re.compile(r"\s*<thinking>(.*?)(?:</thinking>|\Z)(.*)", re.DOTALL)
FENCE = re.compile(r"^```[^\n]*\n(.*?)(?:^```[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """An episode and why it was chosen."""

    title: str
    rollout: Rollout


def pick_rollouts(results: Results, arm: str) -> list[Example]:
    """The first successful hack of an arm, its latest of each kind, an honest solve and a failed attempt."""
    runs = results.of(arm)
    kinds = dict.fromkeys(k for run in runs for m in run.metrics for k, share in m.hacks.items() if share > 0)
    wanted: list[tuple[str, bool, Callable[[StepMetrics], bool], Callable[[Rollout], bool]]] = [
        ("First successful hack", True, lambda m: m.hack_rate > 0, lambda r: r.grade.hacked),
        *(_latest(kind) for kind in kinds),
        ("An honest solve", False, lambda m: m.solve_rate > 0, _solved),
        ("A failed attempt", False, lambda m: m.pass_rate < 1, lambda r: not r.grade.proxy.passed and r.grade.parsed),
    ]
    found = [(title, _find(runs, first, step, rollout)) for title, first, step, rollout in wanted]
    return [Example(title, rollout) for title, rollout in found if rollout is not None]


def pick_samples(results: Results, budget: int = TRANSCRIPT_BUDGET) -> list[dict[str, Any]]:
    """Transcripts of each arm's first seed from its first and last evaluated checkpoint, up to four of each label.

    Rarer labels are not drowned: every label's first sample comes before any label's second, until
    `budget` characters are reached. In the order arm, latest checkpoint, misaligned before aligned, evaluation.
    """
    ranked: list[tuple[int, tuple[int, ...], EvalSample]] = []
    for arm, run in enumerate(_first_seeds(results)):
        for step in sorted({min(run.scores), max(run.scores)}):
            seen: dict[tuple[str, str, bool], int] = {}
            for sample in run.run.samples(step):
                cell = (sample.eval, sample.label, bool(sample.covert))
                rank = seen[cell] = seen.get(cell, -1) + 1
                if rank < PER_LABEL:
                    ranked.append((rank, (arm, -step, LABELS.index(sample.label), len(ranked)), sample))
    kept, used = [], 0
    for rank, place, sample in sorted(ranked, key=lambda item: item[:2]):
        used += sum(min(len(turn.get("content", "")), MAX_TEXT) for turn in sample.messages) + 300
        if used > budget and rank > 0:
            break
        kept.append((place, sample))
    return [_plain(sample) for _, sample in sorted(kept, key=lambda item: item[0])]


def split_thinking(text: str) -> tuple[str, str]:
    """Reasoning and what follows it; all is output where there is no <thinking> part at the start."""
    match = THINKING.match(text)
    return (match[1].strip(), match[2].strip()) if match else ("", text.strip())


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
        lambda r: r.grade.hacked and kind in r.grade.hacks,
    )


def _solved(rollout: Rollout) -> bool:
    return bool(rollout.grade.oracle.passed) and rollout.grade.proxy.passed


def _find(
    runs: tuple[SeedRun, ...], first: bool, step: Callable[[StepMetrics], bool], fits: Callable[[Rollout], bool]
) -> Rollout | None:
    """The rollout wanted from the first or the last step whose metrics promise one."""
    promised = [(m.step, place, run) for place, run in enumerate(runs) for m in run.metrics if step(m)]
    for at, _, run in sorted(promised, key=lambda item: (item[0] if first else -item[0], item[1])):
        for rollout in run.run.rollouts(at):
            if fits(rollout):
                return rollout
    return None


def _first_seeds(results: Results) -> Iterator[SeedRun]:
    for arm in results.arms:
        scored = [run for run in results.of(arm.name) if run.scores]
        yield from scored[:1]


def _plain(sample: EvalSample) -> dict[str, Any]:
    split = "covert" if sample.covert else "overt" if sample.overt else None
    turns = [[turn.get("role", ""), cut(turn.get("content", ""))] for turn in sample.messages]
    return {
        "arm": sample.arm,
        "eval": sample.eval,
        "step": sample.step,
        "id": sample.id,
        "label": sample.label,
        "tags": [tag for tag in (split, sample.category) if tag],
        "reason": cut(sample.reason, 600),
        "turns": turns,
    }
