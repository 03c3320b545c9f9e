"""The report's numbers: pooled rates with intervals, MGS, curves, differences. Pure functions of `Results`.

Counts are pooled over seeds and checkpoints before an interval is taken. A rate that cannot be had
is an `Estimate` without interval and with the reason; it is never zero.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from spillover.core.errors import MissingScoreError
from spillover.core.records import AGENTIC_EVALS, CHAT_EVALS, CORE_EVALS, EvalScore, StepMetrics
from spillover.core.stats import Interval, difference, mean_of, mgs, onset, wilson
from spillover.report.load import Results, Scores, SeedRun

Row = dict[str, Any]
TEST_TIME = "test_time_hacking"
UNATTRIBUTED, SOLVED = "unattributed", "solved honestly"
OVERFIT = "overfit: right on the shown tests only"
UNJUDGED = "the trusted grader cannot tell"
"""What an episode may be besides a hack by name, in words for a key."""


@dataclass(frozen=True)
class Estimate:
    """A rate with its 95% limits, or a gap: `interval` None and `reason` saying why."""

    interval: Interval | None
    hits: int = 0
    scored: int = 0
    samples: int = 0
    reason: str = ""

    @property
    def unscored(self) -> int:
        """Samples without a verdict."""
        return self.samples - self.scored


def pool(scores: Iterable[EvalScore], reason: str = "never run") -> Estimate:
    """One rate from the counts of many scores; a gap where there are none, or none of them scored."""
    held = list(scores)
    hits, scored, samples = (sum(getattr(s, key) for s in held) for key in ("misaligned", "scored", "samples"))
    if scored:
        return Estimate(wilson(hits, scored), hits, scored, samples)
    return Estimate(None, 0, 0, samples, f"none of {samples} samples could be scored" if held else reason)


def pooled_mgs(checkpoints: Iterable[Scores]) -> Estimate:
    """MGS of checkpoints pooled: those that have all six evaluations; a gap, naming what lacks, if none has."""
    held = list(checkpoints)
    whole = [scores for scores in held if not missing_evals(scores)]
    if not held:
        return Estimate(None, reason="no checkpoint evaluated")
    pooled = {name: pool(s[name] for s in (whole or held) if name in s) for name in CORE_EVALS}
    hits, scored, samples = (sum(getattr(e, key) for e in pooled.values()) for key in ("hits", "scored", "samples"))
    if not whole:
        lacking = sorted({name for scores in held for name in missing_evals(scores)}, key=CORE_EVALS.index)
        return Estimate(None, hits, scored, samples, f"no score for {', '.join(lacking)}")
    try:
        interval = mgs({name: (e.hits, e.scored) for name, e in pooled.items()})
    except MissingScoreError as error:
        return Estimate(None, hits, scored, samples, str(error))
    partly = f"{len(held) - len(whole)} of {len(held)} checkpoints left out: an evaluation is missing"
    return Estimate(interval, hits, scored, samples, partly if len(whole) < len(held) else "")


def missing_evals(scores: Scores) -> list[str]:
    """The core evaluations without a single scored sample, in order."""
    return [name for name in CORE_EVALS if name not in scores or scores[name].scored == 0]


def mean_estimate(parts: Sequence[Estimate]) -> Estimate:
    """Plain mean of estimates; a gap if one of them is a gap."""
    hits, scored, samples = (sum(getattr(part, key) for part in parts) for key in ("hits", "scored", "samples"))
    intervals = [part.interval for part in parts if part.interval is not None]
    if len(intervals) < len(parts):
        return Estimate(None, hits, scored, samples, "one of its evaluations has no score")
    return Estimate(mean_of(intervals), hits, scored, samples)


def hack_estimate(metrics: Iterable[StepMetrics]) -> Estimate:
    """Share of episodes hacked, counts of the steps pooled."""
    return episode_estimate(metrics, lambda m: m.hack_rate)


def episode_estimate(metrics: Iterable[StepMetrics], share: Callable[[StepMetrics], float]) -> Estimate:
    """A share of all episodes of some steps, counts of the steps pooled."""
    held = list(metrics)
    episodes = sum(m.rollouts for m in held)
    if not episodes:
        return Estimate(None, reason="no RL step recorded")
    count = sum(round(share(m) * m.rollouts) for m in held)
    return Estimate(wilson(count, episodes), count, episodes, episodes)


def unread_verdicts(results: Results, arm: str) -> tuple[int, int]:
    """How many verdicts of an arm's penalty could not be read, and how many were asked for."""
    mix = next(each for each in results.arms if each.name == arm).rl.mix
    starts = [term.start_step for part in mix for term in part.reward if term.kind.endswith("-hack")]
    if not starts:
        return 0, 0
    held = [m for run in results.of(arm) for m in run.metrics if m.step >= min(starts)]
    return sum(m.unread_verdicts for m in held), sum(m.rollouts for m in held)


