"""A problem's shown tests as text, in each form a problem can have."""

import math
from collections.abc import Sequence
from typing import Any

from spillover.core.records import Case, Problem, StdinCase
from spillover.core.source import literal


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
