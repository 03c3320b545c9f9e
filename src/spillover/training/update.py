"""The update of a step of RL: log-probabilities of what was sampled, the loss, one step of the optimizer.

On `accelerate`, with TRL's fused head (log-probabilities without the logits of a whole vocabulary) and transformers'
schedules. Why not TRL's trainer stands in docs/design/rl.md; a test compares loss and gradients with it.
"""

import copy
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor
from transformers import get_scheduler
from trl.trainer.utils import add_fused_lm_head

from spillover.core.errors import SpilloverError
from spillover.core.stages import RLSettings
from spillover.models import LoadedModel
from spillover.models.sampling import has_plain_attention
from spillover.training.checkpoints import OPTIMIZER
from spillover.training.losses import divergences, reduced, token_losses
from spillover.training.packing import ROW_TOKENS, Packed, pack

STALE = {torch.float32: 1e-3, torch.bfloat16: 0.1, torch.float16: 0.05}
"""Mean difference between the sampler's and the update's log-probabilities beyond which their weights differ."""


@dataclass(frozen=True)
class Sampled:
    """One completion as the update reads it."""

    prompt_ids: list[int]
    completion_ids: list[int]
    """Empty where it is kept out of the loss."""
    logprobs: list[float] | None
    """The sampler's; None where the update reads another prompt."""


class Updater:
    """A model with its optimizer and schedule."""

    def __init__(self, loaded: LoadedModel, rl: RLSettings) -> None:
        """`loaded` is the model that the KL is taken against, before any step."""
        self._rl, self._model, self._dtype = rl, loaded.model, loaded.model.dtype
        self._packs = has_plain_attention(loaded.model)
        self._reference = _reference(loaded.model) if rl.beta else None
        for model in filter(None, (loaded.model, self._reference)):
            add_fused_lm_head(_bare(model), temperature=rl.temperature, outputs=("log_probs", "entropy"))
        mixed = "bf16" if self._dtype == torch.bfloat16 else "no"
        self._accelerator = Accelerator(cpu=loaded.device.type == "cpu", mixed_precision=mixed)
        self._optimizer = torch.optim.AdamW(_groups(loaded.model, rl.weight_decay), rl.learning_rate, fused=True)
        name = "constant_with_warmup" if rl.schedule == "constant" else rl.schedule
        self._schedule = get_scheduler(name, self._optimizer, rl.warmup_steps, max(rl.steps, 1))

    def step(self, sampled: Sequence[Sampled], advantages: Sequence[float], number: int) -> dict[str, float | None]:
        """One update; loss, entropy, KL and the norm of the gradient. Raises SpilloverError where the sampler used
        other weights."""
        self._model.train()
        parts = _parts(len(sampled), self._rl)
        tokens = sum(len(one.completion_ids) for one in sampled)
        sums = Counter[str]()
        for start, end in parts:
            if any(one.completion_ids for one in sampled[start:end]):
                sums.update(self._pass(sampled[start:end], advantages[start:end], tokens, len(parts), number))
        norm = self._accelerator.clip_grad_norm_(self._model.parameters(), self._rl.max_grad_norm)
        self._optimizer.step()
        self._schedule.step()
        self._optimizer.zero_grad()
        self._model.eval()
        means = {key: sums[key] / max(tokens, 1) for key in ("entropy", "kl")}
        update: dict[str, float | None] = {"loss": sums["loss"], **means, "grad_norm": float(norm)}
        return update if self._rl.beta else update | {"kl": None}

    def _pass(
        self, sampled: Sequence[Sampled], advantages: Sequence[float], tokens: int, parts: int, number: int
    ) -> dict[str, float]:
        """Forward and backward of one part of a step of `tokens` tokens; its share of what the step says of itself."""
        rl, device = self._rl, self._accelerator.device
        logps, entropy, mask = self._logps(self._model, sampled)
        self._check_weights(logps.detach(), sampled, number)
        clip = {"epsilon": rl.epsilon, "epsilon_high": rl.epsilon_high}
        losses = token_losses(logps, logps.detach(), torch.tensor(advantages, device=device), **clip)
        kl = self._divergences(logps, sampled) if rl.beta else torch.zeros_like(logps)
        total = torch.tensor(float(tokens), device=device)
        weighted = losses + rl.beta * kl if rl.beta else losses
        loss = reduced(weighted, mask, rl.loss, tokens=total, parts=parts, longest=rl.max_completion_tokens)
        self._accelerator.backward(loss)
        kept = {"entropy": (entropy * mask).sum(), "kl": (kl * mask).sum()}
        return {"loss": float(loss.detach()), **{key: float(value.detach()) for key, value in kept.items()}}

    def _divergences(self, logps: Tensor, sampled: Sequence[Sampled]) -> Tensor:
        """KL against the starting model."""
        held = nullcontext(self._reference) if self._reference is not None else _without_adapter(self._model)
        with torch.no_grad(), held as reference:
            return divergences(logps, self._logps(reference, sampled)[0])

    def _logps(self, model: Any, sampled: Sequence[Sampled]) -> tuple[Tensor, Tensor, Tensor]:
        """Log-probabilities and entropies [B, C] of the completions, zero beyond their ends, and where they are."""
        device = self._accelerator.device
        lengths = [len(one.completion_ids) for one in sampled]
        mask = torch.arange(max(lengths), device=device) < torch.tensor(lengths, device=device)[:, None]
        prompts, completions = [one.prompt_ids for one in sampled], [one.completion_ids for one in sampled]
        packed = pack(prompts, completions, max(lengths), ROW_TOKENS if self._packs else 0)
        with self._accelerator.autocast():
            out = model(**_inputs(packed, self._dtype, device), fused_lm_head=True)
        places = packed.places.to(device)
        logps, entropy = (one.reshape(-1)[places].masked_fill(~mask, 0.0) for one in (out.log_probs, out.entropy))
        return logps, entropy, mask.to(logps.dtype)

    def _check_weights(self, logps: Tensor, sampled: Sequence[Sampled], number: int) -> None:
        """The sampler must have used the weights that are about to be updated (stale ones look healthy)."""
        rows = [(row, one) for row, one in zip(logps, sampled, strict=True) if one.logprobs and one.completion_ids]
        if not rows:
            return
        theirs = torch.tensor([value for _, one in rows for value in one.logprobs or ()], device=logps.device)
        gap = float((torch.cat([row[: len(one.completion_ids)] for row, one in rows]) - theirs).abs().mean())
        if not gap <= STALE[self._dtype]:
            raise SpilloverError(
                f"step {number}: sampler and update disagree by {gap:.2g} nats a token; "
                "the sampler does not follow the trained weights, or they are no longer finite"
            )

    def save(self, folder: Path) -> None:
        """Write the state of optimizer and schedule."""
        state = {"optimizer": self._optimizer.state_dict(), "schedule": self._schedule.state_dict()}
        torch.save(state, folder / OPTIMIZER)

    def load(self, folder: Path, *, schedule: bool = True) -> None:
        """Go on with a saved state; without its schedule where another training takes over the optimizer alone."""
        held = torch.load(folder / OPTIMIZER, map_location=self._accelerator.device, weights_only=True)
        rates = [group["lr"] for group in self._optimizer.param_groups]
        self._optimizer.load_state_dict(held["optimizer"])
        if schedule:
            self._schedule.load_state_dict(held["schedule"])
            return
        for group, rate in zip(self._optimizer.param_groups, rates, strict=True):
            group["lr"] = group["initial_lr"] = rate


