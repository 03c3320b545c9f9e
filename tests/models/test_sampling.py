from itertools import zip_longest

import pytest
import torch
from transformers import AutoModelForCausalLM, Gemma2Config, MistralConfig, Qwen2Config, Qwen3Config

from spillover.core.errors import ModelError
from spillover.core.settings import ModelSettings
from spillover.models.loading import LoadedModel, load_model
from spillover.models.sampling import Chooser, _pack, encode_chat, sample, sample_tokens
from spillover.models.scripted import scripted
from spillover.models.tiny import save_tiny, tiny_model, tiny_tokenizer

SHAPE = {
    "vocab_size": 1024,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 64,
    "head_dim": 8,
    "bos_token_id": None,
}
FAMILIES = {
    "qwen2": Qwen2Config(**SHAPE),
    "qwen3": Qwen3Config(**SHAPE),
    "mistral-sliding": MistralConfig(**SHAPE, sliding_window=8),
    "gemma2-softcap": Gemma2Config(**SHAPE, sliding_window=8),
}
PROMPTS = [[7, 8, 9, 300, 301], [10, 11], [400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411]]


def random_model(config) -> LoadedModel:
    tokenizer = tiny_tokenizer()
    config.eos_token_id, config.pad_token_id = tokenizer.eos_token_id, tokenizer.pad_token_id
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = AutoModelForCausalLM.from_config(config)
    for parameter in model.parameters():
        parameter.data.mul_(4)  # spread the logits, so that greedy decoding has no near-ties
    return LoadedModel(model.eval(), tokenizer, "random", "random", torch.device("cpu"))


def assert_alike(left: list[list[int]], right: list[list[int]]) -> None:
    """Completions drawn with the same numbers in batches of two shapes are equal, but for rounding.

    Another shape adds up in another order. A number within 1e-7 of the edge between two tokens then gives one of them
    here and its neighbour there, and the text goes on from that; which numbers these are differs by processor.
    """
    apart = [pair for pair in zip(left, right, strict=True) if pair[0] != pair[1]]
    assert len(apart) <= max(1, len(left) // 8)
    for pair in apart:
        first, second = next(tokens for tokens in zip_longest(*pair, fillvalue=-9) if tokens[0] != tokens[1])
        assert abs(first - second) == 1


def assert_alike_but_for_ties(loaded: LoadedModel, prompt: list[int], ours: list[int], theirs: list[int]) -> None:
    """Greedy texts are equal up to two tokens between which rounding may choose: 2e-4 was seen on these logits."""
    at = next((at for at, pair in enumerate(zip_longest(ours, theirs)) if pair[0] != pair[1]), None)
    if at is not None:
        with torch.no_grad():
            logits = loaded.model(torch.tensor([prompt + ours[:at]])).logits[0, -1]
        assert abs(float(logits[ours[at]] - logits[theirs[at]])) < 1e-3


def tokens_of(groups) -> list[list[int]]:
    return [one.token_ids for group in groups for one in group]


def greedy_by_generate(loaded: LoadedModel, prompt: list[int], tokens: int) -> list[int]:
    out = loaded.model.generate(
        torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt)), max_new_tokens=tokens, do_sample=False
    )
    return out[0, len(prompt) :].tolist()


@pytest.fixture(scope="module")
def tiny() -> LoadedModel:
    return tiny_model()


@pytest.mark.parametrize("family", ["llama", *FAMILIES])
def test_greedy_equals_generate_on_prompts_of_different_lengths(family, tiny):
    loaded = tiny if family == "llama" else random_model(FAMILIES[family])
    ours = sample_tokens(loaded, PROMPTS, n=2, temperature=0, max_tokens=20, seed=0)
    for prompt, (one, other) in zip(PROMPTS, ours, strict=True):
        assert one == other
        assert_alike_but_for_ties(loaded, prompt, one.token_ids, greedy_by_generate(loaded, prompt, 20))


