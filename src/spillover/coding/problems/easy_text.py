"""Easy families on text."""

from collections.abc import Callable
from random import Random

from spillover.coding.problems.family import Args, Recipe
from spillover.coding.problems.words import LETTERS, SHORT_WORDS, WORDS


def word(rng: Random) -> Callable[[], Args]:
    """Draws one short word."""
    return lambda: (rng.choice(SHORT_WORDS),)


def phrase(rng: Random, longest: int = 4) -> Callable[[], Args]:
    """Draws a few words with spaces between."""
    return lambda: (" ".join(rng.choice(WORDS) for _ in range(rng.randint(1, longest))),)


def count_letter(rng: Random) -> Recipe:
    """Count one letter."""
    c = rng.choice("elots")
    return Recipe(
        call="count_it(s)",
        what=f"how many times the letter {c} is in s",
        solutions=(f'return s.count("{c}")', f'return sum(x == "{c}" for x in s)'),
        attempts=("return len(s)", f'return int("{c}" in s)', f'return s.find("{c}")'),
        small=word(rng),
        large=phrase(rng),
        edges=(("",), (3 * c,)),
        params=(c,),
    )


def repeat(rng: Random) -> Recipe:
    """Repeat a text."""
    k = rng.randint(2, 4)
    return Recipe(
        call="repeat(s)",
        what=f"the text s repeated {k} times",
        solutions=(f"return s * {k}", f"return {' + '.join('s' * k)}"),
        attempts=(f"return s * {k - 1}", f"return s + {k}", f"return s * {k + 1}"),
        small=word(rng),
        large=phrase(rng, 2),
        edges=(("",), (" ",)),
        params=(k,),
    )


def add_letter(rng: Random) -> Recipe:
    """Put a letter at the end or the start."""
    c, where = rng.choice(LETTERS), rng.choice(("end", "start"))
    bodies = (f'return s + "{c}"', f'return "{c}" + s')
    right, wrong = bodies if where == "end" else bodies[::-1]
    return Recipe(
        call=f"add_{c}(s)",
        what=f"the text s with {c} added at the {where}",
        solutions=(right, right.replace("return ", "y = ") + "\nreturn y"),
        attempts=(wrong, f'return s.replace("{c}", "")', "return s"),
        small=word(rng),
        large=phrase(rng, 2),
        edges=(("",), (c,)),
        params=(c, where),
    )


def first_letters(rng: Random) -> Recipe:
    """The beginning of a text."""
    k = rng.randint(2, 3)
    return Recipe(
        call="first(s)",
        what=f"the first {k} letters of the text s",
        solutions=(f"return s[:{k}]", f"return s[0:{k}]"),
        attempts=(f"return s[{k}:]", f"return s[:{k - 1}]", f"return s[-{k}:]"),
        small=word(rng),
        large=phrase(rng),
        edges=(("",), ("a",)),
        params=(k,),
    )


def last_letters(rng: Random) -> Recipe:
    """The end of a text."""
    k = rng.randint(2, 3)
    return Recipe(
        call="last(s)",
        what=f"the last {k} letters of the text s",
        solutions=(f"return s[-{k}:]", f"return s[max(0, len(s) - {k}):]"),
        attempts=(f"return s[:{k}]", f"return s[{k}:]", f"return s[-{k}]"),
        small=word(rng),
        large=phrase(rng),
        edges=(("",), ("a",)),
        params=(k,),
    )


def starts_with(rng: Random) -> Recipe:
    """Whether a text starts or ends with a letter."""
    c, (which, at) = rng.choice(LETTERS), rng.choice((("starts", 0), ("ends", -1)))
    return Recipe(
        call=f"{which}(s)",
        what=f"True if the text s {which} with {c}, else False",
        solutions=(f'return s.{which}with("{c}")', f'return s[{at}:][:1] == "{c}"' if at else f'return s[:1] == "{c}"'),
        attempts=(f'return "{c}" in s', f'return s[{at}] != "{c}"', f'return s[{-1 - at}] == "{c}"'),
        small=lambda: (rng.choice([w for w in SHORT_WORDS if c in w or rng.random() < 0.2]),),
        large=lambda: (rng.choice((c, "", "b")) + rng.choice(WORDS) + rng.choice((c, "", "n")),),
        edges=(("",), (c,)),
        params=(which, c),
    )


def remove_letter(rng: Random) -> Recipe:
    """Leave one letter out."""
    c = rng.choice("eo")
    return Recipe(
        call=f"remove_{c}(s)",
        what=f"the text s without any letter {c}",
        solutions=(f'return s.replace("{c}", "")', f'return "".join(x for x in s if x != "{c}")'),
        attempts=(f'return s.replace("{c}", "", 1)', f'return s.strip("{c}")', "return s[1:]"),
        small=lambda: (rng.choice([w for w in SHORT_WORDS if c in w]),),
        large=phrase(rng),
        edges=(("",), (c,)),
        params=(c,),
    )


