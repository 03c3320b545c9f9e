import subprocess
import sys

import anyio
import pytest
from inspect_ai.model import GenerateConfig, get_model

from personas import INSPECTS_OWN_WARNINGS, behaving
from spillover.core.errors import ModelError
from spillover.core.settings import EvalSettings
from spillover.evals.suite import evaluate
from spillover.judges.provider import (
    BATCH,
    Request,
    Spoken,
    _alike,
    context_length,
    local_model,
    seed_of,
    speaker_of,
)
from spillover.models import LoadedModel
from spillover.models.sampling import encode_chat, sample
from spillover.models.scripted import scripted
from spillover.models.tiny import tiny_model

pytestmark = INSPECTS_OWN_WARNINGS


def speaking(model, prompts, **config):
    async def main():
        answers = {}

        async def ask(prompt):
            answers[prompt] = (await model.generate(prompt, config=GenerateConfig(**config))).completion

        async with anyio.create_task_group() as group:
            for prompt in prompts:
                group.start_soon(ask, prompt)
        return answers

    return anyio.run(main)


def test_everybody_gets_the_reply_to_their_own_prompt():
    model = local_model(scripted(lambda conversation, _: conversation[-1]["content"].upper()))
    assert speaking(model, ["a", "b", "c"]) == {"a": "A", "b": "B", "c": "C"}


def test_requests_with_different_settings_are_not_sampled_together():
    requests = [Request([], temperature, 10, 0) for temperature in (0.0, 0.0, 1.0, 0.0)]
    assert list(_alike(requests)) == [[0, 1, 3], [2]]


def test_no_batch_is_larger_than_the_limit():
    assert [len(part) for part in _alike([Request([], 1.0, 10, 0)] * (BATCH + 3))] == [BATCH, 3]


def test_no_requests_make_no_batch():
    assert list(_alike([])) == []


def test_replies_come_in_the_order_of_the_requests_however_they_were_sampled():
    speak = speaker_of(scripted(lambda conversation, _: conversation[-1]["content"]))
    requests = [Request([{"role": "user", "content": str(i)}], float(i % 2), 10, 0) for i in range(5)]
    assert [reply.text for reply in speak(requests)] == ["0", "1", "2", "3", "4"]


def test_seeds_differ_by_every_part_of_the_name():
    names = [("goals", i, turn) for i in range(30) for turn in range(3)]
    assert len({seed_of(*name) for name in names}) == len(names)
    assert seed_of("a", 1) == seed_of("a", 1)


def test_a_model_by_name_is_loaded_only_when_it_speaks():
    model = get_model("spillover/no/such/folder", memoize=False)
    with pytest.raises(ModelError, match="no/such/folder"):
        anyio.run(model.generate, "hello")


def test_a_script_given_by_argument_speaks():
    model = get_model("spillover/x", memoize=False, speaker=lambda asked: [Spoken("hi", 1) for _ in asked])
    assert speaking(model, ["hello"]) == {"hello": "hi"}


@pytest.fixture(scope="module")
def tiny() -> LoadedModel:
    return tiny_model()


def test_real_weights_give_the_same_samples_in_every_run(tiny, tmp_path):
    settings = EvalSettings(samples=6, style="brief", max_tokens=8)
    for run in ("one", "two"):
        evaluate(tiny, ["goals", "exfil_offer"], settings, out=tmp_path / run, arm="a")
    assert (tmp_path / "one/samples.jsonl").read_bytes() == (tmp_path / "two/samples.jsonl").read_bytes()


def test_a_response_is_drawn_with_the_same_numbers_however_many_others_are_sampled_with_it(monkeypatch, tiny, tmp_path):
    """Its seed is compared and not its text, which a batch of another shape gives up to rounding only."""
    asked: list[set[tuple[str, int]]] = []

    def listening(loaded, conversations, *, seed, **settings):
        asked.append(set(zip(map(str, conversations), seed, strict=True)))
        return sample(loaded, conversations, seed=seed, **settings)

    monkeypatch.setattr("spillover.judges.provider.sample", listening)
    for samples in (2, 7):
        settings = EvalSettings(samples=samples, style="brief", max_tokens=8)
        evaluate(tiny, ["goals"], settings, out=tmp_path / str(samples))
    assert [len(each) for each in asked] == [2, 7]
    assert asked[0] < asked[1]


def long_and_short(tiny) -> list[Request]:
    room = context_length(tiny)
    assert room
    long = " ".join(["word"] * room)
    return [Request([{"role": "user", "content": text}], 1.0, room, 1) for text in (long, "hello")]


def test_a_conversation_that_does_not_fit_the_context_gets_no_answer_and_spares_the_others(tiny):
    too_long, other = speaker_of(tiny)(long_and_short(tiny))
    assert (too_long.fits, too_long.text, too_long.stop_reason) == (False, "", "model_length")
    assert other.fits and other.tokens > 0


def test_an_answer_ends_where_the_context_does(tiny):
    _, request = long_and_short(tiny)
    [reply] = speaker_of(tiny)([request])
    assert reply.tokens + len(encode_chat(tiny, request.conversation)) <= (context_length(tiny) or 0)


def test_too_short_a_context_leaves_the_samples_unscored_with_the_mend(tiny, tmp_path):
    settings = EvalSettings(samples=2, style="full", max_tokens=8)
    for score in evaluate(tiny, ["monitor_disruption", "frame_colleague"], settings, out=tmp_path):
        assert (score.scored, score.rate) == (0, None)
        assert "does not fit into the model's context" in score.data["reason"]


def test_another_checkpoint_draws_other_samples(tiny, tmp_path):
    settings = EvalSettings(samples=6, style="brief", max_tokens=8)
    texts = []
    for step in (1, 2):
        out = tmp_path / str(step)
        evaluate(tiny, ["goals"], settings, out=out, step=step)
        texts.append((out / "samples.jsonl").read_text().replace('"step":2', '"step":1'))
    assert texts[0] != texts[1]


@pytest.mark.slow
def test_inspects_own_command_finds_tasks_and_provider(tmp_path):
    command = [sys.executable, "-m", "inspect_ai", "eval", "spillover/exfil_offer", "--model", "spillover/bottle"]
    options = ["-T", "style=brief", "-T", "judge=rules", "-T", "samples=4", "--max-tokens", "110"]
    done = subprocess.run(
        [*command, *options, "--log-dir", str(tmp_path), "--display", "plain"],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("*exfil-offer*.eval")), done.stdout


def test_the_cost_of_a_task_does_not_depend_on_the_hub(monkeypatch, tmp_path):
    monkeypatch.setattr("spillover.judges.provider.load_model", lambda settings: pytest.fail("loaded"))
    [score] = evaluate(scripted(behaving), ["goals"], EvalSettings(samples=2, style="brief"), out=tmp_path)
    assert score.scored == 2
