"""What names, strings and code mean in a syntax tree, as far as reading without running can tell."""

import ast
from collections.abc import Iterable, Iterator, Mapping

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*FUNCTIONS, ast.ClassDef)
ENDINGS = (ast.Return, ast.Raise, ast.Break, ast.Continue)
IMPORTERS = {"builtins.__import__", "importlib.import_module", "importlib.__import__", "pytest.importorskip"}
NAMESPACES = {"builtins.vars", "builtins.globals", "builtins.locals"}
MOST_FOLDED = 200
"""Longer strings than this, put together from parts, are not any name."""
MOST_DEEP = 60
"""How far expressions are followed: no name is nested deeper, and recursion has an end."""


NOTHING: Mapping[str, str] = {}


def text(  # noqa: PLR0911 -- one per form
    node: ast.AST | None, known: Mapping[str, str] = NOTHING, depth: int = MOST_DEEP
) -> str | None:
    """The string that an expression of constants, and of names `known` to be strings, makes.

    None if it is none, cannot be told, or takes more than `depth` steps.
    """
    if not depth:
        return None
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.Name(id=name):
            return known.get(name)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined("", (left, right), known, depth - 1)
        case ast.JoinedStr(values=values):
            return _joined("", values, known, depth - 1)
        case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
            return text(value, known, depth - 1)
        case ast.Call(
            func=ast.Attribute(value=between, attr="join"), args=[ast.List(elts=parts) | ast.Tuple(elts=parts)]
        ):
            glue = text(between, known, depth - 1)
            return None if glue is None else _joined(glue, parts, known, depth - 1)
        case ast.Call(func=ast.Name(id="chr"), args=[ast.Constant(value=int(code))]) if 0 <= code < 128:
            return chr(code)
        case ast.Subscript(value=value, slice=ast.Slice(lower=None, upper=None, step=ast.UnaryOp(op=ast.USub()))):
            found = text(value, known, depth - 1)
            return None if found is None else found[::-1]
    return None


def _joined(glue: str, parts: Iterable[ast.AST], known: Mapping[str, str], depth: int) -> str | None:
    found = [text(part, known, depth) for part in parts]
    told = [part for part in found if part is not None]
    joined = glue.join(told)
    return joined if len(told) == len(found) and len(joined) <= MOST_FOLDED else None


class Names:
    """What the names of a file stand for, as dotted paths: `leave` may be `os._exit`.

    Assignments are taken as holding everywhere. A name that is also a parameter or a definition of the
    file's own stands for nothing.
    """

    def __init__(self, tree: ast.AST) -> None:
        self._paths: dict[str, str] = {}
        self.strings: dict[str, str] = {}
        """Names that are assigned a string, whole or put together."""
        nodes = list(ast.walk(tree))
        self._own = {node.name for node in nodes if isinstance(node, DEFINITIONS)}
        self._own |= {node.arg for node in nodes if isinstance(node, ast.arg)}
        self._own |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        for node in nodes:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node)
        # Twice, so that a name may be assigned before the one that it is made from.
        for node in [node for node in nodes if isinstance(node, (ast.Assign, ast.NamedExpr))] * 2:
            self._assign(node)
        self._defaults(nodes)

    def path(self, node: ast.AST | None, depth: int = MOST_DEEP) -> str:
        """The dotted path that an expression stands for, `?` in the place of what cannot be told."""
        match node if depth else None:
            case ast.Name(id=name):
                if name == "__builtins__":
                    return "builtins"
                return self._paths.get(name) or ("?" if name in self._own else f"builtins.{name}")
            case ast.Attribute(value=value, attr=attr):
                return f"{self.path(value, depth - 1)}.{attr}"
            case ast.Subscript(value=value, slice=key) if (word := self.text(key)) is not None:
                return self._item(self.path(value, depth - 1), word)
            case ast.Call(func=function, args=args):
                return self._call(self.path(function, depth - 1), args, depth - 1)
        return "?"

    def text(self, node: ast.AST | None) -> str | None:
        """The string that an expression makes, None if it is none or cannot be told."""
        return text(node, self.strings)

    def _item(self, holder: str, name: str) -> str:
        if holder == "sys.modules":
            return name
        return f"{holder.removesuffix('.__dict__')}.{name}"

    def _call(self, function: str, args: list[ast.expr], depth: int) -> str:
        first = self.text(args[0]) if args else None
        if function in IMPORTERS and first is not None:
            return first
        if function == "builtins.getattr" and len(args) > 1 and (name := self.text(args[1])) is not None:
            return f"{self.path(args[0], depth)}.{name}"
        if function in NAMESPACES:
            return self.path(args[0], depth) if args else "builtins"
        if function.endswith((".__dict__.get", ".__getattribute__")) and first is not None:
            return self._item(function.rpartition(".")[0], first)
        return f"{function}()"

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                self._paths[alias.asname or alias.name] = f"{node.module or '?'}.{alias.name}"
            elif alias.asname:
                self._paths[alias.asname] = alias.name
            else:
                self._paths[alias.name.partition(".")[0]] = alias.name.partition(".")[0]

    def _assign(self, node: ast.Assign | ast.NamedExpr) -> None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=False))
            for name, value in pairs:
                if isinstance(name, ast.Name):
                    path = self.path(value)
                    self._paths.setdefault(name.id, "?" if "?" in path else path)
                    if (word := self.text(value)) is not None:
                        self.strings.setdefault(name.id, word)

    def _defaults(self, nodes: Iterable[ast.AST]) -> None:
        """Parameters whose default is a known thing, as in `def f(*args, leave=os._exit)`."""
        for node in nodes:
            if isinstance(node, ast.arguments):
                positional = [*node.posonlyargs, *node.args]
                given = [*zip(reversed(positional), reversed(node.defaults), strict=False)]
                given += [(arg, value) for arg, value in zip(node.kwonlyargs, node.kw_defaults, strict=True) if value]
                for arg, value in given:
                    if isinstance(value, (ast.Name, ast.Attribute)) and "?" not in (path := self.path(value)):
                        self._paths.setdefault(arg.arg, path)


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
    start = [node for node in tree.body if not isinstance(node, DEFINITIONS) or node.decorator_list]
    waiting = start + defined.pop(entry_point)
    reached = set()
    while waiting:
        node = waiting.pop()
        reached.add(id(node))
        for name in _mentioned(node) & set(defined):
            waiting += defined.pop(name)
    return reached


def _mentioned(node: ast.AST) -> set[str]:
    """Every name, attribute and string in the running part of a statement."""
    found: set[str | None] = set()
    waiting = [node]
    while waiting:
        part = waiting.pop()
        found |= {getattr(part, "id", None), getattr(part, "attr", None), text(part)}
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
