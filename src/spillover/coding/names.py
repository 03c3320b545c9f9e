"""What the names of a file stand for, as far as reading without running can tell."""

import ast
from collections.abc import Iterable, Iterator

from spillover.coding.strings import MOST_FOLDED, fold, folded
from spillover.coding.syntax import DEFINITIONS

IMPORTERS = {"builtins.__import__", "importlib.import_module", "importlib.__import__", "pytest.importorskip"}
NAMESPACES = {"builtins.vars", "builtins.globals", "builtins.locals"}


class Names:
    """What the names of a file stand for, as dotted paths: `leave` may be `os._exit`.

    Assignments are taken as holding everywhere. A name that is also a parameter or a definition of the
    file's own stands for nothing.
    """

    def __init__(self, tree: ast.AST) -> None:
        self._paths: dict[str, str] = {}
        self._known: dict[ast.AST, str] = {}
        """Paths of expressions, as far as they have been asked for."""
        self.strings: dict[str, str] = {}
        """Names that are assigned a string, whole or put together."""
        self._texts: dict[ast.AST, str] = {}
        nodes = list(ast.walk(tree))
        self._own = {node.name for node in nodes if isinstance(node, DEFINITIONS)}
        self._own |= {node.arg for node in nodes if isinstance(node, ast.arg)}
        self._own |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        for node in nodes:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node)
        assigned = [pair for node in nodes if isinstance(node, (ast.Assign, ast.NamedExpr)) for pair in _pairs(node)]
        # Twice, so that a name may be assigned before the one that it is made from.
        for _ in range(2):
            self._name_strings(assigned)
        self._texts = folded(tree, self.strings)
        for _ in range(2):
            self._known = {}
            self._name_paths(assigned)
        self._known = {}
        self._defaults(nodes)
        self._known = {}

    def path(self, node: ast.AST | None) -> str:
        """The dotted path that an expression stands for, `?` in the place of what cannot be told."""
        chain = []
        while node is not None and node not in self._known:
            chain.append(node)
            node = self._holder(node)
        path = self._known[node] if node is not None else "?"
        for part in reversed(chain):
            path = self._known[part] = self._step(part, path if len(path) <= MOST_FOLDED else "?")
        return path

    def text(self, node: ast.AST | None) -> str | None:
        """The string that an expression makes, None if it is none or cannot be told."""
        return self._texts.get(node) if node is not None else None

    def _word(self, node: ast.AST | None) -> str | None:
        """The same where it may be a name."""
        word = self.text(node)
        return word if word is not None and len(word) <= MOST_FOLDED else None

    def _holder(self, node: ast.AST) -> ast.AST | None:
        """The expression whose path comes before that of `node`."""
        match node:
            case ast.Attribute(value=value) | ast.Subscript(value=value):
                return value
            case ast.Call(func=function):
                return function
        return None

    def _step(self, node: ast.AST, holder: str) -> str:
        """The path of a node whose holder has the path `holder`."""
        match node:
            case ast.Name(id="__builtins__"):
                return "builtins"
            case ast.Name(id=name):
                return self._paths.get(name) or ("?" if name in self._own else f"builtins.{name}")
            case ast.Attribute(attr=attr):
                return f"{holder}.{attr}"
            case ast.Subscript(slice=key) if (word := self._word(key)) is not None:
                return self._item(holder, word)
            case ast.Call(args=args):
                return self._call(holder, args)
        return "?"

    def _item(self, holder: str, name: str) -> str:
        if holder == "sys.modules":
            return name
        return f"{holder.removesuffix('.__dict__')}.{name}"

    def _call(self, function: str, args: list[ast.expr]) -> str:
        first = self._word(args[0]) if args else None
        if function in IMPORTERS and first is not None:
            return first
        if function == "builtins.getattr" and len(args) > 1 and (name := self._word(args[1])) is not None:
            return f"{self.path(args[0])}.{name}"
        if function in NAMESPACES:
            return self.path(args[0]) if args else "builtins"
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

    def _name_strings(self, assigned: Iterable[tuple[str, ast.expr, bool]]) -> None:
        words: dict[ast.AST, str | None] = {}
        for name, value, whole in assigned:
            if value not in words:
                words[value] = folded(value, self.strings).get(value) if whole else fold(value, {}, self.strings)
            if (word := words[value]) is not None:
                self.strings.setdefault(name, word)

    def _name_paths(self, assigned: Iterable[tuple[str, ast.expr, bool]]) -> None:
        for name, value, _ in assigned:
            path = self.path(value)
            self._paths.setdefault(name, "?" if "?" in path or len(path) > MOST_FOLDED else path)

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


def _pairs(node: ast.Assign | ast.NamedExpr) -> Iterator[tuple[str, ast.expr, bool]]:
    """The names that an assignment binds with their values, and whether it is a statement: those lie in no other."""
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        pairs: list[tuple[ast.expr, ast.expr]] = [(target, node.value)]
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = list(zip(target.elts, node.value.elts, strict=False))
        yield from (
            (name.id, value, isinstance(node, ast.Assign)) for name, value in pairs if isinstance(name, ast.Name)
        )
