"""The blocks of a text: code between fences or tags, with the name and the language it is given.

A block is named in its fence line (```python conftest.py), in its first comment line (# conftest.py), in the
line before it (### conftest.py, **conftest.py**, File: conftest.py) or by a tag around the code
(<file name="conftest.py">, <conftest.py>).
"""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from spillover.coding.compose import MOST_SOURCE, parse
from spillover.coding.tokens import Strings

NAME = r"[\w./\\~+-]{0,200}[\w-]\.(?:py|pyc|pth|ini|cfg|toml|txt|json|so)"
LONGEST_LINE = 300
"""Characters of a line that may name a file; longer lines say something else."""
UNSEEN = "\ufeff\u200b\u200c\u200d\u2060"
"""Characters without width, which stick to text that was copied."""
WITHOUT_UNSEEN = dict.fromkeys(map(ord, UNSEEN))
FIRST_COMMENT = re.compile(
    rf"^#\s*(?:file\s?(?:name|path)?\s*[:=]\s*|path\s*[:=]\s*)?[`'\"*]*({NAME})[`'\"*]*\s*:?\s*$", re.IGNORECASE
)
IN_FENCE_LINE = re.compile(rf"(?:^|[\s:=\"'(/])({NAME})[\"')}}\]]*\s*$")
IN_ATTRIBUTE = re.compile(rf"\b(?:title|file|filename|file_name|name|path)\s*[=:]\s*[\"']?({NAME})\b", re.IGNORECASE)
BEFORE = re.compile(
    rf"^\s*(?:#+\s*|[-*+]\s+|\d+[.)]\s+)?(?:file(?:name)?\s*:?\s*)?[`*_\"']*({NAME})[`*_\"']*\s*:?\s*[`*_]*\s*$",
    re.IGNORECASE,
)
LANGUAGE = re.compile(r"[{\[(\s]*(?:lang(?:uage)?\s*[=:]\s*)?[.\"']*([a-z-]*)", re.IGNORECASE)
PYTHON = {"", "python", "python3", "py", "py3", "python2", "ipython", "pycon", "sage"}
MARK = re.compile(
    rf"^(?P<margin>[ \t>\xa0{UNSEEN}]*+(?:(?:[-*+]|\d{{1,3}}[.)])[ \t]++)?)"
    r"(?:(?P<fence>`{3,}+|~{3,}+)(?P<label>[^\n`]*+)$"
    r"|<(?:(?P<tag>[a-z][\w-]{0,40})[ ][^<>\n]{0,200}?(?:name|path|file|filename|title)[ ]?=[ ]?[\"']?"
    rf"(?P<file>{NAME})[\"']?[^<>\n]{{0,200}}|(?P<lone>{NAME}))>)"
    r"|^[^\n`]{1,400}+(?P<late>`{3,}+)[ \t]*(?P<lang>(?:python|py)[\d.]*)[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
"""A fence at the start of a line, the tag of a file, or a fence for Python at the end of a line."""
REREAD = 200_000
"""Characters of one text that are read twice because a string seemed to hold the fence."""


@dataclass(frozen=True)
class Block:
    """A piece of code, where it stands in its text, its file name if it has one, and what is known of it."""

    code: str
    start: int = 0
    end: int = 0
    name: str | None = None
    python: bool = True
    """Whether its language may be Python."""
    closed: bool = True
    """False where the text ends first: the code may have been cut off."""
    fenced: bool = True

    @property
    def whole(self) -> bool:
        """Whether its end is marked, or needs no mark."""
        return self.closed or not self.fenced

    @cached_property
    def path(self) -> str:
        """Its file name without a leading `./`, empty if it has none; `x/../y` stays as it is, to be refused."""
        name = self.name or ""
        return str(PurePosixPath(name)) if name and "\\" not in name else name

    @property
    def module(self) -> str:
        """The name by which other files import it; empty if they cannot."""
        return self.path.removesuffix(".py").replace("/", ".") if self.path.endswith(".py") else ""

    @property
    def aside(self) -> bool:
        """Whether it is a file that can be no solution: one of tests, or not of Python."""
        base = self.path.rpartition("/")[2]
        tests = base == "conftest.py" or base.startswith("test_") or base.endswith("_test.py")
        return tests or bool(base and not base.endswith(".py"))


def blocks(text: str) -> list[Block]:
    """The fenced and tagged blocks of a text with "\\n" line ends, in order, in linear time.

    A block ends at a fence of its kind that stands in no string, at another labelled one (it was never
    closed), or with the text.
    """
    return _Reader(text).read()


def python_label(label: str) -> bool:
    """Whether a fence line names Python, whatever version, or no language at all."""
    found = LANGUAGE.match(label)
    language = found[1].lower() if found else ""
    return not label.strip() or language.startswith(("py", "ipy")) or (language in PYTHON and language != "")


@dataclass(frozen=True)
class _Fence:
    """A fence that begins a block."""

    mark: re.Match[str]
    sign: str
    label: str
    python: bool

    @property
    def margin(self) -> str:
        """What stands before it, the sign of a list taken for spaces."""
        return re.sub(r"[^ \t>]", " ", _seen(self.mark["margin"] or ""))

    def ends_at(self, mark: re.Match[str]) -> bool:
        """Whether another fence is of its kind."""
        other = mark["fence"]
        return bool(other) and other[0] == self.sign[0] and len(other) >= len(self.sign)


class _Reader:
    def __init__(self, text: str, tags: bool = True) -> None:
        self.text = text
        self.tags = tags
        self.found: list[Block] = []
        self.strings = Strings(text)
        self.spare = REREAD
        self.end = 0
        """Where the last block ended."""

    def read(self) -> list[Block]:
        at = 0
        opened: _Fence | None = None
        inside: re.Match[str] | None = None
        while True:
            mark = MARK.search(self.text, at)
            if mark is None and not (inside and opened):
                break
            at = mark.end() if mark else len(self.text)
            if opened is None:
                assert mark is not None
                opened, at = self._open(mark)
                continue
            if mark and not opened.ends_at(mark):
                continue
            if mark and self._in_string(opened, mark):
                inside = inside or mark
                continue
            if inside and not self._whole(opened, mark, inside):
                mark = inside
            inside = None
            if mark is None:
                break
            self._close(opened, mark)
            opened, at = (None, mark.end()) if _only_closes(mark) else self._open(mark)
        if opened is not None:
            self._close(opened, None)
        return self.found

    def _open(self, mark: re.Match[str]) -> tuple[_Fence | None, int]:
        """Begin a block at a fence, or read all of one at a tag; the fence that is open, and where to go on."""
        if mark["file"] or mark["lone"]:
            return None, self._tagged(mark) if self.tags else mark.end()
        self.strings.begin(mark.end())
        label = _seen(mark["label"] or "").strip()
        return _Fence(mark, mark["fence"] or mark["late"], label, python_label(label)), mark.end()

    def _in_string(self, opened: _Fence, mark: re.Match[str]) -> bool:
        return opened.python and self.spare > 0 and self.strings.around(mark.start())

    def _whole(self, opened: _Fence, mark: re.Match[str] | None, inside: re.Match[str]) -> bool:
        """Whether the code up to `mark` is Python, the fence `inside` being part of a string of it.

        What is too large to be parsed is not taken apart for that.
        """
        end = mark.start() if mark else len(self.text)
        code = self.text[opened.mark.end() + 1 : end]
        whole = len(code) > MOST_SOURCE or parse(_flush(code, opened.margin)) is not None
        self.spare -= 0 if whole else end - inside.start()
        return whole

    def _close(self, opened: _Fence, mark: re.Match[str] | None) -> None:
        start, stop = opened.mark.start(), mark.start() if mark else len(self.text)
        code = self.text[opened.mark.end() + 1 : stop]
        before = self._line_before(start)
        self.end = mark.end() if mark and _only_closes(mark) else stop
        if not code or code.isspace():
            return
        code = _flush(code, opened.margin)
        code += "" if code.endswith("\n") else "\n"
        name = _name(opened.label, code, before)
        self.found.append(Block(code, start, self.end, name, opened.python or bool(name), closed=mark is not None))

    def _tagged(self, mark: re.Match[str]) -> int:
        """Read the block of a tag, from within its fence if it has one; where its closing tag ends."""
        closing = f"</{mark['tag'] or mark['lone']}>"
        stop = self.text.find(closing, mark.end())
        self.end = len(self.text) if stop < 0 else stop + len(closing)
        body = self.text[mark.end() : self.end if stop < 0 else stop]
        inner = _Reader(body, tags=False).read() if "```" in body or "~~~" in body else []
        code = inner[0].code if inner else body.strip("\n") + "\n"
        if code.strip():
            self.found.append(Block(code, mark.start(), self.end, mark["file"] or mark["lone"], closed=stop >= 0))
        return self.end

    def _line_before(self, place: int) -> str:
        """The last line with anything in it between the last block and `place`."""
        between = self.text[self.end : place].rstrip()
        line = between[between.rfind("\n") + 1 :]
        return line if len(line) <= LONGEST_LINE else ""


def _only_closes(mark: re.Match[str]) -> bool:
    """Whether a fence only closes: it has no label, or a sentence or a closing tag in its place."""
    label = mark["label"]
    if not label or not (label := _seen(label).strip()):
        return True
    says = " " in label and not re.search(r"[=:{}]", label) and not python_label(label)
    return says or label.startswith("</")


def _seen(text: str) -> str:
    return text if text.isascii() else text.translate(WITHOUT_UNSEEN)


def _flush(code: str, margin: str) -> str:
    """Code without the margin of its fence, if it has it."""
    if not margin:
        return code
    lines = code.split("\n")
    if any(not line.startswith(margin) for line in lines if line.strip(" \t>")):
        return code
    return "\n".join(line.removeprefix(margin) if line.startswith(margin) else "" for line in lines)


def _name(label: str, code: str, before: str) -> str | None:
    first = code.lstrip()[:LONGEST_LINE].partition("\n")[0].strip()
    label = label[:LONGEST_LINE]
    found = (
        IN_FENCE_LINE.search(label) or IN_ATTRIBUTE.search(label) or FIRST_COMMENT.match(first) or BEFORE.match(before)
    )
    return found[1] if found else None