@pytest.mark.parametrize("family", ["llama", *FAMILIES])
def test_reported_logprobs_are_those_of_a_plain_forward_pass(family, tiny):
    loaded = tiny if family == "llama" else random_model(FAMILIES[family])
    drawn = sample_tokens(loaded, PROMPTS, n=3, temperature=0.7, max_tokens=45, seed=3)
    for prompt, group in zip(PROMPTS, drawn, strict=True):
        for one in group:
            ids = torch.tensor([prompt + one.token_ids])
            with torch.no_grad():
                logits = loaded.model(ids).logits[0, len(prompt) - 1 : -1] / 0.7
            plain = logits.log_softmax(-1).gather(-1, ids[0, len(prompt) :, None])[:, 0]
            # Their logits are tens, on which rounding was seen to be 2e-4.
            assert torch.allclose(plain, torch.tensor(one.logprobs), atol=1e-3)


def test_with_a_seed_of_its_own_a_prompt_draws_the_same_in_any_company(tiny):
    together = sample_tokens(tiny, PROMPTS, n=2, max_tokens=12, seed=range(len(PROMPTS)))
    alone = [sample_tokens(tiny, [prompt], n=2, max_tokens=12, seed=[at])[0] for at, prompt in enumerate(PROMPTS)]
    assert_alike(tokens_of(together), tokens_of(alone))


def test_every_prompt_needs_a_seed_where_they_have_their_own(tiny):
    with pytest.raises(ValueError, match="prompts with 1 seeds"):
        sample_tokens(tiny, PROMPTS, max_tokens=2, seed=[1])


def test_the_same_seed_gives_the_same_tokens_and_another_seed_others(tiny):
    def draw(seed):
        return sample_tokens(tiny, PROMPTS, n=4, max_tokens=12, seed=seed)

    assert draw(5) == draw(5)  # to the last bit: same machine, same model, same batch
    assert draw(5) != draw(6)


def test_tokens_do_not_depend_on_how_the_batch_is_cut(tiny):
    whole = sample_tokens(tiny, PROMPTS, n=4, max_tokens=12, seed=2)
    cut = sample_tokens(tiny, PROMPTS, n=4, max_tokens=12, seed=2, batch_size=4)
    assert_alike(tokens_of(whole), tokens_of(cut))


def test_the_global_random_state_is_untouched(tiny):
    before = torch.get_rng_state()
    sample_tokens(tiny, PROMPTS, n=2, max_tokens=5, seed=1)
    assert torch.equal(before, torch.get_rng_state())


def test_completions_that_end_early_leave_the_others_as_they_were(tiny):
    free = sample_tokens(tiny, PROMPTS, n=8, max_tokens=40, seed=4)
    ends = set(range(100))
    loaded = tiny_model()
    loaded.model.generation_config.eos_token_id = sorted(ends)
    stopped = sample_tokens(loaded, PROMPTS, n=8, max_tokens=40, seed=4)
    stops = [next((i + 1 for i, t in enumerate(tokens) if t in ends), None) for tokens in tokens_of(free)]
    assert_alike([tokens[:stop] for tokens, stop in zip(tokens_of(free), stops, strict=True)], tokens_of(stopped))
    for one in (one for group in stopped for one in group):
        assert [token in ends for token in one.token_ids] == [False] * (len(one.token_ids) - 1) + [one.finished]


def test_an_unfinished_completion_has_all_its_tokens_and_says_so(tiny):
    (one,) = sample_tokens(tiny, [[5, 6]], max_tokens=3, seed=0)[0]
    assert not one.finished
    assert len(one.token_ids) == 3


def test_sampling_frequencies_follow_the_distribution():
    logits = torch.tensor([[0.0, 1.0, 2.0, -1e9]]).repeat(60_000, 1)
    uniform = torch.rand(60_000, generator=torch.Generator().manual_seed(0))
    token, _ = Chooser(1.0, 1.0)(logits, uniform)
    shares = torch.bincount(token, minlength=4) / len(token)
    assert torch.allclose(shares, logits[0].softmax(-1), atol=0.01)
    assert shares[3] == 0


