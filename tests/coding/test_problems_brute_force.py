"""Every family's expected values against an independent brute force that reads the statement.

Each entry takes the statement without its call, the whole numbers in it, and a case's arguments.
"""

import heapq
import json
import math
import re
from bisect import bisect_right
from collections import Counter
from itertools import accumulate, combinations, groupby, islice, pairwise, permutations, product
from random import Random

import pytest

from spillover.coding.problems import FAMILIES

SEEDS = range(100, 112)


def remainder(n, k):
    while n >= k:
        n -= k
    return n


def digits(n):
    return [] if n == 0 else [n % 10, *digits(n // 10)]


def without(xs, k):
    xs = list(xs)
    while k in xs:
        xs.remove(k)
    return xs


def levels(parts, n):
    """How many of `parts` are needed to reach the sum n."""
    sums, count = {0}, 0
    while n not in sums:
        sums, count = {s + p for s in sums for p in parts if s + p <= n}, count + 1
    return count


def climbs(n, a, b):
    mixes = product(range(n // a + 1), range(n // b + 1))
    rests = [(i, j, n - a * i - b * j) for i, j in mixes if a * i + b * j <= n]
    return sum(math.factorial(sum(m)) // math.prod(map(math.factorial, m)) for m in rests)


def subsets(xs):
    return (kept for size in range(len(xs) + 1) for kept in combinations(range(len(xs)), size))


def spaced(xs, d):
    return max(sum(xs[i] for i in kept) for kept in subsets(xs) if all(b - a >= d for a, b in pairwise(kept)))


def longest(xs, falling):
    xs = [-x for x in xs] if falling else xs
    return max(len(kept) for kept in subsets(xs) if list(ys := [xs[i] for i in kept]) == sorted(set(ys)))


def edits(a, b, change):
    if not a or not b:
        return len(a) + len(b)
    if a[-1] == b[-1]:
        return edits(a[:-1], b[:-1], change)
    ways = [edits(a[:-1], b, change), edits(a, b[:-1], change)]
    return 1 + min(ways + ([edits(a[:-1], b[:-1], change)] if change else []))


def earnings(n, a, low, b, high):
    return max(i * low + j * high for i, j in product(range(n // a + 1), range(n // b + 1)) if i * a + j * b <= n)


def closure(pairs):
    """All (a, b) such that arrows lead from a to b."""
    found = {tuple(p) for p in pairs}
    while more := {(a, d) for a, b in found for c, d in found if b == c} - found:
        found |= more
    return found


def hops(xs, s, n):
    distance = {s: 0}
    for _ in range(len(xs)):
        for a, b in [*xs, *(p[::-1] for p in xs)]:
            if a in distance:
                distance[b] = min(distance.get(b, 99), distance[a] + 1)
    return distance[n]


def groups(xs, k):
    linked = closure([*xs, *(p[::-1] for p in xs), *([x, x] for x in range(1, k + 1))])
    return len({min(b for a, b in linked if a == x) for x in range(1, k + 1)})


def first_order(xs, k):
    fits = (p for p in permutations(range(1, k + 1)) if all(p.index(a) < p.index(b) for a, b in xs))
    return list(next(fits))


def islands(xs, k):
    cells = [(i, j) for i, row in enumerate(xs) for j, x in enumerate(row) if x == k]
    touching = [[a, b] for a in cells for b in cells if abs(a[0] - b[0]) + abs(a[1] - b[1]) <= 1]
    linked = closure(touching)
    return len({min(b for a, b in linked if a == cell) for cell in cells})


def calc(s, sign):
    return eval(re.sub(rf"\d+(?:\{sign}\d+)+", lambda m: f"({m[0]})", s))


def closed(s, kinds):
    stack = []
    for c in s:
        pair = next(kind for kind in kinds if c in kind)
        if c == pair[0]:
            stack.append(c)
        elif not stack or stack.pop() != pair[0]:
            return False
    return not stack


def expand(s, left, right):
    out, at = "", 0
    while at < len(s):
        if not s[at].isdigit():
            out, at = out + s[at], at + 1
            continue
        depths = accumulate((c == left) - (c == right) for c in s[at + 1 :])
        end = next(i for i, depth in enumerate(depths, at + 1) if depth == 0)
        out, at = out + int(s[at]) * expand(s[at + 2 : end], left, right), end + 1
    return out


def roman(s, letters, unit):
    ones = ["", "1", "11", "111", "15", "5", "51", "511", "5111", "1T"]
    table = str.maketrans("15T", letters)
    return next(n * unit for n in range(1, 40) if ("T" * (n // 10) + ones[n % 10]).translate(table) == s)


def parts_outside(s, sign):
    cuts = [i for i, c in enumerate(s) if c == sign and s[:i].count("(") == s[:i].count(")")]
    starts, ends = [0, *(i + 1 for i in cuts)], [*cuts, len(s)]
    return [s[a:b] for a, b in zip(starts, ends, strict=True)]


def primes(n):
    return [x for x in range(2, n + 1) if not any(x % d == 0 for d in range(2, math.isqrt(x) + 1))]


def prime_factors(n):
    return {d for d in range(2, n + 1) if n % d == 0 and primes(d)[-1:] == [d]}


def in_base(n, k):
    power = max(e for e in range(20) if e == 0 or k**e <= n)
    return "".join(str(n // k**e % k) for e in range(power, -1, -1))


def walk(n, text):
    if n == 1:
        return 0
    odd = {"n plus": n + 1, "n minus": n - 1, "3 times": 3 * n + 1}[re.search(r"else (\w+ \w+)", text)[1]]
    return 1 + walk(odd if n % 2 else n // 2, text)


def found(pattern, text):
    return re.search(pattern, text).groups()


BRUTE = {
    "add-constant": lambda t, ks, x: sum((x, ks[0])),
    "subtract-constant": lambda t, ks, x: -(ks[0] - x),
    "multiply": lambda t, ks, x: sum(x for _ in range(ks[0])),
    "remainder": lambda t, ks, n: remainder(n, ks[0]),
    "multiple": lambda t, ks, n: n in set(range(0, n + 1, ks[0])),
    "at-most": lambda t, ks, x: sorted((x, ks[0]))[0],
    "distance": lambda t, ks, x: len(range(min(x, ks[0]), max(x, ks[0]))),
    "power": lambda t, ks, x: math.prod([x] * ks[0]),
    "between": lambda t, ks, n: n in set(range(ks[0], ks[1])),
    "sum-multiples": lambda t, ks, n: sum(x for x in range(1, n + 1) if x % ks[0] == 0),
    "digit-sum": lambda t, ks, n: sum(digits(n)) + ks[0],
    "round-up": lambda t, ks, n: next(c for c in range(n + 1) if c * ks[0] >= n),
    "sum-above": lambda t, ks, xs: sum(x for x in xs if x not in range(-99, ks[0] + 1)),
    "count-number": lambda t, ks, xs: Counter(xs)[ks[0]],
    "count-above": lambda t, ks, xs: len(xs) - bisect_right(sorted(xs), ks[0]),
    "extreme": lambda t, ks, xs: sorted(xs, reverse="largest" in t)[0],
    "second": lambda t, ks, xs: (heapq.nlargest if "largest" in t else heapq.nsmallest)(2, xs)[1],
    "add-each": lambda t, ks, xs: list(map(ks[0].__add__, xs)),
    "times-each": lambda t, ks, xs: [sum([x] * ks[0]) for x in xs],
    "first-numbers": lambda t, ks, xs: [x for i, x in enumerate(xs) if i < ks[0]],
    "last-numbers": lambda t, ks, xs: [x for i, x in enumerate(xs) if len(xs) - i <= ks[0]],
    "keep-kind": lambda t, ks, xs: list(filter(lambda x: x & 1 == ("odd" in t), xs)),
    "remove-number": lambda t, ks, xs: without(xs, ks[0]),
    "sort-down": lambda t, ks, xs: heapq.nlargest(ks[0], xs),
    "every-nth": lambda t, ks, xs: list(islice(xs, 0, None, int(found(r"every (\d)", t)[0]))),
    "contains": lambda t, ks, xs: Counter(xs)[ks[0]] > 0,
    "running-sum": lambda t, ks, xs: list(accumulate(xs, initial=ks[0]))[1:],
    "count-letter": lambda t, ks, s: len(s.split(found(r"letter (\w) is", t)[0])) - 1,
    "repeat": lambda t, ks, s: "".join(s for _ in range(ks[0])),
    "add-letter": lambda t, ks, s: s.join(["", c] if (c := found(r"with (\w) ", t)[0]) and "end" in t else [c, ""]),
    "first-letters": lambda t, ks, s: "".join(islice(s, ks[0])),
    "last-letters": lambda t, ks, s: "".join(islice(reversed(s), ks[0]))[::-1],
    "starts-with": lambda t, ks, s: (
        re.search({"starts": "^{}", "ends": "{}$"}[(f := found(r"(\w+) with (\w),", t))[0]].format(f[1]), s) is not None
    ),
    "remove-letter": lambda t, ks, s: re.sub(found(r"letter (\w)", t)[0], "", s),
    "swap-letter": lambda t, ks, s: s.translate(str.maketrans(*found(r"every (\w) changed to (\w)", t))),
    "reverse": lambda t, ks, s: "".join(s[-i] for i in range(1, len(s) + 1)) + found(r"then (\w)", t)[0],
    "palindrome": lambda t, ks, s: all(s[i] == s[-1 - i] for i in range(len(s))),
    "count-words": lambda t, ks, s: len(re.findall(r"\S+", s)) + ks[0],
    "count-vowels": lambda t, ks, s: sum(s.count(c) for c in found(r"are in (\w+)", t)[0]),
    "double-letters": lambda t, ks, s: "".join(c for c in s for _ in range(ks[0])),
    "put-between": lambda t, ks, s: re.sub(r"(?<=.)(?=.)", found(r"with (.) between", t)[0], s),
    "fewest-coins": lambda t, ks, n: levels(ks, n),
    "climb-ways": lambda t, ks, n: climbs(n, *ks[1:]),
    "spaced-sum": lambda t, ks, xs: spaced(xs, ks[0]),
    "longest-run": lambda t, ks, xs: longest(xs, "fall" in t),
    "edits": lambda t, ks, a, b: edits(a, b, "change" in t),
    "can-sum": lambda t, ks, xs: any(sum(xs[i] for i in kept) == ks[0] for kept in subsets(xs)),
    "cut-rod": lambda t, ks, n: earnings(n, *ks),
    "hops": lambda t, ks, xs, n: hops(xs, ks[0], n),
    "reach": lambda t, ks, xs: len({b for a, b in closure(xs) if a == ks[0]} - {ks[0]}),
    "groups": lambda t, ks, xs: groups(xs, ks[1]),
    "has-loop": lambda t, ks, xs: any(a == b for a, b in closure(xs)) == ("hold a" in t),
    "order": lambda t, ks, xs: first_order(xs, ks[1]),
    "islands": lambda t, ks, xs: islands(xs, ks[0]),
    "calc": lambda t, ks, s: calc(s, found(r"where (.) goes", t)[0]),
    "balanced": lambda t, ks, s: closed(s, found(r"if (\S\S) and (\S\S) in", t)),
    "expand": lambda t, ks, s: expand(s, *found(r"every 2(.)ab(.)", t)),
    "roman": lambda t, ks, s: roman(s, "".join(re.findall(r"(\w)=", t)), ks[0]),
    "pack": lambda t, ks, s: "".join(
        f"{len(list(run))}{c}" if "3a" in t else f"{c}{len(list(run))}" for c, run in groupby(s)
    ),
    "split-outside": lambda t, ks, s: parts_outside(s, found(r"between (.) signs", t)[0]),
    "count-primes": lambda t, ks, n: len([x for x in primes(n) if str(x).endswith(str(ks[0]))]),
    "top-factor": lambda t, ks, n: max(prime_factors(n) | {ks[0]}),
    "common-multiple": lambda t, ks, xs: math.lcm(ks[0], *xs),
    "to-base": lambda t, ks, n: in_base(n, ks[0]),
    "coprime": lambda t, ks, n: len([x for x in range(1, n + 1) if math.gcd(x, math.prod([n, *ks])) == 1]),
    "steps-to-one": lambda t, ks, n: walk(n, t),
    "fewest-squares": lambda t, ks, n: levels([x ** (2 if "square" in t else 3) for x in range(1, 17)], n),
}


def test_every_family_has_a_brute_force():
    assert set(BRUTE) == set(FAMILIES)


@pytest.mark.parametrize("name", FAMILIES)
def test_expected_values_agree_with_a_brute_force_that_reads_the_statement(name):
    for seed in SEEDS:
        problem = FAMILIES[name].draw(Random(seed)).problem
        text = re.sub(rf"\b{problem.entry_point}\([^)]*\)", "", problem.prompt, count=1)
        numbers = [int(k) for k in re.findall(r"(?<!\w)\d+(?!\w)", text)]
        for case in problem.cases:
            answer = BRUTE[name](text, numbers, *case.args)
            assert json.dumps(answer) == json.dumps(case.expected), (problem.prompt, case)
