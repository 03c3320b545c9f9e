"""Asking a model about texts: every question of a judge, a detector or a writer goes through here.

Replies are kept by content and appended to a file the moment they come in, so that a run that is killed goes on
where it was and pays for nothing twice. What the model said is told from what it thought (`core/text.py`).
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageUser, GenerateConfig, Model, ModelOutput
from pydantic import BaseModel, ConfigDict, Field

from spillover.core.errors import JudgeError, SpilloverError
from spillover.core.json_lines import visible
from spillover.core.rundir import append_records, read_records
from spillover.core.text import Said, split_reasoning, token_estimate
from spillover.judges.connect import clients, in_one_line, served, too_long, what_to_do
from spillover.judges.spending import Spent
from spillover.judges.transcript import Tags, native_reasoning

T = TypeVar("T")
ROOM = 4096
"""Tokens that a reply may have. An answer takes a word to some 150 tokens, so that a model that reasons first has more
than a page to do so; one that does not stops after its answer and pays for no more."""
LITTLE_ROOM = 700
"""The same for a model whose context has no room for the question and so much reasoning."""
TRIES = 2
"""How often an answer that must be read exactly is asked for."""
AGAIN = "That could not be used: {error}. Answer again, in the form that was asked for and nothing else."
CONFIG = GenerateConfig(temperature=0.0, seed=0, max_retries=5)
"""The same answer each time, as far as the model's provider can promise it; a dead server is not asked for ever."""
NO_ROOM = "the question does not fit into its context"
Question = str | Sequence[ChatMessage]


class Reply(BaseModel):
    """What a model replied."""

    model_config = ConfigDict(frozen=True)

    whole: str
    """As written, reasoning in tags included."""
    native: str = ""
    """Reasoning that the provider gave apart."""
    fits: bool = True
    """False where the question does not fit into the model's context; the reply is then empty."""
    input_tokens: int = 0
    output_tokens: int = 0
    tags: tuple[tuple[str, str], ...] = Field(default=(), exclude=True)
    """Pairs between which the model reasons, beside the usual ones."""

    @property
    def text(self) -> str:
        """What was said outside the reasoning."""
        return self._said.answer

    @property
    def reasoning(self) -> str:
        """What was thought."""
        return "\n".join(part for part in (self.native, self._said.reasoning) if part)

    @property
    def reason_unread(self) -> str:
        """Why nothing was said; empty where something was."""
        if not self.fits:
            return NO_ROOM
        if self.text.strip():
            return ""
        return "nothing is answered" if self._said.finished else "its reasoning does not come to an end"

    @cached_property
    def _said(self) -> Said:
        return split_reasoning(self.whole, self.tags)


class Kept(BaseModel):
    """A reply in the cache, under the hash of the model's name, the question and the settings."""

    key: str
    reply: Reply