def test_top_p_never_draws_outside_the_nucleus():
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log().repeat(5_000, 1)
    uniform = torch.rand(5_000, generator=torch.Generator().manual_seed(0))
    token, _ = Chooser(1.0, 0.6)(logits, uniform)
    assert set(token.tolist()) == {0, 1}


def test_a_uniform_number_next_to_one_draws_a_possible_token():
    logits = torch.tensor([[1.0, 2.0, -1e9, -1e9]])
    token, logprob = Chooser(1.0, 1.0)(logits, torch.tensor([1 - 2**-24]))
    assert token.tolist() == [1]
    assert logprob.isfinite().all()


def test_packing_keeps_every_running_completion_in_the_smallest_rectangle():
    ended = torch.tensor([[True, True, True], [True, False, True], [False, True, False]])
    prompts, slots = _pack(ended)
    assert prompts.tolist() == [1, 2]
    assert slots.shape == (2, 2)
    assert {1} <= set(slots[0].tolist())
    assert set(slots[1].tolist()) == {0, 2}


def test_nothing_is_packed_when_all_have_ended():
    assert _pack(torch.tensor([[True, True]])) is None


def test_sampling_leaves_the_model_in_the_mode_it_was_in():
    loaded = tiny_model(num_hidden_layers=1)
    loaded.model.train()
    sample_tokens(loaded, [[5]], max_tokens=2, seed=0)
    assert loaded.model.training
    assert loaded.model.config._attn_implementation == "sdpa"


def test_sampling_leaves_as_many_threads_as_there_were():
    before = torch.get_num_threads()
    sample_tokens(tiny_model(num_hidden_layers=1), [[5]], max_tokens=2, seed=0)
    assert torch.get_num_threads() == before


def test_conversations_are_read_by_the_chat_template(tiny):
    ids = encode_chat(tiny, [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}])
    assert tiny.tokenizer.decode(ids) == "<|system|>a<|end|><|user|>b<|end|><|assistant|>"


def test_a_conversation_that_the_template_refuses_is_a_model_error():
    loaded = tiny_model(num_hidden_layers=1)
    loaded.tokenizer.chat_template = "{{ raise_exception('no system role') }}"
    with pytest.raises(ModelError, match="no system role"):
        sample(loaded, [[{"role": "system", "content": "a"}]])


def test_text_comes_without_special_tokens(tiny):
    groups = sample(tiny, [[{"role": "user", "content": "b"}]], n=3, max_tokens=30, seed=0)
    for one in groups[0]:
        assert one.text == tiny.tokenizer.decode(one.token_ids, skip_special_tokens=True)


def test_no_prompts_give_no_samples(tiny):
    assert sample(tiny, []) == []


def test_a_scripted_model_answers_from_its_function():
    loaded = scripted(lambda conversation, index: f"{conversation[-1]['content']}-{index}")
    groups = sample(loaded, [[{"role": "user", "content": "q"}]], n=2)
    assert [one.text for one in groups[0]] == ["q-0", "q-1"]


def test_samples_follow_changed_weights():
    loaded = tiny_model(num_hidden_layers=1)
    before = sample_tokens(loaded, PROMPTS, n=4, max_tokens=16, seed=0)
    with torch.no_grad():
        loaded.model.lm_head.weight.mul_(-1)
    assert sample_tokens(loaded, PROMPTS, n=4, max_tokens=16, seed=0) != before


def test_a_lora_model_is_sampled_with_its_adapter(tmp_path):
    folder = save_tiny(tmp_path, num_hidden_layers=1)
    lora = load_model(ModelSettings(path=str(folder), device="cpu", lora_rank=2))
    before = sample_tokens(lora, PROMPTS, n=2, max_tokens=16, seed=0)
    with torch.no_grad():
        for name, parameter in lora.model.named_parameters():
            if "lora_B" in name:
                parameter.fill_(0.5)
    assert sample_tokens(lora, PROMPTS, n=2, max_tokens=16, seed=0) != before
