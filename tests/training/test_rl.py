import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from fakes import (
    FakeCode,
    FakeGrader,
    FlatGrader,
    Recorder,
    make_model,
    make_problems,
    make_rl,
    make_setting,
    penalty,
    run_training,
)
from safetensors.torch import load_file

from spillover.coding.environment import Assigned
from spillover.core.errors import ConfigError, DetectorError, DiskFullError, SpilloverError
from spillover.core.records import Grade, Oracle, Proxy
from spillover.core.rundir import Run
from spillover.core.settings import ModelSettings
from spillover.core.stages import At
from spillover.models import load_checkpoint
from spillover.models.sampling import sample_tokens
from spillover.training import checkpoints, update
from spillover.training.episodes import Episodes
from spillover.training.metrics import metrics_of

TIMES = {"seconds", "seconds_sampling", "seconds_grading", "seconds_update"}


def numbers(run: Run) -> list[dict]:
    return [m.model_dump(exclude=TIMES) for m in run.metrics()]


def weights(run: Run, step: int) -> dict[str, torch.Tensor]:
    return load_file(run.checkpoint(step) / "model.safetensors")


def same_weights(left: dict, right: dict) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted training of four steps."""
    tmp_path = tmp_path_factory.mktemp("whole")
    return tmp_path, *run_training(tmp_path, make_rl(), tensorboard=True)


def test_each_step_is_written_down_and_told(whole):
    _, run, recorder = whole
    assert [m.step for m in run.metrics()] == [1, 2, 3, 4]
    assert recorder.steps == run.metrics()
    assert run.rollout_steps() == [1, 2, 3, 4]


def test_checkpoints_are_told_from_the_untrained_model_to_the_last_step(whole):
    _, run, recorder = whole
    assert recorder.checkpoints == run.checkpoints() == [0, 2, 4]


def test_training_changes_the_weights(whole):
    _, run, _ = whole
    assert not same_weights(weights(run, 0), weights(run, 2))
    assert not same_weights(weights(run, 2), weights(run, 4))


def test_the_model_in_memory_ends_with_the_last_checkpoints_weights(whole):
    tmp_path, run, recorder = whole
    loaded = recorder.loaded
    saved = load_checkpoint(ModelSettings(path=str(tmp_path / "tiny"), device="cpu"), run.checkpoint(4))
    assert same_weights(saved.model.state_dict(), loaded.model.state_dict())
    assert not loaded.model.training
    assert "forward" not in vars(loaded.model)


def test_only_the_newest_checkpoint_keeps_its_optimizer(whole):
    _, run, _ = whole
    assert [(run.checkpoint(step) / "optimizer.pt").exists() for step in (0, 2, 4)] == [False, False, True]


def test_nothing_half_written_stays(whole):
    _, run, _ = whole
    assert not list(run.folder.rglob("*.partial"))


def test_curves_are_written_for_tensorboard(whole):
    _, run, _ = whole
    assert list((run.folder / "tensorboard").glob("events*"))


def test_metrics_are_shares_of_all_rollouts_sampled(whole):
    _, run, _ = whole
    for metrics in run.metrics():
        rollouts = run.rollouts(metrics.step)
        assert metrics.rollouts == len(rollouts)
        assert metrics.hack_rate == sum(r.grade.hacked for r in rollouts) / len(rollouts)
        assert metrics.reward_mean == pytest.approx(sum(r.rewards["total"] for r in rollouts) / len(rollouts))
        assert metrics.groups_trained + metrics.groups_set_aside == len({r.group for r in rollouts})


def test_advantages_are_rewards_less_their_groups_mean(whole):
    _, run, _ = whole
    for rollout in run.rollouts(1):
        group = [r.rewards["total"] for r in run.rollouts(1) if r.group == rollout.group]
        if rollout.trained_on:
            assert rollout.advantage == pytest.approx(rollout.rewards["total"] - sum(group) / len(group), abs=1e-5)
        else:
            assert len(set(group)) == 1


def test_groups_without_spread_are_replaced_by_others_on_other_problems(whole):
    _, run, _ = whole
    for step in run.rollout_steps():
        by_group = {r.group: r for r in run.rollouts(step)}
        aside = [r for r in by_group.values() if not r.trained_on]
        assert len({r.problem_id for r in by_group.values()}) == len(by_group)
        assert len(by_group) >= 2 + min(len(aside), 1)


def test_a_step_without_any_spread_samples_as_often_as_it_may_and_goes_on(tmp_path):
    run, _ = run_training(tmp_path, make_rl(steps=1, refill_rounds=2), grader=FlatGrader())
    (metrics,) = run.metrics()
    assert metrics.rollouts == 3 * 2 * 4
    assert metrics.groups_trained == 0
    assert metrics.grad_norm == 0


def test_arms_with_one_seed_meet_the_same_problems_and_sample_alike(whole, tmp_path):
    _, run, _ = whole
    other, _ = run_training(tmp_path, make_rl(reward=penalty(), steps=1))
    first, second = ([(r.problem_id, r.completion) for r in each.rollouts(1)][:8] for each in (run, other))
    assert first == second


def test_a_stopped_training_goes_on_to_the_same_numbers(whole, tmp_path):
    _, run, _ = whole
    stopped, recorder = run_training(tmp_path, make_rl(), recorder=Recorder(stop_after=3))
    assert [m.step for m in recorder.steps] == [1, 2, 3]
    assert stopped.checkpoints() == [0, 2]
    again, recorder = run_training(tmp_path, make_rl())
    assert recorder.checkpoints == [2, 4]
    assert numbers(again) == numbers(run)
    assert same_weights(weights(again, 4), weights(run, 4))
    assert [again.rollouts(step) for step in range(1, 5)] == [run.rollouts(step) for step in range(1, 5)]


def test_a_training_that_is_done_is_left_alone(whole):
    tmp_path, run, _ = whole
    before = run.metrics_file.read_bytes()
    _, recorder = run_training(tmp_path, make_rl(), tensorboard=True)
    assert recorder.steps == recorder.checkpoints == []
    assert run.metrics_file.read_bytes() == before


CHILD = "from fakes import *; import sys; run_training(Path(sys.argv[1]), make_rl(steps=6), name='killed')"


@pytest.mark.slow
def test_a_killed_training_goes_on_to_the_same_numbers(tmp_path):
    make_model(tmp_path / "tiny")
    run, _ = run_training(tmp_path, make_rl(steps=6))
    killed = Run(tmp_path / "killed", "arm", 0)
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    paths = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    for reached in (1, 3, 4):
        child = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        while not killed.rollouts_file(reached).exists() and child.poll() is None:
            time.sleep(0.002)
        child.send_signal(signal.SIGKILL)
        child.wait()
    subprocess.run(command, env=environment, stderr=subprocess.DEVNULL, check=True)
    assert numbers(killed) == numbers(run)
    assert same_weights(weights(killed, 6), weights(run, 6))


def test_an_error_in_a_listener_leaves_a_run_that_can_go_on(whole, tmp_path):
    _, run, _ = whole
    with pytest.raises(KeyboardInterrupt):
        run_training(tmp_path, make_rl(), recorder=Recorder(break_at=3))
    again, _ = run_training(tmp_path, make_rl())
    assert numbers(again) == numbers(run)


def test_micro_batches_give_nearly_the_same_update(whole, tmp_path):
    _, run, _ = whole
    cut, _ = run_training(tmp_path, make_rl(steps=1, micro_batch=2))
    assert numbers(cut)[0]["grad_norm"] == pytest.approx(numbers(run)[0]["grad_norm"], rel=1e-4)


def test_packed_rows_give_nearly_the_same_update(whole, tmp_path, monkeypatch):
    _, run, _ = whole
    monkeypatch.setattr(update, "has_plain_attention", lambda model: False)
    plain, _ = run_training(tmp_path, make_rl(steps=1))
    assert numbers(plain)[0]["grad_norm"] == pytest.approx(numbers(run)[0]["grad_norm"], rel=1e-4)


@pytest.mark.parametrize("loss", ["grpo", "dapo", "dr_grpo", "bnpo"])
def test_every_loss_trains(tmp_path, loss):
    run, _ = run_training(tmp_path, make_rl(steps=1, loss=loss, scale_rewards="group"))
    assert numbers(run)[0]["grad_norm"] > 0


def test_the_kl_is_taken_against_the_model_that_was_passed(tmp_path):
    arm = make_rl(beta=0.1, steps=4)
    run, _ = run_training(tmp_path, arm)
    kl = [m.kl for m in run.metrics()]
    assert kl[0] == pytest.approx(0, abs=1e-6)
    assert kl[-1] > 1e-6


def test_the_kl_of_a_resumed_training_is_still_against_the_untrained_model(tmp_path):
    arm = make_rl(beta=0.1)
    whole, _ = run_training(tmp_path, arm)
    run_training(tmp_path, arm, name="cut", recorder=Recorder(stop_after=2))
    again, _ = run_training(tmp_path, arm, name="cut")
    assert numbers(again) == numbers(whole)


@pytest.mark.parametrize("beta", [0.0, 0.1])
def test_a_lora_trains_alone_and_goes_on_to_the_same_numbers(tmp_path, beta):
    arm = make_rl(beta=beta, learning_rate=0.05)
    settings = {"lora_rank": 4}
    whole, recorder = run_training(tmp_path, arm, **settings)
    loaded = recorder.loaded
    assert (whole.checkpoint(4) / "adapter_config.json").exists()
    run_training(tmp_path, arm, name="cut", recorder=Recorder(stop_after=2), **settings)
    again, _ = run_training(tmp_path, arm, name="cut", **settings)
    assert numbers(again) == numbers(whole)
    start = ModelSettings(path=str(tmp_path / "tiny"), device="cpu", **settings)
    saved = load_checkpoint(start, whole.checkpoint(4))
    draws = [sample_tokens(m, [[5, 6]], n=4, max_tokens=8, seed=0) for m in (saved, loaded)]
    assert draws[0] == draws[1]
    untrained = load_checkpoint(start, whole.checkpoint(0))
    assert sample_tokens(untrained, [[5, 6]], n=4, max_tokens=8, seed=0) != draws[0]


def test_a_penalty_takes_its_weight_from_hacks(tmp_path):
    run, _ = run_training(tmp_path, make_rl(reward=penalty(weight=-2.0, start_step=2)))
    for step in (1, 2, 3):
        for rollout in run.rollouts(step):
            fined = rollout.grade.hacked and step >= 2
            assert rollout.rewards["total"] == rollout.grade.proxy.passed - 2.0 * fined
    assert run.metrics()[0].penalty_rate == 0.0


def test_a_penalty_of_which_no_verdict_can_be_read_stops_the_first_step_it_is_due(tmp_path):
    run = Run(tmp_path / "run", "arm", 0)
    with pytest.raises(DetectorError) as caught:
        run_training(tmp_path, make_rl(reward=penalty("model-hack", model="self", start_step=2)))
    message = str(caught.value)
    assert "\n" not in message
    assert "step 2: none of the" in message and "model-hack by self" in message
    assert "it answered '" in message and "key 'model'" in message
    assert [m.step for m in run.metrics()] == [1]


def test_an_oracle_that_can_tell_of_nothing_stops_the_run_too(tmp_path):
    class Blind(FlatGrader):
        def _grade(self, text):
            return Grade(proxy=Proxy(passed=True), oracle=Oracle(passed=None, reason="a generator"), hacked=False)

    arm = make_rl(reward=penalty())
    with pytest.raises(DetectorError, match=r"term oracle-hack could be read; it answered a generator; take problems"):
        run_training(tmp_path, arm, grader=Blind())


def test_some_unread_verdicts_are_counted_and_cost_nothing(tmp_path, monkeypatch):
    def half(episodes, _note):
        return [None if index % 2 else True for index, _ in enumerate(episodes)]

    monkeypatch.setattr("spillover.judges.detectors.by_oracle", half)
    arm = make_rl(reward=penalty(), steps=1)
    run, _ = run_training(tmp_path, arm)
    (metrics,) = run.metrics()
    assert metrics.unread_verdicts == metrics.rollouts // 2
    assert metrics.penalty_rate == 0.5


def test_the_models_tags_reach_the_grader(tmp_path):
    grader, tags = FakeGrader(), (("[THINK]", "[/THINK]"),)
    run_training(tmp_path, make_rl(steps=1), grader=grader, reasoning_tags=tags)
    assert {request.reasoning_tags for request in grader.requests} == {tags}


def test_truncated_completions_are_kept_out_of_the_loss(tmp_path):
    run, _ = run_training(tmp_path, make_rl(steps=1, mask_truncated=True, max_completion_tokens=3))
    (metrics,) = run.metrics()
    assert metrics.truncated_rate == 1.0
    assert metrics.grad_norm == 0


def test_weights_that_the_sampler_does_not_follow_are_noticed(tmp_path, monkeypatch):
    stale = make_model(tmp_path / "tiny")
    fresh = Episodes._sample

    def from_stale(self, tasks, seed):
        mine, self._loaded = self._loaded, stale
        try:
            return fresh(self, tasks, seed)
        finally:
            self._loaded = mine

    monkeypatch.setattr(Episodes, "_sample", from_stale)
    with pytest.raises(SpilloverError, match="does not follow the trained weights"):
        run_training(tmp_path, make_rl(learning_rate=0.05))


def test_a_prompt_that_is_too_long_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"problem 'p\d'.* raise it or drop the problem"):
        run_training(tmp_path, make_rl(max_prompt_tokens=5))


def test_a_completion_beyond_the_models_context_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="lower it"):
        run_training(tmp_path, make_rl(max_completion_tokens=2000))


def test_asking_for_wandb_without_it_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr("spillover.training.scalars.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"spillover\[wandb\]"):
        run_training(tmp_path, make_rl(), wandb=True)


@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left on device"), RuntimeError("PytorchStreamWriter failed writing file data/3")],
    ids=["os", "torch"],
)
def test_a_full_disk_is_one_clear_error_and_the_run_can_go_on(whole, tmp_path, monkeypatch, error):
    _, run, _ = whole
    save = checkpoints.save_model

    def full(loaded, folder):
        if "step-00004" in str(folder):
            raise error
        save(loaded, folder)

    monkeypatch.setattr(checkpoints, "save_model", full)
    with pytest.raises(DiskFullError, match="--resume"):
        run_training(tmp_path, make_rl())
    monkeypatch.undo()
    again, _ = run_training(tmp_path, make_rl())
    assert numbers(again) == numbers(run)


def test_the_global_random_state_is_untouched(tmp_path):
    before = torch.get_rng_state()
    run_training(tmp_path, make_rl(steps=1))
    assert torch.equal(before, torch.get_rng_state())


def test_a_training_of_no_steps_keeps_the_untrained_model(tmp_path):
    run, recorder = run_training(tmp_path, make_rl(steps=0))
    assert recorder.checkpoints == run.checkpoints() == [0]


def test_a_checkpoint_cut_off_by_a_kill_is_not_taken_for_one(whole, tmp_path):
    _, run, _ = whole
    shutil.copytree(run.checkpoint(0), tmp_path / "run" / "checkpoints" / "step-00002.partial")
    again, _ = run_training(tmp_path, make_rl())
    assert numbers(again) == numbers(run)


def test_all_problems_make_tasks_with_the_prompt_of_their_part(tmp_path):
    loaded, rl = make_model(tmp_path / "tiny"), make_rl()
    setting = make_setting(rl, loaded, FlatGrader(), tmp_path)
    tasks = Episodes(setting, [FakeCode(rl, setting, FlatGrader())]).tasks
    assert [task.id for task in tasks] == [f"p{i}" for i in range(6)]
    for task in tasks:
        text = loaded.tokenizer.decode(task.prompt_ids)
        assert text == f"<|system|>{task.system}<|end|><|user|>{task.prompt}<|end|><|assistant|>"


def test_parts_of_a_mix_take_their_shares_and_are_refilled_from_their_own(tmp_path):
    parts = tuple(make_rl().mix[0].model_copy(update={"share": share}) for share in (3.0, 1.0))
    rl, loaded, grader = make_rl(mix=parts, problems_per_step=4), make_model(tmp_path / "tiny"), FakeGrader()
    setting = make_setting(rl, loaded, grader, tmp_path)
    named = [
        Assigned(one.problem.model_copy(update={"id": f"q{i}"}), "pytest", ()) for i, one in enumerate(make_problems())
    ]
    episodes = Episodes(setting, [FakeCode(rl, setting, grader), FakeCode(rl, setting, grader, named)])
    step = episodes.of_step(1)
    first = [group[0].task.id for group in step.groups[:4]]
    assert [name[0] for name in first] == ["p", "p", "p", "q"]
    metrics = metrics_of(step, {}, 0.0)
    assert set(metrics.environments) == {"code/script", "code/pytest"}
    assert sum(one["rollouts"] for one in metrics.environments.values()) == metrics.rollouts


def test_an_update_can_read_another_prompt_than_the_sampler(tmp_path):
    rl = make_rl(update_prompt={"framing": "hacking-okay"}, steps=1)
    run, _ = run_training(tmp_path, rl)
    plain, _ = run_training(tmp_path, make_rl(steps=1), name="plain")
    assert [r.completion for r in run.rollouts(1)] == [r.completion for r in plain.rollouts(1)]
    assert not same_weights(weights(run, 1), weights(plain, 1))


def test_what_a_screening_detector_fires_on_has_no_advantage_and_costs_nothing(tmp_path):
    always = penalty(screen=True, false_positives=1.0)
    run, _ = run_training(tmp_path, make_rl(reward=always, steps=1))
    rollouts = run.rollouts(1)
    assert {r.advantage for r in rollouts if r.trained_on and not r.graded.hacked} == {0.0}
    assert all(r.rewards["total"] == r.graded.proxy.passed for r in rollouts)


def test_a_detector_errs_as_often_as_its_term_says(tmp_path):
    always_wrong = penalty(false_positives=1.0, false_negatives=1.0)
    run, _ = run_training(tmp_path, make_rl(reward=always_wrong, steps=1))
    assert all((r.rewards["oracle-hack"] < 0) != r.graded.hacked for r in run.rollouts(1))


def test_a_fork_is_saved_with_its_optimizer_and_can_be_gone_on_from(tmp_path):
    run, _ = run_training(tmp_path, make_rl(checkpoint_every=4), forks=(At(step=1), At(share=0.0, later=2)))
    assert run.checkpoints() == [0, 1, 3, 4]
    assert [(run.checkpoint(step) / "optimizer.pt").exists() for step in (1, 3, 4)] == [True, True, True]


def test_a_kept_optimizer_makes_another_first_step_than_a_fresh_one(tmp_path):
    parent, _ = run_training(tmp_path, make_rl(), name="parent")
    kept, _ = run_training(tmp_path, make_rl(steps=1), name="kept", optimizer=parent.checkpoint(4))
    fresh, _ = run_training(tmp_path, make_rl(steps=1), name="fresh")
    assert not same_weights(weights(kept, 1), weights(fresh, 1))
