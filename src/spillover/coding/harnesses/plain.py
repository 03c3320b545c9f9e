"""Values as flat JSON: what passes between a submission and its graders.

A value is written as a list of tokens in the order in which it is read, containers before their items, so
that neither depth nor cycles need recursion. A token is a scalar, or a list that begins with a letter:

    ["l", n] ["t", n] ["s", n] ["f", n] ["q", n] ["B", n]   list, tuple, set, frozenset, deque, bytearray of the n
                                          values that follow
    ["d", n, name]                        dictionary of n pairs; `name` of its standard library subclass
    ["N", n, name, fields]                a named tuple
    ["k", n] ["v", n] ["m", n]            views of a dictionary: keys, values, items
    ["n", 1, dtype]                       an array of numpy, as the list that follows
    ["o", n, name, attributes]            an instance of a class of the problem's prelude
    ["i", hex] ["b", hex] ["c", re, im]   long integer, bytes, complex
    ["x", name, text...]                  a value of the library: Fraction, Decimal, range, slice, dates, paths
    ["@", k]                              the k-th container of this message once more
    ["!", k]                              what follows is the k-th container of the message that this one answers
    ["?", kind, how]                      anything else, see `Opaque`; "*" in its place is a live object, see peer.py

`parse.py` reads them. An instance of a subclass counts as what it holds, unless it compares in a way of its own.
"""

from collections import Counter, OrderedDict, UserDict, UserList, UserString, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import PosixPath
from typing import Any

LONG = 1 << 1000
"""Integers beyond this are written in hexadecimal, which takes linear time."""
MOST_TOKENS = 8_000_000
DICTIONARIES = {kind.__name__: kind for kind in (dict, OrderedDict, Counter, defaultdict)}
LETTERS: dict[str, type] = {"l": list, "t": tuple, "s": set, "f": frozenset, "q": deque, "B": bytearray}
TEXTS: dict[str, type] = {kind.__name__: kind for kind in (datetime, date, time, Decimal)}
HELD: tuple[type, ...] = (int, float, complex, str, bytes, bytearray, list, tuple, set, frozenset, dict, deque)
"""What a subclass is reduced to. Looked up by identity: a metaclass may lie about equality and hashes."""
IDENTITY, LIES, OWN = "identity", "lies", "own"

Live = Callable[[Any], list[Any] | None]


class TooLargeError(ValueError):
    """A value of more tokens than are read."""


class Opaque:
    """Stands for a value that cannot travel. `how` it compares: by `identity`, so that it equals no value of
    another process; it `lies`, being equal to things that differ; or in a way of its `own`, which only it knows.

    It cannot be compared or taken for true or false, so that no assertion holds of it, `!=` included.
    """

    def __init__(self, kind: str, how: str) -> None:
        self.kind, self.how = kind, how

    def _refuse(self, *_: object) -> bool:
        raise TypeError(f"{self.kind} is not a plain value")

    __eq__ = __ne__ = __bool__ = _refuse
    __hash__ = object.__hash__


def encode(
    value: Any,
    live: Live | None = None,
    shared: Mapping[str, type] | None = None,
    held: list[Any] | None = None,
    known: Mapping[int, int] | None = None,
) -> list[Any]:
    """The tokens of `value`. `live` may write what cannot travel; instances of `shared` classes go by attributes.

    `held` gets the containers in the order of their numbers; those of an earlier message are `known`, number by id.
    Raises TooLargeError.
    """
    tokens: list[Any] = []
    stack, seen = [value], dict[int, int]()
    held = [] if held is None else held
    while stack:
        item = stack.pop()
        kind = id(type(item))
        if kind in _SCALARS or (kind == _INT and -LONG < item < LONG):
            tokens.append(item)
            continue
        if id(item) in seen:
            tokens.append(["@", seen[id(item)]])
            continue
        token, parts = _token(item, live, shared or {})
        if known and id(item) in known and parts is not None:
            tokens.append(["!", known[id(item)]])
        tokens.append(token)
        if parts is not None:
            seen[id(item)] = len(held)
            held.append(item)
            stack.extend(reversed(parts))
        if len(tokens) + len(stack) > MOST_TOKENS:
            raise TooLargeError("more than 8 million values")
    return tokens


def _token(item: Any, live: Live | None, shared: Mapping[str, type]) -> tuple[list[Any], list[Any] | None]:
    """The token of an item, and for a container the items that follow it."""
    kind = type(item)
    writer = _WRITERS.get(id(kind))
    if writer is not None:
        return writer(item)
    name = str(getattr(kind, "__name__", "?"))[:100]
    if shared.get(name) is kind:
        fields = attributes(item)
        return ["o", len(fields), name, list(fields)], list(fields.values())
    if getattr(kind, "__module__", "") == "numpy" and hasattr(item, "tolist"):
        scalar = getattr(item, "shape", None) == ()
        return _whole(item.tolist()) if scalar else (["n", 1, str(item.dtype)], [item.tolist()])
    base = next((base for base in HELD if issubclass(kind, base)), None)
    if base is not None and kind.__eq__ is base.__eq__:
        return _reduced(item, base, name)
    if isinstance(item, (UserDict, UserList, UserString)) and kind.__module__ == "collections":
        return _whole(item.data)
    token = live(item) if live is not None else None
    return token or ["?", name, how_compared(item)], None


