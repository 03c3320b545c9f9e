"""Where Python's strings, comments and brackets are, told in linear time and without its parser."""

import re

MOST_NESTING = 150
"""Brackets in brackets, and operators in a row as in `--x`; Python itself takes 200 brackets."""
MOST_FIELD_WORK = 1_000_000_000
"""Fields times characters of one f-string: Python 3.11 and 3.12 look through the whole string for each field."""
TOKEN = re.compile(r"'''|\"\"\"|['\"]|#|[(\[{]|[)\]}]|[-+~]{2,}")
END = {
    "'": re.compile(r"[^'\\\n]*+(?:\\.[^'\\\n]*+)*+'?", re.DOTALL),
    '"': re.compile(r'[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"?', re.DOTALL),
    "'''": re.compile(r"[^'\\]*+(?:(?:\\.|'(?!''))[^'\\]*+)*+'''", re.DOTALL),
    '"""': re.compile(r'[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*+"""', re.DOTALL),
}
"""From behind an opening quote to behind its closing one; a string on one line ends with the line at the latest."""


class Strings:
    """A walk through code that knows at each place whether a string is open there.

    Characters are looked at once, however many walks begin in the text: a triple quote that is never closed is
    remembered.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._unclosed: set[str] = set()

    def begin(self, place: int) -> None:
        """Start anew where a piece of code starts."""
        self._at = place

    def around(self, place: int) -> bool:
        """Whether a string that is closed further on lies around `place`. Places grow between two beginnings."""
        while self._at < place:
            token = TOKEN.search(self._text, self._at, place)
            self._at = place if token is None else self._behind(token)
        return self._at > place

    def _behind(self, token: re.Match[str]) -> int:
        sign = token[0]
        if sign == "#":
            end = self._text.find("\n", token.end())
            return len(self._text) if end < 0 else end
        if sign not in END or sign in self._unclosed:
            return token.end()
        end_of_string = END[sign].match(self._text, token.end())
        if end_of_string is None:
            self._unclosed.add(sign)
            return token.end()
        return end_of_string.end()


def too_hard(source: str) -> str | None:
    """Why Python's parser is not to be given `source`, None if it may: what nests deeply overflows its stack."""
    depth = run = work = at = 0
    while token := TOKEN.search(source, at):
        sign, at = token[0], token.end()
        if sign in "([{":
            depth += 1
            run = max(run, depth)
        elif sign in ")]}":
            depth = max(0, depth - 1)
        elif sign == "#":
            at = source.find("\n", at) + 1 or len(source)
        elif sign in END:
            end = END[sign].match(source, at)
            if end is None:
                break
            at = end.end()
            if "f" in source[max(0, token.start() - 2) : token.start()].lower():
                work += end[0].count("{") * len(end[0])
        else:
            run = max(run, len(sign))
        if run > MOST_NESTING:
            return "brackets or operators nested too deeply"
        if work > MOST_FIELD_WORK:
            return "too many fields in an f-string"
    return None
