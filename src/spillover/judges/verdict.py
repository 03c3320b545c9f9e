"""What every judge is, what it says of one transcript, and how it is asked."""

import hashlib
from typing import Literal, NamedTuple, Protocol

from spillover.judges.transcript import Transcript

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


class Judge(Protocol):
    """Says what a transcript shows."""

    name: str
    digest: str
    """Hash of the rules, prompts or weights, so that results of different judges are not mixed up."""
    quality: str
    """How good it was found to be, in one line that stands beside its results; empty where nobody measured it."""

    async def judge(self, transcript: Transcript, rubric: str) -> Verdict:
        """The verdict on one transcript. Never raises for what a model wrote."""


async def verdict_on(judge: Judge, transcript: Transcript, rubric: str, output_rubric: str = "") -> Verdict:
    """The verdict of one classifier, or of two where an `output_rubric` has the output judged by itself.

    Of reasoning that is not there to be read nothing is known, whatever the judge makes of its absence.
    """
    whole = _of_what_was_read(await judge.judge(transcript, rubric), transcript)
    if not transcript.output:
        return whole._replace(output=None, why=whole.why or "nothing was said outside the reasoning")
    if not output_rubric:
        return whole
    return combined(whole, await judge.judge(transcript.output_alone(), output_rubric))


def _of_what_was_read(verdict: Verdict, transcript: Transcript) -> Verdict:
    seen = bool(transcript.reasoning) and verdict.reasoning == "misaligned"
    if not transcript.unread or seen:
        return verdict
    why = f"{transcript.unread}; {verdict.why}" if verdict.why else transcript.unread
    return verdict._replace(reasoning=None, reasoning_category=None, why=why)


def digest(text: str) -> str:
    """A short hash of everything that a judge's verdicts depend on."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
