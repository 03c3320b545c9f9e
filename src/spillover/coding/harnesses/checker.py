"""Runs a trusted ``check(candidate)`` whose candidate is the submission in another process.

What the submission returns is a value of this process, or stands for an object that stayed there (`remote.py`).
"""

import builtins
import io
import json
import os
import socket
import sys
from typing import Any

from . import plain
from .objects import ENDS, Message, is_builtin_class, limit_of, signature
from .peer import Lost, Peer
from .remote import Remote, remote_class

REAL_INPUT = builtins.input


class Unjudged(BaseException):
    """The check asks what only the submission could answer. It ends the check, even if that catches it."""


class Session(Peer):
    """The check's end of the link. `lost`, `unjudged`, `lie` and `limit` say what came in the way, empty if nothing;
    `certain`, whether a call raised what would end an iteration, which is wrong wherever it is called."""

    def __init__(self, link: socket.socket, entry_point: str, shared: dict[str, type]) -> None:
        super().__init__(link, self._stand, shared)
        self.calls = 0
        self.certain = False
        self.lost = self.unjudged = self.lie = self.limit = ""
        self.entry_point = entry_point

    def ask(self, message: Message) -> Message:
        """As the peer does; keeps in mind what came in the way."""
        try:
            reply = super().ask(message)
        except Lost as error:
            self.lost = str(error)
            raise
        self.calls += message["do"] not in ("candidate", "name", "how")
        self.limit = str(reply.get("error", reply).get("limit") or self.limit)
        if "error" in reply:
            self.certain |= any(str(kind).partition(":")[2] in ENDS for kind in reply["error"]["kinds"])
        return reply

    def call(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call an object of the submission, with the check's own input and output where it put some in place."""
        reply = self.call_other(number, args, kwargs, **self._streams())
        if "printed" in reply and sys.stdout is not sys.__stdout__:
            sys.stdout.write(str(reply["printed"]))
        if isinstance(sys.stdin, io.StringIO) and "read" in reply:
            sys.stdin.seek(self.started + int(reply["read"]))
        return reply["value"] if "value" in reply else self.value(reply)

    def _streams(self) -> Message:
        found: Message = {}
        if sys.stdout is not sys.__stdout__:
            found["output"] = True
        if isinstance(sys.stdin, io.StringIO):
            self.started = sys.stdin.tell()
            found["input"] = sys.stdin.read()
        if builtins.input is not REAL_INPUT:
            found["prompt"] = self.write(builtins.input)
        return found

    def _alive(self, item: Any) -> list[Any] | None:
        token = super()._alive(item)
        if token is None or token[1] in ("function", "yours", "library", "error", "raised"):
            return token
        if callable(item):
            return ["*", "function", self.keep(item), {}]
        if token[1] not in ("generator", "iterator") or type(item).__module__ not in ("builtins", "itertools"):
            self.refuse(f"the check passes an object of class {type(item).__name__}")
        return token

    def from_library(self, name: str) -> Any:
        """Built-in classes alone: what else the submission names would be its code in this process."""
        if not is_builtin_class(name):
            raise ValueError(f"{name} is not for the submission to name")
        return super().from_library(name)

    def refuse(self, why: str) -> None:
        """Say that this cannot be judged."""
        self.unjudged = self.unjudged or why
        raise Unjudged(why)

    def distrust(self, remote: Remote, what: str, equality: bool = False) -> None:
        """An object is to be compared: it lies if it equals everything, and is else beyond judging.

        What compares by identity is equal to nothing that is not itself, so that this much can be told.
        """
        name = object.__getattribute__(remote, "_info")["name"]
        how = self.ask({"do": "how", "on": object.__getattribute__(remote, "_number")}).get("how")
        if how == plain.LIES:
            self.lie = f"returned {name}, which is equal to everything"
            raise Unjudged(self.lie)
        if not (equality and how == plain.IDENTITY):
            self.refuse(f"the check {what} an object of the submission's class {name}")

    def _stand(self, kind: str, number: int, info: Message) -> Any:
        if kind in ("generator", "iterator"):
            return self.iterate(number)
        if kind == "coroutine":
            return self._awaitable(number)
        if kind == "function":
            return self.function(number, info)
        return remote_class(Remote, info)(self, number, info)

    async def _awaitable(self, number: int) -> Any:
        return self.value(self.ask({"do": "run", "on": number}))

    def function(self, number: int, info: Message) -> Any:
        """A function that calls one of the submission's."""

        def function(*args: Any, **kwargs: Any) -> Any:
            """Is replaced."""
            return self.call(number, args, kwargs)

        function.__name__, function.__doc__ = str(info["name"]), str(info["doc"])
        function.__signature__ = signature(info.get("parameters"))  # type: ignore[attr-defined]
        return function

    def candidate(self) -> Any:
        """What the check is given: the entry point, called in the other process."""
        reply = self.ask({"do": "candidate"})
        if "error" in reply:
            failure = self.error_of(reply["error"])

            def missing(*_: Any, **__: Any) -> Any:
                self.calls += 1
                raise failure

            return missing
        made = self._stand(reply["is"] if reply["is"] != "error" else "class", 0, reply["info"])
        self.standing[0], self.stands[id(made)] = made, (made, 0)
        return made


def run(job: Any) -> None:
    """Run the check and report {"outcome", "why", "calls"} on the channel."""
    report = _report(job.payload, socket.socket(fileno=job.channels[1]))
    os.write(job.channels[0], json.dumps(report).encode())


def _report(payload: Message, link: socket.socket) -> Message:
    names: dict[str, Any] = {"__name__": "check"}
    try:
        for part in ("helpers", "check"):
            exec(compile(payload[part], f"{part}.py", "exec"), names)
        check = names["check"]
    except BaseException as error:
        return {"outcome": "broken", "why": f"the check cannot be loaded: {type(error).__name__}: {error}", "calls": 0}
    session = Session(link, payload["entry_point"], {name: names[name] for name in payload["shared"]})
    why = ""
    try:
        names |= {payload["entry_point"]: (candidate := session.candidate())}
        names |= {name: session.value(session.ask({"do": "name", "name": name})) for name in payload["lacking"]}
        check(candidate)
    except BaseException as error:
        why = f"{type(error).__name__}: {error}"[:300]
        session.limit = session.limit or limit_of(error)
    return {**_outcome(session, why), "calls": session.calls}


def _outcome(session: Session, failed: str) -> Message:
    """What to believe: what came in the way counts more than how the check ended, since a check may catch it."""
    if session.lost or session.lie:
        return {"outcome": "failed", "why": session.lost or session.lie, "lie": bool(session.lie)}
    if session.unjudged:
        return {"outcome": "unjudged", "why": session.unjudged}
    if failed and session.limit:
        return {"outcome": "limit", "why": session.limit}
    return {"outcome": "failed" if failed else "passed", "why": failed, "certain": session.certain}
