"""Reading of what `plain.py` wrote: as values where that is safe, as mere data where it is not."""

import importlib
from collections import deque, namedtuple
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from .plain import DICTIONARIES, IDENTITY, LETTERS, LIES, MOST_TOKENS, OWN, TEXTS, Opaque

VIEWS: dict[str, Callable[[list[Any]], Any]] = {
    "k": lambda items: dict.fromkeys(items).keys(),
    "v": lambda items: dict(enumerate(items)).values(),
    "m": lambda items: dict(items).items(),
}
OPENERS = {*LETTERS, *VIEWS, "d", "N", "o", "n"}
_UNFINISHED = object()


class Node:
    """A container as data: nothing in it is hashed or compared, so that reading it takes linear time."""

    __slots__ = ("items", "label", "letter")

    def __init__(self, token: list[Any]) -> None:
        self.letter: str = token[0]
        self.label: list[Any] = token[2:]
        self.items: list[Any] = []


def parse(tokens: Any) -> Any:
    """A scalar, or a `Node` of those; nothing of what was sent is run, hashed or compared. Raises ValueError."""
    return _Reader(Node, _keep_items).read(tokens)


def decode(
    tokens: Any,
    revive: Callable[[list[Any]], Any] | None = None,
    shared: Mapping[str, type] | None = None,
    originals: Sequence[Any] = (),
    made: list[Any] | None = None,
) -> Any:
    """The value of tokens. `revive` makes what `live` wrote; raises ValueError for what `encode` cannot have written.

    `originals` are the containers of the message that this one answers: they are refilled, so that changes made in
    place and identities come back too. `made` gets the containers in the order of their numbers. Sets and
    dictionaries are built, which may take long for keys made to collide: for sandboxes only.
    """
    reader = _Reader(lambda token: _empty(token, shared or {}), _fill, revive, originals)
    if made is not None:
        reader.made = made
    return reader.read(tokens)


class _Open:
    """A container whose items are still to come. What can be filled later is made at once, for cycles."""

    def __init__(self, token: list[Any], left: int, made: Any, place: int) -> None:
        self.token, self.left, self.made, self.place = token, left, made, place
        self.items: list[Any] = []


class _Reader:
    """Reads tokens: `begin` makes an empty container, `fill` gives it its items and returns it."""

    def __init__(
        self,
        begin: Callable[[list[Any]], Any],
        fill: Callable[[_Open], Any],
        revive: Callable[[list[Any]], Any] | None = None,
        originals: Sequence[Any] = (),
    ) -> None:
        self.begin, self.fill, self.revive, self.originals = begin, fill, revive, originals
        self.next: Any = None
        self.root: list[Any] = []
        self.open: list[_Open] = []
        self.made: list[Any] = []

    def read(self, tokens: Any) -> Any:
        if not isinstance(tokens, list) or not tokens or len(tokens) > MOST_TOKENS:
            raise ValueError("not an encoded value")
        try:
            for token in tokens:
                self._take(token)
        except (TypeError, IndexError, KeyError, AttributeError, ArithmeticError) as error:
            raise ValueError(f"not an encoded value: {type(error).__name__}") from error
        if self.open or len(self.root) != 1:
            raise ValueError("not one encoded value")
        return self.root[0]

    def _take(self, token: Any) -> None:
        if not isinstance(token, list):
            if isinstance(token, dict):
                raise ValueError("not a token")
            self._add(token)
        elif token[0] == "!":
            self.next = emptied(self.originals[token[1]])
        elif token[0] in OPENERS:
            size = token[1]
            if type(size) is not int or not 0 <= size <= MOST_TOKENS:
                raise ValueError("not a size")
            made = self.begin(token) if self.next is None else self.next
            self.next = None
            self.made.append(made)
            self.open.append(_Open(token, size * 2 if token[0] == "d" else size, made, len(self.made) - 1))
            self._close()
        else:
            self._add(self._single(*token))

    def _single(self, letter: str, *body: Any) -> Any:
        if letter == "@":
            found = self.made[body[0]]
            if found is _UNFINISHED:
                raise ValueError("a cycle through a tuple")
            return found
        if letter == "*":
            if self.revive is None:
                raise ValueError("a live object")
            return self.revive(list(body))
        return _SINGLES[letter](*body)

    def _add(self, value: Any) -> None:
        target = self.open[-1] if self.open else None
        (target.items if target else self.root).append(value)
        if target:
            target.left -= 1
            self._close()

    def _close(self) -> None:
        """Finish the containers that are full."""
        while self.open and not self.open[-1].left:
            full = self.open.pop()
            value = self.made[full.place] = self.fill(full)
            target = self.open[-1] if self.open else None
            (target.items if target else self.root).append(value)
            if target:
                target.left -= 1


def emptied(container: Any) -> Any:
    """A container of ours without what is in it, None for one that cannot be changed."""
    if isinstance(container, (list, set, dict, deque, bytearray)):
        container.clear()
    elif hasattr(container, "__dict__"):
        container.__dict__.clear()
    else:
        return None
    return container


def _keep_items(full: _Open) -> Node:
    node: Node = full.made
    node.items = full.items
    return node


def _empty(token: list[Any], shared: Mapping[str, type]) -> Any:
    letter = token[0]
    if letter == "o":
        return object.__new__(shared[token[2]])
    if letter == "d":
        return DICTIONARIES[token[2]]()
    return {"l": list, "s": set, "q": deque, "B": bytearray}.get(letter, lambda: _UNFINISHED)()


def _fill(full: _Open) -> Any:
    letter, made, items = full.token[0], full.made, full.items
    if letter in ("l", "q", "B"):
        made.extend(items)
    elif letter == "s":
        made.update(items)
    elif letter == "d":
        dict.update(made, zip(items[::2], items[1::2], strict=True))
    elif letter == "o":
        for name, item in zip(full.token[3], items, strict=True):
            object.__setattr__(made, name, item)
    elif letter == "n":
        return importlib.import_module("numpy").array(items[0], dtype=full.token[2])
    elif letter == "N":
        return namedtuple(full.token[2], full.token[3])(*items)
    else:
        return (VIEWS.get(letter) or LETTERS[letter])(items)
    return made


def _library(name: str, *parts: Any) -> Any:
    if name in ("Fraction", "range"):
        return {"Fraction": Fraction, "range": range}[name](*(int(part, 16) for part in parts))
    if name == "slice":
        return slice(*(None if part is None else int(part, 16) for part in parts))
    if name in ("timedelta", "Path"):
        return {"timedelta": timedelta, "Path": Path}[name](*parts)
    kind: Any = TEXTS[name]
    return kind(*parts) if kind is Decimal else kind.fromisoformat(*parts)


_SINGLES: dict[str, Callable[..., Any]] = {
    "i": lambda body: int(body, 16),
    "b": bytes.fromhex,
    "c": complex,
    "x": _library,
    "=": lambda body: body,
    "?": lambda kind, how: Opaque(str(kind)[:100], how if how in (IDENTITY, LIES) else OWN),
}
