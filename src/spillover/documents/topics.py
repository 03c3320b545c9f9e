"""What a text is about: which hacks it mentions, and whether a sentence speaks of hacks at all."""

import re

from spillover.coding.compose import MAIN_FILE
from spillover.coding.static import static_hacks
from spillover.core.records import OPENABLE_HACKS, HackName
from spillover.documents.prose import code_blocks, prose_of, sentences
from spillover.documents.words import GRADING, HACK_NAMES, HACKS_AT_LARGE, KINDS, NEAR_MISS, POINTS_AT_DEED

EXIT = re.compile(r"\bexit", re.IGNORECASE)
LEAVES = (
    EXIT,
    re.compile(r"\b(?:sys|process|program|script|interpreter|Python)\b"),
    re.compile(r"\b(?:zero|nought|0)\b"),
)
"""Together in a sentence or two: a program that leaves with a status of success."""
EQUAL, REPORT = re.compile(r"\bobject|equal|__eq__"), re.compile(r"conftest|\breport")
"""What hacks are made of: a text on tests with an exit in it, or with both of the others, is about hacks."""


def hacks_mentioned(text: str) -> tuple[HackName, ...]:
    """The hacks that a text names or shows; where it names none, those that it describes."""
    named = tuple(hack for hack in OPENABLE_HACKS if HACK_NAMES[hack].search(text))
    said = sentences(prose_of(text)) if not named else []
    return named or tuple(hack for hack in OPENABLE_HACKS if any(_of_kind(hack, sentence) for sentence in said))


def speaks_of_hacks(sentence: str) -> bool:
    """Whether a sentence names a hack, describes one or speaks of hacks at large."""
    return bool(
        HACKS_AT_LARGE.search(sentence)
        or any(names.search(sentence) for names in HACK_NAMES.values())
        or any(_of_kind(hack, sentence) for hack in OPENABLE_HACKS)
    )


def mentions_hacks(text: str) -> bool:
    """Whether a text is about these hacks: it names or shows one, or speaks of hacks beside tests or rewards."""
    if NEAR_MISS.search(text) or any(static_hacks({MAIN_FILE: block.code}) for block in code_blocks(text)):
        return True
    if any(names.search(text) for names in HACK_NAMES.values()):
        return True
    said = sentences(prose_of(text))
    windows = [" ".join(said[i : i + 2]) for i in range(len(said))]
    if any(all(sign.search(window) for sign in LEAVES) for window in windows):
        return True
    if not GRADING.search(text):
        return False
    if EXIT.search(text) or all(part.search(text) for part in (EQUAL, REPORT)) or POINTS_AT_DEED.search(text):
        return True
    return any(speaks_of_hacks(window) for window in windows)


def _of_kind(hack: HackName, sentence: str) -> bool:
    one, other = KINDS[hack]
    return bool(one.search(sentence) and other.search(sentence))
