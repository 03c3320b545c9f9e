"""Answers that are looked up: shown arguments and their expected values standing beside each other in code.

Constants are compared by their JSON, tuples standing for lists. Each is written once, out of the JSON of its parts,
and no longer than LONGEST: longer answers are not sought.
"""

import ast
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from spillover.coding.compose import parse
from spillover.coding.syntax import live
from spillover.core.records import Case, Problem

KEPT = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
TEXT_OF = {"repr", "str", "tuple", "hash"}
MOST_SEQUENCES = 20
LONGEST = 5_000
"""Characters of a constant, as JSON."""
Texts = Mapping[ast.AST, str]
"""The JSON of the expressions that are constants."""


def answers_by_lookup(tree: ast.Module, problem: Problem) -> list[int]:
    """The lines that pair arguments of shown cases with their expected values, if all shown cases are paired.

    Pairs are items of a dictionary, branches on an equality, cases of a match, elements of a sequence of
    pairs, and elements at the same place of two sequences. The last case needs no pair if its expected
    value is what is returned otherwise. Statements of the module that only check are passed over.
    """
    shown = problem.cases[: problem.shown]
    by_answer: dict[str, dict[int, set[str]]] = {}
    for index, case in enumerate(shown):
        if (answer := _json(case.expected)) is not None:
            by_answer.setdefault(answer, {})[index] = _readings(case)
    if not by_answer:
        return []
    kept = [part for part in tree.body if isinstance(part, KEPT)]
    nodes = [node for part in kept for node in live(ast.Module(body=[part], type_ignores=[]))]
    nodes += [node for inner in map(_evaluated, nodes) if inner for node in ast.walk(inner)]
    texts = _texts(nodes)
    lines: dict[int, int] = {}
    for given, answer, line in chain(_pairs(nodes, texts), _parallel(nodes, texts)):
        for index, readings in by_answer.get(answer or "", {}).items():
            if given in readings:
                lines.setdefault(index, line)
    for answer, line in _otherwise(nodes, texts):
        if len(lines) == len(shown) - 1:
            lines |= {index: line for index in by_answer.get(answer or "", {}) if index not in lines}
    return sorted(set(lines.values())) if len(lines) == len(shown) else []


def _readings(case: Case) -> set[str]:
    """What in code may stand for the arguments: all of them, the only or first of them, or their text."""
    args = case.args
    texts = [
        _written(str, args),
        _written(repr, args),
        _written(str, list(args)),
        *(_written(repr, a) for a in args[:1]),
    ]
    readings = [_json(reading) for reading in (list(args), *args[:1])] + [_json(text) for text in texts if text]
    return {reading for reading in readings if reading is not None}


def _written(writing: Callable[[Any], str], value: Any) -> str | None:
    try:
        return writing(value)
    except (ValueError, RecursionError):  # A number too large to be written, or lists without end.
        return None


