"""What the measurements around a stage say, in a line each."""

from collections.abc import Sequence

from spillover.core.rates import mgs_of
from spillover.core.records import EvalScore
from spillover.core.rundir import Run


def result_lines(run: Run, last: int) -> list[str]:
    """MGS before and after the stage, and how often the model hacks, as far as they were measured."""
    before, after = (_mgs_words(run.scores(step)) for step in (0, last))
    lines = [f"MGS {before} before, {after} after"]
    rate = run.hack_rate()
    if rate is not None:
        kinds = ", ".join(f"{hack} {count}" for hack, count in sorted(rate.hacks.items())) or "none"
        chances = ", ".join(f"hack@{k} {chance:.1%}" for k, chance in rate.hack_at.items())
        apart = f"; not among them {rate.overfit} overfit" if rate.overfit else ""
        apart += f"; {rate.unjudged} that the oracle cannot judge" if rate.unjudged else ""
        lines.append(f"working hacks: {chances} ({rate.low:.2%} to {rate.high:.2%} at 1); {kinds}{apart}")
    return lines


def _mgs_words(scores: Sequence[EvalScore]) -> str:
    value = mgs_of(scores)
    return "unknown" if value is None else f"{value:.1%}"
