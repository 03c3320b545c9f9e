"""What crosses between a submission and its graders: values come back as they were, and forgeries end nothing."""

import contextlib
import json
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spillover.coding.comparison import LieError, UnjudgedError, same
from spillover.coding.harnesses import parse, plain
from spillover.core.records import Case, Problem

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.integers(2**1000, 2**1100) | st.floats() | st.text()
    | st.binary(max_size=20) | st.complex_numbers() | st.fractions() | st.decimals(allow_nan=False)
)  # fmt: skip
KEYS = st.booleans() | st.integers() | st.text(max_size=5) | st.tuples(st.integers(), st.text(max_size=3))
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.sets(KEYS, max_size=4)
        | st.frozensets(KEYS, max_size=4)
    ),
    max_leaves=12,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=10,
)
LETTERS = st.sampled_from(["l", "t", "s", "f", "q", "B", "d", "N", "k", "n", "o", "i", "b", "c", "x", "@", "!", "?"])
FORGED = st.lists(st.tuples(LETTERS, JSON, JSON).map(list) | st.tuples(LETTERS, JSON).map(list) | JSON, max_size=6)


def problem(expected: Any = None, **more: Any) -> Problem:
    case = Case(args=(), expected=None if expected is None else 0)
    return Problem(id="p", prompt="", entry_point="f", cases=(case,), **more)


def sent(value: Any) -> Any:
    """A value as it arrives: tokens, through JSON."""
    return json.loads(json.dumps(plain.encode(value)))


def agree(answer: Any, expected: Any, **more: Any) -> bool:
    return same(parse.parse(sent(answer)), parse.parse(plain.encode(expected)), problem(**more))


@given(VALUES)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    back = parse.decode(sent(value))
    assert repr(back) == repr(value) or back == value
    assert type(back) is type(value)


@given(VALUES)
def test_a_value_is_the_right_answer_to_itself(value: Any) -> None:
    assert agree(value, value)


@given(VALUES, VALUES)
def test_values_agree_exactly_where_python_says_that_they_are_equal(left: Any, right: Any) -> None:
    try:
        found = agree(left, right)
    except UnjudgedError:
        return
    equal = left == right
    if equal:
        assert found
    elif found:
        assert "nan" in repr(left).lower()  # NaN agrees with NaN


@given(st.lists(KEYS, max_size=6), st.randoms())
def test_in_any_order_a_list_agrees_with_its_permutations_and_with_no_other_counts(
    items: list[Any], random: Any
) -> None:
    mixed = items[:]
    random.shuffle(mixed)
    assert agree(mixed, items, any_order=True)
    assert agree(items, mixed, any_order=True)
    assert not agree([*items, "one more"], items, any_order=True)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_a_tolerance_holds_both_ways(number: float) -> None:
    near = number * (1 + 1e-9) + 1e-9
    assert agree(near, number, tolerance=1e-6) and agree(number, near, tolerance=1e-6)
    assert agree([near, {"k": (near,)}], [number, {"k": (number,)}], tolerance=1e-6)


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (3.0, 3, True),
        (True, 1, True),
        ((1, 2), [1, 2], False),
        (math.nan, math.nan, True),
        (Fraction(1, 2), 0.5, True),
        (Decimal("0.5"), 0.5, True),
        ({1, 2}, frozenset({2, 1}), True),
        ("1", 1, False),
        (10**400, 1e308, False),
        (10**400, 10**400, True),
    ],
)
def test_equality_is_pythons(left: Any, right: Any, equal: bool) -> None:
    assert agree(left, right) is equal


@given(FORGED | JSON, VALUES, st.none() | st.floats(1e-9, 1), st.booleans())
def test_whatever_is_sent_is_read_or_refused(
    tokens: Any, expected: Any, tolerance: float | None, any_order: bool
) -> None:
    asked = problem(tolerance=tolerance, any_order=any_order)
    try:
        answer = parse.parse(tokens)
    except ValueError:
        return
    with contextlib.suppress(UnjudgedError, LieError):
        assert isinstance(same(answer, parse.parse(plain.encode(expected)), asked), bool)
