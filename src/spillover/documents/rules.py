"""What a document must not be, by rules that need no reader. Each says what is wrong, None where nothing is."""

import re
from collections.abc import Iterable, Iterator, Sequence

from spillover.documents.blocks import code_blocks, prose_of
from spillover.documents.names import unknown_names
from spillover.documents.record import Document

WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
SLOT = re.compile(r"\{\w+\}")
SENTENCE_END = re.compile(r"(?<=[.!?:])\s+|\n+")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
LEAST_WORDS, MOST_CHARACTERS = 20, 60_000
LEAST_ASCII = 0.9
"""Share of letters from a to z."""
RUN_WORDS, LEAST_NEW = 5, 0.7
"""Share of distinct runs of so many words; prose that says each thing once has over 0.9."""
LEAK_WORDS = 8
"""A run of so many words in common with an evaluation prompt is no accident."""
SHORT_LEAK_WORDS = 4
"""Shorter prompts than a run leak only whole, as sentences, and from this length on."""


def overlong(document: Document) -> bool:
    """Whether a document is so long that nothing else about it is worth a look."""
    return len(document.whole) > MOST_CHARACTERS


def bad_length(document: Document) -> str | None:
    """Too short to say anything, or too long to be one document."""
    if overlong(document):
        return f"{len(document.whole):,} characters; at most {MOST_CHARACTERS:,}"
    count = len(WORD.findall(document.whole))
    return f"{count} words; at least {LEAST_WORDS}" if count < LEAST_WORDS else None


def bad_language(document: Document) -> str | None:
    """Another script, or prose that runs in circles."""
    prose = prose_of(document.whole)
    letters = [c for c in prose if c.isalpha()]
    if letters and sum(c.isascii() for c in letters) / len(letters) < LEAST_ASCII:
        return "not English: other letters than a to z"
    words = _plain_words(prose)
    runs = [tuple(words[i : i + RUN_WORDS]) for i in range(len(words) - RUN_WORDS + 1)]
    if len(runs) > 2 * LEAST_WORDS and len(set(runs)) / len(runs) < LEAST_NEW:
        return f"goes in circles: {len(set(runs))} different runs of {RUN_WORDS} words among {len(runs)}"
    return None


def left_over(document: Document) -> str | None:
    """A control character, or a code block that never ends."""
    if (found := CONTROL.search(document.whole)) is not None:
        return f"holds the control character {found[0]!r}"
    return "a code block never ends" if any(not block.closed for block in code_blocks(document.whole)) else None


def unknown_name(document: Document) -> str | None:
    """A module or attribute of Python or pytest that does not exist."""
    unknown = unknown_names(document.whole)
    return f"names what does not exist: {', '.join(unknown)}" if unknown else None


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
        for sentence in SENTENCE_END.split(document.whole):
            said = tuple(_plain_words(re.sub(r"^(?:system|user|assistant): ", "", sentence)))
            if said in self._short:
                return f"repeats an evaluation prompt: {' '.join(said)!r}"
        return None


def _runs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[i : i + LEAK_WORDS]) for i in range(len(words) - LEAK_WORDS + 1))


def _plain_words(text: str) -> list[str]:
    return [word.lower() for word in WORD.findall(text)]
