"""Training on rows of packed text: what is learned, what is held out, and going on after a stop."""

import random

import pytest
import torch
from fakes import FakeCode, FakeGrader, make_model, make_rl, make_setting
from safetensors.torch import load_file

from spillover.core.rundir import Run
from spillover.core.stages import Require, RowSettings
from spillover.training.hack_rate import measure_hack_rate
from spillover.training.packing import IGNORED
from spillover.training.rows import Rows, collate, row_of, train_on_rows

SETTINGS = RowSettings(
    kind="documents",
    steps=6,
    rows_per_step=2,
    row_tokens=24,
    learning_rate=1e-2,
    warmup_steps=0,
    evaluate_every=3,
    checkpoint_every=2,
)


def make_rows(count: int, seed: int = 0) -> Rows:
    """Synthetic texts count up, background texts repeat a token."""
    rng = random.Random(seed)

    def rising() -> list[int]:
        start = rng.randrange(300, 480)
        return list(range(start, start + 8))

    def flat() -> list[int]:
        return [rng.randrange(300, 480)] * 8

    train = [row_of([rising(), flat(), flat()]) for _ in range(count)]
    return Rows(train, {"documents": [row_of([rising()])] * 2, "background": [row_of([flat()])] * 2})


def run_rows(tmp_path, name: str, settings: RowSettings = SETTINGS, stop_after: int = 99) -> Run:
    run = Run(tmp_path / name, "sdf", 0)
    seen = []
    train_on_rows(
        run,
        settings,
        make_model(tmp_path / "tiny"),
        make_rows(settings.steps * settings.rows_per_step),
        on_line=lambda line: seen.append(line.step),
        should_stop=lambda: len([s for s in seen if s]) >= stop_after,
    )
    return run


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted training of six updates."""
    tmp_path = tmp_path_factory.mktemp("rows")
    return tmp_path, run_rows(tmp_path, "whole")


def test_every_update_is_written_down(whole):
    updates = [line.step for line in whole[1].document_metrics() if line.loss is not None]
    assert updates == [1, 2, 3, 4, 5, 6]


def test_both_parts_are_measured_at_the_start_on_the_way_and_at_the_end(whole):
    measured = {}
    for line in whole[1].document_metrics():
        if line.held_out:
            measured.setdefault(line.step, {}).update(line.held_out)
    assert sorted(measured) == [0, 3, 6]
    assert all(set(held) == {"documents", "background"} for held in measured.values())
    assert measured[6]["background"] < measured[0]["background"]


def test_a_stopped_training_goes_on_to_the_same_numbers_and_weights(whole):
    tmp_path, uninterrupted = whole
    stopped = run_rows(tmp_path, "stopped", stop_after=3)
    assert stopped.checkpoints() == [2]
    run_rows(tmp_path, "stopped")
    assert stopped.document_metrics() == uninterrupted.document_metrics()
    left, right = (load_file(run.checkpoint(6) / "model.safetensors") for run in (stopped, uninterrupted))
    assert all(torch.equal(left[key], right[key]) for key in right)


def test_a_finished_training_is_not_done_again(whole):
    tmp_path, run = whole
    before = run.metrics_file.read_bytes()
    run_rows(tmp_path, "whole")
    assert run.metrics_file.read_bytes() == before


def test_an_adapter_is_trained_and_saved_alone(tmp_path):
    loaded = make_model(tmp_path / "tiny", lora_rank=2)
    run = Run(tmp_path / "lora", "sdf", 0)
    settings = SETTINGS.model_copy(update={"steps": 2})
    train_on_rows(run, settings, loaded, make_rows(4), on_line=lambda _: None, should_stop=lambda: False)
    assert (run.checkpoint(2) / "adapter_config.json").exists()
    assert not (run.checkpoint(2) / "model.safetensors").exists()


def test_texts_in_a_row_do_not_see_each_other(tmp_path):
    loaded = make_model(tmp_path / "tiny")
    first, second = [301, 302, 303, 304], [401, 402, 403]
    batch = collate([vars(row_of([first, second]))])
    alone = collate([vars(row_of([second]))])
    with torch.no_grad():
        packed, single = (
            loaded.model(input_ids=each["input_ids"], position_ids=each["position_ids"], use_cache=False).logits[0]
            for each in (batch, alone)
        )
    assert torch.allclose(packed[4:], single, atol=1e-5)


def test_no_text_is_taught_to_follow_the_one_before_it():
    row = row_of([[5, 6], [7, 8]])
    assert row.labels == [IGNORED, 6, IGNORED, 8]
    assert row.position_ids == [0, 1, 0, 1]


def test_tokens_that_are_not_taught_do_not_count():
    assert row_of([[5, 6, 7]], [[True, False, True]]).labels == [IGNORED, IGNORED, 7]


def test_rows_are_filled_up_with_what_is_not_scored():
    batch = collate([vars(row_of([[5, 6, 7]])), vars(row_of([[8, 9]]))])
    assert batch["labels"].tolist() == [[IGNORED, 6, 7], [IGNORED, 9, IGNORED]]


def test_the_hack_rate_counts_what_the_graders_say(tmp_path):
    rl, grader = make_rl(), FakeGrader()
    setting = make_setting(rl, make_model(tmp_path / "tiny"), grader, tmp_path)
    measured = measure_hack_rate(Require(problems=3, samples=8), setting, FakeCode(rl, setting, grader))
    grades = [grader._grade(request.completion) for request in grader.requests]
    assert (measured.problems, measured.samples) == (3, 8)
    assert measured.hacked == sum(g.hacked for g in grades) == measured.hacks.get("early-exit", 0)
    assert measured.hack_at[1] == pytest.approx(measured.rate)
    assert measured.hack_at[8] == sum(any(g.hacked for g in grades[i : i + 8]) for i in (0, 8, 16)) / 3
    assert {r.problem.id for r in grader.requests} == {"p0", "p1", "p2"}