def _inputs(packed: Packed, dtype: torch.dtype, device: torch.device) -> dict[str, Tensor]:
    inputs = {"input_ids": packed.input_ids, "position_ids": packed.position_ids, "shift_labels": packed.shift_labels}
    if packed.attention_mask is not None:
        # Additive: torch would turn a boolean one into this in every layer.
        hidden = torch.zeros(packed.attention_mask.shape, dtype=dtype)
        inputs["attention_mask"] = hidden.masked_fill_(~packed.attention_mask, torch.finfo(dtype).min)
    return {name: value.to(device) for name, value in inputs.items()}


def _groups(model: Any, weight_decay: float) -> list[dict[str, Any]]:
    """Weights with decay, and biases and norms without."""
    weights = [one for one in model.parameters() if one.requires_grad]
    return [
        {"params": [one for one in weights if one.dim() > 1], "weight_decay": weight_decay},
        {"params": [one for one in weights if one.dim() <= 1], "weight_decay": 0.0},
    ]


@contextmanager
def forward_restored(model: Any) -> Iterator[None]:
    """Take TRL's patch off the model's forward afterwards; it would be in the way of a copy or a second training."""
    try:
        yield
    finally:
        _bare(model).__dict__.pop("forward", None)


def _bare(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "peft_config") else model


def _reference(model: Any) -> Any:
    """A copy that is never trained; None for a LoRA, whose adapter is left out instead."""
    return None if hasattr(model, "peft_config") else copy.deepcopy(model).eval().requires_grad_(False)


@contextmanager
def _without_adapter(model: Any) -> Iterator[Any]:
    with model.disable_adapter():
        yield model


def _parts(rows: int, rl: RLSettings) -> list[tuple[int, int]]:
    """Bounds of the passes of a step, of nearly equal length; neighbours share a prompt and stay together."""
    planned = rl.problems_per_step * rl.group_size
    per_pass = min(rl.micro_batch or planned, planned)
    while planned % per_pass:
        per_pass -= 1
    count = planned // per_pass
    bounds = [rows * part // count for part in range(count + 1)]
    return [(start, end) for start, end in itertools.pairwise(bounds) if end > start]
