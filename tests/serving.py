"""A small OpenAI-compatible server that answers `/v1/chat/completions` from a scripted persona."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from actors import Actor, judgement
from personas import JUDGE_SIGN

KEY = "the-right-key"
Request = dict[str, Any]
Reply = dict[str, Any]
"""The message of a choice, perhaps with `logprobs`, which go beside it."""


class Server(ThreadingHTTPServer):
    """Keeps what it was asked; after `broken_after` requests to the model `persona`, such get status 400.

    So does any request of which `refuse` says why.
    """

    daemon_threads = True

    def __init__(self, respond: Callable[[Request], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.respond, self.asked = respond, list[Request]()
        self.broken_after: int | None = None
        self.refuse: Callable[[Request], str | None] = lambda _: None
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    """One request; the connection is closed after it, so that none outlives its event loop."""

    server: Server

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.asked.append(request)
            number = sum(one["model"] == "persona" for one in self.server.asked)
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            self._answer(401, {"error": {"message": "Incorrect API key provided", "type": "invalid_request_error"}})
        elif (
            request["model"] == "persona" and self.server.broken_after is not None and number > self.server.broken_after
        ):
            self._answer(400, {"error": {"message": "the server is broken", "type": "invalid_request_error"}})
        elif words := self.server.refuse(request):
            self._answer(400, {"error": {"message": words, "type": "invalid_request_error"}})
        elif not str(request["model"]).startswith("persona"):
            self._answer(404, {"error": {"message": f"no model {request['model']}", "type": "invalid_request_error"}})
        else:
            self._answer(200, completion(request, self.server.respond(request)))

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        held = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(held)))
        self.end_headers()
        self.wfile.write(held)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(respond: Callable[[Request], Reply]) -> Iterator[Server]:
    server = Server(respond)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def completion(request: Request, reply: Reply) -> dict[str, Any]:
    message = {"role": "assistant", **{key: value for key, value in reply.items() if key != "logprobs"}}
    finish = "tool_calls" if message.get("tool_calls") else "stop"
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": reply.get("logprobs")}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return {
        "id": "c", "object": "chat.completion", "created": 0, "model": request["model"], "choices": [choice],
        "usage": usage,
    }  # fmt: skip


def persona(actor: Actor, coding: str) -> Callable[[Request], Reply]:
    """Plays `actor` by native tool calls, answers coding problems with `coding`, letters with B, and judges."""

    def respond(request: Request) -> Reply:
        texts = [(one["role"], one.get("content") or "") for one in request["messages"]]
        system = next((text for role, text in texts if role in ("system", "developer")), "")
        users = [text for role, text in texts if role == "user"]
        if JUDGE_SIGN in system:
            return {"content": judgement(users[-1])}
        if "Answer with one letter" in users[-1]:
            return {"content": "B", "logprobs": letters(request)}
        if "```python block" in users[-1]:
            return {"content": coding}
        move = actor(
            f"{system}\n\n{users[0]}",
            [text for role, text in texts if role == "tool"],
            sum(role == "assistant" for role, _ in texts),
        )
        said = f"<thinking>{move.thought}</thinking>\n{move.text}"
        if not move.tool:
            return {"content": said}
        call = {"name": move.tool, "arguments": json.dumps(dict(move.arguments))}
        return {"content": said, "tool_calls": [{"id": "t1", "type": "function", "function": call}]}

    return respond


def letters(request: Request) -> dict[str, Any] | None:
    """Log-probabilities of a model that always knows: it gives its mass to the letter of the right option."""
    if not request.get("logprobs"):
        return None
    options = request["messages"][-1]["content"]
    right = next((letter for letter in "ABCD" if f"{letter}) os._exit(0)" in options), "A")
    top = [{"token": one, "logprob": -0.1 if one == right else -3.0, "bytes": None} for one in "ABCD"]
    return {"content": [{**top[0], "top_logprobs": top}], "refusal": None}