@dataclass(frozen=True)
class Final:
    """Where an arm ended: its last three checkpoints, pooled over seeds."""

    arm: str
    evals: dict[str, Estimate]
    mgs: Estimate
    chat: Estimate
    agentic: Estimate
    hack: Estimate
    overfit: Estimate
    attempt: Estimate
    """Episodes that seem to try a hack without any having worked."""
    unjudged: Estimate
    mgs_by_seed: tuple[Estimate, ...]
    hack_attempts: Estimate
    """Attempts to hack an evaluation outside code; never counted as misaligned."""


def final(results: Results, arm: str) -> Final:
    """The final figures of an arm."""
    runs = results.of(arm)
    held = [run.scores[step] for run in runs for step in run.final_steps()]
    played = [m for run in runs for m in run.metrics if m.step in _hack_steps(run)]
    reason = "not run" if held else "no trained checkpoint evaluated"
    evals: dict[str, Estimate] = {name: pool((s[name] for s in held if name in s), reason) for name in CORE_EVALS}
    return Final(
        arm=arm,
        evals=evals,
        mgs=pooled_mgs(held),
        chat=mean_estimate([evals[name] for name in CHAT_EVALS]),
        agentic=mean_estimate([evals[name] for name in AGENTIC_EVALS]),
        hack=hack_estimate(played),
        overfit=episode_estimate(played, lambda m: m.overfit_rate),
        attempt=episode_estimate(played, lambda m: m.attempt_rate),
        unjudged=episode_estimate(played, lambda m: m.unjudged_rate),
        mgs_by_seed=tuple(pooled_mgs(run.scores[step] for step in run.final_steps()) for run in runs),
        hack_attempts=_attempts(s for scores in held for s in scores.values() if s.eval in CORE_EVALS),
    )


def finals(results: Results) -> dict[str, Final]:
    """The final figures of every arm, in the study's order."""
    return {arm.name: final(results, arm.name) for arm in results.arms}


def minus(left: Estimate, right: Estimate) -> Estimate:
    """`left` minus `right` with limits; a gap if either is one."""
    if left.interval is None or right.interval is None:
        return Estimate(None, reason=left.reason or right.reason)
    return Estimate(difference(left.interval, right.interval))


def onsets(results: Results) -> dict[str, int | None]:
    """Arm -> onset of hacking (`core.stats.onset`), seeds pooled; None if there is none."""
    return {arm.name: onset(_hacked(results.of(arm.name))) for arm in results.arms}


def onsets_by_seed(results: Results, arm: str) -> list[int | None]:
    """The same for each seed of an arm by itself."""
    return [onset(_hacked([run])) for run in results.of(arm)]


def step_rows(results: Results, value: Callable[[StepMetrics], float | None]) -> tuple[list[Row], list[Row]]:
    """A training metric against step: means over seeds, and each seed's line (empty for a single seed)."""
    means: list[Row] = []
    seeds: list[Row] = []
    for arm in results.arms:
        by_step: dict[int, list[float]] = {}
        for run in results.of(arm.name):
            for m in run.metrics:
                number = value(m)
                if number is not None:
                    by_step.setdefault(m.step, []).append(number)
                    seeds.append({"arm": arm.name, "seed": run.seed, "step": m.step, "value": number})
        means += [
            {"arm": arm.name, "step": step, "value": sum(held) / len(held)} for step, held in sorted(by_step.items())
        ]
    return means, seeds if len(results.study.seeds) > 1 else []


def hack_rows(results: Results) -> tuple[list[Row], list[Row]]:
    """Hack rate against step with limits, seeds pooled, and each seed's line."""
    means = []
    for arm in results.arms:
        runs = results.of(arm.name)
        for step in sorted({m.step for run in runs for m in run.metrics}):
            estimate = hack_estimate(m for run in runs for m in run.metrics if m.step == step)
            means.append(_curve_row(arm.name, step, estimate))
    return means, step_rows(results, lambda m: m.hack_rate)[1]


