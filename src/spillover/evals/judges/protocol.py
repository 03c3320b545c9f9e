"""What every judge is."""

import hashlib
from typing import Protocol

from spillover.evals.evaluation import Verdict
from spillover.evals.transcript import Transcript


class Judge(Protocol):
    """Says what a transcript shows."""

    name: str
    digest: str
    """Hash of the rules, prompts or weights, so that results of different judges are not mixed up."""

    async def judge(self, transcript: Transcript, rubric: str) -> Verdict:
        """The verdict on one transcript. Never raises for what a model wrote."""


def digest(text: str) -> str:
    """A short hash of everything that a judge's verdicts depend on."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
