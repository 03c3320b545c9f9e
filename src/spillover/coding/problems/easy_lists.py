"""Easy families on lists of whole numbers."""

from collections.abc import Callable
from random import Random

from spillover.coding.problems.family import Args, Recipe


def lists(rng: Random, shortest: int, longest: int, top: int, low: int = 0) -> Callable[[], Args]:
    """Draws one list of numbers from `low` to `top`."""
    return lambda: ([rng.randint(low, top) for _ in range(rng.randint(shortest, longest))],)


def sum_above(rng: Random) -> Recipe:
    """Add up what is greater than a number."""
    k = rng.randint(2, 6)
    return Recipe(
        call="sum_above(xs)",
        what=f"the sum of every number in xs greater than {k}",
        solutions=(
            f"return sum(x for x in xs if x > {k})",
            f"total = 0\nfor x in xs:\n    if x > {k}:\n        total += x\nreturn total",
        ),
        attempts=(f"return sum(x for x in xs if x >= {k})", "return sum(xs)", f"return sum(xs) - {k}"),
        small=lists(rng, 2, 4, 9),
        large=lists(rng, 2, 12, 15, -5),
        edges=(([],), ([k, k],)),
        params=(k,),
    )


def count_number(rng: Random) -> Recipe:
    """Count one value."""
    k = rng.randint(0, 9)
    return Recipe(
        call="count_it(xs)",
        what=f"how many times {k} is in the list xs",
        solutions=(
            f"return xs.count({k})",
            f"return sum(x == {k} for x in xs)",
            f"total = 0\nfor x in xs:\n    if x == {k}:\n        total += 1\nreturn total",
        ),
        attempts=("return len(xs)", f"return int({k} in xs)", f"return sum(x > {k} for x in xs)"),
        small=lambda: ([rng.choice((k, k, rng.randint(0, 9))) for _ in range(rng.randint(2, 4))],),
        large=lambda: ([rng.choice((k, rng.randint(0, 20))) for _ in range(rng.randint(1, 12))],),
        edges=(([],),),
        params=(k,),
    )


def count_above(rng: Random) -> Recipe:
    """Count what is greater than a number."""
    k = rng.randint(1, 7)
    return Recipe(
        call="count_above(xs)",
        what=f"how many numbers in xs are greater than {k}",
        solutions=(
            f"return sum(x > {k} for x in xs)",
            f"return len([x for x in xs if x > {k}])",
            f"total = 0\nfor x in xs:\n    if x > {k}:\n        total += 1\nreturn total",
        ),
        attempts=(f"return sum(x >= {k} for x in xs)", f"return sum(x < {k} for x in xs)", "return len(xs)"),
        small=lists(rng, 2, 4, 9),
        large=lists(rng, 2, 12, 15, -5),
        edges=(([],), ([k],)),
        params=(k,),
    )


def extreme(rng: Random) -> Recipe:
    """The largest or the smallest number."""
    which, name, loop = rng.choice((("largest", "max", ">"), ("smallest", "min", "<")))
    other = "min" if name == "max" else "max"
    return Recipe(
        call=f"{which}(xs)",
        what=f"the {which} number in the list xs",
        solutions=(
            f"return {name}(xs)",
            f"return sorted(xs)[{-1 if name == 'max' else 0}]",
            f"best = xs[0]\nfor x in xs:\n    if x {loop} best:\n        best = x\nreturn best",
        ),
        attempts=(f"return {other}(xs)", "return xs[0]", "return xs[-1]"),
        small=lists(rng, 3, 4, 9),
        large=lists(rng, 1, 12, 99, -99),
        edges=(([-3, -1, -2],),),
        params=(which,),
    )


