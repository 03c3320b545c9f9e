"""Put prompts together."""

from spillover.core.records import Harness, Problem
from spillover.core.settings import PromptSettings
from spillover.prompts.shown import shown_tests
from spillover.prompts.texts import load_texts


def system_prompt(settings: PromptSettings) -> str:
    """The RL system prompt: hints, then the framing line, then the request for reasoning (paper, step 1).

    With the framing `neutral` the hints are worded as behaviours. An empty string means no system turn.
    """
    texts = load_texts(settings.style, settings.texts)
    hints = texts.hints_neutral if settings.framing == "neutral" else texts.hints
    parts = [
        hints if settings.hints else "",
        texts.framings[settings.framing],
        texts.reasoning if settings.reasoning else "",
    ]
    separator = " " if settings.style == "brief" else "\n\n"
    return separator.join(part for part in parts if part)


def problem_message(problem: Problem, harness: Harness, settings: PromptSettings) -> str:
    """The user turn of a coding episode: statement, shown tests, how they run, how to answer."""
    texts, style = load_texts(settings.style, settings.texts), settings.style
    tests = shown_tests(problem)
    introduced = f"{texts.tests}\n{tests}" if tests and texts.tests else tests
    separator = "\n" if style == "brief" else "\n\n"
    how = texts.program if problem.stdin else texts.harness
    parts = [problem.prompt.rstrip(), introduced, how[harness], texts.answer]
    return separator.join(part for part in parts if part)
