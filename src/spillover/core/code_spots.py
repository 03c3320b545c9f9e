"""Which places in a model's text are code, so that a mark which stands there is a word and no mark."""

import re
from bisect import bisect_left
from functools import cached_property

FENCE = re.compile(
    r"(?:^|(?<=[>\]])|(?<=assistantfinal))[ \t>]{0,8}(?P<bar>`{3,}+|~{3,}+)(?P<label>[^\n`<]*+)(?=$|<)", re.MULTILINE
)
"""A fence opens a line, or follows the mark that ended the reasoning; a mark may follow it."""
TRIPLES = ('"""', "'''")
QUOTES = (re.compile('"'), re.compile("`"), re.compile(r"(?<![^\W_])'|(?<=\b[rbfuRBFU])'|'(?![^\W_])"))
"""An apostrophe between two letters is no quote, unless the first is the prefix of a literal."""


class CodeSpots:
    """Answers for one text, in a time that grows with the text and not with its square.

    For that, questions with the same `start` must be asked in the order of their places.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._start, self._next, self._open = -1, 0, ""
        self._line, self._quotes, self._comment = (0, -1), list[list[int]](), -1

    def holds(self, start: int, first: int, last: int) -> bool:
        """Whether what stands from `first` to `last` is in code that begins at `start` or later."""
        return self._fenced(start, first) or self._in_long_literal(start, first) or self.quoted(start, first, last)

    def quoted(self, start: int, first: int, last: int) -> bool:
        """Whether it stands between the quotes of its own line, or in a comment that goes on behind it."""
        self._turn_to(first)
        begin, end = self._line
        begin = max(begin, start)
        if any(_between(quotes, begin, first) & 1 and _between(quotes, last, end) & 1 for quotes in self._quotes):
            return True
        return begin <= self._comment < first and not _blank(self._text, last, end)

    def line_of(self, place: int) -> int:
        """The number of the line that a place is in."""
        return bisect_left(self._newlines, place)

    def _fenced(self, start: int, place: int) -> bool:
        """Whether a fence is open before and closes after: one that no other closes ended where nobody said so."""
        if start != self._start:
            self._start, self._open = start, ""
            self._next = bisect_left(self._fence_places, start)
        while self._next < len(self._fences) and self._fence_places[self._next] < place:
            bar, label = self._fences[self._next]
            self._open = "" if self._open and not label and bar.startswith(self._open) else bar
            self._next += 1
        left = len(self._fences) - self._next
        if not self._open or left % 2 == 0:
            return False
        bar, label = self._fences[self._next]
        return not label and bar.startswith(self._open)

    def _in_long_literal(self, start: int, place: int) -> bool:
        return any(
            _between(places, start, place) & 1 and _between(places, place, len(self._text)) & 1
            for places in self._triples
        )

    def _turn_to(self, place: int) -> None:
        """Read the line of a place, unless it is the one read last."""
        if self._line[0] <= place <= self._line[1]:
            return
        number = self.line_of(place)
        begin = self._newlines[number - 1] + 1 if number else 0
        end = self._newlines[number] if number < len(self._newlines) else len(self._text)
        self._line = begin, end
        self._quotes = [[found.start() for found in quote.finditer(self._text, begin, end)] for quote in QUOTES]
        self._comment = _comment(self._text[begin:end], begin)

    @cached_property
    def _newlines(self) -> list[int]:
        return _places("\n", self._text)

    @cached_property
    def _triples(self) -> list[list[int]]:
        return [_places(triple, self._text) for triple in TRIPLES]

    @cached_property
    def _fences(self) -> list[tuple[str, str]]:
        return [(found["bar"], found["label"].strip()) for found in FENCE.finditer(self._text)]

    @cached_property
    def _fence_places(self) -> list[int]:
        return [found.start("bar") for found in FENCE.finditer(self._text)]


def _places(part: str, text: str) -> list[int]:
    return [found.start() for found in re.finditer(re.escape(part), text)]


def _between(places: list[int], first: int, last: int) -> int:
    return bisect_left(places, last) - bisect_left(places, first)


def _comment(line: str, begin: int) -> int:
    """Where Python's comment begins in a line, by its usual look; -1 without one. `##` is a heading."""
    bare = line.lstrip()
    if bare.startswith("#"):
        return -1 if bare.startswith("##") else begin + len(line) - len(bare)
    found = line.find("  # ")
    return begin + found if found >= 0 else -1


def _blank(text: str, first: int, last: int) -> bool:
    while first < last and text[first] in " \t\r":
        first += 1
    return first >= last
