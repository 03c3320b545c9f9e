"""Comparisons that do not look at what they compare."""

import ast
from collections.abc import Mapping

from spillover.coding.names import Names
from spillover.coding.syntax import FUNCTIONS

COMPARISONS = {"__eq__", "__ne__"}
EQUAL_TO_ALL = {"unittest.mock.ANY", "mock.ANY", "pytest.approx"}
MOST_STEPS = 60
"""How many calls of calls are followed to a name."""


def lies(node: ast.AST, names: Names, methods: Mapping[str, ast.FunctionDef], faithful: dict[str, bool]) -> bool:
    """Whether something gets a comparison that does not look at what it compares."""
    match node:
        case ast.FunctionDef(name=name):
            return name in COMPARISONS and not _compares(node, methods, faithful)
        case ast.Assign(targets=targets, value=value):
            named = {last_name(target) for target in targets} & COMPARISONS
            return bool(named) and not (last_name(value) in COMPARISONS and isinstance(value, ast.Attribute))
        case ast.Attribute(value=ast.Attribute(attr=attr)):
            return attr in COMPARISONS
        case ast.Name() | ast.Attribute():
            return names.path(node) in EQUAL_TO_ALL
        case ast.Call(keywords=keywords):
            return any(keyword.arg in COMPARISONS for keyword in keywords)
    return (names.text(node) or "").partition(".")[0] in COMPARISONS


def _compares(method: ast.FunctionDef, methods: Mapping[str, ast.FunctionDef], faithful: dict[str, bool]) -> bool:
    """Whether a comparison looks at both its arguments in what it returns, and stores neither.

    One that only hands them to another of `methods` is as good as that; `faithful` keeps which do.
    """
    arguments = [argument.arg for argument in (*method.args.posonlyargs, *method.args.args)]
    if len(arguments) < 2:
        return False
    own, other = arguments[:2]
    nodes = list(ast.walk(method))
    for node in nodes:
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr)) and _stores(node, own, other):
            return False
    returned = [node.value for node in nodes if isinstance(node, ast.Return) and node.value is not None]
    if returned and all(_constant_truth(value) for value in returned):
        return False
    match returned:
        case [ast.Call(func=ast.Attribute(attr=name))] if name in methods and name != method.name:
            if name not in faithful:
                faithful[name] = _compares(methods[name], {}, faithful)
            return faithful[name]
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    classes = {
        node.id for call in nodes if isinstance(call, ast.Call) for node in call.args if isinstance(node, ast.Name)
    }
    return other in used and (own in used or bool(classes - {own, other, "object"}))


def _stores(node: ast.Assign | ast.AugAssign | ast.Expr, own: str, other: str) -> bool:
    """`self.value = other`, `self.seen.append(other)`: what is compared was put there for the occasion."""
    if isinstance(node, ast.Expr):
        call = node.value
        return isinstance(call, ast.Call) and own in _used(call.func) and any(other in _used(arg) for arg in call.args)
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(own in _used(target) for target in targets) and other in _used(node.value)


def _used(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _constant_truth(value: ast.expr) -> bool:
    """Whether an expression is true or false whatever is compared: it uses no name, or ends in `or True`."""
    if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or):
        return any(isinstance(part, ast.Constant) and part.value for part in value.values)
    if isinstance(value, ast.IfExp):
        return _constant_truth(value.body) and _constant_truth(value.orelse)
    if isinstance(value, ast.Compare):
        sides = [ast.dump(side) for side in (value.left, *value.comparators)]
        return len(set(sides)) == 1 or not _variables(value)
    return not _variables(value)


def _variables(value: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id != "bool" for node in ast.walk(value))


def last_name(node: ast.AST | None) -> str:
    """The plain or last dotted name of an expression, a called one's too; empty for others."""
    for _ in range(MOST_STEPS):
        if not isinstance(node, ast.Call):
            break
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, FUNCTIONS):
        return node.name
    return node.id if isinstance(node, ast.Name) else ""
