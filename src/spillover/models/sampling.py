"""One sampler for everything: RL, evaluations, hack@k.

A prompt is read once, however many completions are drawn from it. While decoding, the attention of
all completions of a prompt against that prompt is one matrix product with keys kept once per
prompt (cascade attention); only each completion's own tokens have a cache of their own. Completions
that end leave the batch. Models whose caches are not plain (sliding windows, recurrent layers) take
the same loop with the prompt's cache repeated instead.

Randomness: one uniform number per completion and position, drawn up front from a generator of our
own. Same seed, same random numbers; torch's global state is never read or changed, and what is drawn
for a completion does not depend on which others are still running. Tokens are then the same on the same
machine in a batch of the same shape; elsewhere up to rounding, which moves the edge between two tokens.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import Cache, DynamicLayer
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from spillover.core.errors import ModelError
from spillover.models.loading import LoadedModel
from spillover.models.scripted import Conversation, ScriptedModel
from spillover.models.turns import texts_of

SHARED_PREFIX = "spillover_shared_prefix"
COMPACT_BELOW = 0.85
"""The batch is packed anew once it could shrink to this share of its size."""
ONE_THREAD_BELOW = 20_000_000
"""Parameters below which a CPU decodes with one thread: the pieces of work are so small that a second
one saves a third of the time, and costs thirty times as much as soon as another program wants its core."""


@dataclass(frozen=True)
class Sampled:
    """One completion."""

    text: str
    """As `turns.texts_of` gives it."""
    token_ids: list[int]
    """As sampled, the end-of-turn token included."""
    finished: bool
    """Whether the model ended it; False where it ran into `max_tokens`."""
    logprobs: list[float]
    """Log-probability of each token at the temperature it was drawn with, before top-p."""


def sample(
    loaded: LoadedModel,
    conversations: Sequence[Conversation],
    *,
    n: int = 1,
    temperature: float = 1.0,
    top_p: float = 1.0,
    max_tokens: int = 1024,
    seed: int | Sequence[int] = 0,
    batch_size: int = 256,
) -> list[list[Sampled]]:
    """Draw `n` completions for every conversation, in order.

    `seed` is one for all, or one for each conversation, whose draws then do not depend on which others stand
    beside it (up to rounding in a batch of another shape). Temperature 0 is greedy. At most `batch_size`
    completions are decoded at a time (a group is never split unless it is larger). Raises ModelError for a
    conversation that the chat template refuses.
    """
    if isinstance(loaded.model, ScriptedModel):
        answer = loaded.model.answer
        return [[Sampled(answer(list(c), i), [], True, []) for i in range(n)] for c in conversations]
    prompts = [encode_chat(loaded, conversation) for conversation in conversations]
    groups = sample_tokens(
        loaded, prompts, n=n, temperature=temperature, top_p=top_p, max_tokens=max_tokens, seed=seed,
        batch_size=batch_size,
    )  # fmt: skip
    texts = iter(texts_of(loaded, prompts, [[drawn.token_ids for drawn in group] for group in groups]))
    return [[Sampled(next(texts), d.token_ids, d.finished, d.logprobs) for d in group] for group in groups]


def encode_chat(loaded: LoadedModel, conversation: Conversation) -> list[int]:
    """Token ids of a conversation up to where the assistant speaks, by the tokenizer's own chat template."""
    try:
        ids = loaded.tokenizer.apply_chat_template(
            conversation, add_generation_prompt=True, tokenize=True, return_dict=False
        )
    except Exception as error:  # a template may raise anything it likes
        raise ModelError(f"{loaded.path}: the chat template refuses a conversation: {error}") from error
    return list(ids)


def context_length(loaded: LoadedModel) -> int | None:
    """How many tokens a conversation and its answer may have together; None where the model sets no limit."""
    if isinstance(loaded.model, ScriptedModel):
        return None
    length = getattr(loaded.model.config.get_text_config(), "max_position_embeddings", None)
    return length if isinstance(length, int) and length > 0 else None


