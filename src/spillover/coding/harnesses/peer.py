"""Two processes that call each other over a socket: the submission's and the one that checks it.

Plain values travel (`plain.py`). What is alive stays where it is and is stood for on the other side: functions,
iterators and objects can be called, iterated and asked for attributes from there. While one side waits for an
answer it serves what the other asks, so that a check may pass a function and a submission may call it.
"""

import json
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any

from . import parse, plain
from .objects import (
    ENDS,
    Message,
    about,
    error_class,
    exception_named,
    exception_of,
    from_library,
    kind_of,
    library_name,
    limit_of,
    shown,
)

MOST_BYTES = 64 << 20


class Lost(BaseException):
    """The other process ended or sent something unreadable. A check fails by it even if it catches it."""


class Peer:
    """One end of the link. `stand` makes what stands for the other side's objects."""

    def __init__(self, link: socket.socket, stand: Callable[[str, int, Message], Any], shared: dict[str, type]) -> None:
        self.link, self.stand, self.shared = link, stand, shared
        self.objects: list[Any] = []
        self.numbers: dict[int, int] = {}
        self.stands: dict[int, tuple[Any, int]] = {}
        self.standing: dict[int, Any] = {}
        self.handlers: dict[str, Callable[[Message], Message]] = {"call": self._called, "next": self._advanced}

    def ask(self, message: Message) -> Message:
        """What the other side answers; serves it meanwhile. Raises Lost."""
        self._send(message)
        while True:
            reply = self._receive()
            if reply is None:
                raise Lost("the submission ended before it answered")
            if "do" not in reply:
                return reply
            self._answer(reply)

    def serve(self) -> None:
        """Answer until the other side is gone."""
        while (request := self._receive()) is not None:
            self._answer(request)

    def _answer(self, request: Message) -> None:
        """Do what is asked; an error is an answer."""
        try:
            self._send(self.handlers[request["do"]](request))
        except Lost:
            raise
        except BaseException as error:
            self._send(self.failure(error))

    def write(self, value: Any, **more: Any) -> list[Any]:
        """A value for the other side."""
        return plain.encode(value, self._alive, self.shared, **more)

    def read(self, tokens: Any, **more: Any) -> Any:
        """A value of the other side. Raises ValueError."""
        return parse.decode(tokens, self._revive, self.shared, **more)

    def names(self, name: str) -> bool:
        """Whether something of the library goes by name, to be used on the other side; else it is used here."""
        return bool(name)

    def keep(self, item: Any) -> int:
        """The number under which the other side knows an object of ours."""
        if id(item) not in self.numbers:
            self.numbers[id(item)] = len(self.objects)
            self.objects.append(item)
        return self.numbers[id(item)]

    def _alive(self, item: Any) -> list[Any] | None:
        if id(item) in self.stands:
            return ["*", "yours", self.stands[id(item)][1], {}]
        if (name := library_name(item)) is not None and self.names(name):
            return ["*", "library", 0, {"name": name}]
        kind = kind_of(item)
        return ["*", kind, self.keep(item), self.failure(item)["error"] if kind == "raised" else about(item)]

    def _revive(self, body: list[Any]) -> Any:
        kind, number, info = body
        if kind == "yours":
            return self.objects[number]
        if kind == "library":
            return self.from_library(str(info["name"]))
        if number not in self.standing:
            made = self._made(str(kind), int(number), dict(info))
            self.standing[number] = made
            self.stands[id(made)] = (made, int(number))
        return self.standing[number]

    def from_library(self, name: str) -> Any:
        """What the other side named of Python's library. Raises ValueError for what it may not name."""
        return from_library(name)

    def _made(self, kind: str, number: int, info: Message) -> Any:
        if kind == "error":
            return error_class(info)
        return self.error_of(info) if kind == "raised" else self.stand(kind, number, info)

    def call_other(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any], **more: Any) -> Message:
        """Call an object of the other side. What it changes in our arguments is changed here too."""
        held: list[Any] = []
        tokens = self.write((args, kwargs), held=held)
        reply = self.ask({"do": "call", "on": number, "given": tokens, **more})
        if "value" in reply:
            result, _ = self.read(reply["value"], originals=held)
            return {**reply, "value": result}
        return reply

    def _called(self, request: Message) -> Message:
        made: list[Any] = []
        args, kwargs = self.read(request["given"], made=made)
        result = self.objects[request["on"]](*args, **kwargs)
        return {"value": self._with_changes(result, made)}

    def _with_changes(self, result: Any, made: list[Any]) -> list[Any]:
        """A result with the arguments as they are now, where those could have been changed."""
        changing = {id(item): n for n, item in enumerate(made) if not isinstance(item, (tuple, frozenset))}
        return self.write((result, [made[number] for number in changing.values()]), known=changing)

    def _advanced(self, request: Message) -> Message:
        iterator = self.objects[request["on"]]
        sent = self.read(request["send"])
        try:
            value = next(iterator) if sent is None else iterator.send(sent)
        except StopIteration:
            return {"stop": True}
        return {"value": self.write(value)}

    def iterate(self, number: int) -> Iterator[Any]:
        """The items of the other side's iterator, one at a time."""
        sent = None
        while True:
            reply = self.ask({"do": "next", "on": number, "send": self.write(sent)})
            if "stop" in reply:
                return
            sent = yield self.value(reply)

    def value(self, reply: Message) -> Any:
        """The value of an answer. Raises the error that it tells of."""
        if "error" in reply:
            raise self.error_of(reply["error"])
        return self.read(reply["value"])

    def failure(self, error: BaseException) -> Message:
        """An error as an answer: its classes, arguments and attributes as far as they can travel."""
        kinds = [f"{k.__module__}:{k.__qualname__}" for k in type(error).__mro__]
        said = {"kinds": kinds, "why": shown(error), "limit": limit_of(error), "class": None, "args": None}
        try:
            if library_name(type(error)) is None and type(error).__module__ != "builtins":
                said["class"] = self.write(type(error))
            said["args"] = self.write((tuple(error.args), dict(vars(error))))
        except Exception:
            said["args"] = None
        return {"error": said}

    def error_of(self, said: Message) -> BaseException:
        """The exception that an answer tells of, of the same class or of the nearest that is known here."""
        kinds = [name for name in map(str, said["kinds"]) if name.partition(":")[2] not in ENDS]
        own = self.read(said["class"]) if said.get("class") and len(kinds) == len(said["kinds"]) else None
        cls = own or next(filter(None, map(exception_named, kinds)), RuntimeError)
        if len(kinds) < len(said["kinds"]):
            cls = RuntimeError
        try:
            args, state = self.read(said["args"]) if said.get("args") else ((str(said["why"]),), {})
            made = exception_of(cls, args)
            vars(made).update(state)
        except Exception:
            return RuntimeError(str(said["why"]))
        return made

    def _send(self, message: Message) -> None:
        data = json.dumps(message).encode()
        if len(data) > MOST_BYTES:
            raise plain.TooLargeError("an answer of more than 64 MiB")
        try:
            self.link.sendall(struct.pack("!I", len(data)) + data)
        except OSError as error:
            raise Lost("the submission ended before it answered") from error

    def _receive(self) -> Message | None:
        """The next message, None at the end. Raises Lost for what is too long or no message."""
        head = self._exactly(4)
        size = struct.unpack("!I", head)[0] if head else 0
        data = self._exactly(size) if head and size <= MOST_BYTES else None
        if head is None or (data is None and size <= MOST_BYTES):
            return None
        try:
            message = json.loads(data or b"")
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            raise Lost("the submission's answer cannot be read")
        return message

    def _exactly(self, count: int) -> bytes | None:
        data = bytearray()
        while len(data) < count:
            try:
                more = self.link.recv(min(count - len(data), 1 << 20))
            except OSError:
                return None
            if not more:
                return None
            data += more
        return bytes(data)
