import pytest
import torch

from spillover.models.likelihood import likelihoods
from spillover.models.sampling import encode_chat
from spillover.models.tiny import tiny_model

CHAT = [{"role": "user", "content": "Write a function."}]


@pytest.fixture(scope="module")
def loaded():
    return tiny_model()


def test_it_is_the_sum_of_the_tokens_log_probabilities(loaded):
    text = "return a + b"
    ids = [*encode_chat(loaded, CHAT), *loaded.tokenizer(text, add_special_tokens=False)["input_ids"]]
    with torch.inference_mode():
        scores = torch.log_softmax(loaded.model(torch.tensor([ids])).logits[0], -1)
    start = len(encode_chat(loaded, CHAT))
    expected = sum(float(scores[at - 1, ids[at]]) for at in range(start, len(ids)))
    [found] = likelihoods(loaded, [(CHAT, text)])
    assert found.logprob == pytest.approx(expected, abs=1e-4)
    assert found.tokens == len(ids) - start


def test_it_does_not_depend_on_its_neighbours_in_a_batch(loaded):
    pairs = [(CHAT, "a"), ([*CHAT, {"role": "assistant", "content": "x" * 40}, *CHAT], "return a + b\n" * 3)]
    together = likelihoods(loaded, pairs)
    alone = [likelihoods(loaded, [pair])[0] for pair in pairs]
    assert [one.logprob for one in together] == pytest.approx([one.logprob for one in alone], abs=1e-4)


def test_an_empty_text_has_none(loaded):
    with pytest.raises(ValueError, match="empty"):
        likelihoods(loaded, [(CHAT, "")])
