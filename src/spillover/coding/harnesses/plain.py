"""Plain values as JSON: the only things that pass between a submission and its graders.

A value is plain if its type is exactly one of the built-in data types. Dictionaries of the standard
library's subclasses count as dictionaries. Everything else becomes an `Opaque`, which equals nothing.
"""

from collections import Counter, OrderedDict, defaultdict
from typing import Any

MAX_DEPTH = 60
EXACT_FLOAT_INTS = 1 << 53
DICTIONARIES = (dict, Counter, OrderedDict, defaultdict)


class Opaque:
    """Stands for a value that was not plain; `kind` is the name of its type."""

    def __init__(self, kind: str) -> None:
        self.kind = kind


def encode(value: Any, depth: int = 0) -> Any:
    """A JSON value that `decode` turns back into `value`, exact types included."""
    kind = type(value)
    if value is None or kind is bool or kind is str or kind is float:
        return value
    if kind is int:
        return value if -EXACT_FLOAT_INTS < value < EXACT_FLOAT_INTS else {"int": hex(value)}
    if depth > MAX_DEPTH:
        return {"opaque": "too deeply nested value"}
    if kind is list:
        return [encode(item, depth + 1) for item in value]
    if kind is tuple or kind is set or kind is frozenset:
        return {kind.__name__: [encode(item, depth + 1) for item in value]}
    if kind in DICTIONARIES:
        return {"dict": [[encode(k, depth + 1), encode(v, depth + 1)] for k, v in dict.items(value)]}
    if kind is bytes or kind is bytearray:
        return {kind.__name__: value.hex()}
    if kind is complex:
        return {"complex": [value.real, value.imag]}
    return {"opaque": str(getattr(kind, "__name__", "?"))[:100]}


def decode(form: Any, depth: int = 0) -> Any:
    """The value of an encoded form. Raises ValueError for what `encode` cannot have written."""
    if form is None or isinstance(form, (bool, str, float, int)):
        return form
    if depth > MAX_DEPTH + 1:
        raise ValueError("too deep")
    if isinstance(form, list):
        return [decode(item, depth + 1) for item in form]
    if not isinstance(form, dict) or len(form) != 1:
        raise ValueError("not an encoded value")
    ((kind, body),) = form.items()
    reader = _READERS.get(kind)
    if reader is None:
        raise ValueError("unknown kind")
    try:
        return reader(body, depth + 1)
    except TypeError as error:
        raise ValueError(str(error)) from error


def _items(body: Any, depth: int) -> list[Any]:
    if not isinstance(body, list):
        raise ValueError("not a list")
    return [decode(item, depth) for item in body]


_READERS: dict[str, Any] = {
    "int": lambda body, depth: int(body, 16),
    "tuple": lambda body, depth: tuple(_items(body, depth)),
    "set": lambda body, depth: set(_items(body, depth)),
    "frozenset": lambda body, depth: frozenset(_items(body, depth)),
    "dict": lambda body, depth: {decode(k, depth): decode(v, depth) for k, v in body},
    "bytes": lambda body, depth: bytes.fromhex(body),
    "bytearray": lambda body, depth: bytearray.fromhex(body),
    "complex": lambda body, depth: complex(*body),
    "opaque": lambda body, depth: Opaque(str(body)),
}