class Asker:
    """Asks one model; all replies are kept in memory and in the file `cache`."""

    def __init__(
        self,
        model: Callable[[], Model],
        name: str,
        cache: Path | None = None,
        *,
        tags: Tags = (),
        role: str = "judge",
        parallel: int | None = None,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> None:
        """`model` is called for each question: Inspect knows a role only while a task runs, and a client serves one
        event loop. `tags` are pairs between which the model reasons, beside the usual ones; errors call it by its
        `role`. With `parallel` no more calls are open at a time, and a question asked twice at once is one call;
        without it each goes out at once, as the batches of a model in this process need it."""
        self.name, self.role, self.spent = name, role, Spent()
        self._model, self._cache, self._tags = model, cache, tuple((opening, closing) for opening, closing in tags)
        self._config = CONFIG.model_copy(update={"temperature": temperature, "seed": seed})
        self._parallel, self._slots = parallel, asyncio.Semaphore(parallel) if parallel else nullcontext()
        self._kept = _read_cache(cache, self._tags) if cache else {}
        self._open: dict[str, asyncio.Future[Reply]] = {}

    async def ask(
        self, question: Question, *, max_tokens: int = ROOM, at_least: int = LITTLE_ROOM, attempt: int = 0
    ) -> Reply:
        """The reply to a question; another `attempt` is another draw. Where its context has no room for
        `max_tokens`, the model is asked for `at_least`.

        Raises JudgeError where the model gives no reply at all.
        """
        messages = _messages(question)
        seed = (self._config.seed or 0) + attempt
        config = self._config.model_copy(update={"max_tokens": max_tokens, "seed": seed})
        key = self._key(messages, config)
        if (kept := self._cached(key)) is not None:
            return kept
        if not self._parallel:
            return await self._fetch(key, messages, config, at_least)
        if key not in self._open:
            self._open[key] = asyncio.ensure_future(self._fetch(key, messages, config, at_least))
        return await self._open[key]

    async def ask_all(self, questions: Sequence[str], *, max_tokens: int = ROOM) -> list[Reply]:
        """The replies to many questions, in order; equal ones are asked once. Raises JudgeError like `ask`."""
        distinct = list(dict.fromkeys(questions))
        replies = await asyncio.gather(*(self.ask(question, max_tokens=max_tokens) for question in distinct))
        found = dict(zip(distinct, replies, strict=True))
        return [found[question] for question in questions]

    async def read(
        self, question: Question, reader: Callable[[Reply], T], *, max_tokens: int = ROOM, again: str = AGAIN
    ) -> tuple[T | None, str]:
        """What `reader` makes of the reply, or None and why there is nothing.

        A reply at which the reader raises ValueError is asked for once more, with the error put into `again`. Only
        what could be read is kept. Raises JudgeError where the model gives no reply at all.
        """
        messages, why = _messages(question), ""
        config = self._config.model_copy(update={"max_tokens": max_tokens})
        key = self._key(messages, config)
        for attempt in range(TRIES):
            kept = None if attempt else self._cached(key)
            reply = kept or await self._call(messages, config, LITTLE_ROOM)
            if not reply.fits:
                return None, f"{self.role} {self.name}: {NO_ROOM}"
            try:
                answer = reader(reply)
            except ValueError as error:
                why = str(error)
            else:
                self._keep(key, reply)
                return answer, ""
            messages += [
                ChatMessageAssistant(content=reply.text or "…"),
                ChatMessageUser(content=again.format(error=why)),
            ]
        return None, f"{self.role} {self.name}: unusable verdict twice: {why}"

    def _key(self, messages: Sequence[ChatMessage], config: GenerateConfig) -> str:
        said = [part for message in messages for part in (message.role, message.text)]
        settings = map(str, (config.max_tokens, config.temperature, config.seed))
        return hashlib.sha256("\0".join((self.name, *settings, *said)).encode(errors="surrogatepass")).hexdigest()

    def _cached(self, key: str) -> Reply | None:
        kept = self._kept.get(key)
        self.spent.cached += kept is not None
        return kept

    async def _fetch(self, key: str, messages: list[ChatMessage], config: GenerateConfig, at_least: int) -> Reply:
        async with self._slots:
            return self._keep(key, await self._call(messages, config, at_least))

    async def _call(self, messages: list[ChatMessage], config: GenerateConfig, at_least: int) -> Reply:
        most = config.max_tokens or ROOM
        for tokens in dict.fromkeys((most, min(most, at_least))):
            try:
                output = await self._model().generate(messages, config=config.model_copy(update={"max_tokens": tokens}))
            except SpilloverError:
                raise
            # Providers raise errors of many libraries; all but one kind mean that the model gave no answer.
            except Exception as error:
                if not too_long(error):
                    raise JudgeError(
                        f"{self.role} {self.name!r} gave no answer: {in_one_line(error)}; {what_to_do(error)}"
                    ) from error
            else:
                return self._paid(messages, output)
        return Reply(whole="", fits=False)

    def _paid(self, messages: Sequence[ChatMessage], output: ModelOutput) -> Reply:
        # Half pairs of surrogates are no UTF-8, which files and the model's next question must be.
        whole, usage = visible(output.completion), output.usage
        if usage:
            tokens = usage.input_tokens, usage.output_tokens
        else:
            tokens = sum(token_estimate(message.text) for message in messages), token_estimate(whole)
        self.spent.paid += 1
        self.spent.input_tokens += tokens[0]
        self.spent.output_tokens += tokens[1]
        return Reply(
            whole=whole,
            native=visible("\n".join(native_reasoning(output.message))) if output.choices else "",
            fits=output.stop_reason != "model_length",
            input_tokens=tokens[0],
            output_tokens=tokens[1],
            tags=self._tags,
        )

    def _keep(self, key: str, reply: Reply) -> Reply:
        if reply.fits and self._kept.get(key) != reply:
            self._kept[key] = reply
            if self._cache:
                append_records(self._cache, [Kept(key=key, reply=reply)])
        return reply


def named_asker(name: str, cache: Path | None = None, **settings: Any) -> Asker:
    """An asker of the model of that name; `settings` as of `Asker`.

    Raises ModelError where there is no such model or its provider cannot be used.
    """
    if served(name):
        return Asker(clients(name), name, cache, **settings)
    # A model in this process brings torch with it, which those who ask a served one need not wait for.
    from spillover.judges.reach import local_client

    return Asker(local_client(name), name, cache, **settings)


def ask(
    model: str | Model, prompts: Sequence[str], *, max_tokens: int = ROOM, cache: Path | None = None
) -> list[Reply]:
    """The replies of a model to prompts, in order. A name is one that `judges/reach.py` knows.

    Raises ModelError where there is no such model, JudgeError where it gives no answer at all.
    """
    asker = named_asker(model, cache) if isinstance(model, str) else Asker(lambda: model, str(model), cache)
    return asyncio.run(asker.ask_all(prompts, max_tokens=max_tokens))


def _messages(question: Question) -> list[ChatMessage]:
    return [ChatMessageUser(content=question)] if isinstance(question, str) else [*question]


def _read_cache(path: Path, tags: tuple[tuple[str, str], ...]) -> dict[str, Reply]:
    """Replies by key. Raises RunDirError for a file that is no cache."""
    kept = {one.key: one.reply.model_copy(update={"tags": tags}) for one in read_records(path, Kept)}
    if path.exists() and not (held := path.read_bytes()).endswith(b"\n"):
        # What is appended must not join a line that a kill has torn.
        path.write_bytes(held[: held.rfind(b"\n") + 1])
    return kept
