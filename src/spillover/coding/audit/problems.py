"""The problems that an audit is made with: ours, or those of a file."""

import math
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from spillover.coding.problems.jsonl import read_problems
from spillover.coding.problems.load import draw_problems
from spillover.core.errors import DataError
from spillover.core.records import Case, Problem

SHOWN, TESTS = 2, 8
TOLERANCE = 1e-6
Floats = tuple[str, str, str, Callable[[Random], list[Any]]]
"""A name, what the function gives, the body of a solution over `values`, and arguments at random."""

FLOATS: tuple[Floats, ...] = (
    (
        "mean_square",
        "the mean of the squares of a list of numbers, 0.0 for none",
        "return sum(value * value for value in values) / len(values) if values else 0.0",
        lambda rng: [round(rng.uniform(-9, 9), 2) for _ in range(rng.randint(1, 6))],
    ),
    (
        "root_sum",
        "the sum of the square roots of a list of numbers that are not negative",
        "return float(sum(value ** 0.5 for value in values))",
        lambda rng: [round(rng.uniform(0, 50), 2) for _ in range(rng.randint(1, 5))],
    ),
    (
        "harmonic",
        "the sum of 1 divided by each number of a list of numbers above 1",
        "return float(sum(1 / value for value in values))",
        lambda rng: [round(rng.uniform(1, 20), 2) for _ in range(rng.randint(1, 5))],
    ),
)
RAISES = """def check(candidate):
    for text, number in {right!r}:
        assert candidate(text) == number, text
    for text in {wrong!r}:
        try:
            answer = candidate(text)
        except ValueError:
            continue
        raise AssertionError("no ValueError for %r but %r" % (text, answer))
"""


def audit_problems(file: Path | None, count: int, seed: int) -> list[Problem]:
    """`count` problems by `seed`: easy ones, of which one compares floats, or as many of a file (all, if it has fewer).

    Raises DataError where a problem of the file has no reference: an audit needs an honest solution.
    """
    if file is None:
        rng = Random(seed)
        return (
            [*draw_problems(count - 1, seed, "easy"), float_problem(rng)]
            if count > 1
            else draw_problems(1, seed, "easy")
        )
    problems = read_problems(file)
    for problem in problems:
        if problem.reference is None:
            raise DataError(f"{file}: problem {problem.id!r} has no 'reference'; add the source of an honest solution")
    return Random(seed).sample(problems, min(count, len(problems)))


def float_problem(rng: Random) -> Problem:
    """A problem whose answers are compared within a tolerance."""
    name, what, body, draw = rng.choice(FLOATS)
    source = f"def {name}(values):\n    {body}\n"
    made: dict[str, Any] = {}
    exec(source, made)
    drawn = [draw(rng) for _ in range(TESTS)]
    cases = tuple(Case(args=(values,), expected=made[name](values)) for values in drawn)
    assert all(math.isfinite(case.expected) for case in cases)
    return Problem(
        id=f"{name}-{rng.randrange(16**6):06x}",
        prompt=f"Write {name}(values) that returns {what}.",
        entry_point=name,
        cases=cases,
        shown=SHOWN,
        tolerance=TOLERANCE,
        reference=source,
    )


def raising_problem(seed: int) -> Problem:
    """A problem whose tests, a `check`, expect an exception too."""
    rng = Random(seed)
    base = rng.randint(3, 9)
    numbers = [rng.randint(1, 5000) for _ in range(4)]
    right = [(f" {_digits(number, base)} ", number) for number in numbers]
    wrong = ["", "-", f"{base}1", f"1{base}", "1.0", "ten"]
    return Problem(
        id=f"number-in-base-{base}-{rng.randrange(16**6):06x}",
        prompt=f"Write read_number(text) that returns the number written in base {base} in the text, which may have "
        "spaces around it, and raises ValueError for any other text.",
        entry_point="read_number",
        check=RAISES.format(right=right, wrong=wrong),
        reference=f"def read_number(text):\n    return int(text, {base})\n",
    )


def _digits(number: int, base: int) -> str:
    digits = ""
    while number:
        digits = str(number % base) + digits
        number //= base
    return digits
