"""Code that stands between the blocks of a text, or in one without blocks."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from spillover.coding.blocks import Block
from spillover.coding.mends import CODE_START, PROSE_LINE, Parser, plain
from spillover.coding.signs import is_idle
from spillover.coding.tokens import Strings

Pieces = Iterable[tuple[int, str]]
"""Pieces of a text with their places."""
INDENTED = re.compile(r"(?:^(?:[ \t]++[^\s][^\n]*+|[ \t]*+)(?:\n|\Z))++", re.MULTILINE)


def outside(text: str, blocks: Sequence[Block], reading: "Reading", parser: Parser) -> list[Block]:
    """What looks like code outside the blocks of a text."""
    found = []
    edges = [0, *(edge for block in blocks for edge in (block.start, block.end)), len(text)]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        said = reading.freed(text[start:end])
        for place, code in _parts(said, reading, parser):
            closed = place + len(code.rstrip()) < len(said.rstrip()) or end < len(text)
            found.append(Block(code, start + place, end, closed=closed, fenced=False))
    return found


def _parts(said: str, reading: "Reading", parser: Parser) -> Pieces:
    """The text as it is where all of it is Python, else the pieces that it is cut into."""
    tree = parser(said).tree
    if tree is not None and not any(map(is_idle, tree.body)):
        return [(0, said)]
    return reading.cut(said)


def bare(text: str) -> Iterator[tuple[int, str]]:
    """Pieces of text that look like code, each from a line that can hardly be prose to one that can hardly be code."""
    strings = Strings(text)
    start = CODE_START.search(text)
    while start:
        strings.begin(start.start())
        prose = PROSE_LINE.search(text, start.end())
        while prose and strings.around(prose.start()):
            prose = PROSE_LINE.search(text, prose.end() + 1)
        end = prose.start() if prose else len(text)
        yield start.start(), text[start.start() : end]
        start = CODE_START.search(text, end) if prose else None


def bare_or_indented(text: str) -> Iterator[tuple[int, str]]:
    """The same, or where none begins at the margin, runs of indented lines, as they are set off from prose."""
    if CODE_START.search(text):
        return bare(text)
    return ((run.start(), run[0]) for run in INDENTED.finditer(text) if run[0].strip())


@dataclass(frozen=True)
class Reading:
    """A way to read text outside the blocks: how it is freed of what clings to code, and how it is cut."""

    freed: Callable[[str], str]
    cut: Callable[[str], Pieces]


READINGS = (Reading(str, bare), Reading(plain, bare), Reading(plain, bare_or_indented))
"""The mildest first."""
