"""The submission as a function, a program or a world of objects. It never sees an expected value."""

import builtins
import contextlib
import io
import json
import os
import socket
import sys
import threading
import types
from collections.abc import Callable
from typing import Any

from inside.program import run_program as be_main  # type: ignore[import-not-found]  # its name inside the sandbox

from . import forms, parse, plain, stdio
from .objects import Message, about, is_builtin_class, kind_of, limit_of, shown
from .peer import MOST_BYTES, Peer


def run(job: Any) -> None:
    """Import the submission, then answer: the calls of the payload, its inputs, or what comes over the link."""
    payload = job.payload
    silence(1)
    if "inputs" in payload:
        answer_inputs(payload["source"], payload["inputs"], job.channels[0])
        return
    module = Submission(payload["source"], payload.get("main", False))
    if "calls" in payload:
        answer_calls(module, payload, job.channels[0])
        return
    Service(module, payload, socket.socket(fileno=job.channels[1])).serve()


def silence(fd: int) -> None:
    """Send a descriptor's output nowhere: it is not the answer, and it may be long."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, fd)
    os.close(nowhere)


class Submission:
    """The imported module, or what went wrong on the way to it."""

    def __init__(self, source: str, main: bool = False) -> None:
        self.module = types.ModuleType("__main__" if main else "solution")
        self.module.__file__ = "solution.py"
        sys.modules[self.module.__name__] = self.module
        self.error: BaseException | None = None
        try:
            exec(compile(source, "solution.py", "exec"), self.module.__dict__)
        except (EOFError, SystemExit):
            return  # Its own main part, which has nothing to read here or is through.
        except BaseException as error:
            self.error = error

    def entry(self, name: str, form: str = "function") -> Any:
        """What the tests call. Raises what the import raised, or NameError."""
        if self.error is not None:
            raise self.error
        function = forms.found(self.module.__dict__, name)
        if form == "in-place":
            return forms.changed(function)
        return forms.played(function) if form == "design" else function


def answer_calls(submission: Submission, payload: Message, channel: int) -> None:
    """One line for each call: {"value": tokens} or {"error", "why"}, with the "limit" that was met, if any."""
    met: list[BaseException] = []
    watch_threads(met.append)
    for call in payload["calls"]:
        met.clear()
        try:
            function = submission.entry(payload["entry_point"], payload["form"])
            answer = {"value": plain.encode(function(*parse.decode(call))), "limit": limit_of(*met[:1])}
        except BaseException as error:
            answer = failure(error)
        write_line(channel, answer)


def answer_inputs(source: str, inputs: list[str], channel: int) -> None:
    """One line for each input: {"printed"}, {"error", "why"} or {"crashed"}, with the "limit" that was met, if any."""
    for given in inputs:
        try:
            answer = answer_input(source, given)
        except Exception as error:
            answer = failure(error)
        write_line(channel, answer)


def answer_input(source: str, given: str) -> Message:
    """What a process of its own prints, or what ended it. Raises OSError where the disk has no room for the streams."""
    told, tell = os.pipe()
    os.set_blocking(told, False)
    with os.fdopen(told, "rb", 0) as report, os.fdopen(tell, "wb", 0) as channel, stdio.redirected(given) as so_far:
        pid = os.fork()
        if pid == 0:
            be_program(source, channel.fileno())
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        said = json.loads((report.read(1 << 12) or b"{}").partition(b"\n")[0])
        if code < 0:
            return {"crashed": -code}
        if code == 0:
            return {"printed": so_far(), "limit": said.get("limit", "")}
        return said or {"error": "", "why": f"exit code {code}"}


def be_program(source: str, channel: int) -> None:
    """Be the program, and never return. The error that ends it, or the limit that a thread met, goes to the channel."""

    def tell(error: BaseException) -> None:
        os.write(channel, json.dumps(failure(error)).encode() + b"\n")

    watch_threads(tell)
    be_main(source, "solution.py", failed=tell)


def watch_threads(note: Callable[[BaseException], object]) -> None:
    """Have noted what ends a thread if it tells of a limit: nobody else would hear of it."""
    usual = threading.excepthook

    def ended(args: Any) -> None:
        if limit_of(args.exc_value):
            note(args.exc_value)
        usual(args)

    threading.excepthook = ended


def failure(error: BaseException) -> Message:
    """An error as an answer."""
    return {"error": type(error).__name__[:60], "why": shown(error), "limit": limit_of(error)}


def write_line(channel: int, answer: Message) -> None:
    """An answer on the channel, or that it is too large for it."""
    data = json.dumps(answer).encode() + b"\n"
    if len(data) > MOST_BYTES:
        data = json.dumps({"error": "", "why": "", "limit": "size of an answer"}).encode() + b"\n"
    view = memoryview(data)
    while view:
        view = view[os.write(channel, view) :]


class Service(Peer):
    """Serves a check: calls of the entry point, and whatever may be asked of the objects that come of it."""

    def __init__(self, submission: Submission, payload: Message, link: socket.socket) -> None:
        names = submission.module.__dict__
        shared = {n: c for n in payload["shared"] if isinstance(c := names.get(n), type)}
        super().__init__(link, self._stand, shared)
        self.submission, self.entry_point = submission, payload["entry_point"]
        self.objects.append(None)
        self.met: list[BaseException] = []
        watch_threads(self.met.append)
        self.handlers |= {
            "candidate": self._candidate,
            "get": lambda r: {"value": self.write(getattr(self.objects[r["on"]], r["name"]))},
            "set": self._set,
            "run": lambda r: {"value": self.write(_awaited(self.objects[r["on"]]))},
            "how": lambda r: {"how": plain.how_compared(self.objects[r["on"]])},
            "name": lambda r: {"value": self.write(names[r["name"]])},
            "method": self._method,
        }

    def names(self, name: str) -> bool:
        """Built-in classes alone: a function by name would be run by whoever checks."""
        return is_builtin_class(name)

    def _stand(self, kind: str, number: int, info: Message) -> Any:
        """The check's functions and iterators; nothing else of it can be here."""
        if kind in ("generator", "iterator"):
            return self.iterate(number)

        def function(*args: Any, **kwargs: Any) -> Any:
            reply = self.call_other(number, args, kwargs)
            return reply["value"] if "value" in reply else self.value(reply)

        function.__name__ = str(info.get("name", "function"))
        return function

    def _candidate(self, _: Message) -> Message:
        """The entry point is object 0. For a function of a class, each call makes a new object."""
        self.objects[0] = self.submission.entry(self.entry_point)
        return {"info": about(self.objects[0]), "is": kind_of(self.objects[0])}

    def _called(self, request: Message) -> Message:
        """A call, and the limit that a thread of it met."""
        self.met.clear()
        return {**self._called_with_streams(request), "limit": limit_of(*self.met[:1])}

    def _called_with_streams(self, request: Message) -> Message:
        """A call, with the check's input and output if it has put its own in their place."""
        if not {"input", "output", "prompt"} & set(request):
            return super()._called(request)
        out, given = io.StringIO(), io.StringIO(request.get("input", ""))
        kept = sys.stdin, builtins.input
        try:
            sys.stdin = given
            builtins.input = self.read(request["prompt"]) if "prompt" in request else input
            with contextlib.redirect_stdout(out if "output" in request else sys.stdout):
                reply = super()._called(request)
        except BaseException as error:
            reply = self.failure(error)
        finally:
            sys.stdin, builtins.input = kept
        return {**reply, "printed": out.getvalue(), "read": given.tell()}

    def _method(self, request: Message) -> Message:
        """A special method, looked up as the interpreter does."""
        item = self.objects[request["on"]]
        args, _ = self.read(request["given"])
        return {"value": self.write(getattr(type(item), request["name"])(item, *args))}

    def _set(self, request: Message) -> Message:
        setattr(self.objects[request["on"]], request["name"], self.read(request["to"]))
        return {}


def _awaited(coroutine: Any) -> Any:
    import asyncio

    return asyncio.run(coroutine)
