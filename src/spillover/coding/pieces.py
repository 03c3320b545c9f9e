"""What a piece of code is to a submission: what it defines and lacks, and whether it tests, runs or reads."""

import ast
import builtins
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from spillover.coding.blocks import Block
from spillover.coding.compose import SCOPES, SOLUTION, Parsed, bindings, bodies, gives_back, has_method, split_entry
from spillover.coding.scopes import taken_names
from spillover.coding.signs import FUNCTIONS, has_effect, is_stub, is_test, reads, runs, stub_names

BUILTINS = frozenset(dir(builtins))
USUAL = (
    "collections",
    "functools",
    "heapq",
    "bisect",
    "itertools",
    "math",
    "operator",
    "random",
    "re",
    "string",
    "typing",
)
"""Modules whose names LeetCode and others give without an import."""
GIVES = re.compile(r"^[ \t]*(?:return|yield)\b", re.MULTILINE)

DEFINED, AS_METHOD, BY_IMPORT, BY_CHANCE, NOT = 4, 3, 2, 1, 0
"""How a piece comes by the entry point: it defines it, has it as a method of `Solution` or lacks only that method,
imports it from a file of its own, or binds its name to something that is hardly it."""


@dataclass
class Piece:
    """A block as Python reads it."""

    block: Block
    code: str
    parsed: bool = False
    binds: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    """Names that it uses and binds nowhere."""
    needs: frozenset[str] = frozenset()
    """Those of them that stand in more than annotations."""
    stubs: frozenset[str] = frozenset()
    """Functions and classes that it only hints at: `...` stands in the place of code."""
    imports: frozenset[str] = frozenset()
    """Modules that it imports."""
    tests: bool = False
    runs: bool = False
    """Whether it does something besides defining."""
    reads: bool = False
    """Whether it reads the standard input."""
    writes: bool = False
    """Whether it prints or writes."""
    gives_back: bool = False
    """Whether it returns or yields outside any function, as the body of a function does."""
    definition: int = NOT
    hinted: bool = False
    """Whether it only hints at the entry point."""
    works: bool = True
    """Whether the entry point that it defines gives anything back or changes what it is given."""
    finished: bool = True
    """False where the text ends with the definition of the entry point, which may have been cut off."""
    lines: tuple[str, ...] = ()
    """Its lines without indentation and comments."""


def piece_of(block: Block, code: str, tree: ast.Module | None, entry_point: str, own: frozenset[str]) -> Piece:
    """The piece that a block is. `own` are the modules among the files of the completion."""
    if tree is None:
        return Piece(block, code)
    taken = taken_names(tree)
    binds = frozenset(name for node in _binding(tree, code) for name, _ in bindings(node))
    nodes = list(ast.walk(tree))
    imports = frozenset(_imports(nodes))
    piece = Piece(
        block,
        code,
        parsed=True,
        binds=binds,
        lacks=taken.all - binds - BUILTINS,
        needs=taken.needed - binds - BUILTINS,
        stubs=frozenset(stub_names(tree, code)),
        imports=imports,
        tests=is_test(tree, imports),
        runs=any(runs(node) for node in tree.body),
        reads=any(reads(node) for node in nodes),
        writes="print" in taken.all or any(isinstance(node, ast.Attribute) and "write" in node.attr for node in nodes),
        gives_back=bool(GIVES.search(code)) and gives_back(tree),
        lines=tuple(line for line in map(str.strip, code.split("\n")) if line and not line.startswith("#")),
    )
    if entry_point:
        _judge(piece, tree, entry_point, own)
    return piece


def _binding(tree: ast.Module, code: str) -> list[ast.stmt]:
    """The statements that can bind a name; expressions do so by `:=` alone."""
    return tree.body if ":=" in code else [node for node in tree.body if not isinstance(node, (ast.Expr, ast.Assert))]


def _judge(piece: Piece, tree: ast.Module, entry_point: str, own: frozenset[str]) -> None:
    """Say how the piece comes by the entry point."""
    owner, name = split_entry(entry_point)
    definition, place = None, None
    for node in _binding(tree, piece.code):
        strength, found = _strength(node, owner, name, own)
        if strength > BY_CHANCE and found is None and not piece.definition and name in taken_names(node).all:
            strength = min(strength, BY_CHANCE)  # As in `f = cache(f)`, which defines nothing alone.
        if strength >= max(piece.definition, BY_CHANCE):
            piece.definition, definition, place = strength, found, node
    if definition is not None:
        piece.works = not isinstance(definition, FUNCTIONS) or any(has_effect(part) for part in ast.walk(definition))
        piece.finished = piece.block.whole or place is not tree.body[-1]
        piece.hinted = is_stub(definition, piece.code.split("\n"))


def _strength(statement: ast.stmt, owner: str, name: str, own: frozenset[str]) -> tuple[int, ast.stmt | None]:
    """How a statement of the module comes by the entry point, and the function or class that it is."""
    best: tuple[int, ast.stmt | None] = (NOT, None)
    for bound, node in bindings(statement):
        if isinstance(node, ast.ClassDef) and bound == (owner or SOLUTION) and name != bound:
            method = next((part for part in node.body if isinstance(part, FUNCTIONS) and part.name == name), None)
            if has_method(node, name):
                best = max(best, (DEFINED if owner else AS_METHOD, method), key=lambda found: found[0])
            elif owner:
                best = max(best, (AS_METHOD, node), key=lambda found: found[0])
        elif bound == name:
            strength = min(_kind(node, own), BY_IMPORT if owner else DEFINED)
            best = max(best, (strength, node if isinstance(node, SCOPES) else None), key=lambda found: found[0])
    return best


def _kind(node: ast.AST, own: frozenset[str]) -> int:
    """How likely what a node binds is a function or class that somebody meant to hand in."""
    if isinstance(node, SCOPES):
        return DEFINED
    if isinstance(node, ast.ImportFrom):
        module = (node.module or "").partition(".")[0]
        if node.level or module in own:
            return BY_IMPORT
        return DEFINED if module in sys.stdlib_module_names else BY_CHANCE
    value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
    likely = (ast.Lambda, ast.Name, ast.Attribute, ast.Call, ast.IfExp, ast.Subscript)
    return DEFINED if isinstance(value, likely) else BY_CHANCE


def _imports(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_body(code: str, parser: Callable[[str], Parsed]) -> bool:
    """Whether code that may not stand alone is the body of a function, by what it gives back."""
    for body in bodies(code, "    ") if GIVES.search(code) else ():
        tree = parser(f"def body():\n{body}").tree
        if tree is not None and isinstance(tree.body[0], FUNCTIONS):
            return gives_back(tree.body[0])
    return False


@cache
def usual_names() -> frozenset[str]:
    """What a prelude often gives: modules of the standard library and the names in the most used of them."""
    return frozenset(sys.stdlib_module_names).union(*(dir(__import__(name)) for name in USUAL))
