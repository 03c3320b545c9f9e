import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from spillover.training.grpo import packed_logps
from trl.trainer.utils import add_fused_lm_head

from spillover.models.tiny import tiny_model
from spillover.training.packing import IGNORED, pack

tokens = st.lists(st.integers(5, 99), min_size=1, max_size=5)


@given(st.lists(st.tuples(st.integers(0, 2), st.lists(st.integers(5, 99), max_size=6)), min_size=1), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_every_completion_token_is_scored_once_at_its_place(pairs, row_tokens):
    prompts = [[[11, 12], [13], [14, 15, 16]][which] for which, _ in pairs]
    completions = [completion for _, completion in pairs]
    if not any(completions):
        return
    packed = pack(prompts, completions, 6, row_tokens)
    labels = packed.shift_labels.view(-1)
    for completion, places in zip(completions, packed.places.tolist(), strict=True):
        assert labels[places[: len(completion)]].tolist() == completion
    assert int((labels != IGNORED).sum()) == sum(map(len, completions))


def test_rows_hold_as_many_completions_as_fit_and_never_two_prompts():
    packed = pack([[1, 2]] * 3 + [[3, 4]], [[7] * 4, [8] * 4, [9] * 4, [7] * 4], 4, row_tokens=8)
    assert packed.input_ids.shape == (3, 1 + 8)


def test_a_completion_sees_its_prompt_and_itself_only():
    packed = pack([[1, 2, 3]] * 2, [[7, 8], [9]], 2)
    visible = packed.attention_mask[0, 0]
    assert packed.input_ids[0].tolist() == [1, 2, 3, 7, 3]
    assert visible[4].tolist() == [True, True, False, False, True]
    assert visible[3].tolist() == [True, True, True, True, False]
    assert packed.position_ids[0].tolist() == [0, 1, 2, 3, 2]


def test_rows_of_one_completion_need_no_mask():
    assert pack([[1, 2], [3, 4]], [[7], [8]], 1).attention_mask is None


@pytest.mark.parametrize("heads", [4, 2])
def test_logprobs_and_gradients_are_those_of_the_plain_computation(heads):
    model = tiny_model(num_key_value_heads=heads, hidden_size=64, num_hidden_layers=2).model
    add_fused_lm_head(model, outputs=("log_probs", "entropy"))
    generator = torch.Generator().manual_seed(0)

    def draw(length):
        return torch.randint(5, 500, (length,), generator=generator).tolist()

    prompts = [p for p in (draw(20), draw(31)) for _ in range(4)]
    completions = [draw(int(n)) for n in torch.randint(1, 12, (8,), generator=generator)]
    width, left = max(map(len, completions)), max(map(len, prompts))
    ids, mask = torch.zeros(8, left + width, dtype=torch.long), torch.zeros(8, left + width, dtype=torch.long)
    for i, (p, c) in enumerate(zip(prompts, completions, strict=True)):
        ids[i, left - len(p) : left + len(c)] = torch.tensor(p + c)
        mask[i, left - len(p) : left + len(c)] = 1

    def plain():
        out = torch.zeros(8, width)
        rows = []
        for p, c in zip(prompts, completions, strict=True):
            logits = model(torch.tensor([p + c])).logits[0, len(p) - 1 : -1]
            rows.append(logits.log_softmax(-1).gather(-1, torch.tensor(c)[:, None])[:, 0])
        return out, rows

    def gradient(loss):
        model.zero_grad()
        loss.backward()
        return torch.cat([p.grad.flatten() for p in model.parameters()])

    logps, entropy = packed_logps(model, ids, mask, width, True)
    _, rows = plain()
    for i, row in enumerate(rows):
        assert torch.allclose(logps[i, : len(row)], row, atol=1e-5)
        assert not logps[i, len(row) :].any()
    assert (entropy[logps != 0] > 0).all()
    weights = torch.randn(8, generator=generator)
    ours = gradient((logps.sum(1) * weights).sum())
    theirs = gradient(sum(row.sum() * w for row, w in zip(plain()[1], weights, strict=True)))
    assert torch.allclose(ours, theirs, atol=1e-4, rtol=1e-4)