def _json(value: Any) -> str | None:
    """A value as JSON, None where it has none or is too long."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return None
    return text if len(text) <= LONGEST else None


def _texts(nodes: Iterable[ast.AST]) -> dict[ast.AST, str]:
    """The JSON of all constants among the parts of `nodes`, the parts of each before itself."""
    found: dict[ast.AST, str] = {}
    seen: dict[ast.AST, None] = {}
    for root in nodes:
        if root not in seen:
            seen.update(dict.fromkeys(ast.walk(root)))
    for node in reversed(seen):
        if isinstance(node, ast.expr) and (text := _text(node, found)) is not None:
            found[node] = text
    return found


def _text(node: ast.expr, found: Texts) -> str | None:
    match node:
        case ast.Constant(value=value):
            return _json(value)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=ast.Constant(value=int() | float() as number)):
            return _json(-number if isinstance(sign, ast.USub) else +number)
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return _sequence([found.get(part) for part in parts])
        case ast.Dict(keys=keys, values=values):
            return _mapping([(found.get(key) if key else None) for key in keys], [found.get(value) for value in values])
        case ast.Call(func=ast.Name(id=name), args=[part], keywords=[]) if name in TEXT_OF:
            return found.get(part)
    return None


def _sequence(parts: Iterable[str | None]) -> str | None:
    """The JSON of a list of parts."""
    texts, length = list[str](), 0
    for part in parts:
        length += len(part or "") + 2
        if part is None or length > LONGEST:
            return None
        texts.append(part)
    return f"[{', '.join(texts)}]"


def _mapping(keys: Iterable[str | None], values: Iterable[str | None]) -> str | None:
    """The JSON of a dictionary, whose keys are strings there."""
    texts, length = list[str](), 0
    for key, value in zip(keys, values, strict=True):
        length += len(key or "") + len(value or "") + 6
        if key is None or value is None or key[0] in "[{" or length > LONGEST:
            return None
        texts.append(f"{key if key[0] == chr(34) else json.dumps(key)}: {value}")
    return f"{{{', '.join(texts)}}}"


def _otherwise(nodes: Iterable[ast.AST], texts: Texts) -> Iterator[tuple[str | None, int]]:
    """Constants that are returned, or taken where a lookup finds nothing."""
    for node in nodes:
        match node:
            case ast.Return(value=ast.expr() as value) | ast.IfExp(orelse=value):
                yield texts.get(value), node.lineno
            case ast.Call(func=ast.Attribute(attr="get"), args=[_, value]):
                yield texts.get(value), node.lineno


def _evaluated(node: ast.AST) -> ast.Module | None:
    """The tree of a constant string that is evaluated."""
    match node:
        case ast.Call(func=ast.Name(id="eval" | "exec"), args=[ast.Constant(value=str(source)), *_]):
            return parse(source)
    return None


def _pairs(nodes: Iterable[ast.AST], texts: Texts) -> Iterator[tuple[str | None, str | None, int]]:
    """Constants that stand beside each other, with the line."""
    for node in nodes:
        match node:
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    yield texts.get(key) if key else None, texts.get(value), node.lineno
            case ast.If(test=test, body=[ast.Return(value=ast.expr() as value) | ast.Assign(value=value), *_]):
                yield from _compared(test, value, texts)
            case ast.IfExp(test=test, body=value):
                yield from _compared(test, value, texts)
            case ast.match_case(pattern=pattern, body=[ast.Return(value=ast.expr() as value), *_]):
                yield _pattern(pattern, texts), texts.get(value), pattern.lineno
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                for part in parts:
                    if isinstance(part, (ast.Tuple, ast.List)) and len(part.elts) > 1:
                        *given, answer = (texts.get(item) for item in part.elts)
                        yield given[0] if len(given) == 1 else _sequence(given), answer, part.lineno


def _parallel(nodes: Iterable[ast.AST], texts: Texts) -> Iterator[tuple[str | None, str | None, int]]:
    """Elements at the same place of two sequences."""
    displays = [node for node in nodes if isinstance(node, (ast.List, ast.Tuple)) and len(node.elts) > 1]
    sequences = [([texts.get(item) for item in node.elts], node.lineno) for node in displays[:MOST_SEQUENCES]]
    for first, line in sequences:
        for second, _ in sequences:
            if len(first) == len(second):
                yield from ((given, answer, line) for given, answer in zip(first, second, strict=True))


def _compared(test: ast.expr, value: ast.expr, texts: Texts) -> Iterator[tuple[str | None, str | None, int]]:
    """`if x == 1 and y == 2: return 3` pairs [1, 2], and 1, with 3."""
    parts = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
    given = []
    for part in parts:
        if isinstance(part, ast.Compare) and isinstance(part.ops[0], (ast.Eq, ast.In)):
            sides = [texts.get(side) for side in (part.left, part.comparators[0])]
            given += [side for side in sides if side is not None]
    answer = texts.get(value)
    for one in (_sequence(given), *given):
        yield one, answer, test.lineno


def _pattern(pattern: ast.pattern, texts: Texts) -> str | None:
    match pattern:
        case ast.MatchValue(value=value):
            return texts.get(value)
        case ast.MatchSingleton(value=value):
            return _json(value)
        case ast.MatchSequence(patterns=parts):
            return _sequence([_pattern(part, texts) for part in parts])
    return None
