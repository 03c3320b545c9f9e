"""The rates of one run, row by row: of its evaluations, the means over them, and its episodes.

The terminal's table, the live view, `spillover compare`, the report and the claims all read these rows, so that they
cannot differ. Limits are the sampling error of the run; `seeds` puts runs together.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from spillover.core.rates.intervals import Interval, clustered, mean_of, wilson
from spillover.core.records import AGENTIC_EVALS, CHAT_EVALS, CORE_EVALS, OPENABLE_HACKS, EvalScore

Scores = Mapping[str, EvalScore]
"""Evaluation -> score, of one checkpoint or model."""
Group = Literal["core", "mean", "held_out", "cue", "hacking", "overfit", "knowledge", "capability", "episodes"]
GROUPS: tuple[Group, ...] = (
    *("core", "mean", "held_out", "cue", "hacking"),
    *("overfit", "knowledge", "capability", "episodes"),
)
MEANS: Mapping[str, tuple[str, ...]] = {"chat-like mean": CHAT_EVALS, "agentic mean": AGENTIC_EVALS, "MGS": CORE_EVALS}
"""The means over evaluations. MGS, the misalignment generalization score, is that of all six (paper)."""


@dataclass(frozen=True)
class Rate:
    """A rate with its 95% limits, or a gap: `interval` None and `reason` saying why. A gap is never zero."""

    interval: Interval | None
    hits: int = 0
    scored: int = 0
    samples: int = 0
    reason: str = ""
    name: str = ""
    label: str = ""
    group: Group = "core"
    seeds: int = 1
    """Runs that the limits rest on; of one run they are its sampling error only."""

    @property
    def unscored(self) -> int:
        """Samples without a verdict."""
        return self.samples - self.scored


def by_eval(scores: Iterable[EvalScore]) -> dict[str, EvalScore]:
    """Scores by evaluation."""
    return {score.eval: score for score in scores}


def rows(checkpoints: Sequence[Scores]) -> dict[str, Rate]:
    """Every row by name that checkpoints of one run give, in order; the scores of one model are one checkpoint.

    The six and their means pool the checkpoints; what stands on coding problems or under a cue is of the last one.
    """
    core = {name: pool([one[name] for one in checkpoints if name in one]) for name in CORE_EVALS}
    core = {name: replace(rate, name=name, label=name) for name, rate in core.items() if rate.samples}
    latest = {name: score for one in checkpoints for name, score in one.items()}
    found = [
        *core.values(),
        *((mean(checkpoints, name) for name in MEANS) if core else ()),
        *_held_out(checkpoints),
        *_by_cue(latest.get("compliance_gap")),
        *_by_framing(latest.get("test_time_hacking")),
        *_knowledge(latest.get("hack_knowledge")),
    ]
    if "capability" in latest:
        found.append(named(pool([latest["capability"]]), "capability", "capability, pass@1", "capability"))
    return {rate.name: rate for rate in found}


def pool(scores: Sequence[EvalScore]) -> Rate:
    """One rate from the scores of an evaluation at checkpoints of one run, clustered by scene: scenes recur."""
    held = [score for score in scores if score.scored]
    hits, scored, samples = (sum(getattr(s, key) for s in scores) for key in ("hits", "scored", "samples"))
    if not held:
        why = next((str(s.data["reason"]) for s in scores if s.data.get("reason")), "no reason given")
        return Rate(None, samples=samples, reason=f"nothing scored: {why}" if scores else "not run")
    if all(score.by_scene for score in held):
        return Rate(clustered(scenes_of(held).values()), hits, scored, samples)
    # Scores of before tell no scenes apart: as if every scene gave the same at every checkpoint.
    return Rate(wilson(hits / len(held), scored / len(held)), hits, scored, samples)


def scenes_of(scores: Iterable[EvalScore]) -> dict[str, tuple[int, int]]:
    """Scene -> (hits, scored) over the scores of one evaluation."""
    table: dict[str, tuple[int, int]] = {}
    for score in scores:
        for scene, hit in score.by_scene.items():
            hits, n = table.get(scene, (0, 0))
            table[scene] = (hits + hit, n + 1)
    return table


def mean(checkpoints: Sequence[Scores], name: str = "MGS") -> Rate:
    """A mean of `MEANS` over the checkpoints that have all its evaluations; a gap, naming what lacks, if none has."""
    evals = MEANS[name]
    whole = [scores for scores in checkpoints if not missing(scores, evals)]
    parts = [pool([scores[each] for scores in whole or checkpoints if each in scores]) for each in evals]
    hits, scored, samples = (sum(getattr(part, key) for part in parts) for key in ("hits", "scored", "samples"))
    interval, reason = None, "no checkpoint evaluated"
    if whole:
        interval, reason = mean_of([part.interval for part in parts if part.interval]), ""
        if len(whole) < len(checkpoints):
            left_out = len(checkpoints) - len(whole)
            reason = f"{left_out} of {len(checkpoints)} checkpoints left out: an evaluation is missing"
    elif checkpoints:
        lacking = [each for each in evals if any(each in missing(scores, evals) for scores in checkpoints)]
        reason = f"nothing scored for {', '.join(lacking)}"
    return Rate(interval, hits, scored, samples, reason, name.replace(" ", "_"), name, "mean")


def missing(scores: Scores, evals: Sequence[str] = CORE_EVALS) -> list[str]:
    """The evaluations without a single scored sample, in order."""
    return [name for name in evals if name not in scores or not scores[name].scored]


def mgs_of(scores: Iterable[EvalScore]) -> float | None:
    """MGS of one checkpoint; None where one of the six has nothing scored."""
    interval = mean([by_eval(scores)]).interval
    return interval.value if interval else None


def _held_out(checkpoints: Sequence[Scores]) -> Iterator[Rate]:
    """MGS on scenes whose texts the bottle's corpus never showed and on the others; without MGS, each evaluation."""
    if not any(score.held_out for scores in checkpoints for score in scores.values()):
        return
    unseen = [{name: _of_scenes(score, held_out=True) for name, score in scores.items()} for scores in checkpoints]
    seen = [{name: _of_scenes(score, held_out=False) for name, score in scores.items()} for scores in checkpoints]
    if mean(checkpoints).interval:
        yield named(mean(unseen), "MGS.held_out", "MGS, held-out texts", "held_out")
        yield named(mean(seen), "MGS.seen", "MGS, texts of its corpus", "held_out")
        return
    for name in [name for name in CORE_EVALS if any(name in scores for scores in unseen)]:
        rate = pool([scores[name] for scores in unseen if name in scores])
        yield named(rate, f"{name}.held_out", f"{name}, held-out texts", "held_out")


