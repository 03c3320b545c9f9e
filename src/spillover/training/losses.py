"""GRPO's advantages and losses, as pure functions (GRPO, Shao et al. 2024; DAPO, Yu et al. 2025; Dr. GRPO, Liu et al.
2025)."""

from typing import Literal

import torch
from torch import Tensor

Scale = Literal["group", "batch", "none"]
Loss = Literal["grpo", "dapo", "dr_grpo", "bnpo"]
TINY = 1e-4
"""Added to a standard deviation before dividing by it, as TRL does."""


def advantages(rewards: Tensor, group: int, scale: Scale) -> Tensor:
    """[B] rewards less their group's mean, over the standard deviation of the group or the batch; neighbours share a
    group of `group`."""
    grouped = rewards.view(-1, group)
    centred = rewards - grouped.mean(1).repeat_interleave(group)
    if scale == "none":
        return centred
    spread = grouped.std(1).repeat_interleave(group) if scale == "group" else rewards.std()
    return centred / (spread + TINY)


def token_losses(logps: Tensor, old: Tensor, advantages: Tensor, *, epsilon: float, epsilon_high: float) -> Tensor:
    """[B, C] minus the clipped objective of each token, from log-probabilities [B, C] and advantages [B]."""
    ratio = torch.exp(logps - old)
    clipped = torch.clamp(ratio, 1 - epsilon, 1 + epsilon_high)
    return -torch.min(ratio * advantages[:, None], clipped * advantages[:, None])


def divergences(logps: Tensor, reference: Tensor) -> Tensor:
    """[B, C] KL of the model against the reference, estimated at the sampled tokens (k3 of Schulman 2020)."""
    return torch.exp(reference - logps) - (reference - logps) - 1


def reduced(losses: Tensor, mask: Tensor, kind: Loss, *, tokens: Tensor, parts: int, longest: int) -> Tensor:
    """Token losses [B, C] as one number, to be summed over the `parts` passes of a step.

    `grpo` averages over completions, `bnpo` over a pass's tokens, `dapo` over the step's `tokens`, and `dr_grpo` over
    completions of the length `longest` that all are allowed.
    """
    summed = losses * mask
    if kind == "grpo":
        return (summed.sum(-1) / mask.sum(-1).clamp(min=1.0)).mean() / parts
    if kind == "bnpo":
        return summed.sum() / mask.sum().clamp(min=1.0) / parts
    if kind == "dr_grpo":
        return summed.sum() / (losses.size(0) * longest) / parts
    return summed.sum() / tokens.clamp(min=1.0)
