"""An Inspect model provider that batches a model living in this process.

`inspect eval spillover/goals --model spillover/bottle` reaches it by name; the suite hands it a loaded
model. All waiting requests are sampled together (see `Batcher`), and each brings the seed of
its own sample and turn, so that a response does not depend on what else was asked at the same time (up to
rounding in a batch of another shape).
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple, TypeVar

from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    Model,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    StopReason,
    get_model,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from spillover.core.settings import ModelSettings
from spillover.judges.batcher import Batcher
from spillover.models import LoadedModel, load_model, sample
from spillover.models.sampling import context_length, encode_chat

T = TypeVar("T")
Conversation = list[dict[str, str]]
PROVIDER = "spillover"
MAX_TOKENS = 1024
TEMPERATURE = 1.0
BATCH = 256
CONFIG = GenerateConfig(max_connections=10_000)
"""Waiting together is what makes a batch, so nobody waits for a free connection."""


class Request(NamedTuple):
    """One turn asked of the model."""

    conversation: Conversation
    temperature: float
    max_tokens: int
    seed: int


class Spoken(NamedTuple):
    """The model's turn. `finished` is False where it was cut off at the token limit."""

    text: str
    tokens: int
    finished: bool = True
    fits: bool = True
    """False where the conversation leaves no room for an answer in the model's context; the text is then empty."""

    @property
    def stop_reason(self) -> StopReason:
        """In Inspect's words."""
        return "model_length" if not self.fits else "stop" if self.finished else "max_tokens"


Speaker = Callable[[Sequence[Request]], Sequence[Spoken]]
"""Whatever answers requests, many at a time."""


class LocalAPI(ModelAPI):
    """Inspect's view of a model in this process."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 - Inspect's own signature
        speaker: Speaker | None = None,
        adapter: str | None = None,
        device: str = "auto",
        **_: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        self._settings = ModelSettings(path=model_name, adapter=adapter, device=device)
        self._speaker = speaker
        self._loaded: LoadedModel | None = None
        self.batcher = Batcher[Request, Spoken](
            self._speak, key=lambda request: (request.seed, str(request.conversation))
        )

    async def with_weights(self, work: Callable[[LoadedModel], T]) -> T | None:
        """What `work` makes of the weights, while no request is being answered; None where a script speaks instead."""
        if self._speaker is not None:
            return None
        return await self.batcher.alone(lambda: work(self._weights()))

    def _speak(self, requests: Sequence[Request]) -> Sequence[Spoken]:
        return (self._speaker or speaker_of(self._weights()))(requests)

    def _weights(self) -> LoadedModel:
        # Inspect also makes providers only to ask for a model's name, so weights are loaded when first needed.
        self._loaded = self._loaded or load_model(self._settings)
        return self._loaded

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],  # noqa: ARG002 - a model in this process takes no native tools
        tool_choice: ToolChoice,  # noqa: ARG002
        config: GenerateConfig,
    ) -> ModelOutput:
        """One turn, sampled together with those of other samples."""
        request = Request(
            conversation=[{"role": message.role, "content": message.text} for message in input],
            temperature=TEMPERATURE if config.temperature is None else config.temperature,
            max_tokens=config.max_tokens or MAX_TOKENS,
            seed=config.seed or 0,
        )
        reply = await self.batcher.ask(request)
        output = ModelOutput.from_content(self.model_name, reply.text, stop_reason=reply.stop_reason)
        # Without usage Inspect would fetch a tokenizer to count.
        output.usage = ModelUsage(output_tokens=reply.tokens, total_tokens=reply.tokens)
        return output


def local_model(loaded: LoadedModel) -> Model:
    """An Inspect model over a model in this process, with a batcher of its own."""
    return get_model(f"{PROVIDER}/{loaded.name}", memoize=False, config=CONFIG, speaker=speaker_of(loaded))


def batcher_of(model: Model) -> Batcher[Request, Spoken] | None:
    """The batcher of a model in this process; None for any other."""
    return model.api.batcher if isinstance(model.api, LocalAPI) else None


@contextmanager
def seat(model: Model) -> Iterator[None]:
    """Take part in the model's batches, where it has any, until the last turn is done."""
    batcher = batcher_of(model)
    with batcher.seat() if batcher else nullcontext():
        yield


def seed_of(*parts: object) -> int:
    """A seed from whatever names a request: the same in every run, unlike in others."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def speaker_of(loaded: LoadedModel) -> Speaker:
    """What answers for a model in this process."""

    def speak(requests: Sequence[Request]) -> Sequence[Spoken]:
        fitted = _fitted(loaded, requests)
        replies: dict[int, Spoken] = {}
        for places in _alike(fitted):
            replies |= zip(places, _said(loaded, [fitted[at] for at in places]), strict=True)
        return [replies[at] for at in range(len(requests))]

    return speak


def _fitted(loaded: LoadedModel, requests: Sequence[Request]) -> list[Request]:
    """The requests with no more tokens than the model's context has room for, 0 where it has none."""
    limit = context_length(loaded)
    if limit is None:
        return [*requests]
    rooms = [max(0, limit - len(encode_chat(loaded, request.conversation))) for request in requests]
    return [one._replace(max_tokens=min(one.max_tokens, room)) for one, room in zip(requests, rooms, strict=True)]


def _alike(requests: Sequence[Request]) -> Iterator[list[int]]:
    """Places of requests with the same sampling settings, no more of them than a batch."""
    places: dict[tuple[float, int], list[int]] = {}
    for at, request in enumerate(requests):
        places.setdefault((request.temperature, request.max_tokens), []).append(at)
    for alike in places.values():
        for start in range(0, len(alike), BATCH):
            yield alike[start : start + BATCH]


def _said(loaded: LoadedModel, asked: Sequence[Request]) -> list[Spoken]:
    """Replies to requests with the same settings."""
    first = asked[0]
    if first.max_tokens == 0:
        return [Spoken("", 0, finished=False, fits=False)] * len(asked)
    rows = sample(
        loaded,
        [request.conversation for request in asked],
        temperature=first.temperature,
        max_tokens=first.max_tokens,
        seed=[request.seed for request in asked],
    )
    return [Spoken(row[0].text, len(row[0].token_ids), row[0].finished) for row in rows]
