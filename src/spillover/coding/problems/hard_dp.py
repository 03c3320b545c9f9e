"""Hard families that need dynamic programming."""

from random import Random

from spillover.coding.problems.easy_lists import lists
from spillover.coding.problems.easy_numbers import below
from spillover.coding.problems.family import Args, Recipe
from spillover.coding.problems.words import SHORT_WORDS, WORDS

LONG_WORDS = tuple(w + v for w, v in zip(WORDS, reversed(WORDS), strict=True))


def fewest_coins(rng: Random) -> Recipe:
    """Change with the fewest coins, of sizes for which taking the largest first fails."""
    a = rng.randint(3, 6)
    b = a + rng.randint(1, a - 2)
    return Recipe(
        call="coins(n)",
        what=f"the fewest coins of 1, {a} and {b} that sum to n",
        solutions=(
            "best = [0]\n"
            "for i in range(1, n + 1):\n"
            f"    best.append(1 + min(best[i - c] for c in (1, {a}, {b}) if c <= i))\n"
            "return best[n]",
        ),
        attempts=(
            f"k = 0\nfor c in ({b}, {a}, 1):\n    k, n = k + n // c, n % c\nreturn k",
            f"return n // {b} + n % {b}",
            f"return n // {a}",
        ),
        small=below(rng, 3 * b, a),
        large=below(rng, 200, 3 * b),
        edges=((0,), (1,), (2 * a,)),
        params=(a, b),
    )


def climb_ways(rng: Random) -> Recipe:
    """Ordered ways to climb a stair with steps of three sizes."""
    a, b = sorted(rng.sample(range(2, 7), 2))
    return Recipe(
        call="climb(n)",
        what=f"how many ways to climb n steps by 1, {a} or {b}",
        solutions=(
            "ways = [1]\n"
            "for i in range(1, n + 1):\n"
            f"    ways.append(sum(ways[i - c] for c in (1, {a}, {b}) if c <= i))\n"
            "return ways[n]",
        ),
        attempts=("return 2 ** (n - 1)", f"return n // {a} + n // {b} + 1", f"return 1 + (n >= {a}) + (n >= {b})"),
        small=below(rng, 10, 3),
        large=below(rng, 45, 8),
        edges=((0,), (1,)),
        params=(a, b),
    )


def spaced_sum(rng: Random) -> Recipe:
    """The largest sum of elements that keep a distance."""
    d = rng.randint(2, 3)
    return Recipe(
        call="spaced(xs)",
        what=f"the largest sum of numbers in xs at least {d} places apart",
        solutions=(f"best = [0] * {d}\nfor x in xs:\n    best.append(max(best[-1], best[-{d}] + x))\nreturn best[-1]",),
        attempts=(
            f"return sum(xs[::{d}])",
            "return max(xs)",
            f"return max(xs) + xs[0] if len(xs) > {d} else max(xs)",
        ),
        small=lists(rng, 4, 4, 9, 1),
        large=lists(rng, 5, 14, 30),
        edges=(([],), ([5],), ([1, 9, 9, 1, 9, 1, 1, 9],)),
        params=(d,),
    )


def longest_run(rng: Random) -> Recipe:
    """The longest rising or falling subsequence."""
    which, sign = rng.choice((("rise", "<"), ("fall", ">")))
    best = "max" if which == "rise" else "min"

    def different(size: int, top: int) -> Args:
        return (rng.sample(range(top + 1), size),)

    return Recipe(
        call="keep(xs)",
        what=f"how many numbers of xs can be kept so that they {which}",
        solutions=(
            "best = []\n"
            "for i, x in enumerate(xs):\n"
            f"    best.append(1 + max([best[j] for j in range(i) if xs[j] {sign} x], default=0))\n"
            "return max(best, default=0)",
        ),
        attempts=(
            f"return 1 + sum(a {sign} b for a, b in zip(xs, xs[1:]))",
            f"return len([i for i in range(len(xs)) if xs[i] == {best}(xs[:i + 1])])",
            "return len(xs) - 1",
        ),
        small=lambda: different(4, 9),
        large=lambda: different(rng.randint(6, 14), 60),
        edges=(([],), ([5],), ([1, 2, 3],), ([3, 2, 1],)),
        params=(which,),
    )


