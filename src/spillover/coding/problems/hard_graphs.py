"""Hard families on graphs, given as lists of [a, b] pairs, and on grids."""

from itertools import pairwise
from random import Random

from spillover.coding.problems.family import Args, Recipe


def pairs(rng: Random, count: int, top: int, low: int = 0) -> list[list[int]]:
    """Different pairs of different numbers from `low` to `top`."""
    every = [[a, b] for a in range(low, top + 1) for b in range(low, top + 1) if a < b]
    drawn = rng.sample(every, min(count, len(every)))
    return [rng.choice((pair, pair[::-1])) for pair in drawn]


def hops(rng: Random) -> Recipe:
    """The length of the shortest path."""
    s = rng.randint(0, 2)

    def path(size: int, more: int, top: int) -> Args:
        way = [s, *rng.sample([x for x in range(top + 1) if x != s], size)]
        steps = [rng.choice(([a, b], [b, a])) for a, b in pairwise(way)]
        steps += [p for p in pairs(rng, more, top) if p not in steps and p[::-1] not in steps]
        rng.shuffle(steps)
        return (steps, way[-1])

    return Recipe(
        call="hops(xs, n)",
        what=f"the fewest steps from {s} to n over two-way pairs xs",
        solutions=(
            f"seen, level, k = {{{s}}}, {{{s}}}, 0\n"
            "while level and n not in seen:\n"
            "    level = {b for p in xs for a, b in (p, p[::-1]) if a in level} - seen\n"
            "    seen, k = seen | level, k + 1\n"
            "return k",
        ),
        attempts=("return len(xs)", f"return abs(n - {s})", f"return 1 if [{s}, n] in xs else 2"),
        small=lambda: path(rng.randint(1, 3), 1, 5),
        large=lambda: path(rng.randint(2, 8), 6, 12),
        edges=(([[s, 7]], s), ([[7, s]], 7)),
        params=(s,),
    )


def reach(rng: Random) -> Recipe:
    """How much can be reached by one-way arrows."""
    s = rng.randint(0, 3)

    def chain(size: int, more: int, top: int) -> Args:
        way = [s, *rng.sample([x for x in range(top + 1) if x != s], size)]
        arrows = [[a, b] for a, b in pairwise(way)]
        arrows += [p for p in pairs(rng, more, top) if p not in arrows]
        rng.shuffle(arrows)
        return (arrows,)

    return Recipe(
        call="reach(xs)",
        what=f"how many other numbers the arrows xs reach from {s}",
        solutions=(
            f"seen = {{{s}}}\nfor _ in xs:\n    seen |= {{b for a, b in xs if a in seen}}\nreturn len(seen) - 1",
        ),
        attempts=(f"return len([b for a, b in xs if a == {s}])", "return len(xs)", "return len({b for a, b in xs})"),
        small=lambda: chain(rng.randint(1, 3), rng.randint(0, 2), 5),
        large=lambda: chain(rng.randint(2, 8), rng.randint(2, 6), 14),
        edges=(([],), ([[s, 9], [9, s]],), ([[s + 1, s]],)),
        params=(s,),
    )


def groups(rng: Random) -> Recipe:
    """Connected components."""
    k = rng.randint(4, 6)

    def joined(most: int) -> Args:
        return (pairs(rng, rng.randint(1, most), k, 1),)

    return Recipe(
        call="groups(xs)",
        what=f"how many groups the numbers 1 to {k} form when pairs xs join",
        solutions=(
            f"group = list(range({k + 1}))\n"
            "for a, b in xs:\n"
            "    old, new = group[a], group[b]\n"
            "    group = [new if g == old else g for g in group]\n"
            "return len(set(group[1:]))",
        ),
        attempts=(f"return {k} - len(xs)", "return len(xs)", f"return {k + 1} - len({{x for p in xs for x in p}})"),
        small=lambda: joined(4),
        large=lambda: joined(7),
        edges=(([],), ([[1, 2], [2, 3], [3, 1]],), ([[1, 2], [3, 4]],)),
        params=(k,),
    )


