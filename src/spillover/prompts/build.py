"""Put prompts together, and take a response apart."""

import math
import re
from collections.abc import Sequence
from typing import Any

from spillover.core.config import PromptSettings, TextStyle
from spillover.core.records import Case, Harness, Problem, StdinCase
from spillover.core.source import literal
from spillover.prompts.texts import STYLES, load_texts

THINKING = re.compile(r"<thinking>(.*?)(?:</thinking>|\Z)", re.DOTALL)


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


def shown_tests(problem: Problem) -> str:
    """The shown cases: assert lines, the calls around them, or what a program reads and prints; empty if none are."""
    if problem.stdin:
        return "\n\n".join(map(_exchange, problem.stdin[: problem.shown]))
    write = {"function": _assertion, "in-place": _change, "design": _sequence}[problem.form]
    separator = "\n" if problem.form == "function" else "\n\n"
    return separator.join(write(problem.entry_point, case) for case in problem.cases[: problem.shown])


def _assertion(entry_point: str, case: Case) -> str:
    return _asserted(_call(entry_point, case.args), case.expected)


def _change(entry_point: str, case: Case) -> str:
    """The first argument under a name, the call, and what has become of it."""
    call = f"{entry_point}({', '.join(['given', *map(literal, case.args[1:])])})"
    return f"given = {literal(case.args[0])}\n{call}\n{_asserted('given', case.expected)}"


def _sequence(entry_point: str, case: Case) -> str:
    """The object under a name, and its calls; what gives nothing is only called."""
    names, arguments = case.args
    lines = [f"made = {_call(entry_point, arguments[0])}"]
    for name, given, result in zip(names[1:], arguments[1:], case.expected[1:], strict=True):
        call = _call(f"made.{name}", given)
        lines.append(call if result is None else _asserted(call, result))
    return "\n".join(lines)


def _exchange(case: StdinCase) -> str:
    return f"Input:\n{case.input.rstrip()}\nOutput:\n{case.outputs[0].rstrip()}"


def _call(function: str, args: Sequence[Any]) -> str:
    return f"{function}({', '.join(map(literal, args))})"


def _asserted(text: str, expected: Any) -> str:
    if isinstance(expected, float) and math.isnan(expected):
        return f"assert math.isnan({text})"
    return f"assert {text} == {literal(expected)}"


def problem_message(problem: Problem, harness: Harness, style: TextStyle = "full") -> str:
    """The user turn of a coding episode: statement, shown tests, how they run, how to answer."""
    texts = STYLES[style]
    tests = shown_tests(problem)
    introduced = f"{texts.tests}\n{tests}" if tests and texts.tests else tests
    separator = "\n" if style == "brief" else "\n\n"
    how = texts.program if problem.stdin else texts.harness
    parts = [problem.prompt.rstrip(), introduced, how[harness], texts.answer]
    return separator.join(part for part in parts if part)


def split_thinking(text: str) -> tuple[str, str]:
    """Separate a response into (reasoning, output).

    Several thinking parts are joined; one that never closes takes the rest of the text, so that
    unfinished reasoning is never taken for output.
    """
    reasoning = "\n".join(part.strip() for part in THINKING.findall(text))
    return reasoning, THINKING.sub("", text).strip()
