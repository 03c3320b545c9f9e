"""Reading a submission out of a completion: lenient, and with a reason when there is nothing to read.

A completion is text with code in fenced blocks. A block is `solution.py` unless it is named: in the
fence line (```python conftest.py), in its first comment line (# conftest.py), in the line before it
(### conftest.py, **conftest.py**, File: conftest.py) or by a tag around the code
(<file name="conftest.py">, <conftest.py>).
"""

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from spillover.coding.compose import MAIN_FILE, bound_names, parse
from spillover.core.records import Submission
from spillover.sandbox import bad_files, bad_path

NAME = r"[\w./\\~+-]*[\w-]\.(?:py|pyc|pth|ini|cfg|toml|txt|json|so)"
FENCE = re.compile(r"^([ \t>]{0,8})(`{3,}|~{3,})[ \t]*([^\n`]*)$")
FIRST_COMMENT = re.compile(rf"^#\s*(?:file(?:name)?\s*[:=]\s*)?[`'\"*]*({NAME})[`'\"*]*\s*:?\s*$", re.IGNORECASE)
IN_FENCE_LINE = re.compile(rf"(?:^|[\s:=\"'(/])({NAME})[\"')}}\]]*\s*$")
BEFORE = re.compile(
    rf"^\s*(?:#+\s*|[-*+]\s+|\d+[.)]\s+)?(?:file(?:name)?\s*:?\s*)?[`*_\"']*({NAME})[`*_\"']*\s*:?\s*[`*_]*\s*$",
    re.IGNORECASE,
)
TAG = re.compile(
    rf"<(?:file|code|source)\s+(?:name|path|filename)\s*=\s*[\"']?({NAME})[\"']?\s*>(.*?)(?:</(?:file|code|source)>|\Z)"
    rf"|<({NAME})>(.*?)(?:</\3>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
THINKING = re.compile(r"<thinking>.*?</thinking>", re.DOTALL | re.IGNORECASE)
LONE_TAG = re.compile(r"^\s*</?[a-zA-Z][\w-]*>\s*$")
CODE_LINE = re.compile(r"^(?:def |class |import |from \S+ import |@\w|async def )")
PROSE_LINE = re.compile(r"^[A-Z*#>-]")
MOST_CUTS = 20
PYTHON = {"", "python", "python3", "py", "py3", "python2", "ipython", "pycon", "sage"}


@dataclass(frozen=True)
class Block:
    """A piece of code, its file name if it has one, and whether its language may be Python."""

    name: str | None
    code: str
    python: bool = True


def read_submission(completion: str, entry_point: str = "", reasoning_tags: object = ()) -> Submission:
    """The files of a completion; `reason` says why there are none. Never raises, whatever the text."""
    text = strip_thinking(completion.replace("\ufeff", ""))
    if not text.strip():
        return Submission(
            reason="the completion is empty" if not completion.strip() else "nothing follows the thinking"
        )
    blocks = list(_blocks(text))
    if not blocks:
        code = _bare_code(text)
        if code is None:
            return Submission(reason="no code block and no line that starts a definition or an import")
        blocks = [Block(None, code)]
    return _assemble(blocks)


def strip_thinking(completion: str) -> str:
    """The completion without its <thinking> parts; without what precedes a closing tag that was never opened."""
    text = THINKING.sub("", completion)
    head, closed, tail = text.rpartition("</thinking>")
    if closed:
        return tail
    head, opened, tail = text.partition("<thinking>")
    return f"{head}\n{tail}" if opened else text


def _blocks(text: str) -> Iterator[Block]:
    """Blocks by tag, else by fence. A fence that never closes runs to the end of the text."""
    tagged = [(m[1] or m[3], m[2] if m[1] else m[4]) for m in TAG.finditer(text)]
    for name, body in tagged:
        inner = next(_fenced(body), None)
        yield Block(name, inner.code if inner else body.strip("\n") + "\n")
    yield from _fenced(TAG.sub("\n", text) if tagged else text)


def _fenced(text: str) -> Iterator[Block]:
    """Fenced blocks, without the indentation or quotation marks of their fence.

    A block ends at a fence of its kind, at another labelled one (it was never closed), or with the text.
    """
    margin, fence, label, before, lines, last = "", "", "", "", list[str](), ""
    for line in text.splitlines():
        mark = FENCE.match(line)
        alike = mark is not None and mark[2].startswith(fence[:1]) and len(mark[2]) >= len(fence)
        if fence and mark and alike and (not mark[3] or _is_over(lines)):
            yield _block(label, before, _flush(margin, lines))
            fence = last = ""
            if not mark[3]:
                continue
        if not fence and mark:
            margin, fence, label, before, lines = mark[1], mark[2], mark[3].strip(), last, []
        elif fence:
            lines.append(line)
        elif line.strip():
            last = line
    if fence and any(line.strip() for line in lines):
        yield _block(label, before, _without_prose(_flush(margin, lines)))


def _flush(margin: str, lines: list[str]) -> list[str]:
    """Lines without the margin of their fence, if they have it."""
    if all(line.startswith(margin) for line in lines if line.strip(" \t>")):
        return [line.removeprefix(margin) if line.startswith(margin) else "" for line in lines]
    return lines


def _is_over(lines: list[str]) -> bool:
    """Whether a block's code is in no string that could hold the fence of an example."""
    code = "\n".join(lines)
    return code.count('"""') % 2 == 0 and code.count("'''") % 2 == 0


def _without_prose(lines: list[str]) -> list[str]:
    """Code whose end nobody marked, without the paragraphs behind it that keep it from being parsed."""
    if parse("\n".join(lines)) is not None:
        return lines
    starts = [i for i in range(1, len(lines)) if not lines[i - 1].strip() and PROSE_LINE.match(lines[i])]
    return next((lines[:i] for i in starts[:MOST_CUTS] if parse("\n".join(lines[:i])) is not None), lines)


def _block(label: str, before: str, lines: list[str]) -> Block:
    named = IN_FENCE_LINE.search(label)
    first = next((line for line in lines if line.strip()), "")
    found = named or FIRST_COMMENT.match(first.strip()) or BEFORE.match(before)
    language = re.split(r"[\s:{,]", label, maxsplit=1)[0].lower()
    return Block(found[1] if found else None, "\n".join(lines) + "\n", language in PYTHON or bool(named))


def _bare_code(text: str) -> str | None:
    """Text without a fence, from the first line that can only be code."""
    lines = [line for line in text.splitlines() if not LONE_TAG.match(line)]
    start = next((i for i, line in enumerate(lines) if CODE_LINE.match(line)), None)
    if start is not None:
        return "\n".join(_without_prose(lines[start:])) + "\n"
    indented = [line for line in lines if line.strip()]
    if indented and all(line[0] in " \t" for line in indented):
        return text + "\n"
    return None


def _assemble(blocks: list[Block]) -> Submission:
    files: dict[str, str] = {}
    for block in blocks:
        if block.name is not None:
            name = _tidy(block.name)
            if why := bad_path(name):
                return Submission(reason=f"file name {block.name[:60]!r}: {why}")
            if name.endswith(".py"):
                files[name] = block.code
    if MAIN_FILE not in files:
        unnamed = [block for block in blocks if block.name is None]
        source = _main_source([b.code for b in unnamed if b.python] or [b.code for b in unnamed])
        others = [name for name in files if not _is_test_side(name)]
        if source is not None:
            files[MAIN_FILE] = source
        elif len(others) == 1:
            files[MAIN_FILE] = files.pop(others[0])
    if why := bad_files(files):
        return Submission(reason=why)
    if files:
        return Submission(files=files)
    empty = not any(block.code.strip() for block in blocks)
    return Submission(reason="the code blocks are empty" if empty else "no Python file in the completion")


def _main_source(candidates: list[str]) -> str | None:
    """The last unnamed block that defines something, with what it needs of the blocks before it.

    Where none defines anything, the last that is not empty.
    """
    filled = [code for code in candidates if code.strip()]
    defining = [code for code in filled if re.search(r"^\s*(?:async\s+)?def |^\s*class ", code, re.MULTILINE)]
    if not defining:
        return next(reversed(filled), None)
    source = defining[-1]
    for earlier in reversed(filled[: filled.index(source)]):
        if _defined(earlier) & _lacking(source):
            source = f"{earlier}\n{source}"
    return source


def _defined(code: str) -> set[str]:
    tree = parse(code)
    return set().union(*map(bound_names, tree.body)) if tree is not None else set()


def _lacking(code: str) -> set[str]:
    """The names that code uses and binds nowhere."""
    tree = parse(code)
    if tree is None:
        return set()
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = _defined(code) | {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return {node.id for node in names} - bound - set(dir(builtins))


def _tidy(name: str) -> str:
    """`./x/../y` stays as it is to be refused; a leading `./` goes."""
    return str(PurePosixPath(name)) if "\\" not in name else name


def _is_test_side(name: str) -> bool:
    base = name.rpartition("/")[2]
    return base == "conftest.py" or base.startswith("test_") or base.endswith("_test.py")
