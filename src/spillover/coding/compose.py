"""What Python's parser says of sources: what they define and lack, and how they are put together."""

import ast
import builtins
import textwrap
import warnings
from collections.abc import Collection, Iterator
from typing import NamedTuple
from unicodedata import normalize

from spillover.coding.collector import collector_off
from spillover.coding.scopes import taken_names
from spillover.coding.tokens import too_hard
from spillover.core.records import Problem

MAIN_FILE = "solution.py"
MOST_SOURCE = 250_000
"""Characters of a file that is parsed; Python's parser takes a kilobyte of memory for each."""
BUILTINS = frozenset(dir(builtins)) | {"__file__"}
SOLUTION = "Solution"
"""The class that LeetCode's answers are methods of."""
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Parsed(NamedTuple):
    """What Python's parser says of a source: its tree, or the error and its line (from 1; 0 if it has none)."""

    tree: ast.Module | None
    error: str | None = None
    line: int = 0


def joined(*parts: str) -> str:
    """Sources one after another as one module: imports from `__future__` go to its head, as they must."""
    futures, rest = [], []
    for part in parts:
        head, body = _futures(part)
        futures += head
        rest.append(body)
    return "\n".join([*dict.fromkeys(futures), *rest])


def _futures(source: str) -> tuple[list[str], str]:
    """The imports from `__future__` of a source, and it without them; its lines keep their numbers."""
    tree = parse(source) if "__future__" in source else None
    found = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__"] if tree else []
    lines = source.split("\n")
    for node in found:
        rest = lines[node.lineno - 1 : node.end_lineno]
        if rest and "".join(rest).strip() == (ast.get_source_segment(source, node) or "").replace("\n", ""):
            lines[node.lineno - 1 : node.end_lineno] = [""] * len(rest)
    return [ast.unparse(node) for node in found], "\n".join(lines)


def without(lines: list[str], spans: Collection[tuple[int, int]]) -> str:
    """Source without some of its lines, given as first and last ones from 1."""
    left = {number for first, last in spans for number in range(first, last + 1)}
    return "\n".join(line for number, line in enumerate(lines, 1) if number not in left)


def helpers(problem: Problem) -> str:
    """What the prelude defines besides the entry point: imports, and functions that tests may use too.

    The prelude may end in a signature without a body.
    """
    tree = parse(problem.prelude) or parse(f"{problem.prelude.rstrip()}\n{margin_of(problem)}pass\n")
    if tree is None:
        return ""
    asked = [node for node in tree.body if _defines(node, *split_entry(problem.entry_point))]
    return without(problem.prelude.split("\n"), [lines_of(node) for node in asked])


def parse(source: str) -> ast.Module | None:
    """The syntax tree, None where there is none."""
    return parsed(source).tree


def syntax_error(source: str) -> str | None:
    """What Python's parser has against `source`, None if nothing."""
    return parsed(source).error


def parsed(source: str) -> Parsed:
    """Parse `source` if it is no larger than MOST_SOURCE and nests no deeper than Python's parser can bear.

    The time is linear in the size. Half a surrogate pair is an error: no source file can hold it.
    """
    if len(source) > MOST_SOURCE:
        return Parsed(None, f"{len(source)} characters; at most {MOST_SOURCE} are read")
    if why := too_hard(source):
        return Parsed(None, why)
    try:
        with warnings.catch_warnings(), collector_off(len(source)):
            warnings.simplefilter("ignore")
            return Parsed(ast.parse(source))
    except SyntaxError as error:
        return Parsed(None, f"line {error.lineno}: {error.msg}", error.lineno or 0)
    except UnicodeEncodeError:
        return Parsed(None, "half a surrogate pair, which cannot be encoded")
    except (ValueError, RecursionError, MemoryError) as error:
        return Parsed(None, f"{type(error).__name__}: {error}".removesuffix(": "))


