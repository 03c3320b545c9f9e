"""A document taken apart: code blocks with what is said around them, sentences of prose, and their clauses."""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import dedent

from spillover.coding.blocks import BEFORE, FIRST_COMMENT, IN_FENCE_LINE, PYTHON
from spillover.coding.compose import parse
from spillover.documents.words import AFFIRMS, DENIES, NEGATOR

FENCE = re.compile(r"^[ \t>]{0,8}(?P<mark>`{3,}|~{3,})[ \t]*(?P<label>[^\n`]*)$")
INDENTED = re.compile(r"^(?: {4}|\t)")
SENTENCE_END = re.compile(r"(?<=[.!?:;])[\"'\u201d\u2019)*_]*\s+|\n+")
WHOLE_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'\u201d\u2019)*_]*\s+|\n+")
CLAUSE_END = re.compile(
    r"[;:\u2013\u2014]|\s\(|\s-\s|,?\s+\b(?:but|though|although|however|while|whereas|because|yet)\b|,\s+so\b"
    r"|,\s+(?=(?:and |then |or )?(?:it|he|she|they|we|I|you|this|that|the|there|where|an?)\b)",
    re.IGNORECASE,
)
CODE_LINE = re.compile(
    r"^[ \t]*(?:def |class |import |from [\w.]+ import|return\b|raise\b|assert |@\w|async def "
    r"|(?:with|for|if) .*:$|try:|[\w.\[\]]+ *[-+|]?= *\S|[\w.]+\(.*\)\s*(?:#.*)?$|exit\b|lambda\b)",
    re.MULTILINE,
)
"""A line of Python; a fence without a language may also hold what a terminal shows."""
LABEL = re.compile(r"^\W*(?:\w+ ?){1,2}:\W*$")
"""Who speaks: `A:`, `Host:`."""
SPEAKER = re.compile(r"^(?:\W|[QA][.:]|\w+:)*\s*", re.IGNORECASE)
WHICH = re.compile(r"(?:^|[,;:] |\b(?:and|but|so) )(?:who|whom|whose|what|why|how|when|where)\b", re.IGNORECASE)
RHETORICAL = re.compile(r"\w+n['\u2019]t\b", re.IGNORECASE)
NO_NEGATION = re.compile(
    r"\b(?:not (?:only|just|merely|simply)|need(?:n['\u2019]t| not)|nothing but|no less"
    r"|no (?:doubt|question|wonder|surprise|accident|coincidence|exception)"
    r"|not (?:\w+ )?(?:surpris|doubt|wonder|unlike)\w*)\b",
    re.IGNORECASE,
)
NEXT_VERB = re.compile(r"\band (?=\w+(?:s|ed) )", re.IGNORECASE)
NEGATION_REACH = 8
"""Words over which a negation reaches within its clause."""


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
        if self.name and self.name.endswith(".py"):
            return True
        return self.language in PYTHON and (bool(self.language) or CODE_LINE.search(self.code) is not None)


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


def prose_of(text: str, standing_for: Callable[[str], str] = lambda _code: "") -> str:
    """The text without its code blocks, or with a line that stands for the code of each."""
    return "\n".join(line for body, _, code in _parts(text) for line in (standing_for("\n".join(code)), body) if line)


def sentences(text: str) -> list[str]:
    """Sentences and list entries of prose, quoting marks and bullets kept."""
    return [found.strip() for found in SENTENCE_END.split(text) if found and found.strip()]


def whole_sentences(text: str) -> list[str]:
    """Sentences up to a full stop, a question mark or the end of a line."""
    return [found.strip() for found in WHOLE_SENTENCE_END.split(text) if found and found.strip()]


def clauses(sentence: str) -> list[str]:
    """A sentence cut where a negation no longer reaches: at contrasts, brackets and new subjects."""
    return [clause for clause in CLAUSE_END.split(sentence) if clause and clause.strip()]


def negated(before: str) -> bool:
    """Whether a word is negated, by what stands before it in its clause."""
    predicate = NEXT_VERB.split(NO_NEGATION.sub(" ", before))[-1]
    reach = " ".join(predicate.split()[-NEGATION_REACH:])
    return NEGATOR.search(reach) is not None


def is_question(sentence: str) -> bool:
    """Whether a sentence is a plain question, not one that gives its own answer ("Isn't it bad?")."""
    asks = sentence.rstrip("\"'*_)\u201d\u2019 ").endswith("?")
    return asks and not RHETORICAL.match(SPEAKER.sub("", sentence))


def answered(question: str, following: Sequence[str]) -> bool | None:
    """What the sentences after a question answer: yes, no, or neither, as after "why" or "who"."""
    if WHICH.search(SPEAKER.sub("", question)):
        return None
    reply = next((said for said in following if not LABEL.match(said)), "")
    plain = SPEAKER.sub("", reply)
    return False if DENIES.match(plain) else True if AFFIRMS.match(plain) else None


def _fenced(text: str) -> Iterator[str]:
    """The lines of a text, with fences put around indented blocks that are Python."""
    lines = text.splitlines()
    inside, number = "", 0
    while number < len(lines):
        mark = FENCE.match(lines[number])
        if mark and (not inside or mark["mark"].startswith(inside)):
            inside = "" if inside else mark["mark"]
        end = number
        if not inside and not mark and (number == 0 or not lines[number - 1].strip()):
            while end < len(lines) and (INDENTED.match(lines[end]) or (end > number and not lines[end].strip())):
                end += 1
        if end > number and _is_code("\n".join(lines[number:end])):
            yield from ("```python", *dedent("\n".join(lines[number:end])).strip("\n").split("\n"), "```")
            number = end
        else:
            yield lines[number]
            number += 1


def _is_code(block: str) -> bool:
    tree = parse(dedent(block))
    kinds = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    return tree is not None and any(isinstance(node, kinds) for node in tree.body)


def _parts(text: str) -> Iterator[tuple[str, tuple[str, bool], list[str]]]:
    """(prose after it, (fence label, closed), lines) of each block, headed by the prose before the first."""
    prose: list[str] = []
    code: list[str] = []
    head: tuple[str, bool] = ("", True)
    fence = ""
    for line in _fenced(text):
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
