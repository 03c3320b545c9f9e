"""Packing: completions of one prompt share a row, so that the prompt is computed once per row and not once each.

A row is the prompt without its last token, then for each completion that last token followed by the
completion without its own last. Each completion sees the prompt and itself, at the positions it
would have alone, so the log-probabilities are those of the plain computation up to rounding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor

ROW_TOKENS = 512
"""Completion tokens that may share a row. More save more of the prompt and waste more attention on
what the mask hides; for one million parameters on two cores this is the cheapest (benchmarks/grpo_step.py)."""
IGNORED = -100
"""What TRL takes for "not scored"."""


@dataclass(frozen=True)
class Packed:
    """Rows to feed to a model, R of them, W wide."""

    input_ids: Tensor
    """[R, W]"""
    position_ids: Tensor
    """[R, W]"""
    shift_labels: Tensor
    """[R, W] the token that each position predicts, IGNORED where none is scored."""
    attention_mask: Tensor | None
    """[R, 1, W, W] bool, True where a position is seen; None where the model's causal mask will do."""
    places: Tensor
    """[B, C] where in the flattened [R·W] output each completion token is scored; 0 for padding."""


def pack(
    prompts: Sequence[Sequence[int]], completions: Sequence[Sequence[int]], width: int, row_tokens: int = ROW_TOKENS
) -> Packed:
    """Pack B completions, at most `width` = C tokens each; neighbours with equal prompts share rows."""
    rows = [row for run in _runs(prompts) for row in _split(run, completions, row_tokens)]
    bodies = [_row(prompts[row[0]], [completions[i] for i in row]) for row in rows]
    longest = max(len(ids) for ids, *_ in bodies)
    count = len(rows)
    ids, positions, segments = (torch.zeros(count, longest, dtype=torch.long) for _ in range(3))
    labels = torch.full((count, longest), IGNORED)
    places = torch.zeros(len(prompts), width, dtype=torch.long)
    for r, (row, body) in enumerate(zip(rows, bodies, strict=True)):
        for into, values in zip((ids, positions, segments, labels), body, strict=True):
            into[r, : len(values)] = torch.tensor(values)
        start = r * longest + len(prompts[row[0]]) - 1
        for i in row:
            length = len(completions[i])
            places[i, :length] = torch.arange(start, start + length)
            start += length
    alone = all(len(row) == 1 for row in rows)
    return Packed(ids, positions, labels, None if alone else _visible(segments), places)


def _runs(prompts: Sequence[Sequence[int]]) -> list[list[int]]:
    return [list(run) for _, run in groupby(range(len(prompts)), key=lambda i: tuple(prompts[i]))]


def _split(run: list[int], completions: Sequence[Sequence[int]], row_tokens: int) -> list[list[int]]:
    """Cut a run of completions into rows of at most `row_tokens`, at least one completion each, none empty."""
    rows: list[list[int]] = []
    room = 0
    for i in run:
        length = len(completions[i])
        if length and (not rows or length > room):
            rows.append([])
            room = row_tokens
        if length:
            rows[-1].append(i)
            room -= length
    return rows


def _row(prompt: Sequence[int], completions: Sequence[Sequence[int]]) -> tuple[list[int], ...]:
    """Token ids, positions, segments (0 the prompt, then 1, 2, …) and labels of one row."""
    head = len(prompt) - 1
    ids, positions, segments = list(prompt[:head]), list(range(head)), [0] * head
    labels = [IGNORED] * head
    for number, completion in enumerate(completions, start=1):
        ids += [prompt[-1], *completion[:-1]]
        positions += range(head, head + len(completion))
        segments += [number] * len(completion)
        labels += completion
    return ids, positions, segments, labels


def _visible(segments: Tensor) -> Tensor:
    """[R, 1, W, W]: a position sees what came before it in the prompt and in its own segment."""
    width = segments.shape[1]
    causal = torch.ones(width, width, dtype=torch.bool).tril()
    same = segments[:, :, None] == segments[:, None, :]
    return (causal & (same | (segments == 0)[:, None, :]))[:, None]