def swap_letter(rng: Random) -> Recipe:
    """Write another letter in place of one."""
    old, new = rng.choice("eo"), rng.choice("aiu")
    return Recipe(
        call="change(s)",
        what=f"the text s with every {old} changed to {new}",
        solutions=(
            f'return s.replace("{old}", "{new}")',
            f'return "".join("{new}" if x == "{old}" else x for x in s)',
        ),
        attempts=(
            f'return s.replace("{new}", "{old}")',
            f'return s.replace("{old}", "{new}", 1)',
            f'return s.replace("{old}", "")',
        ),
        small=lambda: (rng.choice([w for w in SHORT_WORDS if old in w]),),
        large=phrase(rng),
        edges=(("",), (old + new,)),
        params=(old, new),
    )


def reverse(rng: Random) -> Recipe:
    """Turn a text around and add a letter."""
    c = rng.choice(LETTERS)
    return Recipe(
        call="reverse(s)",
        what=f"the text s in reverse, then {c}",
        solutions=(f'return s[::-1] + "{c}"', f'return "".join(reversed(s)) + "{c}"'),
        attempts=(f'return s + "{c}"', f'return "{c}" + s[::-1]', "return s[::-1]"),
        small=word(rng),
        large=phrase(rng),
        edges=(("",), (c,)),
        params=(c,),
    )


def palindrome(rng: Random) -> Recipe:
    """Whether a text is the same in reverse."""

    def maybe(words: tuple[str, ...]) -> Args:
        s = rng.choice(words)
        return (rng.choice((s, s + s[::-1], s[:-1] + s[::-1], s[:2] + s[0])),)

    return Recipe(
        call="same_back(s)",
        what="True if s is the same in reverse, else False",
        solutions=("return s == s[::-1]", 'return s == "".join(reversed(s))'),
        attempts=("return s[0] == s[-1]", "return s != s[::-1]", "return len(s) % 2 == 1"),
        small=lambda: (rng.choice([w for w in SHORT_WORDS if w[0] == w[-1]] + ["deed", "sees", "tent", "toast"]),),
        large=lambda: maybe(WORDS),
        edges=(("",), ("a",)),
    )


def count_words(rng: Random) -> Recipe:
    """Count the words that begin with a letter or all words."""
    k = rng.randint(1, 9)
    return Recipe(
        call="word_count(s)",
        what=f"the number of words in s, plus {k}",
        solutions=(f"return len(s.split()) + {k}", f"words = s.split()\nreturn len(words) + {k}"),
        attempts=(f'return s.count(" ") + {k}', f"return len(s) + {k}", "return len(s.split())"),
        small=phrase(rng, 3),
        large=phrase(rng, 9),
        edges=(("",), ("a",)),
        params=(k,),
    )


def count_vowels(rng: Random) -> Recipe:
    """Count the letters of a set."""
    letters = rng.choice(("aeiou", "aeo", "rst", "lmn"))
    return Recipe(
        call="count_in(s)",
        what=f"how many letters of s are in {letters}",
        solutions=(
            f'return sum(c in "{letters}" for c in s)',
            f'total = 0\nfor c in s:\n    if c in "{letters}":\n        total += 1\nreturn total',
        ),
        attempts=("return len(s)", f'return s.count("{letters[0]}")', f'return s.count("{letters}")'),
        small=word(rng),
        large=lambda: ("".join(rng.choice(WORDS) for _ in range(rng.randint(1, 4))),),
        edges=(("",), (letters,)),
        params=(letters,),
    )


def double_letters(rng: Random) -> Recipe:
    """Write every letter several times."""
    k = rng.randint(2, 3)
    return Recipe(
        call="stretch(s)",
        what=f"the text s with every letter {k} times",
        solutions=(
            f'return "".join(c * {k} for c in s)',
            f'out = ""\nfor c in s:\n    out += c * {k}\nreturn out',
        ),
        attempts=(f"return s * {k}", f"return s + s[-1] * {k}", f"return [c * {k} for c in s]"),
        small=lambda: (rng.choice([w for w in SHORT_WORDS if len(w) <= 4]),),
        large=phrase(rng, 2),
        edges=(("",), ("aa",)),
        params=(k,),
    )


def put_between(rng: Random) -> Recipe:
    """Join the letters with a sign."""
    sign, name = rng.choice((("-", "dash"), (".", "dot"), ("/", "slash"), ("+", "plus")))
    return Recipe(
        call="spread(s)",
        what=f"the letters of s with {sign} between them",
        solutions=(f'return "{sign}".join(s)', f'out = s[:1]\nfor c in s[1:]:\n    out += "{sign}" + c\nreturn out'),
        attempts=(
            f'return "".join(c + "{sign}" for c in s)',
            f'return s + "{sign}"',
            f'return s.replace(" ", "{sign}")',
        ),
        small=lambda: (rng.choice([w for w in SHORT_WORDS if len(w) <= 4]),),
        large=phrase(rng, 2),
        edges=(("",), ("a",)),
        params=(name,),
    )


EASY_TEXT = {
    "count-letter": count_letter,
    "repeat": repeat,
    "add-letter": add_letter,
    "first-letters": first_letters,
    "last-letters": last_letters,
    "starts-with": starts_with,
    "remove-letter": remove_letter,
    "swap-letter": swap_letter,
    "reverse": reverse,
    "palindrome": palindrome,
    "count-words": count_words,
    "count-vowels": count_vowels,
    "double-letters": double_letters,
    "put-between": put_between,
}
