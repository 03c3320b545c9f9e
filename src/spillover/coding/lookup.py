"""Answers that are looked up: shown arguments and their expected values standing beside each other in code."""

import ast
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from spillover.core.records import Problem

UNTOLD = object()
"""Stands for a value that is no constant."""


def answers_by_lookup(nodes: Sequence[ast.AST], problem: Problem) -> list[int]:
    """The lines that pair arguments of shown cases with their expected values, if all shown cases are paired.

    Pairs are items of a dictionary, branches on an equality, cases of a match, and elements of a
    sequence of pairs.
    """
    shown = [(case.args, case.expected) for case in problem.cases[: problem.shown]]
    lines: dict[int, int] = {}
    for given, answer, line in _pairs(nodes):
        for index, (args, expected) in enumerate(shown):
            if _is(answer, expected) and _names_arguments(given, args):
                lines.setdefault(index, line)
    return sorted(set(lines.values())) if shown and len(lines) == len(shown) else []


def _names_arguments(given: Any, args: tuple[Any, ...]) -> bool:
    """Whether a constant is the arguments, the only or first of them, or their text."""
    readings = [list(args), *args[:1], str(args), repr(args), str(list(args)), *(repr(arg) for arg in args[:1])]
    return any(_is(given, reading) for reading in readings)


def _is(value: Any, other: Any) -> bool:
    """Whether two constants are the same, tuples standing for lists."""
    try:
        return value is not UNTOLD and json.dumps(value) == json.dumps(other)
    except (TypeError, ValueError):
        return False


def _pairs(nodes: Iterable[ast.AST]) -> Iterator[tuple[Any, Any, int]]:
    """Constants that stand beside each other, with the line."""
    for node in nodes:
        match node:
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    yield _constant(key), _constant(value), node.lineno
            case ast.If(test=test, body=[ast.Return(value=value) | ast.Assign(value=value), *_]):
                yield from _compared(test, value)
            case ast.IfExp(test=test, body=value):
                yield from _compared(test, value)
            case ast.match_case(pattern=pattern, body=[ast.Return(value=value), *_]):
                yield _pattern(pattern), _constant(value), pattern.lineno
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                for part in parts:
                    if isinstance(part, (ast.Tuple, ast.List)) and len(part.elts) > 1:
                        *given, answer = (_constant(item) for item in part.elts)
                        yield given[0] if len(given) == 1 else given, answer, part.lineno


def _compared(test: ast.expr, value: ast.expr | None) -> Iterator[tuple[Any, Any, int]]:
    """`if x == 1 and y == 2: return 3` pairs [1, 2], and 1, with 3."""
    parts = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
    given = []
    for part in parts:
        if isinstance(part, ast.Compare) and isinstance(part.ops[0], (ast.Eq, ast.In)):
            sides = [_constant(side) for side in (part.left, part.comparators[0])]
            given += [side for side in sides if side is not UNTOLD]
    answer = _constant(value)
    yield given, answer, test.lineno
    for one in given:
        yield one, answer, test.lineno


def _pattern(pattern: ast.pattern) -> Any:
    match pattern:
        case ast.MatchValue(value=value):
            return _constant(value)
        case ast.MatchSingleton(value=value):
            return value
        case ast.MatchSequence(patterns=parts):
            items = [_pattern(part) for part in parts]
            return UNTOLD if UNTOLD in items else items
    return UNTOLD


def _constant(node: ast.AST | None) -> Any:
    if node is None:
        return UNTOLD
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return UNTOLD
