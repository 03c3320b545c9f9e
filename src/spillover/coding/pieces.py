"""What a piece of code is to a submission: what it defines and lacks, and whether it tests, runs or reads."""

import ast
import builtins
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from spillover.coding.blocks import Block
from spillover.coding.compose import SCOPES, SOLUTION, Parsed, bindings, bodies, has_method, split_entry

BUILTINS = frozenset(dir(builtins))
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
BINDERS = (
    *(*SCOPES, ast.arg, ast.Import, ast.ImportFrom),
    *(ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping),
)
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
LEFT_OUT = re.compile(r"^[ \t]*#[ \t]*(?:\.\.\.|\u2026)", re.MULTILINE)
"""A comment in the place of code."""

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
    returns: bool = True
    """Whether the entry point that it defines gives anything back."""
    finished: bool = True
    """False where the text ends within the definition of the entry point, as far as can be told."""
    lines: tuple[str, ...] = ()
    """Its lines without indentation and comments."""


def piece_of(block: Block, code: str, tree: ast.Module | None, entry_point: str, own: frozenset[str]) -> Piece:
    """The piece that a block is. `own` are the modules among the files of the completion."""
    if tree is None:
        return Piece(block, code)
    used, noted, bound = names_of(tree)
    nodes = list(ast.walk(tree))
    imports = frozenset(_imports(nodes))
    lacks = used | noted
    piece = Piece(
        block,
        code,
        parsed=True,
        binds=frozenset(name for node in _binding(tree, code) for name, _ in bindings(node)),
        lacks=frozenset(lacks - bound - BUILTINS),
        needs=frozenset(used - bound - BUILTINS),
        stubs=frozenset(_stubs(tree, code)),
        imports=imports,
        tests=_tests(tree, imports),
        runs=any(_runs(node) for node in tree.body),
        reads=any(_reads(node) for node in ast.walk(tree)),
        writes="print" in used or any(isinstance(node, ast.Attribute) and "write" in node.attr for node in nodes),
        gives_back=bool(GIVES.search(code)) and _gives_back(tree),
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
        if strength >= max(piece.definition, BY_CHANCE):
            piece.definition, definition, place = strength, found, node
    if definition is not None:
        piece.returns = not isinstance(definition, FUNCTIONS) or any(_gives(part) for part in ast.walk(definition))
        piece.finished = piece.block.closed or place is not tree.body[-1] or _ends(definition)
        piece.hinted = _is_stub(definition, piece.code.split("\n"))


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


def names_of(tree: ast.AST) -> tuple[set[str], set[str], set[str]]:
    """Names that are used, that stand in annotations, and that are bound anywhere, however deep."""
    used, noted, bound = set[str](), set[str](), set[str]()
    waiting: list[tuple[ast.AST, set[str]]] = [(tree, used)]
    while waiting:
        node, into = waiting.pop()
        if isinstance(node, ast.Name):
            (into if isinstance(node.ctx, ast.Load) else bound).add(node.id)
            continue
        if isinstance(node, BINDERS):
            bound |= _binds(node)
        for name, value in ast.iter_fields(node):
            side = noted if name in ("annotation", "returns") else into
            if isinstance(value, ast.AST):
                waiting.append((value, side))
            elif isinstance(value, list):
                waiting += [(part, side) for part in value if isinstance(part, ast.AST)]
    return used, noted, bound


def _binds(node: ast.AST) -> set[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.arg(arg=name):
            return {name}
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return {(alias.asname or alias.name).partition(".")[0] for alias in aliases}
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return {name}
        case ast.MatchMapping(rest=str(name)):
            return {name}
    return set()


def _imports(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _tests(tree: ast.Module, imports: frozenset[str]) -> bool:
    """Whether code tests a solution: it imports one, or has tests in the form of a library for tests."""
    if "solution" in imports:
        return True
    if not imports & {"unittest", "pytest"}:
        return False
    return any(
        (isinstance(node, FUNCTIONS) and node.name.startswith("test"))
        or (
            isinstance(node, ast.ClassDef) and any("Test" in name for name in (node.name, *map(_last_name, node.bases)))
        )
        for node in tree.body
    )


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _runs(node: ast.stmt) -> bool:
    if isinstance(node, (*SCOPES, ast.Import, ast.ImportFrom)):
        return False
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return False
    return not isinstance(node, (ast.Assign, ast.AnnAssign)) or any(isinstance(n, ast.Call) for n in ast.walk(node))


def _reads(node: ast.AST) -> bool:
    """Whether a node is one of the ways to the standard input."""
    match node:
        case ast.Name(id="input" | "stdin" | "fileinput", ctx=ast.Load()) | ast.Attribute(attr="stdin"):
            return True
        case ast.Call(func=ast.Name(id="open"), args=[ast.Constant(value=0 | "/dev/stdin"), *_]):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="os"), attr="read" | "fdopen")):
            return True
        case ast.alias(name="stdin" | "fileinput"):
            return True
    return False