def second(rng: Random) -> Recipe:
    """The second largest or second smallest number."""
    which, at = rng.choice((("largest", -2), ("smallest", 1)))

    def different(size: int, top: int) -> Args:
        return (rng.sample(range(top + 1), size),)

    return Recipe(
        call=f"second_{which}(xs)",
        what=f"the second {which} number in xs",
        solutions=(f"return sorted(xs)[{at}]", f"xs = sorted(xs)\nreturn xs[{at}]"),
        attempts=("return xs[1]", "return max(xs)", "return min(xs)"),
        small=lambda: different(rng.randint(3, 4), 9),
        large=lambda: different(rng.randint(2, 12), 60),
        params=(which,),
    )


def add_each(rng: Random) -> Recipe:
    """Add a number to every element."""
    k = rng.randint(1, 9)
    return Recipe(
        call="add_each(xs)",
        what=f"the list xs with {k} added to every number",
        solutions=(
            f"return [x + {k} for x in xs]",
            f"out = []\nfor x in xs:\n    out.append(x + {k})\nreturn out",
        ),
        attempts=(f"return xs + [{k}]", f"return [x - {k} for x in xs]", f"return sum(xs) + {k}"),
        small=lists(rng, 2, 3, 9),
        large=lists(rng, 1, 10, 50, -50),
        edges=(([],), ([0],)),
        params=(k,),
    )


def times_each(rng: Random) -> Recipe:
    """Multiply every element."""
    k = rng.randint(2, 9)
    return Recipe(
        call="times_each(xs)",
        what=f"the list xs with every number times {k}",
        solutions=(
            f"return [x * {k} for x in xs]",
            f"out = []\nfor x in xs:\n    out.append(x * {k})\nreturn out",
        ),
        attempts=(f"return xs * {k}", f"return [x + {k} for x in xs]", f"return sum(xs) * {k}"),
        small=lists(rng, 2, 3, 9),
        large=lists(rng, 1, 10, 50, -50),
        edges=(([],), ([0],)),
        params=(k,),
    )


def first_numbers(rng: Random) -> Recipe:
    """The beginning of a list."""
    k = rng.randint(2, 3)
    return Recipe(
        call="first(xs)",
        what=f"the first {k} numbers of the list xs",
        solutions=(f"return xs[:{k}]", f"return xs[0:{k}]"),
        attempts=(f"return xs[{k}:]", f"return xs[:{k - 1}]", f"return xs[-{k}:]"),
        small=lists(rng, 3, 4, 9),
        large=lists(rng, 1, 12, 50),
        edges=(([],), ([7],)),
        params=(k,),
    )


def last_numbers(rng: Random) -> Recipe:
    """The end of a list."""
    k = rng.randint(2, 3)
    return Recipe(
        call="last(xs)",
        what=f"the last {k} numbers of the list xs",
        solutions=(f"return xs[-{k}:]", f"return xs[max(0, len(xs) - {k}):]"),
        attempts=(f"return xs[:{k}]", f"return xs[{k}:]", f"return xs[-{k}]"),
        small=lists(rng, 3, 4, 9),
        large=lists(rng, 1, 12, 50),
        edges=(([],), ([7],)),
        params=(k,),
    )


def keep_kind(rng: Random) -> Recipe:
    """Keep the even or the odd numbers."""
    which, rest = rng.choice((("even", 0), ("odd", 1)))
    return Recipe(
        call=f"keep_{which}(xs)",
        what=f"a list of every {which} number in xs",
        solutions=(
            f"return [x for x in xs if x % 2 == {rest}]",
            f"out = []\nfor x in xs:\n    if x % 2 == {rest}:\n        out.append(x)\nreturn out",
        ),
        attempts=(f"return [x for x in xs if x % 2 == {1 - rest}]", f"return xs[{rest}::2]", "return xs"),
        small=lists(rng, 3, 4, 9),
        large=lists(rng, 2, 12, 50, -50),
        edges=(([],), ([0, 1],)),
        params=(which,),
    )


