"""An Inspect model provider that batches a model living in this process.

`inspect eval spillover/goals --model spillover/bottle` reaches it by name; the suite hands it a loaded
model. All waiting requests are sampled together (see `Batcher`), and each brings the seed of
its own sample and turn, so that a response does not depend on what else was asked at the same time.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    Model,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    get_model,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from spillover.core.config import ModelSettings
from spillover.evals.batcher import Batcher
from spillover.models import LoadedModel, load_model, sample

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


class Reply(NamedTuple):
    """The model's turn. `finished` is False where it was cut off at the token limit."""

    text: str
    tokens: int
    finished: bool = True


Speaker = Callable[[Sequence[Request]], Sequence[Reply]]
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
        self.batcher = Batcher[Request, Reply](
            self._speak, key=lambda request: (request.seed, str(request.conversation))
        )

    def _speak(self, requests: Sequence[Request]) -> Sequence[Reply]:
        # Inspect also makes providers only to ask for a model's name, so weights are loaded when first needed.
        self._speaker = self._speaker or speaker_of(load_model(self._settings))
        return self._speaker(requests)

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
        output = ModelOutput.from_content(
            self.model_name, reply.text, stop_reason="stop" if reply.finished else "max_tokens"
        )
        # Without usage Inspect would fetch a tokenizer to count.
        output.usage = ModelUsage(output_tokens=reply.tokens, total_tokens=reply.tokens)
        return output


def local_model(loaded: LoadedModel) -> Model:
    """An Inspect model over a model in this process, with a batcher of its own."""
    return get_model(f"{PROVIDER}/{loaded.name}", memoize=False, config=CONFIG, speaker=speaker_of(loaded))


def batcher_of(model: Model) -> Batcher[Request, Reply] | None:
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
    return lambda requests: [reply for part in _alike(requests) for reply in _sampled(loaded, part)]


def _alike(requests: Sequence[Request]) -> Iterator[Sequence[Request]]:
    """Runs of requests with the same sampling settings, none longer than a batch."""
    start = 0
    for end in range(1, len(requests) + 1):
        first = requests[start]
        whole = end - start == BATCH or end == len(requests)
        if whole or requests[end][1:3] != first[1:3]:
            yield requests[start:end]
            start = end


def _sampled(loaded: LoadedModel, requests: Sequence[Request]) -> list[Reply]:
    rows = sample(
        loaded,
        [request.conversation for request in requests],
        temperature=requests[0].temperature,
        max_tokens=requests[0].max_tokens,
        seed=seed_of(*(request.seed for request in requests)),
    )
    return [Reply(row[0].text, len(row[0].token_ids), row[0].finished) for row in rows]
