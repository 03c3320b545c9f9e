"""The solution that is run: a submission's main file, completed by the problem's prelude."""

import ast
import textwrap
import warnings
from collections.abc import Collection, Iterator
from typing import NamedTuple
from unicodedata import normalize

from spillover.coding.collector import collector_off
from spillover.coding.tokens import too_hard
from spillover.core.records import Problem

MAIN_FILE = "solution.py"
MOST_SOURCE = 250_000
"""Characters of a file that is parsed; Python's parser takes a kilobyte of memory for each."""
SOLUTION = "Solution"
"""The class that LeetCode's answers are methods of."""
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Parsed(NamedTuple):
    """What Python's parser says of a source: its tree, or the error and its line (from 1; 0 if it has none)."""

    tree: ast.Module | None
    error: str | None = None
    line: int = 0


def compose(problem: Problem, source: str) -> str:
    """Put the prelude before `source` where it helps.

    A submission that defines the entry point keeps its own and takes only what else the prelude has
    (imports, helpers); one that does not is read as the body that the prelude's last lines ask for. A program,
    which has no entry point, follows the prelude.
    """
    if not problem.prelude:
        return source
    if not problem.entry_point:
        return joined(problem.prelude, source)
    tree = parse(source)
    if tree is not None and defines(tree, problem.entry_point):
        return joined(helpers(problem), source)
    prelude = problem.prelude.rstrip("\n") + "\n"
    for text in (*(prelude + body for body in bodies(source, _margin(problem))), problem.prelude + "\n" + source):
        tree = parse(text)
        if tree is not None and not gives_back(tree):
            return text
    return problem.prelude + "\n" + source


def joined(before: str, source: str) -> str:
    """Two sources as one, with the `__future__` imports of both first, where Python wants them."""
    if "__future__" not in source:
        return f"{before}\n{source}"
    tree = parse(source)
    futures = [node for node in tree.body if _is_future(node)] if tree is not None else []
    lines = source.split("\n")
    first = "\n".join(ast.unparse(node) for node in futures)
    return f"{first}\n{before}\n{without(lines, [(node.lineno, node.end_lineno or node.lineno) for node in futures])}"


def without(lines: list[str], spans: Collection[tuple[int, int]]) -> str:
    """Source without some of its lines, given as first and last ones from 1."""
    left = {number for first, last in spans for number in range(first, last + 1)}
    return "\n".join(line for number, line in enumerate(lines, 1) if number not in left)


def helpers(problem: Problem) -> str:
    """What the prelude defines besides the entry point: imports, and functions that tests may use too.

    The prelude may end in a signature without a body.
    """
    tree = parse(problem.prelude) or parse(f"{problem.prelude.rstrip()}\n{_margin(problem)}pass\n")
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


def defines(tree: ast.Module, entry_point: str) -> bool:
    """Whether the module defines the entry point at its top level, in whatever way.

    A class `Solution` with a method of its name counts for one that names no class.
    """
    return any(_defines(node, *split_entry(entry_point)) for node in tree.body)


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


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _margin(problem: Problem) -> str:
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