def has_loop(rng: Random) -> Recipe:
    """Whether a directed graph has a cycle."""
    answers = rng.choice(((True, False), (False, True)))

    def arrows(count: int, top: int) -> Args:
        drawn = pairs(rng, count, top)
        if rng.random() < 0.5:
            ring = rng.sample(range(top + 1), 3)
            drawn = [p for p in drawn if not set(p) <= set(ring)] + [[ring[i - 1], ring[i]] for i in range(3)]
        return (drawn,)

    return Recipe(
        call="loop(xs)",
        what=f"{answers[0]} if the arrows xs {'hold a' if answers[0] else 'have no'} loop, else {answers[1]}",
        solutions=(
            "kept = {x for p in xs for x in p}\n"
            "for _ in range(len(xs) + 1):\n"
            "    kept = {a for a, b in xs if a in kept and b in kept}\n"
            f"return len(kept) {'>' if answers[0] else '=='} 0",
        ),
        attempts=(
            f"return {'not ' if answers[1] else ''}any([b, a] in xs for a, b in xs)",
            f"return {'not ' if answers[1] else ''}any(a > b for a, b in xs)",
            f"return len(xs) {'>' if answers[0] else '<'} 3",
        ),
        small=lambda: arrows(rng.randint(1, 4), 4),
        large=lambda: arrows(rng.randint(3, 8), 8),
        edges=(([],), ([[1, 1]],), ([[0, 1], [1, 0]],)),
        params=("yes" if answers[0] else "no",),
    )


def order(rng: Random) -> Recipe:
    """The smallest topological order."""
    k = rng.randint(4, 5)

    def rules(most: int) -> Args:
        places = list(range(1, k + 1))
        rng.shuffle(places)
        drawn = pairs(rng, rng.randint(1, most), k, 1)
        return ([sorted(p, key=places.index) for p in drawn],)

    return Recipe(
        call="order(xs)",
        what=f"1 to {k} with a before b for pairs xs, smallest first",
        solutions=(
            f"left, out = list(range(1, {k + 1})), []\n"
            "while left:\n"
            "    free = [x for x in left if not any(b == x and a in left for a, b in xs)]\n"
            "    out.append(free[0])\n"
            "    left.remove(free[0])\n"
            "return out",
        ),
        attempts=(
            f"return list(range(1, {k + 1}))",
            f"return sorted(range(1, {k + 1}), key=lambda x: sum(b == x for a, b in xs))",
            "return [a for a, b in xs] + [b for a, b in xs]",
        ),
        small=lambda: rules(3),
        large=lambda: rules(7),
        edges=(([],), ([[k, 1]],), ([[3, 2], [2, 1]],)),
        params=(k,),
    )


def islands(rng: Random) -> Recipe:
    """Connected regions of a grid."""
    k = rng.randint(1, 9)

    def grid(rows: int, columns: int) -> Args:
        return ([[rng.choice((0, k)) for _ in range(columns)] for _ in range(rows)],)

    return Recipe(
        call="islands(xs)",
        what=f"how many groups of {k} touch by sides in the grid xs",
        solutions=(
            f"land = {{(i, j) for i, row in enumerate(xs) for j, x in enumerate(row) if x == {k}}}\n"
            "count = 0\n"
            "while land:\n"
            "    todo, count = [land.pop()], count + 1\n"
            "    while todo:\n"
            "        i, j = todo.pop()\n"
            "        near = land & {(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)}\n"
            "        land, todo = land - near, todo + list(near)\n"
            "return count",
        ),
        attempts=(
            f"return sum(row.count({k}) for row in xs)",
            f"return len([row for row in xs if {k} in row])",
            f"return max(row.count({k}) for row in xs)",
        ),
        small=lambda: grid(2, rng.randint(2, 3)),
        large=lambda: grid(rng.randint(3, 6), rng.randint(3, 6)),
        edges=(([],), ([[0]],), ([[k, 0], [0, k]],), ([[k, k, k], [k, 0, k], [k, k, k]],)),
        params=(k,),
    )


HARD_GRAPHS = {
    "hops": hops,
    "reach": reach,
    "groups": groups,
    "has-loop": has_loop,
    "order": order,
    "islands": islands,
}
