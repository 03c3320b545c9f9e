"""Which code of a file may ever run, as far as reading without running can tell."""

import ast
from collections.abc import Iterator, Mapping

from spillover.coding.strings import folded

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*FUNCTIONS, ast.ClassDef)
ENDINGS = (ast.Return, ast.Raise, ast.Break, ast.Continue)


def live(tree: ast.Module, entry_point: str | None = None) -> Iterator[ast.AST]:
    """The nodes that may ever run: none behind a `return` or under `if False`.

    With `entry_point`, neither are definitions of the module that nothing leads to from its
    statements and the entry point; of a class, the statements of its body run all the same.
    """
    reached = _reached(tree, entry_point)
    waiting: list[ast.AST] = []
    for statement in _running(tree):
        if id(statement) in reached:
            waiting.append(statement)
        elif isinstance(statement, ast.ClassDef):
            waiting += [part for part in statement.body if not isinstance(part, (*DEFINITIONS, ast.Assign))]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += _running(node)


def _reached(tree: ast.Module, entry_point: str | None) -> set[int]:
    """The ids of the module's statements that something leads to."""
    defined: dict[str, list[ast.stmt]] = {}
    for node in tree.body:
        if isinstance(node, DEFINITIONS):
            defined.setdefault(node.name, []).append(node)
    if entry_point not in defined:
        return {id(node) for node in tree.body}
    texts = folded(tree)
    start = [node for node in tree.body if not isinstance(node, DEFINITIONS) or node.decorator_list]
    waiting = start + defined.pop(entry_point)
    reached = set()
    while waiting:
        node = waiting.pop()
        reached.add(id(node))
        for name in _mentioned(node, texts):
            waiting += defined.pop(name, [])
    return reached


def _mentioned(node: ast.AST, texts: Mapping[ast.AST, str]) -> set[str]:
    """Every name, attribute and string in the running part of a statement."""
    found: set[str | None] = set()
    waiting = [node]
    while waiting:
        part = waiting.pop()
        found |= {getattr(part, "id", None), getattr(part, "attr", None), texts.get(part)}
        waiting += _running(part)
    return {name for name in found if name}


def _running(node: ast.AST) -> list[ast.AST]:
    """The children of a node without branches that a constant forbids and statements behind an ending."""
    if isinstance(node, (ast.If, ast.While, ast.IfExp)) and isinstance(node.test, ast.Constant):
        taken = node.body if node.test.value else node.orelse
        return _until_ending(taken) if isinstance(taken, list) else [taken]
    children: list[ast.AST] = []
    for _, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            children.append(value)
        elif isinstance(value, list):
            children += _until_ending([part for part in value if isinstance(part, ast.AST)])
    return children


def _until_ending(block: list[ast.AST] | list[ast.stmt]) -> list[ast.AST]:
    for index, statement in enumerate(block):
        if isinstance(statement, ENDINGS):
            return list(block[: index + 1])
    return list(block)