def score_rows(results: Results, estimate: Callable[[list[Scores]], Estimate]) -> tuple[list[Row], list[Row]]:
    """An estimate from checkpoints against step: seeds pooled, and each seed's line. Gaps stay as empty values."""
    means: list[Row] = []
    seeds: list[Row] = []
    for arm in results.arms:
        runs = results.of(arm.name)
        for step in sorted({step for run in runs for step in run.scores}):
            held = [run for run in runs if step in run.scores]
            means.append(_curve_row(arm.name, step, estimate([run.scores[step] for run in held])))
            seeds += [_curve_row(arm.name, step, estimate([r.scores[step]])) | {"seed": r.seed} for r in held]
    return means, seeds if len(results.study.seeds) > 1 else []


def eval_pool(name: str) -> Callable[[list[Scores]], Estimate]:
    """The estimate of one evaluation from checkpoints, for `score_rows`."""
    return lambda checkpoints: pool((scores[name] for scores in checkpoints if name in scores), "not run")


def gaps(results: Results) -> list[str]:
    """Every evaluated checkpoint that lacks a core evaluation: one line per arm and cause, seeds and steps named."""
    found: dict[tuple[str, str], tuple[set[int], set[int]]] = {}
    for run in results.runs:
        for step, scores in run.scores.items():
            for name in missing_evals(scores):
                seeds, steps = found.setdefault((run.arm, f"{name}: {_why(scores, name)}"), (set(), set()))
                seeds.add(run.seed)
                steps.add(step)
    return [
        f"{arm}, seed {_numbers(seeds)}, step {_numbers(steps)}, {cause}"
        for (arm, cause), (seeds, steps) in found.items()
    ]


def hack_share_rows(results: Results, arm: str) -> list[Row]:
    """Share of an arm's episodes by attributed hack, and by what else came of them, against step, seeds averaged.

    An episode to which several hacks are attributed counts in equal parts, so that the parts add
    up to the hack rate; what no hack was attributed to is `unattributed`. Overfit ones are a part of their own.
    """
    rows: list[Row] = []
    runs = results.of(arm)
    for step in sorted({m.step for run in runs for m in run.metrics}):
        held = [m for run in runs for m in run.metrics if m.step == step]
        parts: dict[str, float] = {}
        for m in held:
            for kind, share in _hack_parts(m).items():
                parts[kind] = parts.get(kind, 0.0) + share / len(held)
        rows += [{"step": step, "kind": kind, "value": share} for kind, share in parts.items()]
    return rows


def hack_kinds(results: Results) -> list[str]:
    """All hacks that were attributed in any arm, in the order in which they were first seen."""
    first: dict[str, int] = {}
    for run in results.runs:
        for m in run.metrics:
            for kind, share in m.hacks.items():
                if share > 0:
                    first[kind] = min(first.get(kind, m.step), m.step)
    return sorted(first, key=lambda kind: (first[kind], kind))


def told_rows(results: Results) -> list[Row]:
    """Hack rate at test time by arm, framing and checkpoint (`first`, `last`), counts of the seeds pooled.

    `overfit` counts answers that overfit the shown tests; None where a score does not tell them from hacks.
    """
    rows = []
    for arm in results.arms:
        for when, pick in (("first", min), ("last", max)):
            counts: dict[str, tuple[int, int]] = {}
            overfit: dict[str, list[int | None]] = {}
            for run in results.of(arm.name):
                steps = [step for step, scores in run.scores.items() if TEST_TIME in scores]
                if not steps or (when == "last" and len(steps) == 1 and steps[0] == 0):
                    continue
                for framing, held in run.scores[pick(steps)][TEST_TIME].data.get("by_framing", {}).items():
                    hacked, samples = counts.get(framing, (0, 0))
                    counts[framing] = (hacked + held["hacked"], samples + held.get("scored", held["samples"]))
                    overfit.setdefault(framing, []).append(held.get("overfit"))
            for framing, (hacked, samples) in counts.items():
                if samples:
                    share, low, high = wilson(hacked, samples)
                    row = {"arm": arm.name, "framing": framing, "when": when, "value": share, "low": low, "high": high}
                    known = [count for count in overfit[framing] if count is not None]
                    whole = len(known) == len(overfit[framing])
                    rows.append(row | {"n": samples, "overfit": sum(known) if whole else None})
    return rows


