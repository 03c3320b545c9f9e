"""Hard families that parse text."""

from random import Random

from spillover.coding.problems.family import Args, Recipe


def calc(rng: Random) -> Recipe:
    """Arithmetic in which plus or minus goes before times, against custom."""
    sign = rng.choice("+-")
    rule = "sum(int(x) for x in part.split('+'))" if sign == "+" else "int(first) - sum(map(int, rest))"
    split = "" if sign == "+" else "    first, *rest = part.split('-')\n"

    def sums(most: int, top: int) -> Args:
        parts = [str(rng.randint(1, top))]
        for _ in range(rng.randint(2, most)):
            parts += [rng.choice(("*", sign)), str(rng.randint(1, top))]
        return ("".join(parts),)

    return Recipe(
        call="calc(s)",
        what=f"the value of s, where {sign} goes before *",
        solutions=(f"total = 1\nfor part in s.split('*'):\n{split}    total *= {rule}\nreturn total",),
        attempts=("return eval(s)", "return sum(int(c) for c in s if c.isdigit())", "return int(s[0]) * int(s[-1])"),
        small=lambda: sums(3, 5),
        large=lambda: sums(7, 20),
        edges=(("7",), (f"2*3{sign}1*2",)),
        params=("plus" if sign == "+" else "minus",),
    )


def balanced(rng: Random) -> Recipe:
    """Whether two kinds of brackets are closed in order."""
    first, second = rng.sample(("()", "[]", "{}", "<>"), 2)
    names = {"()": "round", "[]": "square", "{}": "curly", "<>": "angle"}

    def brackets(most: int) -> Args:
        s = ""
        for _ in range(rng.randint(1, most)):
            pair = rng.choice((first, second))
            s = rng.choice((s + pair, pair[0] + s + pair[1]))
        if rng.random() < 0.6:
            i, j = rng.randrange(len(s)), rng.randrange(len(s))
            s = "".join(s[{i: j, j: i}.get(at, at)] for at in range(len(s)))
        return (s,)

    return Recipe(
        call="closed(s)",
        what=f"True if {first} and {second} in s close in order, else False",
        solutions=(f'for _ in s:\n    s = s.replace("{first}", "").replace("{second}", "")\nreturn s == ""',),
        attempts=(
            f'return s.count("{first[0]}") == s.count("{first[1]}")',
            f'return s[0] in "{first[0]}{second[0]}" and s[-1] in "{first[1]}{second[1]}"',
            f'return "{first}" in s or "{second}" in s',
        ),
        small=lambda: brackets(3),
        large=lambda: brackets(8),
        edges=(("",), (first[0] + second[0] + first[1] + second[1],), (first[0],), (second[1] + second[0],)),
        params=(names[first], names[second]),
    )


def expand(rng: Random) -> Recipe:
    """Write out nested repetitions."""
    left, right, name = rng.choice((("[", "]", "square"), ("(", ")", "round"), ("<", ">", "angle")))

    def folded(depth: int, most: int) -> str:
        s = rng.choice("abc")
        for _ in range(rng.randint(1, most)):
            inner = folded(depth - 1, most) if depth > 0 and rng.random() < 0.7 else rng.choice("abc")
            s += f"{rng.randint(2, 3)}{left}{inner}{right}" if rng.random() < 0.7 else rng.choice("abc")
        return s

    def short() -> Args:
        a, b = rng.sample("abc", 2)
        s = f"{rng.randint(2, 3)}{left}{a}2{left}{b}{right}{right}" if rng.random() < 0.5 else f"{a}3{left}{b}{right}"
        return (s,)

    return Recipe(
        call="expand(s)",
        what=f"the text s with every 2{left}ab{right} written out as abab",
        solutions=(
            f'while "{left}" in s:\n'
            f'    i = s.rindex("{left}")\n'
            f'    j = s.index("{right}", i)\n'
            "    s = s[:i - 1] + s[i + 1:j] * int(s[i - 1]) + s[j + 1:]\n"
            "return s",
        ),
        attempts=(
            f'return s.replace("{left}", "").replace("{right}", "")',
            f'import re\nreturn re.sub(r"(\\d)\\{left}(\\w*)\\{right}", lambda m: int(m[1]) * m[2], s)',
            f's = s.split("{left}")\nreturn s[0][:-1] + int(s[0][-1]) * s[-1].strip("{right}")',
        ),
        small=short,
        large=lambda: (folded(2, 2),),
        edges=(("",), ("abc",), (f"1{left}a{right}0{left}b{right}",)),
        params=(name,),
    )