def is_body(code: str, parser: Callable[[str], Parsed]) -> bool:
    """Whether code that may not stand alone is the body of a function, by what it gives back."""
    for body in bodies(code, "    ") if GIVES.search(code) else ():
        tree = parser(f"def body():\n{body}").tree
        if tree is not None and isinstance(tree.body[0], FUNCTIONS):
            return _gives_back(tree.body[0])
    return False


def _gives_back(scope: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a return or yield stands in the scope itself."""
    waiting: list[ast.AST] = list(scope.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(node, (*SCOPES, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)
    return False


def _stubs(tree: ast.Module, code: str) -> Iterator[str]:
    lines = code.split("\n")
    for node in tree.body:
        if isinstance(node, FUNCTIONS) and _is_stub(node, lines):
            yield node.name
        elif isinstance(node, ast.ClassDef):
            methods = [part for part in node.body if isinstance(part, FUNCTIONS)]
            if methods and all(_is_stub(method, lines) for method in methods):
                yield node.name


def _is_stub(node: ast.stmt, lines: list[str]) -> bool:
    """Whether a definition does nothing, or leaves out code."""
    if isinstance(node, ast.ClassDef):
        methods = [part for part in node.body if isinstance(part, FUNCTIONS)]
        return any(_is_stub(method, lines) for method in methods)
    if not isinstance(node, FUNCTIONS):
        return False
    body = [part for part in node.body if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))]
    if all(isinstance(part, ast.Pass) or _refuses(part) for part in body):
        return True
    if LEFT_OUT.search("\n".join(lines[node.lineno - 1 : node.end_lineno])):
        return True
    return any(_elides(part) for part in ast.walk(node))


def _refuses(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Raise) or node.exc is None:
        return False
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def _elides(node: ast.AST) -> bool:
    """Whether `...` stands in the place of a value or, where code is wanted, of statements."""
    if isinstance(node, (ast.Return, ast.Assign)):
        return _is_dots(node.value)
    if isinstance(node, (*FUNCTIONS, ast.For, ast.While, ast.With, ast.If)):
        return any(isinstance(part, ast.Expr) and _is_dots(part.value) for part in node.body)
    return False


def _is_dots(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _gives(node: ast.AST) -> bool:
    return isinstance(node, (ast.Yield, ast.YieldFrom)) or (isinstance(node, ast.Return) and node.value is not None)


def _ends(node: ast.stmt) -> bool:
    """Whether the last thing that a function or method does is to return or raise."""
    while isinstance(node, SCOPES):
        node = node.body[-1]
    return isinstance(node, (ast.Return, ast.Raise))


@cache
def usual_names() -> frozenset[str]:
    """What a prelude often gives: modules of the standard library and the names in the most used of them."""
    return frozenset(sys.stdlib_module_names).union(*(dir(__import__(name)) for name in USUAL))