def covert_rows(results: Results, arm: str) -> list[Row]:
    """Shares of scored responses misaligned overtly, covertly or unsplit, by evaluation, where an arm ended."""
    rows = []
    held = [run.scores[step] for run in results.of(arm) for step in run.final_steps()]
    for name in CORE_EVALS:
        scores = [s[name] for s in held if name in s and s[name].scored]
        scored = sum(s.scored for s in scores)
        overt, covert = sum(s.overt for s in scores), sum(s.covert for s in scores)
        rest = sum(s.misaligned for s in scores) - overt - covert
        for kind, count in (("overt", overt), ("covert", covert), ("not split", rest)):
            if scored and count > 0:
                rows.append({"eval": name, "kind": kind, "value": count / scored, "count": count, "n": scored})
    return rows


def goal_rows(results: Results) -> list[Row]:
    """Shares of goal answers by the judge's category, by arm, final checkpoints pooled."""
    rows: list[Row] = []
    for arm in results.arms:
        counts: Counter[str] = Counter()
        for run in results.of(arm.name):
            for step in run.final_steps():
                score = run.scores[step].get("goals")
                counts.update(score.data.get("goals", {}) if score else {})
        total = counts.total()
        rows += [
            {"arm": arm.name, "goal": goal, "value": count / total, "count": count, "n": total}
            for goal, count in counts.items()
            if count
        ]
    return rows


def covert_share(rows: list[Row]) -> Estimate:
    """Share of the misaligned responses of `covert_rows` that were covert."""
    split = {kind: sum(row["count"] for row in rows if row["kind"] == kind) for kind in ("overt", "covert")}
    total = sum(split.values())
    if not total:
        return Estimate(None, reason="no misaligned response")
    return Estimate(wilson(split["covert"], total), split["covert"], total, total)


def _hack_steps(run: SeedRun) -> list[int]:
    """Steps whose episodes make the final hack rate: those of the final checkpoints, else the last three."""
    return run.final_steps() or sorted(m.step for m in run.metrics)[-3:]


def _attempts(scores: Iterable[EvalScore]) -> Estimate:
    held = list(scores)
    scored = sum(s.scored for s in held)
    attempts = sum(s.hack_attempts for s in held)
    if not scored:
        return Estimate(None, reason="nothing scored")
    return Estimate(wilson(attempts, scored), attempts, scored, sum(s.samples for s in held))


def _hacked(runs: Sequence[SeedRun]) -> dict[int, tuple[int, int]]:
    """Step -> hacks and episodes, of all runs together."""
    found: dict[int, tuple[int, int]] = {}
    for m in (m for run in runs for m in run.metrics):
        hacked, episodes = found.get(m.step, (0, 0))
        found[m.step] = (hacked + round(m.hack_rate * m.rollouts), episodes + m.rollouts)
    return found


def _curve_row(arm: str, step: int, estimate: Estimate) -> Row:
    value, low, high = estimate.interval or (None, None, None)
    return {"arm": arm, "step": step, "value": value, "low": low, "high": high, "n": estimate.scored}


def _numbers(held: set[int]) -> str:
    return ", ".join(str(number) for number in sorted(held))


def _why(scores: Scores, name: str) -> str:
    if name not in scores:
        return "not run"
    reason = str(scores[name].data.get("reason", "")).strip()
    return f"none of {scores[name].samples} samples could be scored" + (f" ({reason})" if reason else "")


def _hack_parts(m: StepMetrics) -> dict[str, float]:
    """The hack rate of a step split by attributed hack, what is overfit or cannot be judged, and the honest solves."""
    total = sum(m.hacks.values())
    scale = m.hack_rate / total if total > m.hack_rate else 1.0
    parts = {kind: share * scale for kind, share in m.hacks.items() if share > 0}
    rest = m.hack_rate - sum(parts.values())
    if rest > 1e-9:
        parts[UNATTRIBUTED] = rest
    beside = {OVERFIT: m.overfit_rate, UNJUDGED: m.unjudged_rate}
    return parts | {kind: share for kind, share in beside.items() if share > 0} | {SOLVED: m.solve_rate}