def roman(rng: Random) -> Recipe:
    """Roman numerals, with letters of our own."""
    one, five, ten = rng.choice(("IVX", "XLC", "CDM", "abc"))
    worth = {"IVX": (1, 5, 10), "XLC": (10, 50, 100), "CDM": (100, 500, 1000)}.get(one + five + ten, (1, 5, 10))

    def numeral(top: int) -> Args:
        n = rng.randint(1, top)
        digits = ["", "1", "11", "111", "15", "5", "51", "511", "5111", "1T"]
        s = "T" * (n // 10) + digits[n % 10]
        return (s.replace("1", one).replace("5", five).replace("T", ten),)

    return Recipe(
        call="roman(s)",
        what=f"the roman value of s, where {one}={worth[0]}, {five}={worth[1]} and {ten}={worth[2]}",
        solutions=(
            f'worth = {{"{one}": {worth[0]}, "{five}": {worth[1]}, "{ten}": {worth[2]}}}\n'
            "xs = [worth[c] for c in s]\n"
            "return sum(-a if a < b else a for a, b in zip(xs, xs[1:] + [0]))",
        ),
        attempts=(
            f'worth = {{"{one}": {worth[0]}, "{five}": {worth[1]}, "{ten}": {worth[2]}}}\n'
            "return sum(worth[c] for c in s)",
            "return len(s)",
            f'return {worth[0]} * s.count("{one}")',
        ),
        small=lambda: numeral(16),
        large=lambda: numeral(39),
        edges=((one + five,), (ten + one + ten,), (five,)),
        params=(one + five + ten,),
    )


def pack(rng: Random) -> Recipe:
    """Run-length coding."""
    count_first = rng.random() < 0.5
    run, single = ("str(k) + c", "3a") if count_first else ("c + str(k)", "a3")

    def runs(most: int, top: int, letters: str) -> Args:
        return ("".join(rng.choice(letters) * rng.randint(1, top) for _ in range(rng.randint(2, most))),)

    return Recipe(
        call="pack(s)",
        what=f"the text s with every run like aaa written as {single}",
        solutions=(
            'out, k = "", 0\n'
            "for i, c in enumerate(s):\n"
            "    k += 1\n"
            "    if s[i + 1:i + 2] != c:\n"
            f"        out, k = out + {run}, 0\n"
            "return out",
        ),
        attempts=(
            f'return "".join({run.replace("k", "s.count(c)")} for c in sorted(set(s)))',
            f"c, k = s[0], len(s)\nreturn {run}",
            f'return s.replace("aaa", "{single}")',
        ),
        small=lambda: runs(3, 2, "ab"),
        large=lambda: runs(8, 12, "abcd"),
        edges=(("",), ("a",), ("abab",)),
        params=("first" if count_first else "after",),
    )


def split_outside(rng: Random) -> Recipe:
    """Split at a sign, except inside brackets."""
    sign, name = rng.choice(((",", "comma"), (";", "semicolon"), ("/", "slash"), ("|", "bar")))

    def part(depth: int) -> str:
        if depth == 0 or rng.random() < 0.5:
            return rng.choice("abcde")
        return f"({sign.join(part(depth - 1) for _ in range(rng.randint(1, 3)))})"

    def text(most: int, depth: int) -> Args:
        return (sign.join(part(depth) for _ in range(rng.randint(2, most))),)

    return Recipe(
        call="parts(s)",
        what=f"the parts of s between {sign} signs, except inside ( )",
        solutions=(
            'parts, depth = [""], 0\n'
            "for c in s:\n"
            '    depth += (c == "(") - (c == ")")\n'
            f'    if c == "{sign}" and depth == 0:\n'
            '        parts.append("")\n'
            "    else:\n"
            "        parts[-1] += c\n"
            "return parts",
        ),
        attempts=(
            f'return s.split("{sign}")',
            f'return s.replace("(", "").replace(")", "").split("{sign}")',
            f'return s.split("{sign}", 1)',
        ),
        small=lambda: text(3, 1),
        large=lambda: text(6, 3),
        edges=(("",), (f"((a{sign}b){sign}c)",), (f"{sign}a{sign}",)),
        params=(name,),
    )


HARD_PARSING = {
    "calc": calc,
    "balanced": balanced,
    "expand": expand,
    "roman": roman,
    "pack": pack,
    "split-outside": split_outside,
}
