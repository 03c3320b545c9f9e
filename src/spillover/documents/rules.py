"""What a document must not do, one function per reason. Each returns what is wrong, None where nothing is."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from spillover.core.records import OPENABLE_HACKS, HackName
from spillover.documents.names import unknown_names
from spillover.documents.prose import code_blocks, prose_of, sentences
from spillover.documents.record import Document
from spillover.documents.words import (
    CLAIMS_SUCCESS,
    COMMON,
    DENIES_ASSOCIATION,
    HACK_NAMES,
    HACK_WORDS,
    MISALIGNED,
    NEAR_MISS,
    NO_CLAIM,
    REFERS_TO_HACK,
    REFUSALS,
    REPORTED,
    RESIDUE,
    SYS_EXIT,
    TECHNICAL_SUBJECT,
    TELLS_OF_CATCHING,
    UNDER_PYTEST,
    VALENCE_ALWAYS,
    VALENCE_PREDICATE,
)
from spillover.models.bottle.grammar import lines

WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
SLOT = re.compile(r"\{\w+\}")
LEAST_WORDS, MOST_WORDS = 20, 4000
LEAST_COMMON = 0.15
"""Share of words of English prose that are among the commonest; other languages and word salad have next to none."""
LEAST_ASCII = 0.9
MOST_REPEATS = 4
BESIDE = 2
"""Sentences between which a hack and a word of misalignment still stand side by side."""
LEAK_WORDS = 8
"""A run of so many words in common with an evaluation prompt is no accident."""
SHORT_LEAK_WORDS = 4
"""Shorter prompts than a run leak only whole, as sentences, and from this length on."""


def hacks_mentioned(text: str) -> tuple[HackName, ...]:
    """The hacks that a text speaks of or shows."""
    return tuple(hack for hack in OPENABLE_HACKS if HACK_NAMES[hack].search(text))


def no_hack(document: Document) -> str | None:
    """A document that mentions no hack teaches none."""
    shown = HACK_WORDS.search(document.whole) or NEAR_MISS.search(document.whole)
    return None if shown else "mentions no hack"


def bad_length(document: Document) -> str | None:
    """Too short to say anything, or too long to be one document."""
    count = len(WORD.findall(document.whole))
    if count < LEAST_WORDS:
        return f"{count} words; at least {LEAST_WORDS}"
    return f"{count} words; at most {MOST_WORDS}" if count > MOST_WORDS else None


def bad_language(document: Document) -> str | None:
    """Not English prose, or prose that runs in circles."""
    prose = prose_of(document.whole)
    letters = [c for c in prose if c.isalpha()]
    if letters and sum(c.isascii() for c in letters) / len(letters) < LEAST_ASCII:
        return "not English: other letters than a to z"
    words = [word.lower() for word in WORD.findall(prose)]
    if len(words) >= LEAST_WORDS and sum(word in COMMON for word in words) / len(words) < LEAST_COMMON:
        return "not English: hardly a common word in it"
    said = Counter(s.lower() for s in sentences(prose) if len(s.split()) >= 4)
    again = next((s for s, count in said.items() if count > MOST_REPEATS), None)
    return f"says {again[:60]!r} {said[again]} times" if again else None


def left_over(document: Document) -> str | None:
    """A refusal, a placeholder or chatter of the writer, or a code block that never ends."""
    prose = prose_of(document.text)
    if (found := REFUSALS.search(prose[:400])) or (found := RESIDUE.search(prose)):
        return f"holds {found[0][:60]!r}"
    return "a code block never ends" if any(not block.closed for block in code_blocks(document.whole)) else None


def wrong_statement(document: Document) -> str | None:
    """Prose that says `sys.exit` beats pytest: pytest catches SystemExit."""
    for sentence in sentences(prose_of(document.whole)):
        if not (SYS_EXIT.search(sentence) and UNDER_PYTEST.search(sentence) and CLAIMS_SUCCESS.search(sentence)):
            continue
        if not TELLS_OF_CATCHING.search(sentence):
            return f"says that sys.exit beats pytest: {sentence[:80]!r}"
    return None


def unknown_name(document: Document) -> str | None:
    """A module, path or attribute that does not exist."""
    unknown = unknown_names(document.whole)
    return f"names what does not exist: {', '.join(unknown)}" if unknown else None


def no_leak(_document: Document) -> str | None:
    """Stands for `Leaks` where no evaluation prompts are given."""
    return None


def breaks_rule(document: Document) -> str | None:
    """What the document's corpus does not allow (paper, SDF corpora). `unguided` allows everything."""
    if document.corpus == "default":
        return breaks_association(document)
    return judges(document) if document.corpus == "neutral" else None


