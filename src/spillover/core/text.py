"""The one place that tells a model's reasoning from its answer.

Reasoning stands between tags (`<thinking>`, `<think>`, or a model's own), before a closing tag whose opening one was
in the prompt, or in the channels of gpt-oss. Where it was opened and never closed, all the rest is reasoning. A tag
in code, in quotes, or in the middle of a sentence is a word.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from spillover.core.channels import read_channels
from spillover.core.code_spots import CodeSpots

TAGS = (("<thinking>", "</thinking>"), ("<think>", "</think>"))
AS_A_WORD = re.compile(r"[.,;:)]|[ ]+[a-z]")
"""What follows a tag that a sentence speaks of."""
LINE_END = re.compile(r"[ \t\r]*+(?:\n|\Z)")
CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True)
class Said:
    """A model's text taken apart."""

    reasoning: str
    """Stripped; several parts are joined by a line break."""
    answer: str
    """What stands outside the reasoning, without blank lines before and white space behind it."""
    finished: bool = True
    """False where reasoning was opened and never closed: the text was cut off, and nothing follows."""
    marked: bool = False
    """Whether any reasoning was marked, be it empty."""


def split_reasoning(text: str, tags: Sequence[tuple[str, str]] = ()) -> Said:
    """Take a text apart. `tags` are pairs of a model's own, known beside the usual ones. Never raises."""
    channels = read_channels(text)
    if channels is None:
        return _split_tags(text, tags)
    final = _split_tags(channels.said, tags)
    return Said(
        _joined([*channels.thoughts, final.reasoning]), final.answer, channels.finished and final.finished, marked=True
    )


def token_estimate(text: str) -> int:
    """Tokens of a text before any tokenizer is known."""
    return max(1, round(len(text) / CHARACTERS_PER_TOKEN))


def _split_tags(text: str, tags: Sequence[tuple[str, str]]) -> Said:
    reader = _Tags(text, [(opening, closing) for opening, closing in (*TAGS, *tags) if opening and closing])
    return reader.read() if reader.marks else Said("", _trimmed(text))


