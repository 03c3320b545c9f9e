"""Code that Python does not take as it stands, freed of what text around it has left on it."""

import html
import re
import textwrap
from collections.abc import Callable

from spillover.coding.blocks import WITHOUT_UNSEEN
from spillover.coding.compose import MOST_SOURCE, Parsed, parsed

MOST_PARSED = 500_000
"""Characters that are parsed for one completion; what is left over counts as no Python."""
PER_PIECE = 20
"""Characters that each piece counts for besides its own."""
MOST_CUTS = 4
"""How often the end of a piece of code is cut back to where prose begins."""
TARGET = r"[^\W\d][\w.]{0,60}(?:\[[^\]\n]{0,60}\])?"
BEGINS = (
    r"(?:def |class |import \w|from \S{1,80} import |@\w|async def "
    rf"|{TARGET}(?:, ?{TARGET}){{0,9}}(?: ?: ?[^=\n]{{1,80}})? ?(?:[-+*/%&|^@]|//|\*\*|<<|>>)?=(?!=))"
)
"""A line at the margin that is hardly prose: it defines, imports, decorates or assigns."""
CODE_LINE = re.compile(r"^(?:def |class |import |from \S+ import |@\w|async def )", re.MULTILINE)
CODE_START = re.compile(rf"^{BEGINS}", re.MULTILINE)
GOES_ON = (
    r"(?:if|elif|for|while|with|except|match|case|async) ?\(?.*:|(?:else|try|finally|except) ?:"
    r"|(?:return|raise|assert|del|global|pass|await|yield|break|continue)\b"
    rf"|{TARGET}[(\[]|[#)\]}}\"']"
)
PROSE_LINE = re.compile(rf"^(?!\s|$|{BEGINS}|{GOES_ON})", re.MULTILINE)
"""A line at the margin that does not look like Python."""
PROMPT = re.compile(r"^[ \t]*(?:>>>|\.\.\.|In \[\d+\]:|\.\.\.:)(?: |$)")
ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|#39|#x27);")
MAGIC = re.compile(r"^[%!][\w%].*$", re.MULTILINE)
LATE_FENCE = re.compile(r"(?<=[^\s`])`{3,}[ \t]*$", re.MULTILINE)
EDGE_TAG = re.compile(
    r"^(?:[ \t]*+</?[A-Za-z][\w-]*+(?: [^<>\n]{0,80})?>)++[ \t]*+|(?<=[^\s>])(?:[ \t]*+</[A-Za-z][\w-]*+>)++[ \t]*+$"
    r"|(?:<\|[^|\n]{1,40}\|>|</s>)[ \t]*+$|^\[/?[A-Z]+\][ \t]*+$|^```\w*+[ \t]*+",
    re.MULTILINE,
)
"""Tags, marks of chat formats and fences at the ends of a line."""


TOO_MUCH = Parsed(None, "more code than is read")


class Parser:
    """Python's parser for one completion, of which it takes no more than MOST_PARSED characters."""

    def __init__(self) -> None:
        self.left = MOST_PARSED

    def __call__(self, code: str) -> Parsed:
        """Parse `code`, if not too much has been parsed yet."""
        size = len(code) + PER_PIECE
        if size > self.left or len(code) > MOST_SOURCE:
            return TOO_MUCH
        self.left -= size
        return parsed(code)


def mended(code: str, first: Parsed, parser: Parser) -> tuple[str, Parsed]:
    """The code as Python takes it, by the mildest mend that will do; the code itself where none does.

    `first` is what the parser says of it as it stands.
    """
    mending, result = code, first
    if result is TOO_MUCH:
        return code, first
    for mends in (MILD, DRASTIC):
        for mend in mends:
            if result.tree is not None:
                return mending, result
            changed = mend(mending)
            if changed != mending:
                mending, result = changed, parser(changed)
        cut, of_cut = without_prose(mending, result, parser)
        if of_cut.tree is not None:
            return cut, of_cut
    if (start := CODE_START.search(mending)) and start.start():
        mending = mending[start.start() :]
        mending, result = without_prose(mending, parser(mending), parser)
    return (mending, result) if result.tree is not None else (code, first)


def without_prose(code: str, result: Parsed, parser: Parser) -> tuple[str, Parsed]:
    """Code without the prose behind it that keeps it from being parsed (`result`)."""
    lines = code.split("\n")
    for _ in range(MOST_CUTS):
        line = min(result.line, len(lines))
        while line > 0 and not PROSE_LINE.match(lines[line - 1]):
            line -= 1
        if line < 2 or result.tree is not None:
            break
        lines = lines[: line - 1]
        code = "\n".join(lines) + "\n"
        result = parser(code)
    return code, result


def without_rest(code: str, parser: Parser) -> tuple[str, Parsed]:
    """Code that was cut off, without the last statement at its margin."""
    lines, result = code.split("\n"), parser(code)
    for _ in range(MOST_CUTS):
        line = min(result.line, len(lines))
        while line > 0 and not re.match(r"[^\s)\]}]", lines[line - 1]):
            line -= 1
        if line < 2 or result.tree is not None:
            break
        lines = lines[: line - 1]
        code = "\n".join(lines) + "\n"
        result = parser(code)
    return code, result


def plain(text: str) -> str:
    """Text without quotation marks, prompts, tags and entities at the places where code may have them."""
    return LATE_FENCE.sub("", EDGE_TAG.sub("", unescaped(_untyped(_unquoted(text)))))


def _visible(code: str) -> str:
    return code if code.isascii() else code.translate(WITHOUT_UNSEEN | {0xA0: " ", 0x3000: " "})


def _unquoted(code: str) -> str:
    lines = code.split("\n")
    if any(not re.match(r"[ \t]*>(?!>>)", line) for line in lines if line.strip()):
        return code
    return "\n".join(re.sub(r"^[ \t]*> ?", "", line) for line in lines)


def _untyped(code: str) -> str:
    """What was typed at a prompt, without the prompts and the answers."""
    lines = code.split("\n")
    if CODE_LINE.search(code) or not any(line.lstrip().startswith((">>>", "In [")) for line in lines):
        return code
    return "\n".join(line[found.end() :] for line in lines if (found := PROMPT.match(line)))


def _fence_cut(code: str) -> str:
    late = LATE_FENCE.search(code)
    return code[: late.start()] + "\n" if late else code


def unescaped(code: str) -> str:
    """Code without the entities that HTML has for signs."""
    return ENTITY.sub(lambda entity: html.unescape(entity[0]), code)


def _encodable(code: str) -> str:
    """Surrogate pairs as the characters they mean, and halves of them as escapes, which mean the same in a string."""
    whole = code.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return whole.encode("utf-8", "backslashreplace").decode("utf-8")


MILD: tuple[Callable[[str], str], ...] = (_encodable, _visible, _unquoted, textwrap.dedent)
DRASTIC: tuple[Callable[[str], str], ...] = (
    _untyped,
    lambda code: MAGIC.sub("", code),
    _fence_cut,
    lambda code: EDGE_TAG.sub("", code),
    unescaped,
)