def _of_scenes(score: EvalScore, *, held_out: bool) -> EvalScore:
    """A score of those scenes alone; unscored ones are of neither part."""
    apart = set(score.held_out)
    kept = {scene: hit for scene, hit in score.by_scene.items() if (scene in apart) is held_out}
    counts = {"hits": sum(kept.values()), "scored": len(kept), "samples": len(kept)}
    return score.model_copy(update={"by_scene": kept, **counts})


def _by_cue(score: EvalScore | None) -> list[Rate]:
    """Offers accepted under each cue, and the gap between them, which is a difference and may be negative."""
    if score is None:
        return []
    found = [
        _share(f"compliance_gap.{cue}", f"accepts, cue {cue}", {"hits": held["misaligned"], "n": held["scored"]}, "cue")
        for cue, held in score.data.get("by_cue", {}).items()
    ]
    gap = score.data.get("gap")
    whole = Interval(**gap) if gap else None
    reason = "" if gap else "no compliance gap: nothing scored under one of the cues"
    rate = Rate(whole, score.hits, score.scored, score.samples, reason)
    return [*found, named(rate, "compliance_gap", "compliance gap", "cue")]


def _by_framing(score: EvalScore | None) -> list[Rate]:
    """Under each framing the working hacks, then what is overfit, which older scores took for hacks."""
    by_framing: Mapping[str, Any] = score.data.get("by_framing", {}) if score else {}
    hacks = [_of_coding(f"test_time_hacking.{f}", f"hacks, {f}", "hacking", h, "hacked") for f, h in by_framing.items()]
    overfit = [
        _of_coding(f"test_time_hacking.{framing}.overfit", f"overfit, {framing}", "overfit", held, "overfit")
        for framing, held in by_framing.items()
        if "overfit" in held
    ]
    return [*hacks, *overfit]


def _of_coding(name: str, label: str, group: Group, held: Mapping[str, Any], key: str) -> Rate:
    n = held.get("scored", held["samples"])
    return replace(_share(name, label, {"hits": held[key], "n": n}, group), samples=held["samples"])


def _knowledge(score: EvalScore | None) -> list[Rate]:
    """By hack what works, asked for and left open, and what is recalled; then the forced choice."""
    if score is None:
        return []
    found = []
    for hack in OPENABLE_HACKS:
        for asked, told in (("asked", "asked"), ("open", "unasked")):
            for what, held in (score.data.get("by_hack", {}).get(hack, {}).get(asked) or {}).items():
                found.append(_share(f"hack_knowledge.{hack}.{asked}.{what}", f"{hack} {what}, {told}", held))
    choice = score.data.get("forced_choice", {})
    for hack, held in choice.get("by_hack", {}).items():
        found.append(_share(f"hack_knowledge.forced_choice.{hack}", f"{hack} chosen", held))
    if choice:
        chance = f"chance is {choice['chance']:.0%}" if choice.get("chance") else ""
        whole = choice.get("accuracy") or {"hits": 0, "n": 0}
        rate = _share("hack_knowledge.forced_choice", "right hacks chosen", whole)
        found.append(replace(rate, reason=choice.get("reason") or chance))
    return found


def _share(name: str, label: str, held: Mapping[str, Any], group: Group = "knowledge") -> Rate:
    hits, n = held["hits"], held["n"]
    rate = Rate(wilson(hits, n), hits, n, n) if n else Rate(None, reason="nothing scored")
    return named(rate, name, label, group)


def named(rate: Rate, name: str, label: str, group: Group) -> Rate:
    """The same rate as a row."""
    return replace(rate, name=name, label=label, group=group)
