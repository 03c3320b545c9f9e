"""The text of a model's turn keeps whatever tells its reasoning from its answer."""

from dataclasses import replace

import pytest
from tokenizers import AddedToken

from spillover.core.text import split_reasoning
from spillover.models.loading import LoadedModel
from spillover.models.sampling import encode_chat, sample
from spillover.models.tiny import tiny_model
from spillover.models.turns import texts_of

OWN = (("[THINK]", "[/THINK]"),)
ASKED = [{"role": "user", "content": "Why?"}]


@pytest.fixture
def loaded() -> LoadedModel:
    return tiny_model(hidden_size=32, num_hidden_layers=1, intermediate_size=32)


def read(loaded: LoadedModel, text: str, prompt: str = "Why?") -> str:
    ids = [loaded.tokenizer(one, add_special_tokens=False)["input_ids"] for one in (prompt, text)]
    return texts_of(loaded, [ids[0]], [[ids[1]]])[0]


def test_special_tokens_are_dropped_but_for_tags_of_reasoning(loaded: LoadedModel) -> None:
    tags = ["[THINK]", "[/THINK]", "<think>", "</think>"]
    loaded.tokenizer.add_tokens([AddedToken(tag, special=True) for tag in tags])
    text = "<|assistant|><think>hm</think>[THINK]well[/THINK]yes<|end|>"
    assert read(loaded, text) == "<think>hm</think>wellyes"
    assert read(replace(loaded, reasoning_tags=OWN), text) == "<think>hm</think>[THINK]well[/THINK]yes"


def test_without_special_tags_nothing_changes(loaded: LoadedModel) -> None:
    assert read(loaded, "<think>hm</think> yes<|end|>") == "<think>hm</think> yes"


@pytest.mark.parametrize("opening", ["<think>", "<thinking>", "[THINK]"])
def test_reasoning_that_the_template_opened_is_reasoning_even_where_it_is_cut_off(
    loaded: LoadedModel, opening: str
) -> None:
    loaded = replace(loaded, reasoning_tags=OWN)
    loaded.tokenizer.chat_template += f"{opening}\n"
    [[one]] = sample(loaded, [ASKED], max_tokens=5)
    assert one.text.startswith(f"{opening}\n")
    said = split_reasoning(one.text, OWN)
    assert (said.answer, said.finished) == ("", False)


def test_a_prompt_that_speaks_of_a_tag_opens_none(loaded: LoadedModel) -> None:
    ids = encode_chat(loaded, [{"role": "user", "content": "Reason in <thinking>"}])
    assert texts_of(loaded, [ids], [[[70], [71]]]) == loaded.tokenizer.batch_decode([[70], [71]])
