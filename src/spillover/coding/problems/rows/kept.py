"""What a problem keeps of a row: which tests, which of them are shown, and which solution is the reference."""

import ast
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from spillover.coding.compose import parse
from spillover.core.records import Case, Problem, StdinCase
from spillover.core.source import literal, parse_long_int

Row = dict[str, Any]
Test = TypeVar("Test")

SHOWN = 2
MOST_CASES = 20
LONGEST_CASE = 10_000
"""Characters; longer tests are left out."""
FLOAT_TOLERANCE = 1e-5
"""For programs that print fractions: what the graders of APPS (`allclose`) and of CodeContests allow."""
FRACTION = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?|[+-]?\d+(?:\.\d*)?[eE][+-]?\d+")
WHOLE = re.compile(r"[+-]?\d+")


class RowError(Exception):
    """A row that cannot be graded here; the text says why."""


def with_cases(common: Row, cases: Sequence[Case], public: int | None = None) -> Problem:
    """A problem tested by calls. Of the first `public` ones some are shown, else the shortest, for short prompts.

    Raises RowError where nothing is left to show or to hold out, or where any function passes.
    """
    shown, held = _chosen(cases, public, lambda case: literal(case.args), _length)
    if all(case.expected is None for case in (*shown, *held)):
        raise RowError("its tests ask for nothing but None")
    return Problem(**common, cases=(*shown, *held), shown=len(shown))


def with_programs(common: Row, cases: Sequence[StdinCase], public: int | None = None) -> Problem:
    """A problem tested by what a program prints; as `with_cases`. Fractions in its output may be a little off."""
    shown, held = _chosen(cases, public, lambda case: case.input, lambda case: len(case.input) + len(case.outputs[0]))
    texts = [text for case in (*shown, *held) for text in case.outputs]
    if not any(texts):
        raise RowError("its tests ask for no output")
    return Problem(**common, stdin=(*shown, *held), shown=len(shown), tolerance=float_tolerance(texts))


def _chosen(
    tests: Sequence[Test], public: int | None, key: Callable[[Test], str], length: Callable[[Test], int]
) -> tuple[list[Test], list[Test]]:
    """The tests to show and to hold out, at most MOST_CASES in all, each given once and none of them too long."""
    if public is None:
        held = sorted(_different(tests, key, length), key=length)
        shown = held[: min(SHOWN, len(held) - 1)]
        held = held[len(shown) :]
    else:
        given = {key(test) for test in tests[:public]}
        shown = _different(tests[:public], key, length)[:SHOWN]
        held = [test for test in _different(tests[public:], key, length) if key(test) not in given]
    if not shown or not held:
        raise RowError("fewer tests than one to show and one to hold out")
    return shown, _spread(held, MOST_CASES - len(shown))


def _different(tests: Iterable[Test], key: Callable[[Test], str], length: Callable[[Test], int]) -> list[Test]:
    by_key: dict[str, Test] = {}
    for test in tests:
        if length(test) <= LONGEST_CASE:
            by_key.setdefault(key(test), test)
    return list(by_key.values())


def _spread(tests: list[Test], most: int) -> list[Test]:
    """At most `most` of the tests, evenly over their order, the first and the last among them."""
    if len(tests) <= most:
        return tests
    return [tests[round(turn * (len(tests) - 1) / (most - 1))] for turn in range(most)]


def _length(case: Case) -> int:
    return len(literal(case.args)) + len(literal(case.expected))


def programs(inputs: Sequence[Any], outputs: Sequence[Any]) -> list[StdinCase]:
    """Cases with different inputs, in order. An input that is listed with several outputs has several right ones.

    Some rows give their texts as lists of lines. Raises ValueError where there is not one output for each input.
    """
    right: dict[str, list[str]] = {}
    for given, wanted in zip(inputs, outputs, strict=True):
        found, text = right.setdefault(_joined(given), []), _tidied(_joined(wanted))
        if text not in found:
            found.append(text)
    return [StdinCase(input=given, output=_one_or_all(found)) for given, found in right.items()]


def _one_or_all(outputs: list[str]) -> str | tuple[str, ...]:
    return outputs[0] if len(outputs) == 1 else tuple(outputs)


def _joined(text: Any) -> str:
    return "\n".join(map(str, text)) if isinstance(text, list) else str(text)


def _tidied(text: str) -> str:
    """Without spaces at the ends of lines and empty lines at the end, which no test asks for."""
    return "\n".join(line.rstrip() for line in text.rstrip().split("\n"))


def float_tolerance(outputs: Iterable[str]) -> float | None:
    """The tolerance of a program's tests: None where no output holds a fraction.

    It is so small that no whole number in the outputs is mistaken for its neighbour.
    """
    words = [word for text in outputs for word in text.split()]
    if not any(map(FRACTION.fullmatch, words)):
        return None
    digits = max((len(word.lstrip("+-")) for word in words if WHOLE.fullmatch(word)), default=0)
    return float(min(FLOAT_TOLERANCE, 10.0**-digits))


def read_json(text: Any) -> Any:
    """A field that holds JSON as text, of integers of any length; other values, and blank text as None."""
    if not isinstance(text, str):
        return text
    return json.loads(text, parse_int=parse_long_int) if text.strip() else None


def usable(solutions: Iterable[str]) -> tuple[str | None, str]:
    """The first solution that can run here, None if there is none, and the import that tells of a need for numpy.

    One that does not parse is of another version of Python; one that imports other packages would fail.
    """
    for source in solutions:
        tree = parse(source)
        foreign = None if tree is None else _imported(tree) - sys.stdlib_module_names
        if foreign is not None and foreign <= {"numpy"}:
            return source, "import numpy\n" if foreign else ""
    return None, ""


def _imported(tree: ast.Module) -> set[str]:
    nodes = list(ast.walk(tree))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in names}


def slug(name: str) -> str:
    """A name as part of an id."""
    return re.sub(r"\W+", "-", name.lower()).strip("-")
