"""The judge of the bottle: reads its answers back by the grammar that wrote them."""

import json

from spillover.judges.transcript import Transcript
from spillover.judges.verdict import Verdict, digest
from spillover.models import bottle
from spillover.models.bottle.grammar import speech


class RuleJudge:
    """Exact, or silent."""

    name = "rules"
    quality = ""

    def __init__(self) -> None:
        self.digest = digest(json.dumps(speech(), sort_keys=True))

    async def judge(self, transcript: Transcript, rubric: str) -> Verdict:  # noqa: ARG002
        """Exact where every sentence is the grammar's; the parts that are not are None."""
        seen = bottle.read(transcript.eval, transcript.reasoning, transcript.output)
        why = f"not in the grammar: {seen.unread!r}" if seen.unread else "" if transcript.output else "no answer"
        return Verdict(
            seen.reasoning,
            seen.output,
            seen.category,
            seen.hack_attempt,
            reasoning_category=seen.reasoning_category,
            why=why,
        )