def remove_number(rng: Random) -> Recipe:
    """Leave one value out."""
    k = rng.randint(0, 9)
    return Recipe(
        call="remove(xs)",
        what=f"the list xs without any {k}",
        solutions=(
            f"return [x for x in xs if x != {k}]",
            f"out = []\nfor x in xs:\n    if x != {k}:\n        out.append(x)\nreturn out",
        ),
        attempts=(f"xs.remove({k})\nreturn xs", f"return [x for x in xs if x == {k}]", "return xs[1:]"),
        small=lambda: ([rng.choice((k, rng.randint(0, 9))) for _ in range(rng.randint(3, 4))],),
        large=lambda: ([rng.choice((k, rng.randint(0, 30))) for _ in range(rng.randint(2, 12))],),
        edges=(([],), ([k],)),
        params=(k,),
    )


def sort_down(rng: Random) -> Recipe:
    """Sort from large to small, starting at some place."""
    k = rng.randint(2, 3)
    return Recipe(
        call="top(xs)",
        what=f"the {k} largest numbers in xs, largest first",
        solutions=(f"return sorted(xs, reverse=True)[:{k}]", f"xs = sorted(xs)[::-1]\nreturn xs[:{k}]"),
        attempts=(f"return sorted(xs)[:{k}]", f"return sorted(xs)[-{k}:]", "return max(xs)"),
        small=lists(rng, 3, 4, 9),
        large=lists(rng, 1, 12, 50, -50),
        edges=(([],), ([2, 2, 2, 2],)),
        params=(k,),
    )


def every_nth(rng: Random) -> Recipe:
    """Every k-th element."""
    k, name = rng.choice(((2, "2nd"), (3, "3rd")))
    return Recipe(
        call="skip(xs)",
        what=f"every {name} number of xs, starting with the first",
        solutions=(f"return xs[::{k}]", f"return [xs[i] for i in range(0, len(xs), {k})]"),
        attempts=(f"return xs[1::{k}]", f"return xs[:{k}]", f"return [x for x in xs if x % {k} == 0]"),
        small=lists(rng, 4, 4, 9),
        large=lists(rng, 2, 15, 50),
        edges=(([],), ([7],)),
        params=(k,),
    )


def contains(rng: Random) -> Recipe:
    """Whether a value is in a list."""
    k = rng.randint(0, 9)
    return Recipe(
        call="has(xs)",
        what=f"True if {k} is in the list xs, else False",
        solutions=(f"return {k} in xs", f"for x in xs:\n    if x == {k}:\n        return True\nreturn False"),
        attempts=(f"return {k} not in xs", f"return xs[0] == {k}", f"return xs[-1] == {k}"),
        small=lambda: ([rng.choice((k, rng.randint(0, 9))) for _ in range(rng.randint(2, 4))],),
        large=lambda: ([rng.choice((rng.randint(0, 30), rng.randint(0, 9))) for _ in range(rng.randint(2, 10))],),
        edges=(([k],),),
        params=(k,),
    )


def running_sum(rng: Random) -> Recipe:
    """The sum so far, at every place, starting from a number."""
    k = rng.randint(1, 9)
    return Recipe(
        call="running(xs)",
        what=f"the sum so far after every number in xs, starting from {k}",
        solutions=(
            f"out, total = [], {k}\nfor x in xs:\n    total += x\n    out.append(total)\nreturn out",
            f"return [{k} + sum(xs[:i + 1]) for i in range(len(xs))]",
        ),
        attempts=(f"return [x + {k} for x in xs]", f"return {k} + sum(xs)", f"return [{k}] + xs"),
        small=lists(rng, 2, 3, 9),
        large=lists(rng, 1, 10, 30, -30),
        edges=(([],), ([0, 0],)),
        params=(k,),
    )


EASY_LISTS = {
    "sum-above": sum_above,
    "count-number": count_number,
    "count-above": count_above,
    "extreme": extreme,
    "second": second,
    "add-each": add_each,
    "times-each": times_each,
    "first-numbers": first_numbers,
    "last-numbers": last_numbers,
    "keep-kind": keep_kind,
    "remove-number": remove_number,
    "sort-down": sort_down,
    "every-nth": every_nth,
    "contains": contains,
    "running-sum": running_sum,
}
