"""The solution that is run: a submission's main file, completed by the problem's prelude."""

import ast
import textwrap
import warnings

from spillover.core.records import Problem

MAIN_FILE = "solution.py"
MAX_NESTING = 150
"""Deeper brackets than this are refused before Python's parser sees them: its stack is no defence."""


def compose(problem: Problem, source: str) -> str:
    """Put the prelude before `source` where it helps.

    A submission that defines the entry point keeps its own and takes only what else the prelude has
    (imports, helpers); one that does not is read as the body that the prelude's last lines ask for.
    """
    if not problem.prelude:
        return source
    tree = parse(source)
    if tree is not None and defines(tree, problem.entry_point):
        return helpers(problem) + "\n" + source
    body = source if source[:1].isspace() else textwrap.indent(source, "    ")
    for text in (problem.prelude.rstrip("\n") + "\n" + body, problem.prelude + "\n" + source):
        if parse(text) is not None:
            return text
    return problem.prelude + "\n" + source


def parse(source: str) -> ast.Module | None:
    """The syntax tree, None where there is none."""
    return None if syntax_error(source) else _tree(source)


def syntax_error(source: str) -> str | None:
    """What Python's parser has against `source`, None if nothing."""
    if _nesting(source) > MAX_NESTING:
        return "brackets nested too deeply"
    try:
        _tree(source)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def _tree(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def defines(tree: ast.Module, name: str) -> bool:
    """Whether the module binds `name` at its top level, in whatever way."""
    return any(name in bound_names(node) for node in tree.body)


def bound_names(node: ast.stmt) -> set[str]:
    """The names that a top-level statement binds."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _nesting(source: str) -> int:
    """An upper bound of the nesting of brackets and unary operators, strings and comments included."""
    depth = deepest = run = 0
    for character in source:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth = max(0, depth - 1)
        run = run + 1 if character in "-+~" else 0
        deepest = max(deepest, run)
    return deepest


def helpers(problem: Problem) -> str:
    """What the prelude defines besides the entry point: imports, and functions that tests may use too."""
    tree = parse(problem.prelude)
    if tree is None:
        return ""
    kept = [node for node in tree.body if problem.entry_point not in bound_names(node)]
    return ast.unparse(ast.Module(body=kept, type_ignores=[]))
