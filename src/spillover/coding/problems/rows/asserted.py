"""Assertions of a row's tests as cases, where they say no more than that a call gives a value."""

import ast
import json
from collections.abc import Sequence

from spillover.core.records import Case


def asserted(test: ast.stmt, name: str, arguments: Sequence[str] = ()) -> Case | None:
    """`assert name(literals) == literal` as a case; None for other forms and for values JSON would change.

    Keywords are put in the order of `arguments`.
    """
    match test:
        case ast.Assert(
            test=ast.Compare(
                left=ast.Call(func=ast.Name(id=called), args=args, keywords=keywords),
                ops=[ast.Eq()],
                comparators=[wanted],
            )
        ) if called == name:
            by_name = {keyword.arg: keyword.value for keyword in keywords}
            if list(by_name) != list(arguments[len(args) : len(args) + len(by_name)]):
                return None
            return _literal_case([*args, *by_name.values()], wanted)
    return None


def _literal_case(args: list[ast.expr], wanted: ast.expr) -> Case | None:
    try:
        values = [ast.literal_eval(arg) for arg in args]
        expected = ast.literal_eval(wanted)
        # Tuples, sets and dictionaries with keys other than text come back changed.
        if repr(json.loads(json.dumps([values, expected]))) != repr([values, expected]):
            return None
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return Case(args=tuple(values), expected=expected)
