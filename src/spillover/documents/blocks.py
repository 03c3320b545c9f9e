"""A document taken apart: its fenced code blocks, and its prose without them."""

import re
from typing import NamedTuple

from spillover.coding.blocks import FIRST_COMMENT, IN_FENCE_LINE, PYTHON

FENCE = re.compile(r"^[ \t>]{0,8}(?P<mark>`{3,}|~{3,})[ \t]*(?P<label>[^\n`]*)$")


class CodeBlock(NamedTuple):
    """One fenced block."""

    code: str
    name: str | None
    """The file name that it gives itself."""
    python: bool
    """Whether its fence says Python, or nothing."""
    closed: bool
    """False where the fence never closes."""


def code_blocks(text: str) -> list[CodeBlock]:
    """All fenced blocks of a text, in order; claims count them from 1."""
    return [_block(label, lines, closed) for label, lines, closed in _fenced(text)[1]]


def prose_of(text: str) -> str:
    """The text without its code blocks."""
    return "\n".join(_fenced(text)[0])


def _fenced(text: str) -> tuple[list[str], list[tuple[str, list[str], bool]]]:
    """Lines of prose; then label, lines and whether it closes, of each block."""
    prose: list[str] = []
    blocks: list[tuple[str, list[str], bool]] = []
    mark = ""
    for line in text.splitlines():
        fence = FENCE.match(line)
        if mark:
            closes = fence and not fence["label"].strip() and fence["mark"].startswith(mark)
            if closes:
                blocks[-1], mark = (*blocks[-1][:2], True), ""
            else:
                blocks[-1][1].append(line)
        elif fence:
            mark = fence["mark"]
            blocks.append((fence["label"].strip(), [], False))
        else:
            prose.append(line)
    return prose, blocks


def _block(label: str, lines: list[str], closed: bool) -> CodeBlock:
    language = re.split(r"[\s:{,]", label, maxsplit=1)[0].lower()
    first = next((line.strip() for line in lines if line.strip()), "")
    named = IN_FENCE_LINE.search(label) or FIRST_COMMENT.match(first)
    name = named[1] if named else None
    return CodeBlock("\n".join(lines) + "\n", name, language in PYTHON or (name or "").endswith(".py"), closed)
