"""From a submission's names to the function that the tests call, and what the tests compare results with.

`proxy.py` writes the source of what it needs from here into the tests, so that they stand alone.
"""

import re
from collections.abc import Callable
from typing import Any


def found(names: dict[str, Any], entry_point: str) -> Any:
    """The entry point among a submission's names. Raises NameError. `Solution().name` makes an object for each call."""
    cls, dot, method = entry_point.partition("().")
    if cls not in names:
        raise NameError(f"does not define {cls}")
    if not dot:
        return names[cls]

    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(names[cls](), method)(*args, **kwargs)

    return call


def changed(function: Callable[..., Any]) -> Callable[..., Any]:
    """What becomes of the first argument, for problems that are solved in place."""

    def call(*args: Any) -> Any:
        function(*args)
        return args[0]

    return call


def played(cls: Callable[..., Any]) -> Callable[..., Any]:
    """The results of method calls on one object, for problems that design a class."""

    def call(names: list[str], arguments: list[list[Any]]) -> list[Any]:
        made = cls(*arguments[0])
        return [None, *(getattr(made, name)(*args) for name, args in zip(names[1:], arguments[1:], strict=True))]

    return call


class Wanted:
    """Equal to what is right: NaN for NaN, and what the problem allows besides equality."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self, expected: Any, tolerance: float | None = None, any_order: bool | str = False, tuples: bool = False
    ) -> None:
        self.expected, self.tolerance, self.any_order, self.tuples = expected, tolerance, any_order, tuples

    def __eq__(self, result: object) -> bool:
        return self.matches(result, self.expected, self.any_order)

    def matches(self, result: Any, expected: Any, any_order: bool | str = False) -> bool:
        """Whether a result, or a part of it, is right."""
        if isinstance(expected, (list, tuple)):
            compare: Any = type(result).__eq__
            if compare is not list.__eq__ and compare is not tuple.__eq__:
                return bool(result == expected)
            if len(result) != len(expected) or not (
                self.tuples or isinstance(result, list) == isinstance(expected, list)
            ):
                return False
            inner = any_order if any_order == "deep" else False
            if any_order:
                return self.pairs_up(list(result), list(expected), inner)
            return all(self.matches(a, b, inner) for a, b in zip(result, expected, strict=True))
        if type(expected) is dict and type(result) is dict:
            return result.keys() == expected.keys() and all(self.matches(result[k], expected[k]) for k in expected)
        return self.near(result, expected)

    def pairs_up(self, results: list[Any], expected: list[Any], inner: bool | str) -> bool:
        """Whether each result is right for one of the expected items, and none is left."""
        for result in results:
            at = next((i for i, item in enumerate(expected) if self.matches(result, item, inner)), None)
            if at is None:
                return False
            del expected[at]
        return True

    def near(self, result: Any, expected: Any) -> bool:
        """Whether a number, or the numbers in a text, are right."""
        if isinstance(result, str) and type(expected) is str and self.tolerance is not None:
            given, wanted = result.split(), expected.split()
            return len(given) == len(wanted) and all(map(self.close, given, wanted))
        if isinstance(result, (int, float)) and isinstance(expected, (int, float)):
            return bool(result == expected) or self.close(result, expected)
        return bool(result == expected)

    def close(self, result: Any, expected: Any) -> bool:
        """Whether two numbers, or what stands for them, are as near as the tolerance asks."""
        if isinstance(result, str) and result == expected:
            return True
        try:
            a, b = float(result), float(expected)
        except (ValueError, OverflowError):
            return False
        if "nan" in (str(a), str(b)):
            return str(a) == str(b)
        return self.tolerance is not None and abs(a - b) <= self.tolerance * max(1.0, abs(b))


def plain(value: Any, live: bool = False) -> Any:
    """A value rebuilt of exact built-in types; a function gives only such. Raises AssertionError for other values.

    With `live`, for checks that meet functions and objects, these are let through as long as they are not equal to
    everything. Classes are told by identity, since a metaclass may lie about equality and hashes, too.
    """
    import functools
    from collections import Counter, OrderedDict, defaultdict, deque
    from decimal import Decimal
    from fractions import Fraction

    kind: Any = type(value)
    if any(kind is k for k in (bool, int, float, complex, str, bytes, bytearray, type(None), Decimal, Fraction)):
        return value
    for sequence in (list, tuple, set, frozenset, deque):
        if kind is sequence:
            return sequence([plain(item, live) for item in value])
    if any(kind is k for k in (dict, Counter, OrderedDict, defaultdict)):
        return {plain(key, live): plain(item, live) for key, item in value.items()}
    if callable(value) and kind.__eq__ in (object.__eq__, type(plain).__eq__):
        guarded = lambda *args, **kwargs: plain(value(*args, **kwargs), live)  # noqa: E731
        return functools.update_wrapper(guarded, value, updated=()) if live else guarded
    for base in (int, float, complex, str, bytes, list, tuple, set, frozenset, dict):
        if issubclass(kind, base) and kind.__eq__ is base.__eq__:
            own = [k.__dict__ for k in kind.__mro__[: kind.__mro__.index(base)]]
            lying = ("__contains__", "__len__", "__getitem__", "__missing__")
            if not any(name in held for held in own for name in lying):
                return value
    if not live or sum(value == other for other in (object(), 918273645546, "no answer", (1.5,), [[]], b"none")) > 1:
        raise AssertionError(f"{kind.__name__} is not a plain value")
    return value if kind.__module__ == "builtins" else plain_object(value)


def plain_object(value: Any) -> Any:
    """Stands for an object of the submission: its attributes and what its methods return are plain."""

    class Stand:
        def __getattr__(self, name: str) -> Any:
            return plain(getattr(value, name), True)

        def __iter__(self) -> Any:
            return (plain(item, True) for item in value)

        def __len__(self) -> int:
            return len(value)

        def __getitem__(self, key: Any) -> Any:
            return plain(value[key], True)

    return Stand()


def text_matches(output: str, outputs: tuple[str, ...], tolerance: float | None = None) -> bool:
    """Whether a program's output is one of the right ones, but for spaces and for line breaks at the end."""
    given = lines_of(output)
    return any(_lines_match(given, lines_of(wanted), tolerance) for wanted in outputs)


def lines_of(text: str) -> list[list[str]]:
    """The words of each line, without the empty lines at the end."""
    lines = [line.split() for line in re.split(r"\r\n|\r|\n", text)]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _lines_match(given: list[list[str]], wanted: list[list[str]], tolerance: float | None) -> bool:
    if given == wanted or tolerance is None or len(given) != len(wanted):
        return given == wanted
    compare = Wanted(None, tolerance).close
    return all(len(a) == len(b) and all(map(compare, a, b)) for a, b in zip(given, wanted, strict=True))