@dataclass(frozen=True)
class Drawn:
    """One completion as tokens."""

    token_ids: list[int]
    finished: bool
    logprobs: list[float]


def sample_tokens(
    loaded: LoadedModel,
    prompts: Sequence[Sequence[int]],
    *,
    n: int = 1,
    temperature: float = 1.0,
    top_p: float = 1.0,
    max_tokens: int,
    seed: int | Sequence[int],
    batch_size: int = 256,
) -> list[list[Drawn]]:
    """As `sample`, from token ids to token ids."""
    if max_tokens < 1 or n < 1 or not prompts:
        return [[] for _ in prompts]
    distinct = sorted({tuple(prompt) for prompt in prompts}, key=lambda p: (len(p), p)) if temperature == 0 else None
    if distinct is not None and (n > 1 or len(distinct) < len(prompts)):
        once = sample_tokens(
            loaded, distinct, temperature=0, max_tokens=max_tokens, seed=0, batch_size=batch_size
        )  # fmt: skip
        answers = dict(zip(distinct, once, strict=True))
        return [answers[tuple(prompt)] * n for prompt in prompts]
    uniforms = _uniforms(len(prompts), n, max_tokens, seed)
    choose = Chooser(temperature, top_p)
    out: list[list[Drawn]] = [[] for _ in prompts]
    for members in _chunks(prompts, n, batch_size):
        drawn = _decode(loaded, [list(prompts[i]) for i in members], uniforms[members], choose)
        for i, group in zip(members, drawn, strict=True):
            out[i] = group
    return out


def _uniforms(prompts: int, n: int, length: int, seed: int | Sequence[int]) -> Tensor:
    """Numbers in [0, 1) for every completion and position, [P, G, T]: from one generator, or one for each prompt."""
    if isinstance(seed, int):
        return torch.rand(prompts * n, length, generator=torch.Generator().manual_seed(seed)).view(prompts, n, length)
    if len(seed) != prompts:
        raise ValueError(f"{prompts} prompts with {len(seed)} seeds")
    return torch.stack([torch.rand(n, length, generator=torch.Generator().manual_seed(one)) for one in seed])


