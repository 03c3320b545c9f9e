"""The submission as a function: plain arguments in, plain values out. It never sees an expected value."""

import builtins
import json
import os
import socket
import struct
import sys
import types
from collections.abc import Callable
from typing import Any

from . import plain


def run(job: Any) -> None:
    """Import the submission, then answer the calls of the payload or those that come over the link."""
    calls = job.payload.get("calls")
    answer = _Answerer(job.payload["source"], job.payload["entry_point"])
    if calls is None:
        link = socket.socket(fileno=job.channels[1])
        while (request := receive(link)) is not None:
            send(link, answer(request))
        return
    for call in calls:
        os.write(job.channels[0], json.dumps(answer({"args": call, "kwargs": {}})).encode() + b"\n")


class _Answerer:
    """The imported entry point, or what went wrong on the way to it."""

    def __init__(self, source: str, entry_point: str) -> None:
        self.function: Callable[..., Any] | None = None
        self.failure: dict[str, str] = {}
        module = types.ModuleType("solution")
        module.__file__ = "solution.py"
        sys.modules["solution"] = module
        try:
            exec(compile(source, "solution.py", "exec"), module.__dict__)
            self.function = module.__dict__[entry_point]
        except KeyError:
            self.failure = {"error": "NameError", "why": f"does not define {entry_point}"}
        except BaseException as error:
            self.failure = _failure(error)

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        if self.function is None:
            return self.failure
        try:
            args = [plain.decode(arg) for arg in request["args"]]
            kwargs = {name: plain.decode(arg) for name, arg in request["kwargs"].items()}
            return {"value": plain.encode(self.function(*args, **kwargs))}
        except BaseException as error:
            return _failure(error)


def _failure(error: BaseException) -> dict[str, str]:
    try:
        return {"error": type(error).__name__, "why": str(error)[:200]}
    except BaseException:
        return {"error": "Exception", "why": "an error that cannot be shown"}


def send(link: socket.socket, message: dict[str, Any]) -> None:
    """One message over the link."""
    data = json.dumps(message).encode()
    link.sendall(struct.pack("!I", len(data)) + data)


def receive(link: socket.socket) -> dict[str, Any] | None:
    """The next message, None at the end. Raises ValueError for one that is too long or no object."""
    head = _exactly(link, 4)
    if head is None:
        return None
    (length,) = struct.unpack("!I", head)
    if length > 8 << 20:
        raise ValueError("a message too long")
    data = _exactly(link, length)
    if data is None:
        return None
    message = json.loads(data)
    if not isinstance(message, dict):
        raise ValueError("not a message")
    return message


def _exactly(link: socket.socket, count: int) -> bytes | None:
    data = b""
    while len(data) < count:
        try:
            more = link.recv(count - len(data))
        except ConnectionError:
            return None
        if not more:
            return None
        data += more
    return data


def error_named(name: str) -> type[Exception]:
    """The built-in exception of that name, RuntimeError for any other."""
    found = getattr(builtins, name, None)
    return found if isinstance(found, type) and issubclass(found, Exception) else RuntimeError