def _whole(value: Any) -> tuple[list[Any], list[Any] | None]:
    """The first token of a value that stands for another."""
    return _WRITERS[id(type(value))](value) if id(type(value)) in _WRITERS else (["=", value], None)


def _reduced(item: Any, base: type, name: str) -> tuple[list[Any], list[Any] | None]:
    fields = getattr(type(item), "_fields", None)
    if base is tuple and isinstance(fields, tuple) and len(fields) == tuple.__len__(item):
        return ["N", len(fields), name, [str(field) for field in fields]], list(tuple.__iter__(item))
    if base is dict:
        return _pairs(dict(dict.items(item)))
    if base in (list, tuple, set, frozenset, deque):
        return _WRITERS[id(base)](base(base.__iter__(item)))
    if base in (bytes, bytearray):
        return _WRITERS[id(base)](base(memoryview(item)))
    unwrap: dict[type, Callable[[Any], Any]] = {
        int: int.__int__, float: float.__float__, str: str.__str__, complex: lambda v: complex(v.real, v.imag)
    }  # fmt: skip
    held = unwrap[base](item)
    return _whole(held if type(held) is base else base.__new__(base, held))


def attributes(item: Any) -> dict[str, Any]:
    """The attributes of an object of a shared class."""
    names = [n for c in type(item).__mro__ for n in _slots(c) if n not in ("__dict__", "__weakref__")]
    found = {name: getattr(item, name) for name in names if hasattr(item, name)}
    return found | {str(k): v for k, v in getattr(item, "__dict__", {}).items()}


def _slots(cls: type) -> Iterable[str]:
    slots: Any = cls.__dict__.get("__slots__", ())
    return [slots] if isinstance(slots, str) else slots


def how_compared(item: Any) -> str:
    """How an object compares. It lies if it equals two things of which neither equals the other."""
    compare: Any = type(item).__eq__
    if compare is object.__eq__:
        return IDENTITY
    return LIES if sum(_equals(item, decoy) for decoy in _decoys()) > 1 else OWN


def _decoys() -> list[Any]:
    """Things of every kind that differ from each other and that no honest answer would equal two of."""
    odd, other = 918_273_645_546, -564_738_291_011
    texts, numbers = ["§ no answer", "no answer §§"], [odd, other, 0.1234567891, -98765.4321, True, False]
    lists = [[odd, "§"], [other], (odd, "§"), (other,), {odd}, {other}, {"§": odd}, {"§§": other}]
    return [object(), object(), b"\x00no", b"answer\x00", *texts, *numbers, *lists]


def _equals(item: Any, decoy: Any) -> bool:
    try:
        return bool(item == decoy)
    except Exception:
        return False


def _pairs(value: Any) -> tuple[list[Any], list[Any]]:
    flat = [part for pair in dict.items(value) for part in pair]
    return ["d", len(flat) // 2, type(value).__name__], flat


def _writer_of(letter: str) -> Callable[[Any], tuple[list[Any], list[Any] | None]]:
    return lambda value: ([letter, len(value)], list(value))


def _slice(value: slice) -> tuple[list[Any], None]:
    parts = [value.start, value.stop, value.step]
    plain = all(part is None or type(part) is int for part in parts)
    return ["x", "slice", *([None if p is None else hex(p) for p in parts] if plain else [None] * 3)], None


def _text_of(value: Any) -> tuple[list[Any], None]:
    return ["x", type(value).__name__, str(value) if type(value) is Decimal else value.isoformat()], None


_NO_VIEWS: list[Any] = [{}.keys(), {}.values(), {}.items()]
_SCALARS = {id(kind) for kind in (type(None), bool, str, float)}
_INT = id(int)
_WRITERS: dict[int, Callable[[Any], tuple[list[Any], list[Any] | None]]] = {
    **{id(kind): _writer_of(letter) for letter, kind in LETTERS.items()},
    **{id(type(view)): _writer_of(letter) for letter, view in zip("kvm", _NO_VIEWS, strict=True)},
    **{id(kind): _pairs for kind in DICTIONARIES.values()},
    **{id(kind): _text_of for kind in TEXTS.values()},
    id(int): lambda value: (["i", hex(value)], None),
    id(bytes): lambda value: (["b", value.hex()], None),
    id(bytearray): lambda value: (["B", len(value)], list(value)),
    id(memoryview): lambda value: (["b", bytes(value).hex()], None),
    id(complex): lambda value: (["c", value.real, value.imag], None),
    id(Fraction): lambda value: (["x", "Fraction", hex(value.numerator), hex(value.denominator)], None),
    id(range): lambda value: (["x", "range", hex(value.start), hex(value.stop), hex(value.step)], None),
    id(slice): _slice,
    id(PosixPath): lambda value: (["x", "Path", str(value)], None),
    id(timedelta): lambda value: (["x", "timedelta", value.days, value.seconds, value.microseconds], None),
}
