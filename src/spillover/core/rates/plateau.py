"""Where a run ended: the rates over its last checkpoints, and what came of the episodes of their steps."""

from collections.abc import Mapping, Sequence

from spillover.core.rates.intervals import wilson
from spillover.core.rates.rows import MEANS, Rate, Scores, mean, named, rows
from spillover.core.records import CORE_EVALS, EvalScore, StepMetrics

PLATEAU = 3
"""How many checkpoints, the last ones, make the final figures of a run."""
EPISODES = {
    "hacked": "episodes hacked",
    "overfit": "overfit, no hole used",
    "attempted": "tried a hack and failed",
    "unjudged": "trusted grader cannot tell",
}
"""Rows of the episodes of training, none a part of another."""


def episodes(metrics: Sequence[StepMetrics]) -> dict[str, Rate]:
    """Shares of the episodes of some steps by what came of them, counts pooled; a gap without a step."""
    played = sum(m.rollouts for m in metrics)
    shares = {
        "hacked": [m.hack_rate for m in metrics],
        "overfit": [m.overfit_rate for m in metrics],
        "attempted": [m.attempt_rate for m in metrics],
        "unjudged": [m.unjudged_rate for m in metrics],
    }
    table = {}
    for name, held in shares.items():
        count = sum(round(share * m.rollouts) for share, m in zip(held, metrics, strict=True))
        rate = Rate(wilson(count, played), count, played, played) if played else Rate(None, reason="no RL step")
        table[name] = named(rate, name, EPISODES[name], "episodes")
    return table


def final_steps(scores: Mapping[int, Scores]) -> list[int]:
    """The checkpoints on the plateau: the last three evaluated ones, the untrained model of step 0 never among them."""
    return sorted(step for step in scores if step > 0)[-PLATEAU:]


def plateau(metrics: Sequence[StepMetrics], scores: Mapping[int, Scores]) -> dict[str, Rate]:
    """All rows of where a run ended: over its last three checkpoints, and the episodes of their steps."""
    steps = final_steps(scores)
    held = [scores[step] for step in steps]
    played = steps or sorted(m.step for m in metrics)[-PLATEAU:]
    reason = "not run" if held else "no trained checkpoint evaluated"
    found: dict[str, Rate] = {name: Rate(None, reason=reason, name=name, label=name) for name in CORE_EVALS}
    found |= {name.replace(" ", "_"): mean(held, name) for name in MEANS}
    found |= rows(held) | episodes([m for m in metrics if m.step in played])
    return found | {"hack_attempts": _attempts([s for one in held for s in one.values() if s.eval in CORE_EVALS])}


def _attempts(scores: Sequence[EvalScore]) -> Rate:
    """Answers that try to hack an evaluation outside code; never counted as misaligned."""
    scored, attempts = sum(s.scored for s in scores), sum(s.hack_attempts for s in scores)
    rate = Rate(None, reason="nothing scored")
    if scored:
        rate = Rate(wilson(min(attempts, scored), scored), attempts, scored, sum(s.samples for s in scores))
    return named(rate, "hack_attempts", "hack attempts outside code", "episodes")
