"""Reading a submission out of a completion: lenient, and with a reason when there is nothing to read.

A completion is text with code in blocks (`blocks.py`). The last complete one that defines the entry point is the
solution, together with what it needs of the others; tests, examples of use, output and excerpts are passed over.
Blocks that are named are files of their own.

Limits, all in characters, each with a reason when it is met: a completion of MOST_TEXT, a file of
`compose.MOST_SOURCE`, and `mends.MOST_PARSED` that are parsed in all. The time is linear in the size up to them.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from spillover.coding.blocks import MARK, Block, blocks
from spillover.coding.choose import Answer, best
from spillover.coding.collector import collector_off
from spillover.coding.compose import MAIN_FILE, Parsed, parse, split_entry
from spillover.coding.gather import Gatherer
from spillover.coding.mends import CODE_LINE, CODE_START, TOO_MUCH, Parser, mended, unescaped, without_rest
from spillover.coding.pieces import NOT, Piece, is_body, piece_of
from spillover.coding.unfenced import READINGS, outside
from spillover.core.records import Submission
from spillover.core.text import split_reasoning
from spillover.sandbox import bad_files, bad_path

MOST_TEXT = 2_000_000
MOST_DEEP = 3
"""Fences within fences, as where a whole answer stands in one."""
ANSWER = re.compile(r"<(/?)answer>", re.IGNORECASE)
ENTITIES = {"lt", "gt", "amp"}
DEFINES = re.compile(r"^[ \t]*(?:async[ \t]+)?def |^[ \t]*class ", re.MULTILINE)


def read_submission(
    completion: str, entry_point: str = "", reasoning_tags: Sequence[tuple[str, str]] = ()
) -> Submission:
    """The files of a completion; `reason` says why there are none. Never raises, whatever the text.

    `entry_point` is the name of a function or class, `Solution().name`, or empty for a program that reads the
    standard input. Reasoning is no part of a submission; `reasoning_tags` are a model's own marks of it.
    """
    if len(completion) > MOST_TEXT:
        return Submission(reason=f"the completion has {len(completion)} characters; at most {MOST_TEXT} are read")
    said = split_reasoning(completion, reasoning_tags)
    if not said.finished:
        return Submission(reason="the reasoning never ends")
    text = said.answer.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    if not text.strip():
        return Submission(
            reason="the completion is empty" if not completion.strip() else "nothing follows the reasoning"
        )
    try:
        with collector_off(len(text)):
            return _Reader(text, entry_point).read()
    except (RecursionError, MemoryError):
        return Submission(reason="the code is nested too deeply to be read")


class _Reader:
    """One answer, read for one entry point."""

    def __init__(self, text: str, entry_point: str) -> None:
        self.text, self.entry = text, entry_point
        self.parser = Parser()
        self.blocks = blocks(text)
        self.own = frozenset(block.module for block in self.blocks)
        self.answer = _answer(text)

    def read(self) -> Submission:
        if self._is_plain():
            return Submission(files={MAIN_FILE: self.blocks[0].code})
        fenced = self._pieces(self.blocks)
        pieces, main = fenced, best(fenced, self.entry, self.answer)
        for reading in READINGS if main is None or main.tests else ():
            found = self._pieces(outside(self.text, self.blocks, reading, self.parser))
            unfenced = [piece for piece in found if self._is_code(piece)]
            pieces = sorted([*fenced, *unfenced], key=lambda piece: piece.block.start)
            main = best(pieces, self.entry, self.answer)
            if main is not None and not main.tests:
                break
        main = main or self._cut_off(pieces) or self._fallback(fenced) or self._body() or self._fallback(pieces)
        return self._assembled(pieces, main)

    def _is_plain(self) -> bool:
        """Whether the answer is one block of Python and no other code: there is nothing to choose, and most are so."""
        if len(self.blocks) != 1 or self.blocks[0].path not in ("", MAIN_FILE) or "&" in self.blocks[0].code:
            return False
        block = self.blocks[0]
        if CODE_START.search(self.text, 0, block.start) or CODE_START.search(self.text, block.end):
            return False
        return parse(block.code) is not None

    def _pieces(self, found: Sequence[Block], depth: int = MOST_DEEP) -> list[Piece]:
        """Blocks as pieces, in order. The last are parsed first, lest the parser's limit takes what counts most."""
        pieces: list[Piece] = []
        for block in reversed(found):
            result = self.parser(block.code)
            apart = result.tree is None and result is not TOO_MUCH and block.fenced and depth
            inner = blocks(block.code) if apart else []
            if inner and not CODE_LINE.search(block.code, 0, inner[0].start):
                moved = [replace(part, start=part.start + block.start, end=block.end) for part in inner]
                pieces += reversed(self._pieces(moved, depth - 1))
            else:
                pieces.append(self._piece(block, *mended(block.code, result, self.parser)))
        return pieces[::-1]

    def _piece(self, block: Block, code: str, result: Parsed) -> Piece:
        piece = piece_of(block, code, result.tree, self.entry, self.own)
        if not piece.lacks & ENTITIES:
            return piece
        # `x &lt; 1` is Python by accident: two expressions.
        plainer = unescaped(code)
        tree = self.parser(plainer).tree if plainer != code else None
        return piece if tree is None else piece_of(block, plainer, tree, self.entry, self.own)

    def _is_code(self, piece: Piece) -> bool:
        return bool(piece.definition or piece.reads or piece.gives_back or CODE_LINE.search(piece.code))

    def _cut_off(self, pieces: Sequence[Piece]) -> Piece | None:
        """The last piece without its last statement, where the text ends in the midst of that."""
        last = pieces[-1] if pieces and self.entry else None
        if last is None or last.parsed or last.block.closed:
            return None
        code, result = without_rest(last.code, self.parser)
        return best([piece_of(last.block, code, result.tree, self.entry, self.own)], self.entry)

    def _body(self) -> Piece | None:
        """The whole text as the body of a function."""
        if self.blocks or not is_body(self.text, self.parser):
            return None
        return Piece(Block(self.text + "\n", fenced=False), self.text + "\n")

    def _fallback(self, pieces: Sequence[Piece]) -> Piece | None:
        """The piece to hand in where none defines the entry point in full."""
        named = [piece for piece in pieces if piece.block.path == MAIN_FILE]
        unnamed = [piece for piece in pieces if not piece.block.name and piece.code.strip()]
        held = named or [piece for piece in unnamed if piece.block.python] or unnamed
        _, name = split_entry(self.entry)
        begun = re.compile(rf"^[ \t]*(?:(?:async[ \t]+)?def|class)[ \t]+{re.escape(name)}\b", re.MULTILINE)
        kinds: tuple[Callable[[Piece], bool], ...] = (
            lambda piece: bool(name) and not piece.parsed and bool(begun.search(piece.code)),
            lambda piece: bool(name) and (piece.gives_back or (not piece.parsed and is_body(piece.code, self.parser))),
            lambda piece: piece.definition > NOT,
            lambda piece: piece.runs and piece.reads and not piece.tests,
            lambda piece: piece.parsed and not piece.tests and bool(DEFINES.search(piece.code)),
            lambda piece: bool(DEFINES.search(piece.code)),
            lambda piece: piece is held[-1],
        )
        return next((piece for kind in kinds for piece in reversed(held) if kind(piece)), None)

    def _assembled(self, pieces: Sequence[Piece], main: Piece | None) -> Submission:
        files: dict[str, str] = {}
        for piece in pieces:
            name = piece.block.path
            if name and (why := bad_path(name)):
                return Submission(reason=f"file name {name[:60]!r}: {why}")
            if name.endswith(".py") and (piece.parsed or name not in files):
                files[name] = piece.code
        if main is None:
            main = self._only(pieces)
        if main is not None:
            self._set_main(files, pieces, main)
        if why := bad_files(files) or _unencodable(files):
            return Submission(reason=why)
        return Submission(files=files) if files else Submission(reason=self._why_none())

    def _only(self, pieces: Sequence[Piece]) -> Piece | None:
        """The only named file that is no test."""
        named = {piece.block.path: piece for piece in pieces if piece.block.module and not piece.block.aside}
        return next(iter(named.values())) if len(named) == 1 else None

    def _set_main(self, files: dict[str, str], pieces: Sequence[Piece], main: Piece) -> None:
        """Put the main piece in its place, and leave it under its own name too where others import that."""
        name = main.block.path
        others = [piece for piece in pieces if not piece.block.aside and piece.block is not main.block]
        others = sorted([*others, main], key=lambda piece: piece.block.start)
        owner, entry = split_entry(self.entry)
        if main.parsed and not main.gives_back:
            files[MAIN_FILE] = Gatherer(main, others, owner or entry).source()
        else:
            files[MAIN_FILE] = main.code
        if name.endswith(".py") and name != MAIN_FILE:
            imported = {module for piece in pieces if piece is not main for module in piece.imports}
            if main.block.module not in imported:
                del files[name]

    def _why_none(self) -> str:
        if self.blocks:
            return "no Python file in the completion"
        if MARK.search(self.text):
            return "the code blocks are empty"
        return "no code block and no line that starts a definition or an import"


def _answer(text: str) -> Answer:
    """Where the last answer in tags begins and ends."""
    start = end = 0
    for mark in ANSWER.finditer(text):
        if not mark[1]:
            start, end = mark.end(), len(text)
        elif end == len(text):
            end = mark.start()
    return start, end


def _unencodable(files: dict[str, str]) -> str | None:
    """Why the files cannot be written, None if they can."""
    for name, source in files.items():
        try:
            source.encode()
        except UnicodeEncodeError:
            return f"{name} holds half of a surrogate pair, which cannot be encoded"
    return None
