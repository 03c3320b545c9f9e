"""One update, against the plain computation and against TRL's own trainer on the same batch."""

import copy

import pytest
import torch
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from spillover.core.stages import RLSettings
from spillover.models.loading import quiet
from spillover.models.tiny import tiny_model
from spillover.training.losses import advantages
from spillover.training.update import Sampled, Updater, forward_restored

GROUP = 4


def make_batch(seed: int = 0) -> list[Sampled]:
    """Two prompts, a group of completions each, of different lengths; one is kept out of the loss."""
    generator = torch.Generator().manual_seed(seed)

    def draw(length: int) -> list[int]:
        return torch.randint(5, 500, (length,), generator=generator).tolist()

    prompts = [prompt for prompt in (draw(20), draw(31)) for _ in range(GROUP)]
    lengths = torch.randint(1, 12, (len(prompts),), generator=generator).tolist()
    batch = [Sampled(prompt, draw(length), None) for prompt, length in zip(prompts, lengths, strict=True)]
    return [Sampled(one.prompt_ids, [] if i == 5 else one.completion_ids, None) for i, one in enumerate(batch)]


def settings(**more) -> RLSettings:
    return RLSettings(
        **{"steps": 4, "problems_per_step": 2, "group_size": GROUP, "warmup_steps": 0, "max_completion_tokens": 16}
        | {"max_grad_norm": 1e9, "learning_rate": 1e-3}
        | more
    )


def gradients(loaded, rl: RLSettings, batch: list[Sampled], weights: list[float]):
    """Loss and gradients of one update of ours."""
    found = {}
    with forward_restored(loaded.model):
        updater = Updater(loaded, rl)
        named = dict(loaded.model.named_parameters())
        updater._optimizer.register_step_pre_hook(
            lambda *_: found.update({n: p.grad.clone() for n, p in named.items()})
        )
        update = updater.step(batch, weights, 1)
    return update["loss"], found


@pytest.mark.parametrize("heads", [4, 2])
def test_logprobs_are_those_of_the_plain_computation(heads):
    loaded = tiny_model(num_key_value_heads=heads, hidden_size=64, num_hidden_layers=2)
    batch = make_batch()
    with forward_restored(loaded.model), torch.no_grad():
        logps, entropy, mask = Updater(loaded, settings())._logps(loaded.model, batch)
    for row, ent, kept, one in zip(logps, entropy, mask, batch, strict=True):
        length = len(one.completion_ids)
        assert int(kept.sum()) == length
        if length:
            logits = loaded.model(torch.tensor([one.prompt_ids + one.completion_ids])).logits[0]
            plain = logits[len(one.prompt_ids) - 1 : -1].log_softmax(-1)
            assert torch.allclose(
                row[:length], plain.gather(-1, torch.tensor(one.completion_ids)[:, None])[:, 0], atol=1e-5
            )
            assert (ent[:length] > 0).all()
        assert not row[length:].any()


@pytest.mark.parametrize("micro_batch", [None, 4])
@pytest.mark.parametrize("loss", ["dapo", "grpo", "bnpo", "dr_grpo"])
def test_loss_and_gradients_are_those_of_trls_plain_trainer(tmp_path, loss, micro_batch):
    """TRL's trainer, nothing overridden, gets our completions through its own hook and scores them itself."""
    loaded = tiny_model(hidden_size=32, num_hidden_layers=2, vocab_size=512)
    batch, rewards = make_batch(), [1.0, 0.0, 0.0, -1.0, 1.0, 1.0, 0.0, 0.0]
    rl = settings(loss=loss, micro_batch=micro_batch)
    weights = advantages(torch.tensor(rewards), GROUP, rl.scale_rewards).tolist()
    reference = copy.deepcopy(loaded.model)
    ours, mine = gradients(loaded, rl, batch, weights)
    with quiet():
        trainer = plain_trainer(tmp_path, reference, loaded.tokenizer, rl)
    theirs, inputs = 0.0, trl_inputs(batch, weights, rl)
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = len(inputs)
    for part in inputs:
        value = trainer.compute_loss(trainer.model, part)
        value.backward()
        theirs += float(value.detach())
    assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-6)
    for name, parameter in reference.named_parameters():
        assert torch.allclose(mine[name], parameter.grad, rtol=1e-3, atol=1e-6), name


