"""Which names a piece of code takes from its module, by Python's rules of scope."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
NOTES = ("annotation", "returns")
"""Fields of annotations."""
DEFAULTS = ("defaults", "kw_defaults")


@dataclass
class _Scope:
    """A function, class or comprehension; `around` is None for the module."""

    around: "_Scope | None" = None
    of_class: bool = False
    of_comprehension: bool = False
    binds: set[str] = field(default_factory=set)
    uses: set[tuple[str, bool]] = field(default_factory=set)
    """Names, and whether they stand in an annotation."""
    shared: set[str] = field(default_factory=set)
    """Names that are declared global."""


@dataclass(frozen=True)
class Taken:
    """Names that code takes from its module: all of them, and those that it cannot do without."""

    all: frozenset[str]
    needed: frozenset[str]
    """Without those that stand in annotations only, or that a function may set with `global`."""


def taken_names(tree: ast.AST) -> Taken:
    """The names that a module or one of its statements uses and that no scope within it binds.

    What it binds at the top level itself counts as taken too, if it uses it.
    """
    module = _Scope()
    scopes = [module]
    waiting: list[tuple[ast.AST, _Scope, bool]] = [(tree, module, False)]
    while waiting:
        node, scope, noted = waiting.pop()
        inner = _inner(node, scope)
        if inner is not None:
            scopes.append(inner)
        _enter(node, scope, noted)
        waiting += _parts(node, scope, inner, noted)
    everything = set[str]()
    needed = set[str]()
    for scope in scopes:
        everything |= scope.shared
        for name, noted in scope.uses:
            holder = _holder(scope, name)
            if holder is None or holder is module:
                everything.add(name)
                if not noted and name not in scope.shared:
                    needed.add(name)
    return Taken(frozenset(everything), frozenset(needed))


def _inner(node: ast.AST, scope: _Scope) -> _Scope | None:
    """The scope that a node opens."""
    if isinstance(node, FUNCTIONS):
        return _Scope(scope)
    if isinstance(node, ast.ClassDef):
        return _Scope(scope, of_class=True)
    return _Scope(scope, of_comprehension=True) if isinstance(node, COMPREHENSIONS) else None


def _enter(node: ast.AST, scope: _Scope, noted: bool) -> None:
    """Write down what a node binds and uses."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            scope.uses.add((name, noted))
        case ast.Name(id=name):
            scope.binds.add(name)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            scope.binds.add(name)
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            scope.binds.update((alias.asname or alias.name).partition(".")[0] for alias in aliases)
        case ast.arg(arg=name) | ast.MatchMapping(rest=str(name)):
            scope.binds.add(name)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            scope.binds.add(name)
        case ast.Global(names=names):
            scope.shared.update(names)
        case ast.AugAssign(target=ast.Name(id=name)):
            scope.uses.add((name, noted))
        case ast.NamedExpr(target=ast.Name(id=name)):
            _outside_comprehensions(scope).binds.add(name)


def _parts(node: ast.AST, scope: _Scope, inner: _Scope | None, noted: bool) -> Iterator[tuple[ast.AST, _Scope, bool]]:
    """The parts of a node, each with its scope. What a function or class is made with belongs to the outer one."""
    for name, value in ast.iter_fields(node):
        into = scope
        if inner is not None and (name in ("body", "args") or inner.of_comprehension):
            into = inner
        elif isinstance(node, ast.arguments) and name in DEFAULTS and scope.around is not None:
            into = scope.around
        parts: Iterable[object] = value if isinstance(value, list) else (value,)
        yield from ((part, into, noted or name in NOTES) for part in parts if isinstance(part, ast.AST))


def _holder(scope: _Scope, name: str) -> _Scope | None:
    """The scope that binds a name used in `scope`; classes are open to their own body only."""
    if name in scope.shared:
        return None
    at: _Scope | None = scope
    while at is not None and not (name in at.binds and (at is scope or not at.of_class)):
        at = at.around
    return at


def _outside_comprehensions(scope: _Scope) -> _Scope:
    while scope.of_comprehension and scope.around is not None:
        scope = scope.around
    return scope
