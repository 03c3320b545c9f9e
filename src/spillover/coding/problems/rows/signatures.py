"""What the code of a row says of the function that its tests call: arguments, result, whether it works in place.

Starter code ends in the middle of a function, so that it is read by its head alone.
"""

import ast
import re
from collections.abc import Iterator
from typing import Any

from spillover.coding.compose import parse

SCALARS = {"int", "str", "float", "bool", "bytes", "None"}
SEQUENCES = {"List", "list", "Tuple", "tuple", "Sequence", "Iterable", "Set", "set"}
"""What becomes a list in JSON."""


def entry_of(code: str, name: str) -> str:
    """The entry point `name` as `code` defines it: a function, or a method of a class Solution."""
    solution = re.search(r"^class\s+Solution\b", code, re.MULTILINE)
    method = solution and re.search(rf"^[ \t]+def\s+{re.escape(name)}\b", code[solution.end() :], re.MULTILINE)
    return f"Solution().{name}" if method else name


def head(code: str | None, name: str) -> ast.FunctionDef | None:
    """The last function of that name in `code`, without its body; None where there is none that can be read."""
    pattern = rf"def\s+{re.escape(name)}\s*\(((?:[^()]|\([^()]*\))*)\)\s*(?:->\s*([^:\n]+))?:"
    found = list(re.finditer(pattern, code or ""))
    if not found:
        return None
    arguments, result = found[-1].groups()
    tree = parse(f"def {name}({arguments}){f' -> {result}' if result else ''}: pass")
    node = tree.body[0] if tree else None
    return node if isinstance(node, ast.FunctionDef) else None


def arguments_of(function: ast.FunctionDef) -> list[str]:
    """The names of its arguments, without `self`."""
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return names[1:] if names[:1] == ["self"] else names


def written(name: str, *codes: str | None) -> str:
    """`name(arguments)` as the first code that defines it has them."""
    function = next(filter(None, (head(code, name) for code in codes)), None)
    if function is None:
        return f"{name}(...)"
    if function.args.args and function.args.args[0].arg == "self":
        del function.args.args[0]
    return f"{name}({ast.unparse(function.args)})"


def takes_nodes(code: str) -> bool:
    """Whether a function of `code` is annotated with nodes of lists or trees, which JSON cannot hold."""
    lines = [line for line in code.splitlines() if not line.lstrip().startswith("#")]
    return any(re.search(r"\bdef .*\b(?:ListNode|TreeNode|Node)\b", line) for line in lines)


def works_in_place(name: str, starter: str, reference: str | None) -> bool:
    """Whether a function returns nothing: as the starter says, or the reference, or the reference's body."""
    for code in (starter, reference):
        function = head(code, name)
        if function is not None and function.returns is not None:
            return isinstance(function.returns, ast.Constant) and function.returns.value is None
    tree = parse(reference or "")
    found = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == name] if tree else []
    return bool(found) and not any(map(_gives_something, _own_nodes(found[-1])))


def _gives_something(node: ast.AST) -> bool:
    if isinstance(node, ast.Return):
        return node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None)
    return isinstance(node, (ast.Yield, ast.YieldFrom))


def _own_nodes(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """The nodes of a function's body, those of functions within it left out."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))


def result_depth(name: str, *codes: str | None) -> int | None:
    """How deep lists are nested in the result, by the first annotation that says; None where none does."""
    for code in codes:
        function = head(code, name)
        if function is not None and function.returns is not None:
            return _depth(function.returns)
    return None


def _depth(annotation: ast.expr) -> int | None:
    match annotation:
        case ast.Name(id=name) | ast.Constant(value=None as name) if str(name) in SCALARS:
            return 0
        case ast.Subscript(value=ast.Name(id="Dict" | "dict")):
            return 0
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner) | ast.BinOp(left=inner):
            return _depth(inner)
        case ast.Subscript(value=ast.Name(id=name), slice=inner) if name in SEQUENCES:
            first = inner.elts[0] if isinstance(inner, ast.Tuple) else inner
            below = _depth(first)
            return None if below is None else below + 1
    return None


def nesting(value: Any) -> int:
    """How deep lists are nested in a value."""
    return 1 + max(map(nesting, value), default=0) if isinstance(value, list) else 0
