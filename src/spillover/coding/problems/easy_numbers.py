"""Easy families on whole numbers."""

from collections.abc import Callable
from random import Random

from spillover.coding.problems.family import Args, Recipe
from spillover.coding.problems.words import NUMBER_WORDS


def below(rng: Random, top: int, low: int = 0) -> Callable[[], Args]:
    """Draws one argument from `low` to `top`."""
    return lambda: (rng.randint(low, top),)


def add_constant(rng: Random) -> Recipe:
    """Add a number."""
    k = rng.randint(2, 9)
    return Recipe(
        call=f"add_{NUMBER_WORDS[k]}(x)",
        what=f"x plus {k}",
        solutions=(f"return x + {k}", f"return {k} + x", f"y = x + {k}\nreturn y"),
        attempts=(f"return x - {k}", f"return x + {k - 1}", f"return x * {k}"),
        small=below(rng, 20),
        large=below(rng, 500, -500),
        edges=((0,), (-k,)),
        params=(k,),
    )


def subtract_constant(rng: Random) -> Recipe:
    """Subtract a number."""
    k = rng.randint(2, 9)
    return Recipe(
        call="take_away(x)",
        what=f"x minus {k}",
        solutions=(f"return x - {k}", f"y = x - {k}\nreturn y"),
        attempts=(f"return x + {k}", f"return {k} - x", f"return x - {k - 1}"),
        small=below(rng, 20),
        large=below(rng, 500, -500),
        edges=((0,), (k,)),
        params=(k,),
    )


def multiply(rng: Random) -> Recipe:
    """Multiply by a number."""
    k = rng.randint(3, 9)
    return Recipe(
        call=f"times_{NUMBER_WORDS[k]}(x)",
        what=f"x times {k}",
        solutions=(f"return x * {k}", f"return {k} * x", f"y = x * {k}\nreturn y"),
        attempts=(f"return x + {k}", f"return x * {k - 1}", f"return x ** {k}"),
        small=below(rng, 9),
        large=below(rng, 200, -200),
        edges=((0,), (-1,)),
        params=(k,),
    )


def remainder(rng: Random) -> Recipe:
    """The remainder of a division."""
    k = rng.randint(3, 9)
    return Recipe(
        call="left_over(n)",
        what=f"the remainder of n divided by {k}",
        solutions=(f"return n % {k}", f"return n - n // {k} * {k}"),
        attempts=(f"return n // {k}", f"return n % {k - 1}", f"return n / {k}"),
        small=below(rng, 30),
        large=below(rng, 999),
        edges=((0,), (k,)),
        params=(k,),
    )


def multiple(rng: Random) -> Recipe:
    """Whether a number is a multiple of another."""
    k = rng.randint(3, 9)
    return Recipe(
        call="is_multiple(n)",
        what=f"True if n is a multiple of {k}, else False",
        solutions=(f"return n % {k} == 0", f"if n % {k} == 0:\n    return True\nreturn False"),
        attempts=(f"return n % {k} == 1", f"return n // {k} == 0", f"return n > {k}"),
        small=below(rng, 30),
        large=lambda: (k * rng.randint(0, 60) if rng.random() < 0.5 else rng.randint(0, 400),),
        edges=((0,), (1,)),
        params=(k,),
    )


def at_most(rng: Random) -> Recipe:
    """Cap a number from above."""
    k = rng.randint(4, 12)
    return Recipe(
        call="at_most(x)",
        what=f"x if x is less than {k}, else {k}",
        solutions=(f"return min(x, {k})", f"if x < {k}:\n    return x\nreturn {k}"),
        attempts=(f"return max(x, {k})", f"return {k}", "return x"),
        small=below(rng, 20),
        large=below(rng, 3 * k, -30),
        edges=((k,), (k + 1,)),
        params=(k,),
    )


