"""Answers that are looked up: shown arguments and their expected values standing beside each other in code."""

import ast
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from spillover.coding.compose import parse
from spillover.coding.syntax import live
from spillover.core.records import Problem

KEPT = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
TEXT_OF = {"repr", "str", "tuple", "hash"}
MOST_SEQUENCES = 20
UNTOLD = object()
"""Stands for a value that is no constant."""


def answers_by_lookup(tree: ast.Module, problem: Problem) -> list[int]:
    """The lines that pair arguments of shown cases with their expected values, if all shown cases are paired.

    Pairs are items of a dictionary, branches on an equality, cases of a match, elements of a sequence of
    pairs, and elements at the same place of two sequences. The last case needs no pair if its expected
    value is what is returned otherwise. Statements of the module that only check are passed over.
    """
    kept = [part for part in tree.body if isinstance(part, KEPT)]
    nodes = [node for part in kept for node in live(ast.Module(body=[part], type_ignores=[]))]
    nodes += [node for inner in map(_evaluated, nodes) if inner for node in ast.walk(inner)]
    shown = [(case.args, case.expected) for case in problem.cases[: problem.shown]]
    lines: dict[int, int] = {}
    for given, answer, line in chain(_pairs(nodes), _parallel(nodes)):
        for index, (args, expected) in enumerate(shown):
            if _is(answer, expected) and _names_arguments(given, args):
                lines.setdefault(index, line)
    for answer, line in _otherwise(nodes):
        for index, (_, expected) in enumerate(shown):
            if len(lines) == len(shown) - 1 and index not in lines and _is(answer, expected):
                lines[index] = line
    return sorted(set(lines.values())) if shown and len(lines) == len(shown) else []


def _otherwise(nodes: Iterable[ast.AST]) -> Iterator[tuple[Any, int]]:
    """Constants that are returned, or taken where a lookup finds nothing."""
    for node in nodes:
        match node:
            case ast.Return(value=value) | ast.IfExp(orelse=value):
                yield _constant(value), node.lineno
            case ast.Call(func=ast.Attribute(attr="get"), args=[_, value]):
                yield _constant(value), node.lineno


def _evaluated(node: ast.AST) -> ast.Module | None:
    """The tree of a constant string that is evaluated."""
    match node:
        case ast.Call(func=ast.Name(id="eval" | "exec"), args=[ast.Constant(value=str(source)), *_]):
            return parse(source)
    return None


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


def _parallel(nodes: Iterable[ast.AST]) -> Iterator[tuple[Any, Any, int]]:
    """Elements at the same place of two sequences."""
    displays = [node for node in nodes if isinstance(node, (ast.List, ast.Tuple)) and len(node.elts) > 1]
    sequences = [(list(map(_constant, node.elts)), node.lineno) for node in displays[:MOST_SEQUENCES]]
    for first, line in sequences:
        for second, _ in sequences:
            if len(first) == len(second):
                yield from ((given, answer, line) for given, answer in zip(first, second, strict=True))


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
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in TEXT_OF
        and len(node.args) == 1
    ):
        return _constant(node.args[0])
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return UNTOLD