def edits(rng: Random) -> Recipe:
    """The edit distance of two texts, with or without changing letters in place."""
    kinds, cost = rng.choice((("add, remove, change", "(x != y)"), ("add, remove", "2 * (x != y)")))

    def near(words: tuple[str, ...]) -> Args:
        a, b = rng.choice(words), rng.choice(words)
        turned = (a[1:] + rng.choice("st"), a[1:], rng.choice("st") + a[:-1], b)
        return (a, rng.choice(turned))

    return Recipe(
        call="edits(a, b)",
        what=f"the fewest edits ({kinds} a letter) from a to b",
        solutions=(
            "row = list(range(len(b) + 1))\n"
            "for i, x in enumerate(a):\n"
            "    new = [i + 1]\n"
            "    for j, y in enumerate(b):\n"
            f"        new.append(min(row[j] + {cost}, row[j + 1] + 1, new[j] + 1))\n"
            "    row = new\n"
            "return row[-1]",
        ),
        attempts=(
            "return abs(len(a) - len(b))",
            "return sum(x != y for x, y in zip(a, b)) + abs(len(a) - len(b))",
            "return len(set(a) ^ set(b))",
        ),
        small=lambda: near(SHORT_WORDS),
        large=lambda: near(LONG_WORDS),
        edges=(("", ""), ("", "tea"), ("abcabc", "bcabca")),
        params=("change" if "change" in kinds else "keep",),
    )


def can_sum(rng: Random) -> Recipe:
    """Whether a part of a list has a given sum."""
    k = rng.randint(8, 15)
    return Recipe(
        call="can_sum(xs)",
        what=f"True if some of the numbers in xs sum to {k}, else False",
        solutions=(f"sums = {{0}}\nfor x in xs:\n    sums |= {{x + y for y in sums}}\nreturn {k} in sums",),
        attempts=(
            f"return sum(xs) >= {k}",
            f"return any(x + y == {k} for x in xs for y in xs)",
            f"return {k} in xs",
        ),
        small=lists(rng, 3, 4, 9, 1),
        large=lambda: ([rng.randint(1, 4) * 2 + rng.choice((0, 0, 0, 7)) for _ in range(rng.randint(3, 6))],),
        edges=(([],), ([k],), ([k - 1],)),
        params=(k,),
    )


def cut_rod(rng: Random) -> Recipe:
    """The best price of a rod cut into pieces of two lengths, the longer a little dearer by length."""
    a = rng.randint(2, 4)
    b, m = a + 1, rng.randint(2, 4)
    low, high = m * a, m * b + 1
    return Recipe(
        call="cut(n)",
        what=f"the most that length n earns if {a} earns {low} and {b} earns {high}",
        solutions=(
            "best = [0]\n"
            "for i in range(1, n + 1):\n"
            f"    part = [best[i - c] + p for c, p in (({a}, {low}), ({b}, {high})) if c <= i]\n"
            "    best.append(max(part, default=0))\n"
            "return max(best)",
        ),
        attempts=(
            f"return n // {b} * {high} + n % {b} // {a} * {low}",
            f"return n // {a} * {low}",
            f"return max(n // {a} * {low}, n // {b} * {high})",
        ),
        small=below(rng, 30, a),
        large=below(rng, 150, 20),
        edges=((0,), (1,), (a,), (a + b,)),
        params=(a, low, b, high),
    )


HARD_DP = {
    "fewest-coins": fewest_coins,
    "climb-ways": climb_ways,
    "spaced-sum": spaced_sum,
    "longest-run": longest_run,
    "edits": edits,
    "can-sum": can_sum,
    "cut-rod": cut_rod,
}
