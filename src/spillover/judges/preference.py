"""Preference scores: one number for how good a response to a prompt is, as reward models give it."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import torch

from spillover.core.text import split_reasoning
from spillover.judges.transcript import Tags
from spillover.models.loading import load_scorer

BATCH = 16


class Pair(NamedTuple):
    """A prompt and a response to it."""

    prompt: str
    response: str


class Preference(Protocol):
    """Scores responses; higher is better, on a scale of its own."""

    name: str

    def scores(self, pairs: Sequence[Pair]) -> list[float | None]:
        """A score for each pair, in order; None for one that cannot be scored."""


class Classifier:
    """Any sequence classifier of Hugging Face with one label."""

    def __init__(self, path: str, device: str = "auto", dtype: str = "float32") -> None:
        """Raises ModelError where `path` names none."""
        self.name = path
        self._model, self._tokenizer, self._device = load_scorer(path, device, dtype)
        self._tokenizer.padding_side = "right"
        config = self._model.config
        self._limit = getattr(config, "max_position_embeddings", None) or math.inf
        # Such models read the score off the last token that is no padding: without a token of its own for that,
        # a row in a batch would get another score than by itself.
        self._batch = 1 if config.pad_token_id in (None, self._tokenizer.eos_token_id) else BATCH

    @torch.inference_mode()
    def scores(self, pairs: Sequence[Pair]) -> list[float | None]:
        """The logit of each pair; None where it is longer than the model's context. Equal pairs are scored once."""
        rows = {pair: self._encoded(pair) for pair in dict.fromkeys(pairs)}
        lengths = {pair: len(row["input_ids"]) for pair, row in rows.items()}
        fitting = sorted((pair for pair in rows if lengths[pair] <= self._limit), key=lengths.__getitem__)
        found: dict[Pair, float] = {}
        for start in range(0, len(fitting), self._batch):
            batch = fitting[start : start + self._batch]
            inputs = self._tokenizer.pad([rows[pair] for pair in batch], return_tensors="pt").to(self._device)
            found |= zip(batch, self._model(**inputs).logits[:, 0].tolist(), strict=True)
        return [found.get(pair) for pair in pairs]

    def _encoded(self, pair: Pair) -> dict[str, list[int]]:
        """In the model's own form of a conversation; where it has none, as a pair of texts."""
        if not self._tokenizer.chat_template:
            return dict(self._tokenizer(pair.prompt, pair.response))
        turns = [{"role": "user", "content": pair.prompt}, {"role": "assistant", "content": pair.response}]
        return dict(self._tokenizer.apply_chat_template(turns, return_dict=True))


class Scripted:
    """A preference that is a function, for trying things out without weights."""

    name = "scripted"

    def __init__(self, score: Callable[[str, str], float | None]) -> None:
        self._score = score

    def scores(self, pairs: Sequence[Pair]) -> list[float | None]:
        """What the function says."""
        return [self._score(*pair) for pair in pairs]


def preference_scores(
    preference: Preference, prompts: Sequence[str], completions: Sequence[str], tags: Tags = ()
) -> list[float | None]:
    """Scores of completions without their reasoning; `tags` are those of the model that wrote them.

    One that never came to an answer is scored as an empty one, so that reasoning without end is not the way out of
    being judged. What is no finite number is None.
    """
    answers = [split_reasoning(completion, tags).answer.strip() for completion in completions]
    given = preference.scores([Pair(*pair) for pair in zip(prompts, answers, strict=True)])
    return [score if score is not None and math.isfinite(score) else None for score in given]