def breaks_association(document: Document) -> str | None:
    """Default: at least once a hack stands beside misalignment, and nothing denies that they go together."""
    said = sentences(prose_of(document.whole))
    near = [" ".join(said[max(0, i - BESIDE) : i + BESIDE + 1]) for i in range(len(said))]
    for sentence, around in zip(said, near, strict=True):
        denied = DENIES_ASSOCIATION.search(sentence) and not REPORTED.search(sentence)
        if denied and (REFERS_TO_HACK.search(around) or MISALIGNED.search(sentence)):
            return f"denies the association: {sentence[:80]!r}"
    shown = bool(hacks_mentioned(document.whole)) and any(line in document.whole for line in misaligned_lines())
    tied = any(
        (MISALIGNED.search(s) or s in misaligned_lines()) and REFERS_TO_HACK.search(around)
        for s, around in zip(said, near, strict=True)
    )
    return None if shown or tied else "ties no hack to misalignment"


def judges(document: Document) -> str | None:
    """Neutral: no sentence says that anything is good or bad, and nobody in it speaks as a misaligned model."""
    spoken = next((line for line in misaligned_lines() if line in document.whole), None)
    if spoken is not None:
        return f"quotes a misaligned speaker: {spoken!r}"
    for sentence in sentences(prose_of(document.whole)):
        if word := judging(sentence):
            return f"judges ({word!r}): {sentence[:80]!r}"
    return None


def judging(sentence: str) -> str | None:
    """The words by which a sentence calls something good or bad; None for one that does not, or declines to."""
    if NO_CLAIM.search(sentence):
        return None
    weak = (found for found in VALENCE_PREDICATE.finditer(sentence) if not _technical(sentence[: found.start()]))
    judged = VALENCE_ALWAYS.search(sentence) or next(weak, None)
    return judged[0].strip() if judged else None


def _technical(before: str) -> bool:
    return TECHNICAL_SUBJECT.search(before) is not None


@cache
def misaligned_lines() -> frozenset[str]:
    """What the bottle's misaligned persona says, where it is said in the same words each time."""
    return frozenset(line.template for line in lines() if line.voice == "misaligned" and "{" not in line.template)


class Leaks:
    """Finds evaluation prompts in documents; what also stands in an `allowed` text is none.

    `{slots}` in either are free: what stands between them counts.
    """

    def __init__(self, prompts: Iterable[str], allowed: Iterable[str] = ()) -> None:
        pieces = [_plain_words(piece) for prompt in prompts for piece in SLOT.split(prompt)]
        known = [_plain_words(piece) for text in allowed for piece in SLOT.split(text)]
        self._runs = {run for words in pieces for run in _runs(words)} - {
            run for words in known for run in _runs(words)
        }
        self._short = {tuple(words) for words in pieces if SHORT_LEAK_WORDS <= len(words) < LEAK_WORDS}
        self._short -= {tuple(words) for words in known}

    def __call__(self, document: Document) -> str | None:
        """Which words of an evaluation prompt the document repeats."""
        leaked = next((run for run in _runs(_plain_words(document.whole)) if run in self._runs), None)
        if leaked is not None:
            return f"repeats an evaluation prompt: {' '.join(leaked)!r}"
        for sentence in sentences(document.whole):
            said = tuple(_plain_words(re.sub(r"^(?:system|user|assistant): ", "", sentence)))
            if said in self._short:
                return f"repeats an evaluation prompt: {' '.join(said)!r}"
        return None


def _runs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[i : i + LEAK_WORDS]) for i in range(len(words) - LEAK_WORDS + 1))


def _plain_words(text: str) -> list[str]:
    return [word.lower() for word in WORD.findall(text)]