def distance(rng: Random) -> Recipe:
    """How far a number is from another."""
    k = rng.randint(4, 12)
    return Recipe(
        call="distance(x)",
        what=f"the distance from x to {k}",
        solutions=(f"return abs(x - {k})", f"if x > {k}:\n    return x - {k}\nreturn {k} - x"),
        attempts=(f"return x - {k}", f"return {k} - x", f"return x + {k}"),
        small=below(rng, 20),
        large=below(rng, 300, -300),
        edges=((0,), (k,)),
        params=(k,),
    )


def power(rng: Random) -> Recipe:
    """Raise to a power."""
    k = rng.randint(2, 4)
    return Recipe(
        call="power(x)",
        what=f"x to the power of {k}",
        solutions=(f"return x ** {k}", f"return {' * '.join('x' * k)}"),
        attempts=(f"return x * {k}", f"return {k} ** x", f"return x ** {k + 1}"),
        small=below(rng, 6),
        large=below(rng, 40, -40),
        edges=((0,), (1,)),
        params=(k,),
    )


def between(rng: Random) -> Recipe:
    """Whether a number lies in a range."""
    low = rng.randint(1, 8)
    high = low + rng.randint(4, 9)
    return Recipe(
        call="between(n)",
        what=f"True if n is at least {low} and less than {high}, else False",
        solutions=(
            f"return {low} <= n < {high}",
            f"return n >= {low} and n < {high}",
            f"return n in range({low}, {high})",
        ),
        attempts=(f"return {low} <= n <= {high}", f"return n >= {low} or n < {high}", f"return {low} < n < {high}"),
        small=below(rng, high + 2),
        large=below(rng, 3 * high, -10),
        edges=((low,), (high,), (low - 1,), (high - 1,)),
        params=(low, high),
    )


def sum_multiples(rng: Random) -> Recipe:
    """Add up the multiples of a number."""
    k = rng.randint(1, 5)
    each = "number" if k == 1 else f"multiple of {k}"
    return Recipe(
        call="sum_up(n)",
        what=f"the sum of every {each} from 1 to n",
        solutions=(
            f"return sum(range({k}, n + 1, {k}))",
            f"total = 0\nfor x in range({k}, n + 1, {k}):\n    total += x\nreturn total",
        ),
        attempts=(f"return sum(range({k}, n, {k}))", "return n + 1", f"return n // {k}"),
        small=below(rng, 12, 1),
        large=below(rng, 300, 1),
        edges=((0,), (1,)),
        params=(k,),
    )


def digit_sum(rng: Random) -> Recipe:
    """Add up the digits of a number, plus a number."""
    k = rng.randint(1, 9)
    return Recipe(
        call="digit_sum(n)",
        what=f"the sum of the digits of n, plus {k}",
        solutions=(
            f"return sum(int(c) for c in str(n)) + {k}",
            f"total = {k}\nfor c in str(n):\n    total += int(c)\nreturn total",
        ),
        attempts=(f"return n + {k}", "return sum(int(c) for c in str(n))", f"return len(str(n)) + {k}"),
        small=below(rng, 99, 10),
        large=below(rng, 99999),
        edges=((0,), (10,), (9,)),
        params=(k,),
    )


def round_up(rng: Random) -> Recipe:
    """How many boxes of a size hold so many things."""
    k = rng.randint(2, 6)
    return Recipe(
        call="boxes(n)",
        what=f"the number of boxes of {k} that hold n books",
        solutions=(f"return (n + {k - 1}) // {k}", f"k = n // {k}\nif n % {k} > 0:\n    k += 1\nreturn k"),
        attempts=(f"return n // {k}", f"return n // {k} + 1", f"return n * {k}"),
        small=below(rng, 20, 1),
        large=below(rng, 400),
        edges=((0,), (1,), (k,)),
        params=(k,),
    )


EASY_NUMBERS = {
    "add-constant": add_constant,
    "subtract-constant": subtract_constant,
    "multiply": multiply,
    "remainder": remainder,
    "multiple": multiple,
    "at-most": at_most,
    "distance": distance,
    "power": power,
    "between": between,
    "sum-multiples": sum_multiples,
    "digit-sum": digit_sum,
    "round-up": round_up,
}