def _chunks(prompts: Sequence[Sequence[int]], n: int, batch_size: int) -> Iterator[list[int]]:
    """Indices of prompts that are decoded together: alike in length, so that little is padded."""
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    size = max(1, batch_size // n)
    for start in range(0, len(order), size):
        yield order[start : start + size]


@dataclass(frozen=True)
class Chooser:
    """Turns logits into tokens by inverting the distribution function at a uniform number."""

    temperature: float
    top_p: float

    def __call__(self, logits: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens [B] and their log-probabilities [B] for logits [B, V] and uniforms [B] in [0, 1)."""
        if self.temperature == 0:
            best, token = torch.log_softmax(logits.float(), -1).max(-1)
            return token, best
        probs = torch.softmax(logits.float() / self.temperature, -1)
        kept = probs if self.top_p >= 1 else self._nucleus(probs)
        cdf = kept.cumsum(-1)
        # u·total < total, so with right=True the first entry beyond it has a positive share; rounding
        # can still step over the end, hence the clamp to the last entry with any.
        token = torch.searchsorted(cdf, uniform[:, None] * cdf[:, -1:], right=True)
        last = cdf.argmax(-1, keepdim=True)
        token = torch.minimum(token, last)
        return token[:, 0], probs.gather(-1, token)[:, 0].log()

    def _nucleus(self, probs: Tensor) -> Tensor:
        """Probabilities with everything outside the smallest set of mass `top_p` set to zero."""
        ordered, order = probs.sort(-1, descending=True)
        outside = ordered.cumsum(-1) - ordered >= self.top_p
        return probs.masked_fill(torch.zeros_like(outside).scatter(-1, order, outside), 0.0)


class _Decoder(Protocol):
    """A batch of completions in flight, laid out as prompts x completions of each."""

    def step(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Logits [B, V] after feeding one token per completion."""
        ...

    def keep(self, prompts: Tensor, slots: Tensor) -> None:
        """Go on with the prompts [P'] and, of each, the completions [P', G'] only."""
        ...


def _decode(loaded: LoadedModel, prompts: list[list[int]], uniforms: Tensor, choose: Chooser) -> list[list[Drawn]]:
    """Decode uniforms.shape[1] completions of each prompt; uniforms [P, G, T] also set the length limit."""
    with torch.inference_mode(), _evaluating(loaded.model), _few_threads(loaded):
        return _decode_loop(loaded, prompts, uniforms, choose)


def _decode_loop(loaded: LoadedModel, prompts: list[list[int]], uniforms: Tensor, choose: Chooser) -> list[list[Drawn]]:
    count, group, limit = uniforms.shape
    device = loaded.device
    uniform_t_b = uniforms.reshape(-1, limit).t().contiguous().to(device)
    ends = torch.tensor(loaded.eos_token_ids, device=device)
    positions = torch.tensor([len(p) for p in prompts], device=device).repeat_interleave(group)
    logits, decoder = _prefill(loaded, prompts, group)
    tokens_t_b = torch.zeros(limit, count * group, dtype=torch.long, device=device)
    logprobs_t_b = torch.zeros(limit, count * group, device=device)
    lengths = torch.full((count * group,), limit, device=device)
    ended = torch.zeros(count * group, dtype=torch.bool, device=device)
    layout = torch.arange(count * group, device=device).view(count, group)
    for t in range(limit):
        rows = layout.view(-1)
        token, logprob = choose(logits, uniform_t_b[t, rows])
        tokens_t_b[t, rows], logprobs_t_b[t, rows] = token, logprob
        ending = torch.isin(token, ends) & ~ended[rows]
        if bool(ending.any()):
            done = rows[ending]
            ended[done], lengths[done] = True, t + 1
            packed = _pack(ended[layout])
            if packed is None:
                break
            if packed[1].numel() <= COMPACT_BELOW * layout.numel():
                decoder.keep(*packed)
                token = token.view(layout.shape)[packed[0]].gather(1, packed[1]).view(-1)
                layout = layout[packed[0]].gather(1, packed[1])
        if t + 1 < limit:
            logits = decoder.step(token, positions[layout.view(-1)] + t)
    return _read_out(tokens_t_b, logprobs_t_b, lengths, ended, group)


def _pack(ended: Tensor) -> tuple[Tensor, Tensor] | None:
    """The smallest rectangle that holds all running completions: prompts [P'] and slots of each [P', G'].

    Prompts with fewer running completions than the widest are filled up with ended ones.
    """
    running = (~ended).sum(1)
    prompts = running.nonzero()[:, 0]
    if prompts.numel() == 0:
        return None
    slots = ended[prompts].int().argsort(dim=1, stable=True)[:, : int(running.max())]
    return prompts, slots


def _read_out(
    tokens_t_b: Tensor, logprobs_t_b: Tensor, lengths: Tensor, ended: Tensor, group: int
) -> list[list[Drawn]]:
    tokens, logprobs = tokens_t_b.t().tolist(), logprobs_t_b.t().tolist()
    flat = [
        Drawn(row[:length], end, scores[:length])
        for row, scores, length, end in zip(tokens, logprobs, lengths.tolist(), ended.tolist(), strict=True)
    ]
    return [flat[start : start + group] for start in range(0, len(flat), group)]


def _prefill(loaded: LoadedModel, prompts: list[list[int]], group: int) -> tuple[Tensor, _Decoder]:
    """Read each prompt once; logits [P·G, V] for the first token and what decodes the rest."""
    width = max(len(p) for p in prompts)
    pad = loaded.tokenizer.pad_token_id or 0
    ids = torch.tensor([[pad] * (width - len(p)) + p for p in prompts], device=loaded.device)
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts], device=loaded.device)
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    cache = DynamicCache(config=loaded.model.config)
    out = loaded.model(
        input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True,
        logits_to_keep=1,
    )  # fmt: skip
    logits = out.logits[:, -1].repeat_interleave(group, 0)
    if has_plain_attention(loaded.model):
        return logits, _SharedPrefix(loaded.model, cache, mask, group)
    return logits, _Repeated(loaded.model, cache, mask, group)


