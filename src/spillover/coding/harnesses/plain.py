"""Plain values as JSON: the only things that pass between a submission and its graders.

A value is plain if its type is exactly one of the built-in data types. Dictionaries of the standard
library's subclasses count as dictionaries. Everything else becomes an `Opaque`, which satisfies no test.
"""

from collections import Counter, OrderedDict, defaultdict
from typing import Any

MAX_DEPTH = 60
EXACT_FLOAT_INTS = 1 << 53
PASSING = (type(None), bool, str, float)
DICTIONARIES = (dict, Counter, OrderedDict, defaultdict)


class Opaque:
    """Stands for a value that was not plain; `kind` is the name of its type.

    It cannot be compared or taken for true or false, so that no assertion holds of it, `!=` included.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def _refuse(self, *_: object) -> bool:
        raise TypeError(f"{self.kind} is not a plain value")

    __eq__ = __ne__ = __bool__ = _refuse
    __hash__ = object.__hash__


def encode(value: Any, depth: int = 0) -> Any:
    """A JSON value that `decode` turns back into `value`, exact types included."""
    kind = type(value)
    if kind in PASSING:
        return value
    if kind is int and -EXACT_FLOAT_INTS < value < EXACT_FLOAT_INTS:
        return value
    writer = _WRITERS.get(kind)
    if writer is None:
        return {"opaque": str(getattr(kind, "__name__", "?"))[:100]}
    if depth > MAX_DEPTH:
        return {"opaque": "too deeply nested value"}
    body = writer(value, depth + 1)
    return body if kind is list else {"dict" if kind in DICTIONARIES else kind.__name__: body}


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


def _forms(value: Any, depth: int) -> list[Any]:
    return [encode(item, depth) for item in value]


def _pairs(value: dict[Any, Any], depth: int) -> list[list[Any]]:
    return [[encode(key, depth), encode(item, depth)] for key, item in dict.items(value)]


_WRITERS: dict[type, Any] = {
    int: lambda value, _: hex(value),
    bytes: lambda value, _: value.hex(),
    bytearray: lambda value, _: value.hex(),
    complex: lambda value, _: [value.real, value.imag],
    **dict.fromkeys((list, tuple, set, frozenset), _forms),
    **dict.fromkeys(DICTIONARIES, _pairs),
}
_READERS: dict[str, Any] = {
    "int": lambda body, _: int(body, 16),
    "bytes": lambda body, _: bytes.fromhex(body),
    "bytearray": lambda body, _: bytearray.fromhex(body),
    "complex": lambda body, _: complex(*body),
    "tuple": lambda body, depth: tuple(_items(body, depth)),
    "set": lambda body, depth: set(_items(body, depth)),
    "frozenset": lambda body, depth: frozenset(_items(body, depth)),
    "dict": lambda body, depth: {decode(k, depth): decode(v, depth) for k, v in body},
    "opaque": lambda body, _: Opaque(str(body)),
}
