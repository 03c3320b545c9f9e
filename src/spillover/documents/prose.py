"""A document taken apart: code blocks with what is said around them, and sentences of prose."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spillover.coding.extract import BEFORE, FIRST_COMMENT, IN_FENCE_LINE, PYTHON

FENCE = re.compile(r"^[ \t>]{0,8}(?P<mark>`{3,}|~{3,})[ \t]*(?P<label>[^\n`]*)$")
SENTENCE_END = re.compile(r"(?<=[.!?:;])[\"')*_]*\s+|\n+")


@dataclass(frozen=True)
class CodeBlock:
    """A fenced block: its code, the file name it gives itself, and the prose up to it and after it."""

    number: int
    """From 1, as people count."""
    code: str
    name: str | None
    language: str
    label: str
    """The rest of the fence line."""
    lead: str
    """The paragraph that introduces it, and any block that follows at once."""
    before: str
    """All prose before it."""
    after: str
    """The paragraph that follows it."""
    closed: bool
    """False where the fence never closes."""

    @property
    def python(self) -> bool:
        """Whether it may be Python."""
        return self.language in PYTHON or bool(self.name and self.name.endswith(".py"))


def code_blocks(text: str) -> list[CodeBlock]:
    """All fenced blocks of a text, in order."""
    parts = list(_parts(text))
    prose = [body for body, _, _ in parts]
    blocks: list[CodeBlock] = []
    for number in range(1, len(parts)):
        before, fence, lines = parts[number - 1][0], parts[number][1], parts[number][2]
        label, closed = fence
        first = next((line.strip() for line in lines if line.strip()), "")
        last = next((line for line in reversed(before.splitlines()) if line.strip()), "")
        named = IN_FENCE_LINE.search(label) or FIRST_COMMENT.match(first) or BEFORE.match(last)
        paragraphs = [p.strip() for p in re.split(r"\n\s*\n", before) if p.strip()]
        following = [p.strip() for p in re.split(r"\n\s*\n", prose[number]) if p.strip()]
        blocks.append(
            CodeBlock(
                number=number,
                code="\n".join(lines) + "\n",
                name=named[1] if named else None,
                language=re.split(r"[\s:{,]", label, maxsplit=1)[0].lower(),
                label=label,
                lead=paragraphs[-1] if paragraphs else (blocks[-1].lead if blocks else ""),
                before="\n\n".join(part.strip() for part in prose[:number]),
                after=following[0] if following else "",
                closed=closed,
            )
        )
    return blocks


def prose_of(text: str) -> str:
    """The text without its code blocks."""
    return "\n".join(body for body, _, _ in _parts(text))


def sentences(text: str) -> list[str]:
    """Sentences and list entries of prose, quoting marks and bullets kept."""
    return [found.strip() for found in SENTENCE_END.split(text) if found and found.strip()]


def _parts(text: str) -> Iterator[tuple[str, tuple[str, bool], list[str]]]:
    """(prose after it, (fence label, closed), lines) of each block, headed by the prose before the first."""
    prose: list[str] = []
    code: list[str] = []
    head: tuple[str, bool] = ("", True)
    fence = ""
    for line in text.splitlines():
        mark = FENCE.match(line)
        if not fence and mark:
            yield "\n".join(prose), head, code
            fence, head, code, prose = mark["mark"], (mark["label"].strip(), False), [], []
        elif fence and mark and not mark["label"] and mark["mark"].startswith(fence):
            fence, head = "", (head[0], True)
        elif fence:
            code.append(line)
        else:
            prose.append(line)
    yield "\n".join(prose), head, code
