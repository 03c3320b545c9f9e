"""The solution that is run: a submission's main file, completed by the problem's prelude."""

import ast
import builtins
import warnings

from spillover.core.records import Problem

MAIN_FILE = "solution.py"
BUILTINS = set(dir(builtins)) | {"__file__"}
MAX_NESTING = 150
"""Deeper brackets than this are refused before Python's parser sees them: its stack is no defence."""


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
    """The names that a module uses and binds nowhere."""
    nodes = list(ast.walk(tree))
    bound = {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
            bound |= bound_names(node)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            bound.add(node.name)
    used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return used - bound - BUILTINS


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
    name = problem.entry_point.partition("().")[0]
    kept = [node for node in tree.body if name not in bound_names(node)]
    return ast.unparse(ast.Module(body=kept, type_ignores=[]))


def needs_packages(problem: Problem) -> bool:
    """Whether the tests import a package that jobs are shown on demand."""
    texts = [text for text in (problem.check or "", problem.prelude) if "numpy" in text]
    trees = filter(None, map(parse, texts))
    return any("numpy" in _imported(node) for tree in trees for node in ast.walk(tree))


def _imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    return {(node.module or "").partition(".")[0]} if isinstance(node, ast.ImportFrom) else set()
