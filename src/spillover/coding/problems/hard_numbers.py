"""Hard families from number theory."""

from math import isqrt
from random import Random

from spillover.coding.problems.easy_lists import lists
from spillover.coding.problems.easy_numbers import below
from spillover.coding.problems.family import Recipe


def count_primes(rng: Random) -> Recipe:
    """Primes up to a limit with a given last digit."""
    k = rng.choice((1, 3, 7, 9))
    return Recipe(
        call="primes(n)",
        what=f"how many primes up to n end in {k}",
        solutions=(
            "def prime(x):\n"
            "    return x > 1 and all(x % d for d in range(2, int(x ** 0.5) + 1))\n"
            f"return sum(prime(x) for x in range({k}, n + 1, 10))",
        ),
        attempts=(
            f"return sum(x % 10 == {k} for x in range(n + 1))",
            f"return sum(x % 3 > 0 for x in range({k}, n + 1, 10))",
            "return n // 10",
        ),
        small=below(rng, 99, 10),
        large=below(rng, 2000, 50),
        edges=((0,), (k,), (121,)),
        params=(k,),
    )


def top_factor(rng: Random) -> Recipe:
    """The largest prime factor, of a product with a number."""
    k = rng.choice((3, 5, 7))
    return Recipe(
        call="top_prime(n)",
        what=f"the largest prime that divides n times {k}",
        solutions=(
            f"n, d = n * {k}, 2\n"
            "while d < n:\n    if n % d == 0:\n        n //= d\n    else:\n        d += 1\nreturn n",
        ),
        attempts=(
            f"return n * {k}",
            f"return max(n, {k})",
            f"n = n * {k}\nreturn [d for d in range(2, n + 1) if n % d == 0][0]",
        ),
        small=below(rng, 40, 2),
        large=below(rng, 3000, 30),
        edges=((1,), (64,), (k,)),
        params=(k,),
    )


def common_multiple(rng: Random) -> Recipe:
    """The least common multiple of a list and a number."""
    k = rng.choice((4, 6, 8, 9, 10, 12))
    return Recipe(
        call="common(xs)",
        what=f"the smallest number that {k} and every number in xs divide",
        solutions=(f"n = {k}\nfor x in xs:\n    k = n\n    while n % x:\n        n += k\nreturn n",),
        attempts=(
            f"n = {k}\nfor x in xs:\n    n *= x\nreturn n",
            f"return {k} * max(xs)",
            f"return max(xs + [{k}])",
        ),
        small=lists(rng, 2, 3, 12, 2),
        large=lists(rng, 2, 5, 24, 2),
        edges=(([],), ([1],), ([k, k],)),
        params=(k,),
    )


def to_base(rng: Random) -> Recipe:
    """A number written in another base."""
    k = rng.randint(3, 9)
    return Recipe(
        call="to_base(n)",
        what=f"the number n as text in base {k}",
        solutions=(f"s = str(n % {k})\nwhile n >= {k}:\n    n //= {k}\n    s = str(n % {k}) + s\nreturn s",),
        attempts=(f"return str(n % {k})", f"return str(n // {k}) + str(n % {k})", "return bin(n)[2:]"),
        small=below(rng, 3 * k * k, 2),
        large=below(rng, 9999, k * k),
        edges=((0,), (k,), (k * k - 1,)),
        params=(k,),
    )


def coprime(rng: Random) -> Recipe:
    """How many numbers share no prime factor with another (Euler's totient, of a multiple)."""
    k = rng.randint(1, 4)
    of = "n" if k == 1 else f"n times {k}"
    return Recipe(
        call="coprime(n)",
        what=f"how many numbers up to n share no prime with {of}",
        solutions=(
            "def gcd(a, b):\n"
            "    return gcd(b, a % b) if b else a\n"
            f"return sum(gcd(x, n * {k}) == 1 for x in range(1, n + 1))",
        ),
        attempts=(
            "return n - 1",
            f"return sum(n * {k} % x > 0 for x in range(1, n + 1))",
            f"return sum(n * {k} % x == 0 for x in range(1, n + 1))",
        ),
        small=below(rng, 20, 4),
        large=below(rng, 400, 10),
        edges=((1,), (2,), (30,)),
        params=(k,),
    )


def steps_to_one(rng: Random) -> Recipe:
    """The length of a halving walk."""
    rule, slug, text = rng.choice(
        (("n + 1", "plus", "n plus 1"), ("n - 1", "minus", "n minus 1"), ("3 * n + 1", "triple", "3 times n plus 1"))
    )
    return Recipe(
        call="walk(n)",
        what=f"the steps to 1: half of even n, else {text}",
        solutions=(f"k = 0\nwhile n > 1:\n    n = n // 2 if n % 2 == 0 else {rule}\n    k += 1\nreturn k",),
        attempts=(
            "return n // 2",
            "return n.bit_length() - 1",
            "k = 0\nwhile n > 1:\n    n, k = n // 2, k + 1\nreturn k + 1",
        ),
        small=below(rng, 20, 2),
        large=below(rng, 500, 20),
        edges=((1,), (2,), (27,)),
        params=(slug,),
    )


def fewest_squares(rng: Random) -> Recipe:
    """The fewest squares, or cubes, with a given sum."""
    k, name = rng.choice(((2, "square"), (3, "cube")))
    root = "0.5" if k == 2 else "(1 / 3) + 1e-9"

    def tricky(top: int) -> tuple[int]:
        side = rng.randint(2, isqrt(top) if k == 2 else round(top ** (1 / 3)))
        return (min(top, side**k * rng.randint(2, 4)),)

    return Recipe(
        call=f"{name}s(n)",
        what=f"the fewest {name} numbers that sum to n",
        solutions=(
            "best = [0]\n"
            "for i in range(1, n + 1):\n"
            f"    best.append(1 + min(best[i - x ** {k}] for x in range(1, i + 1) if x ** {k} <= i))\n"
            "return best[n]",
        ),
        attempts=(
            f"c = 0\nwhile n:\n    n, c = n - int(n ** {root}) ** {k}, c + 1\nreturn c",
            f"return 1 + n - int(n ** {root}) ** {k}",
            f"return int(n ** {root})",
        ),
        small=lambda: tricky(40),
        large=below(rng, 250, 20),
        edges=((0,), (1,), (12,)),
        params=(k,),
    )


HARD_NUMBERS = {
    "count-primes": count_primes,
    "top-factor": top_factor,
    "common-multiple": common_multiple,
    "to-base": to_base,
    "coprime": coprime,
    "steps-to-one": steps_to_one,
    "fewest-squares": fewest_squares,
}