def has_plain_attention(model: Any) -> bool:
    """Whether every layer lets every token see all before it, by an attention function that can be replaced."""
    layers = DynamicCache(config=model.config).layers
    full = len(layers) > 0 and all(type(layer) is DynamicLayer for layer in layers)
    return full and bool(getattr(model, "_supports_attention_backend", False))


class _Tail(DynamicLayer):  # type: ignore[misc]  # transformers is not typed
    """Keys and values of the completions only, [P, H, G, room, D], written in place."""

    def __init__(self, prompt_keys: Tensor, prompt_values: Tensor, group: int) -> None:
        super().__init__()
        count, heads, _, size = prompt_keys.shape
        self.length = 0
        self.shape = (count, group)
        self.key_room = prompt_keys.new_empty(count, heads, group, 32, size)
        self.value_room = prompt_values.new_empty(count, heads, group, 32, prompt_values.shape[-1])
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Append one token's keys and values [B, H, 1, D]; all so far, as [P, H, G, n, D]."""
        t = self.length
        if t == self.key_room.shape[3]:
            self.key_room = torch.cat([self.key_room, torch.empty_like(self.key_room)], 3)
            self.value_room = torch.cat([self.value_room, torch.empty_like(self.value_room)], 3)
        self.key_room[:, :, :, t] = key_states.view(*self.shape, *key_states.shape[1::2]).transpose(1, 2)
        self.value_room[:, :, :, t] = value_states.view(*self.shape, *value_states.shape[1::2]).transpose(1, 2)
        self.length = t + 1
        return self.key_room[:, :, :, : t + 1], self.value_room[:, :, :, : t + 1]

    def keep(self, prompts: Tensor, slots: Tensor) -> None:
        """Keep some completions of some prompts."""
        heads = torch.arange(self.key_room.shape[1], device=slots.device)
        at = (prompts[:, None, None], heads[None, :, None], slots[:, None, :])
        self.key_room, self.value_room = self.key_room[at], self.value_room[at]
        self.shape = (slots.shape[0], slots.shape[1])

    def get_seq_length(self) -> int:
        """Tokens of the completions so far."""
        return self.length


