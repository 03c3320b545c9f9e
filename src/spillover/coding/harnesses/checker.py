"""Runs a trusted ``check(candidate)`` whose candidate is the submission in another process."""

import json
import os
import socket
from typing import Any

from . import plain, subject


class SubjectLost(BaseException):
    """The subject's process ended or sent something unreadable. A check fails by it even if it catches it."""


class Candidate:
    """Callable that forwards to the subject; counts its calls."""

    def __init__(self, link: socket.socket) -> None:
        self.link, self.calls, self.lost = link, 0, ""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The subject's answer as a value, or the exception that it met."""
        self.calls += 1
        try:
            return self._answer(args, kwargs)
        except SubjectLost as error:
            self.lost = str(error)
            raise

    def _answer(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        request = {"args": [plain.encode(a) for a in args], "kwargs": {k: plain.encode(v) for k, v in kwargs.items()}}
        try:
            subject.send(self.link, request)
            answer = subject.receive(self.link)
            if answer is not None and "value" in answer:
                value = plain.decode(answer["value"])
        except (OSError, ValueError, RecursionError) as error:
            raise SubjectLost("the submission's answer cannot be read") from error
        if answer is None:
            raise SubjectLost("the submission ended before it answered")
        if "value" in answer:
            return value
        raise subject.error_named(str(answer.get("error")))(str(answer.get("why")))


def run(job: Any) -> None:
    """Run the check and report {"outcome": passed, failed or broken, "why", "calls"} on the channel."""
    candidate = Candidate(socket.socket(fileno=job.channels[1]))
    report = {**_outcome(job.payload, candidate), "calls": candidate.calls}
    os.write(job.channels[0], json.dumps(report).encode())


def _outcome(payload: dict[str, str], candidate: Candidate) -> dict[str, str]:
    names: dict[str, Any] = {"__name__": "check"}
    try:
        for part in ("helpers", "check"):
            exec(compile(payload[part], f"{part}.py", "exec"), names)
        names[payload["entry_point"]] = candidate
        check = names["check"]
    except BaseException as error:
        return {"outcome": "broken", "why": f"check cannot be loaded: {type(error).__name__}: {error}"}
    try:
        check(candidate)
    except BaseException as error:
        return {"outcome": "failed", "why": f"{type(error).__name__}: {error}"[:300]}
    return {"outcome": "failed" if candidate.lost else "passed", "why": candidate.lost}
