"""Tokens of a model's turn back into text, so that its reasoning can be told from its answer."""

from collections.abc import Sequence

from spillover.core.text import TAGS
from spillover.models.loading import LoadedModel

PROMPT_END = 24
"""Tokens at the end of a prompt among which a chat template may have opened the reasoning."""


def texts_of(
    loaded: LoadedModel, prompts: Sequence[Sequence[int]], groups: Sequence[Sequence[Sequence[int]]]
) -> list[str]:
    """The text of every completion, prompt by prompt: without special tokens, but for tags of reasoning.

    Where the prompt ends in a tag that opens reasoning, the text begins with it: without it reasoning that was cut
    off would read like an answer.
    """
    rows = [list(row) for group in groups for row in group]
    if not rows:
        return []
    heads = [_opened(loaded, prompt) for prompt, group in zip(prompts, groups, strict=True) for _ in group]
    return [head + text for head, text in zip(heads, _decoded(loaded, rows), strict=True)]


def _decoded(loaded: LoadedModel, rows: list[list[int]]) -> list[str]:
    tags = {tag for pair in (*TAGS, *loaded.reasoning_tags) for tag in pair}
    special = {id_: token.content for id_, token in loaded.tokenizer.added_tokens_decoder.items() if token.special}
    dropped = {id_ for id_, token in special.items() if token.strip() not in tags}
    if len(dropped) == len(special):
        return list(loaded.tokenizer.batch_decode(rows, skip_special_tokens=True))
    kept = [[id_ for id_ in row if id_ not in dropped] for row in rows]
    return list(loaded.tokenizer.batch_decode(kept, skip_special_tokens=False))


def _opened(loaded: LoadedModel, prompt: Sequence[int]) -> str:
    """The opening tag that a prompt ends with, and a line break; empty for most."""
    end = str(loaded.tokenizer.decode(list(prompt[-PROMPT_END:]), skip_special_tokens=False)).rstrip()
    openings = [opening for opening, _ in (*TAGS, *loaded.reasoning_tags)]
    return next((f"{opening}\n" for opening in openings if end.endswith(opening)), "")
