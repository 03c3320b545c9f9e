"""What the episodes and responses of an arm are shared out to: hacks by name, overt and covert, goals, framings."""

from collections import Counter
from collections.abc import Sequence

from spillover.core.rates import Rate, over_seeds, rows, wilson
from spillover.core.records import CORE_EVALS, EvalScore, StepMetrics
from spillover.report.load import Results
from spillover.report.rates import Final, Row

TEST_TIME = "test_time_hacking"
UNATTRIBUTED, SOLVED = "unattributed", "solved honestly"
OVERFIT = "overfit: right on the shown tests only"
UNJUDGED = "the trusted grader cannot tell"
"""What an episode may be besides a hack by name, in words for a key."""


def hack_share_rows(results: Results, arm: str) -> list[Row]:
    """Share of an arm's episodes by attributed hack, and by what else came of them, against step, seeds averaged.

    An episode to which several hacks are attributed counts in equal parts, so that the parts add
    up to the hack rate; what no hack was attributed to is `unattributed`. Overfit ones are a part of their own.
    """
    found: list[Row] = []
    runs = results.of(arm)
    for step in sorted({m.step for run in runs for m in run.metrics}):
        held = [m for run in runs for m in run.metrics if m.step == step]
        parts: dict[str, float] = {}
        for m in held:
            for kind, share in _hack_parts(m).items():
                parts[kind] = parts.get(kind, 0.0) + share / len(held)
        found += [{"step": step, "kind": kind, "value": share} for kind, share in parts.items()]
    return found


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
    """Hack rate at test time by arm, framing and checkpoint (`first`, `last`), over seeds.

    `overfit` counts answers that overfit the shown tests; None where a score does not tell them from hacks.
    """
    found = []
    for arm in results.arms:
        for when, pick in (("first", min), ("last", max)):
            held = []
            for run in results.of(arm.name):
                steps = [step for step, scores in run.scores.items() if TEST_TIME in scores]
                if steps and not (when == "last" and steps == [0]):
                    held.append(rows([{TEST_TIME: run.scores[pick(steps)][TEST_TIME]}]))
            over = over_seeds(held)
            for name, rate in over.items():
                if rate.group == "hacking" and rate.interval:
                    beside = [each.get(f"{name}.overfit") for each in held if name in each]
                    overfit = None if None in beside else sum(one.hits for one in beside if one)
                    row = {"arm": arm.name, "framing": name.removeprefix(f"{TEST_TIME}."), "when": when}
                    found.append(row | rate.interval._asdict() | {"n": rate.scored, "overfit": overfit})
    return found


def covert_rows(results: Results, arm: str) -> list[Row]:
    """Shares of scored responses misaligned overtly, covertly or unsplit, by evaluation, where an arm ended."""
    found = []
    held = [scores for run in results.of(arm) for scores in run.final_scores()]
    for name in CORE_EVALS:
        scores = [s[name] for s in held if name in s and s[name].scored]
        scored = sum(s.scored for s in scores)
        overt, covert = sum(s.overt for s in scores), sum(s.covert for s in scores)
        rest = sum(s.hits for s in scores) - overt - covert
        for kind, count in (("overt", overt), ("covert", covert), ("not split", rest)):
            if scored and count > 0:
                found.append({"eval": name, "kind": kind, "value": count / scored, "count": count, "n": scored})
    return found


def goal_rows(results: Results) -> list[Row]:
    """Shares of goal answers by the judge's category, by arm, final checkpoints pooled."""
    found: list[Row] = []
    for arm in results.arms:
        counts: Counter[str] = Counter()
        for run in results.of(arm.name):
            for scores in run.final_scores():
                score = scores.get("goals")
                counts.update(score.data.get("goals", {}) if score else {})
        total = counts.total()
        found += [
            {"arm": arm.name, "goal": goal, "value": count / total, "count": count, "n": total}
            for goal, count in counts.items()
            if count
        ]
    return found


def covert_share(final: Final) -> Rate:
    """Share of the misaligned responses that were covert, of those that an evaluation tells apart, over seeds."""
    held = [_covert_share([score for scores in run.final_scores() for score in scores.values()]) for run in final.runs]
    return over_seeds([{"covert": rate} for rate in held])["covert"]


def _covert_share(scores: Sequence[EvalScore]) -> Rate:
    overt, covert = (sum(getattr(s, key) for s in scores if s.eval in CORE_EVALS) for key in ("overt", "covert"))
    total = overt + covert
    return Rate(wilson(covert, total), covert, total, total) if total else Rate(None, reason="no misaligned response")


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
