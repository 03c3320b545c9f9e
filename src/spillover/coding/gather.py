"""A piece of code made whole: what it uses is taken from the other pieces of its completion."""

import ast
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from spillover.coding.compose import SCOPES, bindings, joined, lines_of, parse, without
from spillover.coding.pieces import BUILTINS, Piece
from spillover.coding.scopes import taken_names

QUIET = {"print", "input", "open", "exit", "quit", "breakpoint"}
"""What a statement that prepares data for others has no use for."""


@dataclass(frozen=True)
class Statement:
    """A statement of a module: its lines, what it binds, and the other names that it uses."""

    node: ast.stmt
    lines: tuple[int, int]
    binds: frozenset[str]
    uses: frozenset[str]

    @property
    def defines(self) -> bool:
        """Whether it is nothing but a definition or an import."""
        return isinstance(self.node, (*SCOPES, ast.Import, ast.ImportFrom))


class Gatherer:
    """Takes from pieces what one of them lacks, statement by statement, and what that lacks in turn.

    A name is taken from the last piece before the main one that defines it in full, else from the first after it.
    """

    def __init__(self, main: Piece, pieces: Sequence[Piece], entry: str) -> None:
        self.main, self.pieces, self.entry = main, pieces, entry
        self.place = next(number for number, piece in enumerate(pieces) if piece is main)
        self.holders: dict[str, list[int]] = {}
        for number, piece in enumerate(pieces):
            if number != self.place and piece.parsed and not piece.tests:
                for name in piece.binds - piece.stubs:
                    self.holders.setdefault(name, []).append(number)
        self.taken: dict[int, set[int]] = {}
        """The numbers of the statements that are taken from each piece."""
        self.statements: dict[int, list[Statement]] = {}
        self.by_name: dict[int, dict[str, list[int]]] = {}

    def source(self) -> str:
        """The main piece with what it lacks before it."""
        hinted = (self.main.stubs & set(self.holders)) - {self.entry}
        wanted = sorted((self.main.lacks & set(self.holders)) | hinted)
        if not wanted:
            return self.main.code
        self._take(wanted, self.main.binds - hinted)
        self._prepare()
        own = self.main.code
        if hinted:
            tree = parse(own)
            gone = [node for node in (tree.body if tree else []) if isinstance(node, SCOPES) and node.name in hinted]
            own = without(own.split("\n"), [lines_of(node) for node in gone])
        return joined(self._before(), own)

    def _take(self, waiting: list[str], known: frozenset[str]) -> None:
        done = set(known)
        while waiting:
            name = waiting.pop()
            if name in done or name not in self.holders:
                continue
            done.add(name)
            number = self._holder(name)
            for index in self._binding(number).get(name, []):
                if index not in self.taken.setdefault(number, set()):
                    self.taken[number].add(index)
                    waiting += self.statements[number][index].uses

    def _holder(self, name: str) -> int:
        numbers = self.holders[name]
        before = bisect_left(numbers, self.place)
        return numbers[before - 1] if before else numbers[0]

    def _binding(self, number: int) -> dict[str, list[int]]:
        """The statements of a piece by the names that they bind."""
        if number not in self.statements:
            self.statements[number] = statements_of(self.pieces[number].code)
            index = self.by_name[number] = {}
            for place, statement in enumerate(self.statements[number]):
                for name in statement.binds:
                    index.setdefault(name, []).append(place)
        return self.by_name[number]

    def _prepare(self) -> None:
        """Take the statements too that fill or set up what is taken: `table[0] = 1`, `sys.setrecursionlimit(n)`."""
        for number, taken in self.taken.items():
            held = {name for index in taken for name in self.statements[number][index].binds}
            filled = {
                name
                for index in taken
                if not isinstance(self.statements[number][index].node, SCOPES)
                for name in self.statements[number][index].binds
            }
            for index, statement in enumerate(self.statements[number]):
                uses = statement.uses - BUILTINS
                if index in taken or statement.defines or isinstance(statement.node, ast.Assert):
                    continue
                if statement.uses & (QUIET | {self.entry, "__name__"}) or not uses <= held | statement.binds:
                    continue
                if (uses | statement.binds) & filled:
                    taken.add(index)

    def _before(self) -> str:
        """What is taken, imports first, then the pieces before the main one and those after it, in their order."""
        first, then = list[str](), list[str]()
        for number, taken in sorted(self.taken.items()):
            lines = self.pieces[number].code.split("\n")
            imports, others = set[int](), set[int]()
            for index in taken:
                statement = self.statements[number][index]
                side = imports if isinstance(statement.node, (ast.Import, ast.ImportFrom)) else others
                side.update(range(statement.lines[0], statement.lines[1] + 1))
            first += [lines[line - 1] for line in sorted(imports)]
            then += [lines[line - 1] for line in sorted(others - imports)]
        return "\n".join([*first, *then]) + "\n"


def statements_of(code: str) -> list[Statement]:
    """The statements of a module that can be parsed."""
    tree = parse(code)
    found = []
    for node in tree.body if tree is not None else []:
        binds = frozenset(name for name, _ in bindings(node))
        found.append(Statement(node, lines_of(node), binds, taken_names(node).all - binds))
    return found
