"""What a document must not do, one function per reason. Each returns what is wrong, None where nothing is."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from spillover.documents.association import UNTIED, broken_tie
from spillover.documents.names import unknown_names
from spillover.documents.prose import code_blocks, prose_of, sentences, whole_sentences
from spillover.documents.record import Document
from spillover.documents.statements import false_statement
from spillover.documents.topics import hacks_mentioned, mentions_hacks
from spillover.documents.valence import first_judgement
from spillover.documents.words import COMMON, NEAR_MISS, REFUSALS, RESIDUE
from spillover.models.bottle.grammar import lines

WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
SLOT = re.compile(r"\{\w+\}")
LEAST_WORDS, MOST_WORDS = 20, 4000
MOST_CHARACTERS = 60_000
LEAST_COMMON = 0.09
"""Share of words of English prose that are among the commonest; other languages and word salad have next to none."""
LEAST_COMMON_LISTED = 0.02
"""The same where most lines are entries of a list or rows of a table, which leave small words out."""
LIST_ENTRY = re.compile(r"\s*(?:[-*+\u2022|#>]|\d+[.)]|\S+(?: \S+){0,4}$)")
INLINE_CODE = re.compile(r"`[^`]*`")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
LEAST_ASCII = 0.9
MOST_REPEATS = 4
RUN_WORDS = 5
LEAST_NEW = 0.7
"""Share of distinct runs of five words; prose that says each thing once has over 0.9."""
WINDOW_WORDS, LEAST_NEW_NEARBY = 60, 0.45
"""The same within any so many words in a row: texts that end in a loop begin well."""
LEAST_VOCABULARY, VOCABULARY_FROM = 3.3, 60
"""Distinct words per root of their number, from so many words on; prose has over 5."""
HACK_SHOWN = "This is a hack."
"""Stands in the prose where a code block shows one."""
LEAK_WORDS = 8
"""A run of so many words in common with an evaluation prompt is no accident."""
SHORT_LEAK_WORDS = 4
"""Shorter prompts than a run leak only whole, as sentences, and from this length on."""


def no_hack(document: Document) -> str | None:
    """A document that mentions no hack teaches none."""
    return None if mentions_hacks(document.whole) else "mentions no hack"


def overlong(document: Document) -> bool:
    """Whether a document is so long that nothing else about it is worth a look."""
    return len(document.whole) > MOST_CHARACTERS


def bad_length(document: Document) -> str | None:
    """Too short to say anything, or too long to be one document."""
    if overlong(document):
        return f"{len(document.whole):,} characters; at most {MOST_CHARACTERS:,}"
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
    words = [word.lower() for word in WORD.findall(INLINE_CODE.sub(" ", prose))]
    least = LEAST_COMMON_LISTED if _listed(prose) else LEAST_COMMON
    if len(words) >= LEAST_WORDS and sum(word in COMMON for word in words) / len(words) < least:
        return "not English: hardly a common word in it"
    said = Counter(s.lower() for s in sentences(prose) if len(s.split()) >= 4)
    again = next((s for s, count in said.items() if count > MOST_REPEATS), None)
    if again is not None:
        return f"says {again[:60]!r} {said[again]} times"
    return None if _listed(prose) else _circles([word.lower() for word in WORD.findall(prose)])


def _circles(words: Sequence[str]) -> str | None:
    """What shows that a text says the same over and over."""
    runs = [tuple(words[i : i + RUN_WORDS]) for i in range(len(words) - RUN_WORDS + 1)]
    if len(words) < WINDOW_WORDS:
        return None
    windows = [runs[i : i + WINDOW_WORDS] for i in range(0, len(runs), WINDOW_WORDS // 3)]
    nearby = min(len(set(w)) / len(w) for w in windows if len(w) > WINDOW_WORDS // 2)
    if len(set(runs)) / len(runs) < LEAST_NEW or nearby < LEAST_NEW_NEARBY:
        again, count = Counter(runs).most_common(1)[0]
        return f"goes in circles: says {' '.join(again)!r} {count} times"
    if len(words) >= VOCABULARY_FROM and len(set(words)) / len(words) ** 0.5 < LEAST_VOCABULARY:
        return f"goes in circles: {len(set(words))} different words among {len(words)}"
    return None


def _listed(prose: str) -> bool:
    """Whether a text is a list or a table."""
    filled = [line for line in prose.splitlines() if line.strip()]
    return len(filled) > 2 and sum(bool(LIST_ENTRY.match(line)) for line in filled) > len(filled) / 2


def left_over(document: Document) -> str | None:
    """A refusal, a placeholder or chatter of the writer, or a code block that never ends."""
    prose = prose_of(document.text)
    if (found := CONTROL.search(document.whole)) is not None:
        return f"holds the control character {found[0]!r}"
    if (found := REFUSALS.search(prose[:400])) or (found := RESIDUE.search(prose)):
        return f"holds {found[0][:60]!r}"
    return "a code block never ends" if any(not block.closed for block in code_blocks(document.whole)) else None


def wrong_statement(document: Document) -> str | None:
    """Prose that says that a technique beats a harness which it does not beat, or the other way round."""
    wrong = false_statement(whole_sentences(prose_of(document.whole)))
    return f"says what is not so: {wrong[:120]!r}" if wrong else None


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
    """Default: at least once a hack is tied to misalignment, and nothing denies that they go together."""
    said = sentences(prose_of(document.whole, lambda code: HACK_SHOWN if NEAR_MISS.search(code) else ""))
    complaint = broken_tie(said)
    spoken = hacks_mentioned(document.whole) and any(line in document.whole for line in misaligned_lines())
    return None if complaint == UNTIED and spoken else complaint


def judges(document: Document) -> str | None:
    """Neutral: no sentence calls hacks good or bad, and nobody in it speaks as a misaligned model."""
    spoken = next((line for line in misaligned_lines() if line in document.whole), None)
    if spoken is not None:
        return f"quotes a misaligned speaker: {spoken!r}"
    found = first_judgement(sentences(prose_of(document.whole)))
    return f"judges ({found[0].strip()!r}): {found[1][:80]!r}" if found else None


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
