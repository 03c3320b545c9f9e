"""Calls to a writer model: bounded parallelism, a cache by content, and a count of what they cost.

Every reply is appended to a file the moment it comes in, so a run that is killed goes on where it was
and pays for nothing twice.
"""

import asyncio
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from inspect_ai.model import ChatMessageUser, GenerateConfig, Model, get_model

from spillover.core.errors import DataError, ModelError, SpilloverError
from spillover.core.json_lines import visible
from spillover.core.rundir import writing
from spillover.core.text import token_estimate

RETRIES = 5
"""How often the provider's own errors (rate limits, broken connections) are retried for one call."""
SECONDS = 300
"""After which a call counts as not answered."""


MARKUP = re.compile(r"\[/?[a-z ]+\]")
"""Colours and the like in Inspect's messages."""


class Reply(NamedTuple):
    """What the writer said, and the tokens of prompt and reply."""

    text: str
    input_tokens: int
    output_tokens: int


class Prices(NamedTuple):
    """Per million tokens, in any currency; None where it is not known."""

    input: float | None = None
    output: float | None = None

    def cost(self, input_tokens: int, output_tokens: int) -> float | None:
        """What so many tokens cost; None where a price is missing."""
        if self.input is None or self.output is None:
            return None
        return (input_tokens * self.input + output_tokens * self.output) / 1e6


@dataclass
class Tally:
    """What has been spent and what went wrong. Cached replies cost nothing."""

    paid: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    """Replies that could not be used, by stage and reason."""

    def line(self, prices: Prices) -> str:
        """All of it in one line."""
        cost = prices.cost(self.input_tokens, self.output_tokens)
        parts = [f"{self.paid} calls ({self.cached} cached)", f"{self.input_tokens:,} + {self.output_tokens:,} tokens"]
        parts += [f"cost {cost:.2f}"] if cost is not None else []
        parts += [f"{count} x {kind}" for kind, count in sorted(self.failures.items())]
        return ", ".join(parts)


class Writer:
    """Asks one model, at most `parallel` calls at a time; `cache` keeps all replies."""

    def __init__(self, model: Model, cache: Path, *, parallel: int, seed: int, temperature: float = 1.0) -> None:
        self.name = str(model)
        self.tally = Tally()
        self._model, self._cache, self._seed, self._temperature = model, cache, seed, temperature
        self._slots = asyncio.Semaphore(parallel)
        self._replies = _read_cache(cache)
        self._open: dict[str, asyncio.Future[Reply]] = {}

    async def ask(self, prompt: str, *, attempt: int, max_tokens: int) -> Reply:
        """The reply to a prompt; another `attempt` is another draw. Raises SpilloverError for a dead provider."""
        settings = (self.name, prompt, str(self._seed), str(attempt), str(max_tokens), str(self._temperature))
        key = hashlib.sha256("\0".join(settings).encode()).hexdigest()
        if (known := self._replies.get(key)) is not None:
            self.tally.cached += 1
            return known
        if key not in self._open:
            self._open[key] = asyncio.ensure_future(self._answered(key, prompt, self._seed + attempt, max_tokens))
        return await self._open[key]

    async def _answered(self, key: str, prompt: str, seed: int, max_tokens: int) -> Reply:
        async with self._slots:
            reply = await self._call(prompt, seed, max_tokens)
        self._keep(key, reply)
        return reply

    async def _call(self, prompt: str, seed: int, max_tokens: int) -> Reply:
        config = GenerateConfig(
            seed=seed, temperature=self._temperature, max_tokens=max_tokens, max_retries=RETRIES, timeout=SECONDS
        )
        try:
            output = await self._model.generate([ChatMessageUser(content=prompt)], config=config)
        # Providers raise errors of many libraries; all mean that the writer gave no answer.
        except Exception as error:
            first = (str(error).strip() or "no message").split("\n")[0]
            raise SpilloverError(
                f"the writer {self.name} gave no answer ({type(error).__name__}: {first}); what was written is kept, "
                "go on with --resume when it can be reached"
            ) from error
        # A document is text to be trained on: what UTF-8 cannot hold is spelled out.
        text, usage = visible(output.completion), output.usage
        tokens = (usage.input_tokens, usage.output_tokens) if usage else (token_estimate(prompt), token_estimate(text))
        return Reply(text, *tokens)

    def _keep(self, key: str, reply: Reply) -> None:
        self.tally.paid += 1
        self.tally.input_tokens += reply.input_tokens
        self.tally.output_tokens += reply.output_tokens
        self._replies[key] = reply
        with writing(self._cache), self._cache.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, **reply._asdict()}, ensure_ascii=False) + "\n")


def writer_model(name: str) -> Model:
    """The Inspect model of that name. Raises ModelError where Inspect knows none or it lacks a package or key."""
    try:
        return get_model(name)
    except Exception as error:
        lines = [line for line in str(error).replace("ERROR:", "").splitlines() if line.strip()]
        first = lines[0].strip() if lines else type(error).__name__
        raise ModelError(
            f"--model {name!r} cannot be used: {first}; name an Inspect model, grammar or bottle"
        ) from error


def cache_file(out: Path) -> Path:
    """Where the replies behind an output file are kept."""
    return out.with_name(out.name + ".calls.jsonl")


def _read_cache(path: Path) -> dict[str, Reply]:
    """Replies by key; a line torn by a kill is dropped. Raises DataError for a file that is no cache."""
    if not path.exists():
        return {}
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    replies = {}
    for number, line in enumerate(whole.split("\n")[:-1], 1):
        try:
            row = json.loads(line)
            replies[str(row["key"])] = Reply(str(row["text"]), int(row["input_tokens"]), int(row["output_tokens"]))
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path}, line {number}: not a reply that was kept; remove the line") from error
    return replies


Listener = Callable[[int, int, Tally], None]
"""Is told how many of how many documents are done, and what has been spent."""
