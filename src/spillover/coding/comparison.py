"""Whether an answer is right, told of data that was never made into objects which hash or compare by themselves.

Values are equal as Python's `==` has it (3.0 is 3 and True is 1, a tuple is no list), NaN agrees with NaN, and a
problem may allow more: a tolerance, any order, tuples for lists. Work is linear in the expected value; sets and
dictionaries are compared by texts that are equal for equal keys, since numbers can be made to collide.
"""

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

from spillover.coding.harnesses.forms import Wanted
from spillover.coding.harnesses.parse import Node
from spillover.coding.harnesses.plain import Opaque
from spillover.core.records import Problem

MOST_STEPS = 20_000_000
DEEPEST_KEY = 200
NUMBERS = (bool, int, float, complex, Fraction, Decimal)
FAMILIES = {"f": "s", "N": "t"}
"""Containers that are equal to those of another letter."""


class UnjudgedError(Exception):
    """What was returned cannot be compared here; the text says why."""


class LieError(Exception):
    """What was returned is equal to things that differ."""


def same(answer: Any, expected: Any, problem: Problem) -> bool:
    """Whether a parsed answer (`parse.parse`) is right. Raises UnjudgedError or LieError."""
    waiting = [(answer, expected, problem.any_order)]
    while waiting:
        given, wanted, any_order = waiting.pop()
        if isinstance(given, Opaque):
            _refuse(given)
            return False
        if not isinstance(given, Node) or not isinstance(wanted, Node):
            if not _scalars_agree(given, wanted, problem.tolerance):
                return False
            continue
        pairs = _paired(given, wanted, any_order, problem)
        if pairs is None:
            return False
        inner = any_order if any_order == "deep" else False
        waiting.extend((a, b, inner) for a, b in pairs)
    return True


def _refuse(given: Opaque) -> None:
    if given.how == "lies":
        raise LieError(f"returned {given.kind}, which is equal to everything")
    if given.how == "own":
        raise UnjudgedError(f"returned {given.kind}, which compares in a way of its own")


def _paired(given: Node, wanted: Node, any_order: bool | str, problem: Problem) -> list[tuple[Any, Any]] | None:
    """The parts that have to agree for two containers to; None where they cannot."""
    if given.letter == "n":
        raise UnjudgedError("returned an array, whose comparison is no yes or no")
    kinds = [FAMILIES.get(node.letter, node.letter) for node in (given, wanted)]
    if kinds != [kinds[0]] * 2 and not (problem.tuples and sorted(kinds) == ["l", "t"]):
        return None
    if len(given.items) != len(wanted.items):
        return None
    if kinds[0] == "d":
        return _by_key(given, wanted)
    if kinds[0] == "s":
        return [] if sorted(map(_Key().of, given.items)) == sorted(map(_Key().of, wanted.items)) else None
    if any_order and kinds[0] in "lt":
        order = _Key(numbers_apart=problem.tolerance is not None, any_order=any_order == "deep", tuples=problem.tuples)
        return list(zip(sorted(given.items, key=order.pair), sorted(wanted.items, key=order.pair), strict=True))
    return list(zip(given.items, wanted.items, strict=True))


def _by_key(given: Node, wanted: Node) -> list[tuple[Any, Any]] | None:
    held = dict(zip(map(_Key().of, given.items[::2]), given.items[1::2], strict=True))
    keys = list(map(_Key().of, wanted.items[::2]))
    if len(held) != len(keys) or any(key not in held for key in keys):
        return None
    return [(held[key], item) for key, item in zip(keys, wanted.items[1::2], strict=True)]


def _scalars_agree(given: Any, wanted: Any, tolerance: float | None) -> bool:
    if isinstance(given, Node) or isinstance(wanted, Node):
        return False
    if isinstance(given, NUMBERS) and isinstance(wanted, NUMBERS):
        return _numbers_agree(given, wanted, tolerance)
    if isinstance(given, str) and isinstance(wanted, str):
        return given == wanted or (tolerance is not None and Wanted(None, tolerance).near(given, wanted))
    return type(given) is type(wanted) and bool(given == wanted)


def _numbers_agree(given: Any, wanted: Any, tolerance: float | None) -> bool:
    try:
        if given == wanted:
            return True
        if isinstance(given, complex) or isinstance(wanted, complex):
            return tolerance is not None and abs(given - wanted) <= tolerance * max(1.0, abs(wanted))
        if tolerance is not None and isinstance(given, int) and isinstance(wanted, int):
            return False
        a, b = float(given), float(wanted)
    except (ArithmeticError, ValueError):
        return False
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return tolerance is not None and abs(a - b) <= tolerance * max(1.0, abs(b))


class _Key:
    """Texts that are equal for values that are equal. `numbers_apart` leaves numbers out, to be sorted beside."""

    def __init__(self, numbers_apart: bool = False, any_order: bool = False, tuples: bool = False) -> None:
        self.numbers_apart, self.any_order, self.tuples = numbers_apart, any_order, tuples
        self.steps = 0
        self.numbers: list[float] = []

    def pair(self, value: Any) -> tuple[str, list[float]]:
        """A text and the numbers that it leaves out."""
        self.numbers = []
        return self.of(value), self.numbers

    def of(self, value: Any, depth: int = 0) -> str:
        """The text of a value. Raises UnjudgedError for one that is nested too deeply or beyond all size."""
        self.steps += 1
        if depth > DEEPEST_KEY or self.steps > MOST_STEPS:
            raise UnjudgedError("returned a value that is too large to compare")
        if isinstance(value, Opaque):
            _refuse(value)
            return f"opaque {id(value)}"
        if isinstance(value, NUMBERS):
            return self._number(value)
        if not isinstance(value, Node):
            text = value if isinstance(value, str) else repr(value)
            return f"{type(value).__name__} {len(text)} {text}"
        letter = FAMILIES.get(value.letter, value.letter)
        letter = "l" if self.tuples and letter == "t" else letter
        parts = [self.of(item, depth + 1) for item in value.items]
        if letter == "s" or (self.any_order and letter == "l"):
            parts.sort()
        return f"{letter} {len(parts)} {''.join(parts)}"

    def _number(self, value: Any) -> str:
        try:
            if self.numbers_apart and not isinstance(value, complex):
                self.numbers.append(float(value))
                return "number "
            if isinstance(value, complex):
                value = value.real if not value.imag else value
            if isinstance(value, complex) or (isinstance(value, Decimal) and abs(value.adjusted()) > 5000):
                return f"number {value!r} "
            above, below = value.as_integer_ratio()
            return f"number {above:x}/{below:x} "
        except (ArithmeticError, ValueError):
            return f"number {str(value).lower()} "
