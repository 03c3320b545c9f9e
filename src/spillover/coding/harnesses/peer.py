"""Two processes that call each other over a socket: the submission's and the one that checks it.

Plain values travel (`plain.py`). What is alive stays where it is and is stood for on the other side: functions,
iterators and objects can be called, iterated and asked for attributes from there. While one side waits for an
answer it serves what the other asks, so that a check may pass a function and a submission may call it.
"""

import builtins
import importlib
import inspect
import json
import socket
import struct
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from . import plain

MOST_BYTES = 64 << 20
Message = dict[str, Any]
LIMITS: tuple[tuple[type[BaseException], str, str], ...] = (
    (RecursionError, "", "recursion"),
    (MemoryError, "", "memory"),
    (RuntimeError, "can't start new thread", "threads"),
    (BlockingIOError, "", "processes"),
    (plain.TooLargeError, "", "size of an answer"),
)
"""Errors that tell of a limit and not of the submission."""
ENDS = {"StopIteration", "StopAsyncIteration", "GeneratorExit"}
"""Raised where somebody iterates over calls, these would end the iteration as if nothing had happened."""


P = inspect.Parameter
FORWARDED = """
    __iter__ __next__ __len__ __getitem__ __setitem__ __delitem__ __enter__ __exit__ __str__ __repr__ __add__
    __radd__ __sub__ __rsub__ __mul__ __rmul__ __truediv__ __floordiv__ __mod__ __pow__ __neg__ __pos__ __abs__
    __matmul__ __int__ __float__ __index__ __round__ __and__ __or__ __xor__ __invert__ __iadd__ __reversed__
""".split()
"""Special methods that are done where the object is. Comparisons are not among them."""


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
        return plain.decode(tokens, self._revive, self.shared, **more)

    def keep(self, item: Any) -> int:
        """The number under which the other side knows an object of ours."""
        if id(item) not in self.numbers:
            self.numbers[id(item)] = len(self.objects)
            self.objects.append(item)
        return self.numbers[id(item)]

    def _alive(self, item: Any) -> list[Any] | None:
        if id(item) in self.stands:
            return ["*", "yours", self.stands[id(item)][1], {}]
        if (name := library_name(item)) is not None:
            return ["*", "library", 0, {"name": name}]
        kind = kind_of(item)
        return ["*", kind, self.keep(item), self.failure(item)["error"] if kind == "raised" else about(item)]

    def _revive(self, body: list[Any]) -> Any:
        kind, number, info = body
        if kind == "yours":
            return self.objects[number]
        if kind == "library":
            return from_library(str(info["name"]))
        if number not in self.standing:
            made = self._made(str(kind), int(number), dict(info))
            self.standing[number] = made
            self.stands[id(made)] = (made, int(number))
        return self.standing[number]

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
        cls = own or next(filter(None, map(_exception, kinds)), RuntimeError)
        if len(kinds) < len(said["kinds"]):
            cls = RuntimeError
        try:
            args, state = self.read(said["args"]) if said.get("args") else ((str(said["why"]),), {})
            made = _exception_of(cls, args)
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


def kind_of(item: Any) -> str:
    """What stands for an object on the other side."""
    if inspect.iscoroutine(item):
        return "coroutine"
    if isinstance(item, BaseException):
        return "raised"
    if isinstance(item, type):
        return "error" if issubclass(item, BaseException) else "class"
    if isinstance(item, (types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.LambdaType)):
        return "function"
    if inspect.isgenerator(item):
        return "generator"
    own = type(item).__module__ in ("solution", "__main__")
    return "iterator" if hasattr(item, "__next__") and not own else "object"


def about(item: Any) -> Message:
    """What the other side may want to know of an object without asking."""
    kind = item if isinstance(item, type) else type(item)
    return {
        "name": str(getattr(item, "__name__", kind.__name__))[:100],
        "doc": shown(getattr(item, "__doc__", None), 2000),
        "kinds": [f"{k.__module__}:{k.__qualname__}" for k in kind.__mro__],
        "has": [name for name in FORWARDED if hasattr(type(item), name)],
        "true": not hasattr(type(item), "__bool__") and not hasattr(type(item), "__len__"),
        "itself": type(item).__hash__ is object.__hash__ or isinstance(item, type),
        "parameters": parameters(item),
    }


def parameters(item: Any) -> list[Any] | None:
    """Name, kind and whether there is a default of each parameter of a function; None where it cannot be told."""
    try:
        found = inspect.signature(item).parameters.values()
        return [[p.name, int(p.kind), p.default is not p.empty] for p in found]
    except (TypeError, ValueError):
        return None


def signature(said: Any) -> inspect.Signature | None:
    """The signature that `parameters` wrote."""
    if not isinstance(said, list):
        return None
    kinds = {int(kind): kind for kind in (P.POSITIONAL_ONLY, P.POSITIONAL_OR_KEYWORD, P.VAR_POSITIONAL, P.KEYWORD_ONLY,
                                          P.VAR_KEYWORD)}  # fmt: skip
    return inspect.Signature([P(str(n), kinds[k], default=None if has else P.empty) for n, k, has in said])


def library_name(item: Any) -> str | None:
    """`module:name` of a function or class of Python's own library, None for anything else."""
    module, name = getattr(item, "__module__", None), getattr(item, "__qualname__", None)
    if not isinstance(item, (type, types.FunctionType, types.BuiltinFunctionType)) or not isinstance(name, str):
        return None
    if not isinstance(module, str) or module.partition(".")[0] not in sys.stdlib_module_names or module == "__main__":
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return f"{module}:{name}" if found is item else None


def from_library(name: str) -> Any:
    """What `library_name` named. Raises ValueError."""
    module, _, path = name.partition(":")
    if module.partition(".")[0] not in sys.stdlib_module_names:
        raise ValueError(f"{module} is not of the library")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


def _exception_of(cls: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    """An exception with these arguments, whatever its class wants to be made of."""
    try:
        made = cls(*args)
    except Exception:
        made = cls.__new__(cls, *args)
    made.args = args
    return made


def error_class(info: Message) -> type[BaseException]:
    """A class of exceptions of the other side, below the nearest one that is known here."""
    base = next(filter(None, map(_exception, info["kinds"])), Exception)
    return type(str(info["name"]), (base,), {})


def _exception(name: str) -> type[BaseException] | None:
    try:
        found = getattr(builtins, name[9:], None) if name.startswith("builtins:") else from_library(name)
    except (ValueError, ImportError, AttributeError):
        return None
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def limit_of(error: BaseException) -> str:
    """The limit that an error tells of, empty if none."""
    return next((limit for kind, words, limit in LIMITS if isinstance(error, kind) and words in shown(error)), "")


def shown(value: Any, most: int = 200) -> str:
    """A value as text, whatever its own way to be shown does."""
    try:
        return str(value)[:most]
    except BaseException:
        return "an error that cannot be shown"