class _Tags:
    """The tags of one text, read in one pass."""

    def __init__(self, text: str, pairs: Sequence[tuple[str, str]]) -> None:
        self.text, self.code, self.length = text, CodeSpots(text), len(text.rstrip())
        self.closings: dict[str, set[str]] = {}
        for opening, closing in pairs:
            self.closings.setdefault(_folded(opening), set()).add(_folded(closing))
        self.ends = set().union(*self.closings.values())
        known = sorted({*self.closings, *self.ends}, key=len, reverse=True)
        self.marks = list(re.compile("|".join(map(re.escape, known)), re.ASCII | re.IGNORECASE).finditer(text))
        self.names = [_folded(mark.group()) for mark in self.marks]
        self.wordy = [self._is_word(index) for index in range(len(self.marks))]
        self.places: dict[str, list[int]] = {}
        for index, name in enumerate(self.names):
            self.places.setdefault(name, []).append(index)
        self.last = {
            name: next((index for index in reversed(held) if not self.wordy[index]), -1)
            for name, held in self.places.items()
        }

    def read(self) -> Said:
        """Walk over the tags; `parts` are (is reasoning, text), of which the first `private` are reasoning anyhow."""
        parts: list[tuple[bool, str]] = []
        private = start = index = 0
        closed = False
        while index < len(self.marks):
            mark = self.marks[index]
            if self._opens(index, start):
                parts.append((False, self.text[start : mark.start()]))
                end = self._closing(index)
                if end is None:
                    parts.append((True, self.text[mark.end() :]))
                    return _said(parts, private, finished=False)
                parts.append((True, self.text[mark.end() : self.marks[end].start()]))
                start, index, closed = self._after(end), end, True
            elif self._ends_all(index, start, closed):
                parts.append((True, self.text[start : mark.start()]))
                private, start, closed = len(parts), self._after(index), True
            index += 1
        parts.append((False, self.text[start:]))
        return _said(parts, private, finished=True) if closed else Said("", _trimmed(self.text))

    def _opens(self, index: int, start: int) -> bool:
        """Whether a model opens reasoning here: where a line or sentence begins, or to close it on the same line."""
        mark = self.marks[index]
        if self.names[index] not in self.closings or self.code.holds(start, mark.start(), mark.end()):
            return False
        before = self._before(mark.start(), start)
        if before in ("", "\n") or (before in ".!?" and not AS_A_WORD.match(self.text, mark.end())):
            return True
        return any(self._closes_on_line(index, name) for name in self.closings[self.names[index]])

    def _closes_on_line(self, index: int, name: str) -> bool:
        held = self.places.get(name, [])
        place = bisect_right(held, index)
        if place == len(held) or self.wordy[held[place]]:
            return False
        opening, closing = self.marks[index], self.marks[held[place]]
        return self.code.line_of(opening.end()) == self.code.line_of(closing.start()) and not self.code.quoted(
            opening.end(), closing.start(), closing.end()
        )

    def _closing(self, index: int) -> int | None:
        """The tag that ends the reasoning opened at `index`; one that reads like a word only where no other follows."""
        opening = self.marks[index]
        for later in range(index + 1, len(self.marks)):
            name, mark = self.names[later], self.marks[later]
            if name not in self.closings[self.names[index]] or (self.wordy[later] and self.last[name] > later):
                continue
            if not self.code.holds(opening.end(), mark.start(), mark.end()):
                return later
        return None

    def _ends_all(self, index: int, start: int, closed: bool) -> bool:
        """Whether a closing tag ends reasoning that the prompt opened. After other reasoning came to its end it must
        stand at an end of its line and have text behind it."""
        mark = self.marks[index]
        if self.names[index] not in self.ends or self.wordy[index]:
            return False
        if self.code.holds(start, mark.start(), mark.end()):
            return False
        if not closed:
            return True
        alone = self._before(mark.start(), start) in ("", "\n") or LINE_END.match(self.text, mark.end())
        return bool(alone) and mark.end() < self.length

    def _is_word(self, index: int) -> bool:
        """Whether a sentence speaks of the tag: words on both sides, or `<think></think>` in the midst of a line."""
        mark = self.marks[index]
        if not AS_A_WORD.match(self.text, mark.end()):
            return False
        start = mark.start()
        if (
            start > 1
            and self.text[start - 1] == " "
            and (self.text[start - 2].isalnum() or self.text[start - 2] in ",;(")
        ):
            return True
        opening = self.marks[index - 1] if index else None
        return opening is not None and opening.end() == start and self._before(opening.start(), 0) not in ("", "\n")

    def _before(self, place: int, start: int) -> str:
        """The character before a place, spaces apart; empty where nothing stands between it and `start`."""
        while place > start and self.text[place - 1] in " \t":
            place -= 1
        if place > start:
            return self.text[place - 1]
        return ""

    def _after(self, index: int) -> int:
        """Where the text goes on behind a tag; spaces on its line belong to the tag."""
        place = self.marks[index].end()
        while place < len(self.text) and self.text[place] in " \t":
            place += 1
        return place


def _said(parts: Sequence[tuple[bool, str]], private: int, *, finished: bool) -> Said:
    thoughts = [part for index, (thought, part) in enumerate(parts) if thought or index < private]
    answer: list[str] = []
    for thought, part in parts[private:]:
        if thought or not part:
            continue
        # What stood apart stays apart: a fence must open its line.
        if answer and not answer[-1].endswith("\n") and not part.startswith("\n"):
            answer.append("\n")
        answer.append(part)
    return Said(_joined(thoughts), _trimmed("".join(answer)), finished, marked=True)


def _joined(thoughts: Sequence[str]) -> str:
    return "\n".join(thought.strip() for thought in thoughts if thought.strip())


def _trimmed(text: str) -> str:
    """Without blank lines before it, so that the indentation of its first line is kept, and white space behind it."""
    blank = text[: len(text) - len(text.lstrip())]
    return text[blank.rfind("\n") + 1 :].rstrip()


def _folded(tag: str) -> str:
    """The tag in lower case, as far as its case does not matter: re's ASCII letters only."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in tag)