def plain_trainer(folder, model, tokenizer, rl: RLSettings) -> GRPOTrainer:
    count = rl.problems_per_step * rl.group_size
    per_pass = rl.micro_batch or count
    config = GRPOConfig(
        output_dir=str(folder), per_device_train_batch_size=per_pass, gradient_accumulation_steps=count // per_pass,
        num_generations=rl.group_size, max_completion_length=rl.max_completion_tokens, loss_type=rl.loss,
        epsilon=rl.epsilon, epsilon_high=rl.epsilon_high, scale_rewards=rl.scale_rewards, beta=0.0, temperature=1.0,
        use_cpu=True, report_to="none", bf16=False,
    )  # fmt: skip
    data = Dataset.from_dict({"prompt": ["x"] * count})
    return GRPOTrainer(
        model=model, reward_funcs=[lambda **_: [0.0]], args=config, train_dataset=data, processing_class=tokenizer
    )


def trl_inputs(batch: list[Sampled], weights: list[float], rl: RLSettings) -> list[dict]:
    """The batch as TRL hands it to its loss: prompts padded on the left, completions on the right."""
    left, right = (max(len(getattr(one, key)) for one in batch) for key in ("prompt_ids", "completion_ids"))
    prompts, completions = (
        torch.zeros(len(batch), left, dtype=torch.long),
        torch.zeros(len(batch), right, dtype=torch.long),
    )
    seen, scored = torch.zeros_like(prompts), torch.zeros_like(completions)
    for i, one in enumerate(batch):
        prompts[i, left - len(one.prompt_ids) :] = torch.tensor(one.prompt_ids)
        seen[i, left - len(one.prompt_ids) :] = 1
        completions[i, : len(one.completion_ids)] = torch.tensor(one.completion_ids, dtype=torch.long)
        scored[i, : len(one.completion_ids)] = 1
    whole = {"prompt_ids": prompts, "prompt_mask": seen, "completion_ids": completions, "completion_mask": scored}
    whole |= {"advantages": torch.tensor(weights)}
    size = rl.micro_batch or len(batch)
    return [
        {key: value[start : start + size] for key, value in whole.items()} | {"num_items_in_batch": scored.sum()}
        for start in range(0, len(batch), size)
    ]


@pytest.mark.parametrize("scale", ["none", "group", "batch"])
def test_advantages_are_those_of_trls_own_arithmetic(scale):
    rewards = torch.tensor([1.0, 0.0, 0.0, -1.0, 1.0, 1.0, 0.0, 0.5])
    found = advantages(rewards, GROUP, scale)
    centred = rewards - torch.cat([g.mean().repeat(GROUP) for g in rewards.split(GROUP)])
    spread = {
        "none": torch.ones(8),
        "group": torch.cat([g.std().repeat(GROUP) for g in rewards.split(GROUP)]) + 1e-4,
        "batch": rewards.std() + 1e-4,
    }[scale]
    assert torch.allclose(found, centred / spread)


def test_a_saved_state_goes_on_as_if_nothing_had_happened(tmp_path):
    rl, batch = settings(schedule="cosine", max_grad_norm=1.0), make_batch()
    weights = [1.0, -1.0] * GROUP
    left = tiny_model(hidden_size=32, num_hidden_layers=2, vocab_size=512)
    right = copy.deepcopy(left)
    with forward_restored(left.model), forward_restored(right.model):
        whole = Updater(left, rl)
        first = Updater(right, rl)
        for number in (1, 2):
            whole.step(batch, weights, number)
            first.step(batch, weights, number)
        first.save(tmp_path)
        again = Updater(right, rl)
        again.load(tmp_path)
        assert whole.step(batch, weights, 3) == again.step(batch, weights, 3)
    assert all(torch.equal(a, b) for a, b in zip(left.model.parameters(), right.model.parameters(), strict=True))
