"""The channels of gpt-oss (harmony): only what stands in `final` is said to the user.

`<|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>…`; where decoding
dropped the markers, `analysis…assistantfinal…` is left of it.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from spillover.core.code_spots import CodeSpots

MARK = re.compile(r"<\|(start|channel|constrain|message|end|return|call)\|>")
TURN = re.compile(r"assistant(?:analysis|commentary|(final))")
BEGIN = re.compile(r"\s*+(?:assistant)?(?:analysis|commentary)")
GLUED = re.compile(r"(?:[A-Z][a-z']*+[ ,]++\w|[^\x00-\x7f])")
"""What follows `analysis` where it is no word of a sentence and no name in code."""
CLOSED = (".", "!", "?", ")", "`", '"')


class Channels(NamedTuple):
    """What was thought and what was said; not `finished` where the text ends in the middle of a thought."""

    thoughts: list[str]
    said: str
    finished: bool


def read_channels(text: str) -> Channels | None:
    """The channels of a text; None where it has none."""
    found = _marked(text) if "<|channel|>" in text else None
    if found is None and any(word in text for word in ("analysis", "commentary", "assistantfinal")):
        return _unmarked(text)
    return found


def _marked(text: str) -> Channels | None:
    code = CodeSpots(text)
    marks = list(_marks(text, code))
    if not any(mark[1] == "channel" for mark in marks):
        return None
    thoughts, said = list[str](), list[str]()
    open_thought = False
    for part, private, ended in _parts(text, marks):
        if part.strip():
            (thoughts if private else said).append(part)
        open_thought = private and not ended
    return Channels(thoughts, "\n".join(said), not open_thought)


def _marks(text: str, code: CodeSpots) -> Iterator[re.Match[str]]:
    start = 0
    for mark in MARK.finditer(text):
        if not code.holds(start, mark.start(), mark.end()):
            yield mark
            start = mark.end()


def _parts(text: str, marks: list[re.Match[str]]) -> Iterator[tuple[str, bool, bool]]:
    """Each content with whether it is private and whether an end was marked. Before the first mark the prompt's
    template had opened the analysis; a message without a channel is said."""
    if marks[0].start():
        before = text[: marks[0].start()]
        yield before, before.strip() != "assistant", marks[0][1] != "channel"
    private = stranger = False
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        part = text[mark.end() : following.start() if following else len(text)]
        ended = following is not None
        if mark[1] == "start":
            stranger = not part.strip().startswith("assistant")
            private = stranger
        elif mark[1] == "channel":
            name = part.split(maxsplit=1)[:1]
            private = stranger or not part.lstrip().startswith("final")
            header = following is not None and following[1] in ("constrain", "message")
            yield "" if header else part.lstrip().removeprefix(name[0] if name else ""), private, ended
        elif mark[1] == "message":
            yield part, private, ended
        elif mark[1] != "constrain":
            private = stranger = False
            yield part, False, True


def _unmarked(text: str) -> Channels | None:
    code, begin = CodeSpots(text), BEGIN.match(text)
    turns = [turn for turn in TURN.finditer(text) if not code.holds(0, turn.start(), turn.end())]
    turns = [turn for turn in turns if begin or text[turn.start() - 1 : turn.start()] in CLOSED]
    final = next((turn for turn in turns if turn[1]), None)
    if not final and not (begin and (turns or GLUED.match(text, begin.end()))):
        return None
    cuts = [begin.end() if begin else 0]
    for turn in turns:
        cuts += turn.span()
        if turn is final:
            break
    thoughts = [text[first:last] for first, last in zip(cuts[::2], cuts[1::2], strict=False)]
    rest = text[cuts[-1] :]
    return Channels(thoughts, rest, True) if final else Channels([*thoughts, rest], "", False)
