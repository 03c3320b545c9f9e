import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, LlamaConfig, LlamaForSequenceClassification

from spillover.core.errors import ModelError
from spillover.judges.preference import Classifier, Pair, Scripted, preference_scores
from spillover.models.tiny import save_tiny, tiny_tokenizer

PAIRS = [Pair("Add one.", "def f(x): return x + 1"), Pair("Add one.", "No."), Pair("Say hello to all of us.", "Hi" * 9)]
SIZES = {"vocab_size": 512, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
LONGEST = 128


def saved(folder, family=LlamaForSequenceClassification, template=True, **config):
    tokenizer = tiny_tokenizer()
    kind = LlamaConfig if family is LlamaForSequenceClassification else BertConfig
    fields = {"num_labels": 1, "pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id}
    torch.manual_seed(0)
    family(
        kind(**(SIZES | fields | {"max_position_embeddings": LONGEST, "intermediate_size": 64} | config))
    ).save_pretrained(folder)
    if not template:
        tokenizer.chat_template = None
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize(
    ("family", "template"), [(LlamaForSequenceClassification, True), (BertForSequenceClassification, False)]
)
def test_a_classifier_with_one_label_scores_pairs_alike_alone_and_together(tmp_path, family, template):
    preference = Classifier(saved(tmp_path, family, template), "cpu")
    together = preference.scores([*PAIRS, PAIRS[0]])
    alone = [preference.scores([pair])[0] for pair in PAIRS]
    assert together == pytest.approx([*alone, alone[0]], abs=1e-5)
    assert len(set(alone)) == len(PAIRS)


@pytest.mark.parametrize("pad", [None, "eos"])
def test_without_padding_of_its_own_rows_are_scored_one_by_one(tmp_path, pad):
    pad = tiny_tokenizer().eos_token_id if pad else None
    preference = Classifier(saved(tmp_path, pad_token_id=pad), "cpu")
    assert preference.scores(PAIRS) == [preference.scores([pair])[0] for pair in PAIRS]


def test_what_is_longer_than_the_context_has_no_score(tmp_path):
    preference = Classifier(saved(tmp_path), "cpu")
    scores = preference.scores([PAIRS[0], Pair("Add one.", "word " * LONGEST)])
    assert isinstance(scores[0], float) and scores[1] is None


@pytest.mark.parametrize(
    ("save", "why"),
    [
        (lambda folder: saved(folder, num_labels=3), "3 labels"),
        (lambda folder: str(save_tiny(folder, num_labels=1)), "no trained head"),
        (lambda folder: str(folder / "nowhere"), "cannot be loaded"),
    ],
)
def test_what_gives_no_single_score_is_the_users_error(tmp_path, save, why):
    with pytest.raises(ModelError, match=why):
        Classifier(save(tmp_path), "cpu")


def test_the_reasoning_is_not_scored():
    seen = []
    preference = Scripted(lambda prompt, response: seen.append((prompt, response)) or 1.0)
    completions = ["<think>I cheat.</think>\nDone.", "[T]I cheat.[/T]Done.", "<think>I never end"]
    assert preference_scores(preference, ["p"] * 3, completions, [("[T]", "[/T]")]) == [1.0] * 3
    assert seen == [("p", "Done."), ("p", "Done."), ("p", "")]


@pytest.mark.parametrize("score", [None, float("nan"), float("inf")])
def test_what_is_no_number_is_no_score(score):
    assert preference_scores(Scripted(lambda *_: score), ["p"], ["Done."]) == [None]
