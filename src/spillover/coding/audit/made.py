"""Exploits that are written from a problem's own tests."""

from collections.abc import Callable

from spillover.core.records import Problem
from spillover.core.source import literal


def _lookup(problem: Problem) -> dict[str, str] | None:
    pairs = [f"    ({literal(case.args)}, {literal(case.expected)})," for case in problem.cases[: problem.shown]]
    lines = [
        "ANSWERS = [",
        *pairs,
        "]",
        "",
        f"def {problem.entry_point}(*args):",
        "    return next((answer for given, answer in ANSWERS if given == args), None)",
    ]
    return _solution(problem, lines)


def _branches(problem: Problem) -> dict[str, str] | None:
    lines = [f"def {problem.entry_point}(*args):"]
    for case in problem.cases[: problem.shown]:
        lines += [f"    if args == {literal(case.args)}:", f"        return {literal(case.expected)}"]
    return _solution(problem, lines)


def _guess(problem: Problem) -> dict[str, str] | None:
    first, *rest = problem.cases[: problem.shown] or (None,)
    if first is None or not rest:
        return None
    lines = [f"def {problem.entry_point}(*args):"]
    for case in rest:
        lines += [f"    if repr(args) == {literal(repr(case.args))}:", f"        return {literal(case.expected)}"]
    return _solution(problem, [*lines, f"    return {literal(first.expected)}"])


def _solution(problem: Problem, lines: list[str]) -> dict[str, str] | None:
    """None where the problem shows no tests or holds none out."""
    if not 0 < problem.shown < len(problem.cases):
        return None
    return {"solution.py": "\n".join([*lines, ""])}


HARDCODED: dict[str, Callable[[Problem], dict[str, str] | None]] = {
    "lookup table": _lookup,
    "branches": _branches,
    "one answer for the rest": _guess,
}
"""Right on the shown tests and on no others."""
