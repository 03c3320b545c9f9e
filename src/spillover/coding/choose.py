"""Which piece of a completion is the solution."""

from collections.abc import Sequence

from spillover.coding.compose import MAIN_FILE
from spillover.coding.pieces import BY_CHANCE, BY_IMPORT, DEFINED, Piece, usual_names

EXCERPT = 0.5
"""A piece of no more than this share of another's lines, and of none besides, shows a part of that."""
Answer = tuple[int, int]
"""Where in the text the model marks its answer."""


def best(pieces: Sequence[Piece], entry_point: str, answer: Answer = (0, 0)) -> Piece | None:
    """The last complete piece that defines the entry point in full, or without an entry point, the last program
    that reads the standard input; None if there is none.

    Pieces within `answer` come before others.
    """
    fit = [piece for piece in pieces if piece.parsed and not piece.block.aside]
    if entry_point:
        found = [piece for piece in fit if piece.definition > BY_CHANCE and not piece.hinted]
    else:
        reading = set().union(*(piece.binds for piece in fit if piece.reads))
        found = [piece for piece in fit if piece.runs and (piece.reads or piece.lacks & reading)]
    if not found:
        return None
    provided = set().union(*(piece.binds for piece in fit if not piece.tests)) | usual_names()
    largest = max(found, key=lambda piece: len(piece.lines))

    def rank(number: int) -> tuple[object, ...]:
        piece = found[number]
        return (
            not piece.tests,
            answer[0] <= piece.block.start < answer[1],
            *((_definition(piece), piece.works) if entry_point else (piece.reads, piece.writes and not piece.stubs)),
            piece.finished and (piece.block.whole or bool(entry_point)),
            piece.needs <= provided,
            not _shows(piece, largest),
            number,
        )

    return found[max(range(len(found)), key=rank)]


def _definition(piece: Piece) -> int:
    """How the piece comes by the entry point; a main file that imports it from another means to do so."""
    return DEFINED + 1 if piece.definition == BY_IMPORT and piece.block.path == MAIN_FILE else piece.definition


def _shows(piece: Piece, largest: Piece) -> bool:
    """Whether the piece is an excerpt of the largest: how that begins, or a few lines of it."""
    size = len(piece.lines)
    if size >= len(largest.lines):
        return False
    few = size <= EXCERPT * len(largest.lines) and set(piece.lines) < set(largest.lines)
    return few or piece.lines == largest.lines[:size]