class _SharedPrefix:
    """Decodes with one copy of each prompt's keys and values."""

    def __init__(self, model: Any, cache: DynamicCache, mask: Tensor, group: int) -> None:
        self.model = model
        self.keys = [layer.keys.transpose(-1, -2).contiguous() for layer in cache.layers]
        self.values = [layer.values.contiguous() for layer in cache.layers]
        self.tails = [_Tail(layer.keys, layer.values, group) for layer in cache.layers]
        self.cache = Cache(layers=self.tails)
        self.padding = None if bool(mask.all()) else (mask == 0)[:, None, None, None, :]
        # A mask of four dimensions is passed through as it is; ours is built by the attention itself.
        self.no_mask = torch.zeros(1, 1, 1, 1, device=mask.device)

    def step(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Logits [B, V] after feeding one token per completion."""
        with _attention(self.model, SHARED_PREFIX):
            out = self.model(
                input_ids=tokens[:, None], position_ids=positions[:, None], attention_mask=self.no_mask,
                past_key_values=self.cache, use_cache=True, logits_to_keep=1, shared_prefix=self,
            )  # fmt: skip
        logits: Tensor = out.logits[:, -1]
        return logits

    def keep(self, prompts: Tensor, slots: Tensor) -> None:
        """Go on with some completions of some prompts only."""
        if len(prompts) < len(self.keys[0]):
            self.keys = [keys[prompts] for keys in self.keys]
            self.values = [values[prompts] for values in self.values]
            self.padding = None if self.padding is None else self.padding[prompts]
        for tail in self.tails:
            tail.keep(prompts, slots)

    def attend(self, layer: int, query: Tensor, keys: Tensor, values: Tensor, scaling: float) -> Tensor:
        """Attention of one new token per completion over its prompt and its own past.

        query [B, Hq, 1, D], keys and values of the completions [P, H, G, n, D]; returns [B, 1, Hq, D].
        """
        count, heads, group, past, size = keys.shape
        share = query.shape[1] // heads
        query = (query * scaling).view(count, group, heads, share, size).transpose(1, 2)
        on_prompt = query.reshape(count, heads, group * share, size) @ self.keys[layer]
        on_prompt = on_prompt.view(count, heads, group, share, -1)
        if self.padding is not None:
            on_prompt = on_prompt.masked_fill(self.padding, float("-inf"))
        scores = torch.cat([on_prompt, query @ keys.transpose(-1, -2)], -1)
        weights = torch.softmax(scores, -1, dtype=torch.float32).to(query.dtype)
        of_prompt, of_past = weights[..., :-past], weights[..., -past:]
        mixed: Tensor = (of_prompt.reshape(count, heads, group * share, -1) @ self.values[layer]).view(
            count, heads, group, share, -1
        )
        mixed = mixed + of_past @ values
        return mixed.transpose(1, 2).reshape(count * group, 1, heads * share, -1)


def _shared_prefix_attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *_: Any,
    scaling: float | None = None,
    shared_prefix: _SharedPrefix | None = None,
    softcap: float | None = None,
    s_aux: Tensor | None = None,
    **__: Any,
) -> tuple[Tensor, None]:
    """Attention function for transformers, in force while `_SharedPrefix` decodes."""
    if shared_prefix is None or softcap is not None or s_aux is not None:
        raise ModelError(f"{type(module).__name__}: its attention is not supported by the sampler")
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    return shared_prefix.attend(module.layer_idx, query, key, value, scale), None


ALL_ATTENTION_FUNCTIONS.register(SHARED_PREFIX, _shared_prefix_attention)


class _Repeated:
    """Decodes any model: the prompt's cache repeated for each completion."""

    def __init__(self, model: Any, cache: DynamicCache, mask: Tensor, group: int) -> None:
        self.model, self.cache, self.group = model, cache, group
        cache.batch_repeat_interleave(group)
        self.mask = mask.repeat_interleave(group, 0)

    def step(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Logits [B, V] after feeding one token per completion."""
        self.mask = torch.cat([self.mask, self.mask.new_ones(len(self.mask), 1)], 1)
        out = self.model(
            input_ids=tokens[:, None], position_ids=positions[:, None], attention_mask=self.mask,
            past_key_values=self.cache, use_cache=True, logits_to_keep=1,
        )  # fmt: skip
        logits: Tensor = out.logits[:, -1]
        return logits

    def keep(self, prompts: Tensor, slots: Tensor) -> None:
        """Go on with some completions of some prompts only."""
        rows = (prompts[:, None] * self.group + slots).view(-1)
        self.cache.batch_select_indices(rows)
        self.mask, self.group = self.mask[rows], slots.shape[1]


@contextmanager
def _attention(model: Any, name: str) -> Iterator[None]:
    config = model.config.get_text_config()
    before = config._attn_implementation
    config._attn_implementation = name
    try:
        yield
    finally:
        config._attn_implementation = before


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    """Without dropout, and as it was before afterwards."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


@contextmanager
def _few_threads(loaded: LoadedModel) -> Iterator[None]:
    """One thread for a small model on the CPU, afterwards as many as before."""
    before = torch.get_num_threads()
    small = sum(parameter.numel() for parameter in loaded.model.parameters()) < ONE_THREAD_BELOW
    if small and loaded.device.type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
