"""How likely a model finds a given answer: the log-probability of text that continues a conversation."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from spillover.models.loading import LoadedModel
from spillover.models.sampling import encode_chat
from spillover.models.scripted import Conversation

BATCH = 16


class Likelihood(NamedTuple):
    """Sum of the log-probabilities (nats, temperature 1) of a continuation's tokens, and how many they are."""

    logprob: float
    tokens: int


def likelihoods(loaded: LoadedModel, pairs: Sequence[tuple[Conversation, str]]) -> list[Likelihood]:
    """The likelihood of each text as the beginning of the assistant's next turn, in order.

    The end-of-turn token is not part of it. Raises ModelError for a conversation that the template
    refuses and ValueError for an empty text.
    """
    rows = [(encode_chat(loaded, chat), _encode(loaded, text)) for chat, text in pairs]
    if any(not text for _, text in rows):
        raise ValueError("there is no likelihood of an empty text")
    order = sorted(range(len(rows)), key=lambda index: sum(map(len, rows[index])))
    found: dict[int, Likelihood] = {}
    for start in range(0, len(order), BATCH):
        members = order[start : start + BATCH]
        found |= dict(zip(members, _batch(loaded, [rows[index] for index in members]), strict=True))
    return [found[index] for index in range(len(rows))]


def _encode(loaded: LoadedModel, text: str) -> list[int]:
    return list(loaded.tokenizer(text, add_special_tokens=False)["input_ids"])


@torch.inference_mode()
def _batch(loaded: LoadedModel, rows: Sequence[tuple[list[int], list[int]]]) -> list[Likelihood]:
    """Rows are padded on the left, so that all continuations end together and only their logits are made."""
    width = max(len(prompt) + len(text) for prompt, text in rows)
    longest = max(len(text) for _, text in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for index, (prompt, text) in enumerate(rows):
        whole = [*prompt, *text]
        ids[index, -len(whole) :] = torch.tensor(whole)
        mask[index, -len(whole) :] = 1
    ids, mask = ids.to(loaded.device), mask.to(loaded.device)
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    was_training = loaded.model.training
    loaded.model.eval()
    logits: Tensor = loaded.model(
        input_ids=ids, attention_mask=mask, position_ids=positions, logits_to_keep=longest + 1
    ).logits[:, :-1]
    loaded.model.train(was_training)
    of_tokens = torch.log_softmax(logits.float(), -1).gather(-1, ids[:, -longest:, None])[..., 0]
    return [Likelihood(float(of_tokens[index, -len(text) :].sum()), len(text)) for index, (_, text) in enumerate(rows)]
