"""What a model is told: hints, framings, the reasoning line, the problem. All wording stands in `texts.py`."""

from spillover.prompts.build import problem_message, system_prompt
from spillover.prompts.shown import shown_tests
from spillover.prompts.texts import BRIEF, FULL, STYLES, Texts, load_texts

__all__ = [
    "BRIEF",
    "FULL",
    "STYLES",
    "Texts",
    "load_texts",
    "problem_message",
    "shown_tests",
    "system_prompt",
]
