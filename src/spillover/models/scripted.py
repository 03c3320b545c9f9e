"""A model that answers from a function: every stage runs on it in seconds, without weights."""

from collections.abc import Callable
from typing import NamedTuple

import torch

from spillover.models.loading import LoadedModel

Conversation = list[dict[str, str]]
Answer = Callable[[Conversation, int], str]
"""(conversation, index of the sample) -> text."""


class ScriptedModel(NamedTuple):
    """Stands where a model would; `sample` asks it for text instead of decoding."""

    answer: Answer


def scripted(answer: Answer | str) -> LoadedModel:
    """A LoadedModel whose samples are what `answer` says; a plain string is always answered."""
    function: Answer = (lambda _conversation, _index: answer) if isinstance(answer, str) else answer
    return LoadedModel(ScriptedModel(function), None, "scripted", "scripted", torch.device("cpu"))
