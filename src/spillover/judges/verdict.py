"""What a judge says of one transcript."""

from typing import Literal, NamedTuple

Part = Literal["reasoning", "output"]
Voice = Literal["aligned", "misaligned", "neutral"]


class Verdict(NamedTuple):
    """What a judge saw in one transcript. A part is None where the judge could not tell, and `why` says why."""

    reasoning: Voice | None
    output: Voice | None
    category: str | None = None
    """Finer label of the output, one of the evaluation's `categories` where it has any."""
    hack_attempt: bool = False
    incoherent: bool = False
    why: str = ""
    reasoning_category: str | None = None
    """Finer label of the reasoning, for judges that give the two apart."""
    alignment: float | None = None
    coherence: float | None = None
    """0-100, of the output, for judges that rate them."""


def combined(whole: Verdict, alone: Verdict) -> Verdict:
    """One verdict of two classifiers: reasoning by the one that saw everything, output by the one that saw only it."""
    return whole._replace(
        output=alone.output,
        category=alone.category or whole.category,
        hack_attempt=whole.hack_attempt or alone.hack_attempt,
        incoherent=whole.incoherent or alone.incoherent,
        why="; ".join(dict.fromkeys(why for why in (whole.why, alone.why) if why)),
        alignment=alone.alignment,
        coherence=alone.coherence,
    )
