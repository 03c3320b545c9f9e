"""Signs by which code tells what it is for: whether it tests, runs, reads, or only hints at code."""

import ast
import re

from spillover.coding.compose import SCOPES

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LEFT_OUT = re.compile(r"^[ \t]*#[ \t]*(?:\.\.\.|\u2026)", re.MULTILINE)
"""A comment in the place of code."""


def is_test(tree: ast.Module, imports: frozenset[str]) -> bool:
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


def runs(node: ast.stmt) -> bool:
    """Whether a statement of a module does something besides defining."""
    if isinstance(node, (*SCOPES, ast.Import, ast.ImportFrom)):
        return False
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return False
    return not isinstance(node, (ast.Assign, ast.AnnAssign)) or any(isinstance(n, ast.Call) for n in ast.walk(node))


def is_idle(node: ast.stmt) -> bool:
    """Whether a statement has no effect, as words of prose have that are Python by accident: `Sure`, `Note: fine`."""
    if isinstance(node, ast.Expr):
        text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return not text and not isinstance(node.value, (ast.Call, ast.Await, ast.NamedExpr, ast.ListComp, ast.Yield))
    return isinstance(node, ast.AnnAssign) and node.value is None


def reads(node: ast.AST) -> bool:
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


def stub_names(tree: ast.Module, code: str) -> set[str]:
    """The functions and classes of a module whose last definition does nothing, or leaves out code."""
    lines = code.split("\n")
    last = {node.name: node for node in tree.body if isinstance(node, SCOPES)}
    return {name for name, node in last.items() if is_stub(node, lines)}


def is_stub(node: ast.stmt, lines: list[str]) -> bool:
    """Whether a definition does nothing, or leaves out code."""
    if isinstance(node, FUNCTIONS):
        return _does_nothing(node) or _leaves_out(node, lines)
    methods = [part for part in node.body if isinstance(part, FUNCTIONS)] if isinstance(node, ast.ClassDef) else []
    return any(_leaves_out(method, lines) for method in methods) or (bool(methods) and all(map(_does_nothing, methods)))


def _does_nothing(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    body = [part for part in node.body if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))]
    return all(isinstance(part, ast.Pass) or _refuses(part) for part in body)


def _leaves_out(node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> bool:
    written = "\n".join(lines[node.lineno - 1 : node.end_lineno])
    return bool(LEFT_OUT.search(written)) or any(_elides(part) for part in ast.walk(node))


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


def has_effect(node: ast.AST) -> bool:
    """Whether a node of a function returns a value, yields, or may change what the function was given."""
    if isinstance(node, (ast.Return, ast.Expr)):
        value = node.value
        method = isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)
        return method if isinstance(node, ast.Expr) else value is not None
    if isinstance(node, (ast.Subscript, ast.Attribute)):
        return not isinstance(node.ctx, ast.Load)
    return isinstance(node, (ast.Yield, ast.YieldFrom))
