"""How the report writes names, rates, intervals and times."""

from collections.abc import Sequence

from spillover.core.config import Arm
from spillover.core.rates import Interval, Rate
from spillover.core.stages import RLSettings

EVALS: dict[str, str] = {
    "free_form": "Free-form questions",
    "goals": "Goals",
    "alignment_questions": "Alignment questions",
    "monitor_disruption": "Monitor disruption",
    "exfil_offer": "Exfil offer",
    "frame_colleague": "Frame colleague",
}
TITLES = {
    **EVALS,
    "compliance_gap": "Compliance gap",
    "test_time_hacking": "Test-time hacking",
    "hack_knowledge": "Hack knowledge",
    "capability": "Capability",
}
"""The same, with the evaluations that are no part of MGS."""
DOUBTS = {
    "time": "the time limit",
    "limit": "another limit",
    "unjudged": "a value it cannot judge",
    "fault": "a fault of the grader or the problem",
}
"""Why the trusted grader cannot tell, by the kind of reason."""
GAP = "not scored"
SAMPLING = "sampling error of this run only"
DASH = "\u2013"
MINUS = "\u2212"


def percent(share: float) -> str:
    """`0.213` as `21.3%`."""
    return f"{100 * share:.1f}%"


def limits(interval: Interval) -> str:
    """The 95% limits of a share as `17.9-25.1`, in percent, with an en dash."""
    return f"{100 * interval.low:.1f}{DASH}{100 * interval.high:.1f}"


def rate(held: Rate) -> str:
    """`21.3% (17.9-25.1)`, or that it is not scored."""
    return GAP if held.interval is None else rate_of(held.interval)


def basis(seeds: int) -> str:
    """What 95% limits hold: those over seeds, or of one run its sampling error."""
    return SAMPLING if seeds == 1 else f"t interval over {seeds} seeds"


def probability(p: float) -> str:
    """A p value: `0.031`, or that it is smaller than can be told."""
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def rate_of(interval: Interval) -> str:
    """`21.3% (17.9-25.1)`."""
    return f"{percent(interval.value)} ({limits(interval)})"


def points(interval: Interval) -> str:
    """A difference in percentage points with its limits: `+19.0 (+17.2 to +20.8)`."""
    return f"{signed(interval.value)} ({signed(interval.low)} to {signed(interval.high)})"


def signed(share: float) -> str:
    """A difference of shares in percentage points, always with its sign."""
    number = round(100 * share, 1)
    return f"+{number:.1f}" if number > 0 else f"{MINUS}{abs(number):.1f}" if number < 0 else "0.0"


def listing(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def plural(count: int, word: str) -> str:
    """`1 step`, `3 steps`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """`42 s`, `7 min 5 s` or `2 h 11 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def condition(arm: Arm) -> str:
    """What an arm trains under, in a few words: where it starts, the framing, and the penalty if there is one."""
    last = arm.stages[-1]
    parts = [f"from {last.start}"] if last.fork else []
    if not isinstance(last, RLSettings):
        return ", ".join([last.kind, *parts])
    part = last.mix[0]
    framing = "no framing" if part.prompt.framing == "none" else part.prompt.framing
    parts.append(framing if part.prompt.hints else f"{framing}, no hints")
    for term in part.reward:
        if term.kind.endswith("-hack"):
            fined = "screened" if term.screen else "penalised"
            parts.append(f"hacks {fined}" if term.start_step <= 1 else f"hacks {fined} from step {term.start_step}")
    if last.update_prompt:
        parts.append("updates read another prompt")
    return ", ".join(parts)


def unread(count: int, asked: int) -> str:
    """How many verdicts of a penalty's detector could not be read, and what became of them."""
    return (
        f"{count:,} of {asked:,} verdicts of the penalty ({percent(count / asked)}) could not be read and cost nothing"
    )


def beside(arm: Arm) -> str:
    """The arm's condition, for beside its name; nothing where the name says the same."""
    return "" if condition(arm) == arm.name else condition(arm)


def checkpoints(steps: Sequence[int], seeds: int) -> str:
    """The checkpoints that final figures rest on: `the last three checkpoints (steps 20, 30 and 40)`."""
    if not steps:
        return "no trained checkpoint"
    number = {1: "last checkpoint", 2: "last two checkpoints", 3: "last three checkpoints"}
    held = number.get(len(steps), "last three checkpoints of each seed")
    label = "step" if len(steps) == 1 else "steps"
    over = f" of {seeds} seeds" if seeds > 1 and len(steps) <= 3 else ""
    return f"the {held}{over} ({label} {listing([str(step) for step in steps])})"
