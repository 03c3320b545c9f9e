"""TRL's GRPOTrainer, subclassed where the episodes come from and where their log-probabilities are computed.

TRL computes the advantages and the loss, clips, steps the optimizer and the schedule. Ours are:
the episodes (sampler, grader, refill), rows that share a prompt, the reference of the KL term, and
checkpoints. What was rejected stands in docs/design/rl.md.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor
from transformers import PrinterCallback, TrainerCallback
from trl import GRPOConfig, GRPOTrainer
from trl.trainer.utils import add_fused_lm_head

from spillover.core.config import RLSettings
from spillover.core.errors import SpilloverError
from spillover.core.rundir import Run
from spillover.models import LoadedModel
from spillover.models.sampling import has_plain_attention
from spillover.training.checkpoints import write_trainer
from spillover.training.episodes import Step
from spillover.training.packing import pack

STALE = {torch.float32: 1e-3, torch.bfloat16: 0.1, torch.float16: 0.05}
"""Mean difference between the sampler's and the update's log-probabilities beyond which their weights differ."""


class GroupTrainer(GRPOTrainer):  # type: ignore[misc]  # trl is not typed
    """GRPO on the episodes that `play(step, minimum groups)` returns."""

    def __init__(
        self, run: Run, loaded: LoadedModel, rl: RLSettings, play: Callable[[int, int], Step], callback: TrainerCallback
    ) -> None:
        self._run, self._loaded, self._play = run, loaded, play
        self._packs = has_plain_attention(loaded.model)
        self._logps: Tensor | None = None
        self._parts: list[dict[str, Any]] = []
        self.step: Step | None = None
        self.advantages_of_step: list[float] = []
        reference = frozen_copy(loaded.model) if rl.beta > 0 and not hasattr(loaded.model, "peft_config") else None
        super().__init__(
            model=loaded.model,
            reward_funcs=[_reward],
            args=grpo_config(run, loaded, rl),
            train_dataset=Dataset.from_dict({"prompt": [""] * rl.problems_per_step * max(rl.steps, 1)}),
            processing_class=loaded.tokenizer,
            callbacks=[callback],
        )
        self.remove_callback(PrinterCallback)
        # TRL would load the reference by the model's name, which is not what was passed. For a LoRA it
        # needs none: it disables the adapter.
        self.beta = rl.beta
        if reference is not None:
            add_fused_lm_head(reference, temperature=self.temperature)
            self.ref_model = self.accelerator.prepare_model(reference, evaluation_mode=True)

    def _generate_and_score_completions(self, _: Any) -> dict[str, Any]:
        """Replace TRL's placeholders by the step's episodes, let TRL compute their advantages."""
        minimum = -(-self.args.steps_per_generation // self.num_generations)
        self.step = self._play(self.state.global_step + 1, minimum)
        rows = [{"prompt": "", "reward": episode.rewards["total"]} for episode in self.step.batch]
        output: dict[str, Any] = super()._generate_and_score_completions(rows)
        self.advantages_of_step = output["advantages"].tolist()
        return output

    def _tokenize_prompts(self, prompts: list[Any]) -> tuple[list[list[int]], None, dict[str, Any]]:
        assert self.step is not None and len(prompts) == len(self.step.batch)
        return [episode.task.prompt_ids for episode in self.step.batch], None, {}

    def _generate_single_turn(self, *_: Any, **__: Any) -> tuple[list[list[int]], list[list[float]]]:
        assert self.step is not None
        drawn = [episode.drawn for episode in self.step.batch]
        return [one.token_ids for one in drawn], [one.logprobs for one in drawn]

    def _prepare_inputs(self, generation_batch: Any) -> dict[str, Any]:
        """As TRL's, in order: neighbours share a prompt, which its shuffle would tear apart."""
        parts = self.args.steps_per_generation
        if self._step % parts == 0 or not self._parts:
            self._parts = split_rows(self._generate_and_score_completions(generation_batch), parts)
        part: int = self._step % parts
        return self._parts[part]

    def _get_per_token_logps_and_entropies(
        self,
        model: Any,
        input_ids: Tensor,
        attention_mask: Tensor,
        logits_to_keep: int,
        *args: Any,
        compute_entropy: bool = False,
        compute_aux_loss: bool = False,
        **kwargs: Any,
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """As TRL's, with one row for several completions of a prompt where the model's attention allows it."""
        kept = attention_mask[:, -logits_to_keep:].bool()
        if not self._packs or compute_aux_loss or not bool(kept.any()):
            result: tuple[Tensor, Tensor | None, Tensor | None] = super()._get_per_token_logps_and_entropies(
                model,
                input_ids,
                attention_mask,
                logits_to_keep,
                *args,
                compute_entropy=compute_entropy,
                compute_aux_loss=compute_aux_loss,
                **kwargs,
            )
        else:
            with self.accelerator.autocast():
                result = (*packed_logps(model, input_ids, attention_mask, logits_to_keep, compute_entropy), None)
        if model is self.model_wrapped or model is self.model:
            self._logps = result[0].detach()
        return result

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> Tensor:
        loss: Tensor = super()._compute_loss(model, inputs)
        self._check_weights(inputs)
        return loss

    def _check_weights(self, inputs: dict[str, Any]) -> None:
        """The sampler must have used the weights that are about to be updated (stale ones look healthy)."""
        mask, sampled = inputs["completion_mask"].bool(), inputs["sampling_per_token_logps"]
        if self._logps is None or not bool(mask.any()):
            return
        gap = float((self._logps - sampled)[mask].abs().mean())
        if not gap <= STALE[self._loaded.model.dtype]:
            raise SpilloverError(
                f"step {self.state.global_step + 1}: sampler and update disagree by {gap:.2g} nats a token; "
                "the sampler does not follow the trained weights, or they are no longer finite"
            )

    def _save_checkpoint(self, model: Any, trial: Any) -> None:  # noqa: ARG002 - the trainer's signature
        """Whole or not at all."""
        write_trainer(self, self._run, self._loaded)


def grpo_config(run: Run, loaded: LoadedModel, rl: RLSettings) -> GRPOConfig:
    """TRL's settings for ours."""
    rollouts = rl.problems_per_step * rl.group_size
    per_pass = min(rl.micro_batch or rollouts, rollouts)
    while rollouts % per_pass:
        per_pass -= 1
    schedule = "constant_with_warmup" if rl.schedule == "constant" else rl.schedule
    return GRPOConfig(
        output_dir=str(run.folder),
        per_device_train_batch_size=per_pass,
        gradient_accumulation_steps=rollouts // per_pass,
        num_generations=rl.group_size,
        max_completion_length=rl.max_completion_tokens,
        temperature=rl.temperature,
        loss_type=rl.loss,
        epsilon=rl.epsilon,
        epsilon_high=rl.epsilon_high,
        scale_rewards=rl.scale_rewards,
        mask_truncated_completions=rl.mask_truncated,
        beta=0.0,
        learning_rate=rl.learning_rate,
        lr_scheduler_type=schedule,
        warmup_steps=rl.warmup_steps,
        weight_decay=rl.weight_decay,
        max_grad_norm=rl.max_grad_norm,
        max_steps=max(rl.steps, 1),
        use_cpu=loaded.device.type == "cpu",
        bf16=loaded.model.dtype == torch.bfloat16,
        fp16=loaded.model.dtype == torch.float16,
        gradient_checkpointing=False,
        shuffle_dataset=False,
        ignore_data_skip=True,
        dataloader_pin_memory=False,
        logging_strategy="steps",
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        seed=run.seed,
    )


def packed_logps(
    model: Any, input_ids: Tensor, attention_mask: Tensor, width: int, compute_entropy: bool
) -> tuple[Tensor, Tensor | None]:
    """Log-probabilities [B, C] of the last C = `width` tokens, and entropies where asked; zero where masked."""
    mask = attention_mask.bool()
    prompts = [ids[keep].tolist() for ids, keep in zip(input_ids[:, :-width], mask[:, :-width], strict=True)]
    scored = mask[:, -width:]
    completions = [ids[keep].tolist() for ids, keep in zip(input_ids[:, -width:], scored, strict=True)]
    packed = pack(prompts, completions, width)
    device, dtype = input_ids.device, next(model.parameters()).dtype
    inputs = {"input_ids": packed.input_ids, "position_ids": packed.position_ids, "shift_labels": packed.shift_labels}
    if packed.attention_mask is not None:
        # Additive: torch would turn a boolean one into this in every layer.
        hidden = torch.zeros(packed.attention_mask.shape, dtype=dtype)
        inputs["attention_mask"] = hidden.masked_fill_(~packed.attention_mask, torch.finfo(dtype).min)
    out = model(**{name: value.to(device) for name, value in inputs.items()}, fused_lm_head=True)
    places = packed.places.to(device)

    def unpacked(values: Tensor) -> Tensor:
        return values.reshape(-1)[places].masked_fill(~scored, 0.0)

    return unpacked(out.log_probs), unpacked(out.entropy) if compute_entropy else None


def split_rows(batch: dict[str, Any], parts: int) -> list[dict[str, Any]]:
    """Cut a batch into `parts` runs of rows of nearly equal length, in order; what is no row goes to all."""
    rows = len(batch["completion_ids"])
    bounds = [rows * part // parts for part in range(parts + 1)]
    return [
        {
            key: value[start:end] if isinstance(value, Tensor) and value.dim() and len(value) == rows else value
            for key, value in batch.items()
        }
        for start, end in pairwise(bounds)
    ]


def frozen_copy(model: Any) -> Any:
    """A copy of the model that is never trained."""
    return copy.deepcopy(model).eval().requires_grad_(False)


@contextmanager
def forward_restored(model: Any) -> Iterator[None]:
    """Take TRL's patch off the model's forward afterwards; it would be in the way of a copy or a second training."""
    base = model.get_base_model() if hasattr(model, "peft_config") else model
    try:
        yield
    finally:
        base.__dict__.pop("forward", None)


def _reward(reward: list[float], **_: Any) -> list[float]:
    return reward