def split_entry(entry_point: str) -> tuple[str, str]:
    """Class and name of an entry point: `Solution().f` is ("Solution", "f"), `f` is ("", "f")."""
    owner, _, name = normalize("NFKC", entry_point).rpartition(".")  # As Python does with all names.
    return owner.partition("(")[0].strip(), name.strip()


def defines(tree: ast.Module, name: str) -> bool:
    """Whether the module binds `name` at its top level, in whatever way."""
    return any(name in bound_names(node) for node in tree.body)


def defines_entry(tree: ast.Module, entry_point: str) -> bool:
    """Whether the module defines an entry point, be it a function, a method, or one in the place of the other."""
    cls, dot, method = entry_point.partition("().")
    return (
        defines(tree, cls) or bool(classes_with(tree, method if dot else cls)) or (bool(dot) and defines(tree, method))
    )


def classes_with(tree: ast.Module, method: str) -> list[str]:
    """The classes of a module that define a method."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return [c.name for c in classes if any(method in bound_names(node) for node in c.body)]


def lacking(tree: ast.Module) -> set[str]:
    """The names that a module uses and defines nowhere."""
    bound = {name for node in tree.body for name in bound_names(node)}
    return set(taken_names(tree).all) - bound - BUILTINS


def bound_names(node: ast.stmt) -> set[str]:
    """The names that a top-level statement binds, those in its branches and loops included."""
    return {name for name, _ in bindings(node)}


def bindings(statement: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    """The names that a statement binds in its own scope, each with the node that binds it."""
    waiting: list[tuple[ast.AST, ast.AST]] = [(statement, statement)]
    while waiting:
        node, holder = waiting.pop()
        if isinstance(node, SCOPES):
            yield node.name, node
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (((alias.asname or alias.name).partition(".")[0], node) for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, holder
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            yield node.name, node
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest, node
        if not isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            inner = node if isinstance(node, ast.stmt) else holder
            waiting += [(child, inner) for child in ast.iter_child_nodes(node)]


def gives_back(scope: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a return or yield stands in the scope itself."""
    waiting: list[ast.AST] = list(scope.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(node, (*SCOPES, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)
    return False


def lines_of(node: ast.stmt) -> tuple[int, int]:
    """First and last line of a statement, decorators included."""
    decorators = node.decorator_list if isinstance(node, SCOPES) else []
    return min([node.lineno, *(part.lineno for part in decorators)]), node.end_lineno or node.lineno


def _defines(node: ast.stmt, owner: str, name: str) -> bool:
    if (owner or name) in bound_names(node):
        return True
    return isinstance(node, ast.ClassDef) and node.name == SOLUTION and not owner and has_method(node, name)


def has_method(node: ast.ClassDef, name: str) -> bool:
    """Whether a class binds `name` in its own body."""
    return any(name in bound_names(part) for part in node.body)


def margin_of(problem: Problem) -> str:
    """The indentation of the body that the prelude asks for."""
    last = next((line for line in reversed(problem.prelude.split("\n")) if line.strip()), "")
    margin = last[: len(last) - len(last.lstrip())]
    return margin + "    " if not margin or last.rstrip().endswith(":") else margin


def bodies(source: str, margin: str) -> Iterator[str]:
    """A function's body as models give it: indented, not indented, or without the indentation of its first line."""
    if source.lstrip("\n")[:1].isspace():
        yield source
    yield textwrap.indent(textwrap.dedent(source), margin)
    yield margin + source.lstrip()


def needs_packages(problem: Problem) -> bool:
    """Whether the tests import a package that jobs are shown on demand."""
    texts = [text for text in (problem.check or "", problem.prelude) if "numpy" in text]
    trees = filter(None, map(parse, texts))
    return any("numpy" in _imported(node) for tree in trees for node in ast.walk(tree))


def _imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    return {(node.module or "").partition(".")[0]} if isinstance(node, ast.ImportFrom) else set()
