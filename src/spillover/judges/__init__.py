"""Judges: a role that reads a transcript and says what its reasoning and its output show.

`RuleJudge` reads back the bottle's grammar, exactly or not at all. `ModelJudge` asks a model for a structured
verdict; what cannot be parsed is asked for once more and then unscored.
"""

from spillover.judges.answer import Answer, parse_answer
from spillover.judges.model import ModelJudge
from spillover.judges.protocol import Judge
from spillover.judges.rules import RuleJudge

__all__ = ["Answer", "Judge", "ModelJudge", "RuleJudge", "parse_answer"]
