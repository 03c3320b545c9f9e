"""The strings that expressions of constants make, as far as reading without running can tell."""

import ast
from collections.abc import Iterable, Mapping

MOST_FOLDED = 200
"""Longer strings and dotted paths than this, put together from parts, are not any name."""
FOLDED = (ast.Constant, ast.Name, ast.BinOp, ast.JoinedStr, ast.FormattedValue, ast.Call, ast.Subscript)
NOTHING: Mapping[str, str] = {}


def folded(tree: ast.AST, known: Mapping[str, str] = NOTHING) -> dict[ast.AST, str]:
    """The strings that the expressions of a tree make from constants and from names `known` to be strings.

    Every node is looked at once, its parts before itself.
    """
    found: dict[ast.AST, str] = {}
    for node in reversed(list(ast.walk(tree))):
        if isinstance(node, FOLDED) and (word := fold(node, found, known)) is not None:
            found[node] = word
    return found


def fold(  # noqa: PLR0911 -- one per form
    node: ast.AST, found: Mapping[ast.AST, str], known: Mapping[str, str]
) -> str | None:
    """The string that an expression makes of those `found` for its parts."""
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.Name(id=name):
            return known.get(name)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined("", (left, right), found)
        case ast.JoinedStr(values=values):
            return _joined("", values, found)
        case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
            return found.get(value)
        case ast.Call(
            func=ast.Attribute(value=between, attr="join"), args=[ast.List(elts=parts) | ast.Tuple(elts=parts)]
        ) if between in found:
            return _joined(found[between], parts, found)
        case ast.Call(func=ast.Name(id="chr"), args=[ast.Constant(value=int(code))]) if 0 <= code < 128:
            return chr(code)
        case ast.Subscript(value=value, slice=ast.Slice(lower=None, upper=None, step=ast.UnaryOp(op=ast.USub()))):
            word = _joined("", (value,), found)
            return None if word is None else word[::-1]
    return None


def _joined(glue: str, parts: Iterable[ast.AST], found: Mapping[ast.AST, str]) -> str | None:
    """Known strings as one, None if one is not known or the whole is too long."""
    words, length = list[str](), 0
    for part in parts:
        word = found.get(part)
        length += len(glue) + len(word or "")
        if word is None or length > MOST_FOLDED + len(glue):
            return None
        words.append(word)
    return glue.join(words)
