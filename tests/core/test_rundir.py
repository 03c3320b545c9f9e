"""The run directory: whole or absent, never torn; refuses what belongs to another study."""

import errno
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spillover.core.config import Study, build_study
from spillover.core.errors import DiskFullError, RunDirError, disk_full
from spillover.core.records import EvalScore, StepMetrics
from spillover.core.rundir import RunDir, append_records, free_bytes, read_records, step_name, write_atomic


def study(**changes: Any) -> Study:
    return build_study({"name": "small", "arms": [{"name": "a"}, {"name": "b"}], **changes}, "test")


def metrics(step: int) -> StepMetrics:
    return StepMetrics(
        step=step, hack_rate=0.5, pass_rate=0.5, solve_rate=0.0, format_rate=1.0, truncated_rate=0.0,
        reward_mean=0.5, rollouts=4, groups_trained=2, groups_set_aside=0,
    )  # fmt: skip


def test_records_come_back_in_order(tmp_path: Path) -> None:
    append_records(tmp_path / "m.jsonl", [metrics(1), metrics(2)])
    append_records(tmp_path / "m.jsonl", [metrics(3)])
    assert [m.step for m in read_records(tmp_path / "m.jsonl", StepMetrics)] == [1, 2, 3]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000))
def test_a_file_cut_anywhere_still_gives_its_whole_lines(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "m.jsonl"
    path.unlink(missing_ok=True)
    append_records(path, [metrics(step) for step in range(1, 6)])
    text = path.read_text()
    path.write_text(text[: cut % (len(text) + 1)])
    steps = [m.step for m in read_records(path, StepMetrics)]
    assert steps == list(range(1, len(steps) + 1))


def test_no_file_is_no_records(tmp_path: Path) -> None:
    assert read_records(tmp_path / "none.jsonl", StepMetrics) == []


def test_rewinding_drops_what_is_later_and_keeps_the_rest(tmp_path: Path) -> None:
    run = RunDir.start(tmp_path / "run", study(), resume=False).run("a", 0)
    append_records(run.metrics_file, [metrics(step) for step in range(1, 6)])
    for step in range(1, 6):
        append_records(run.rollouts_file(step), [])
    run.rewind(3)
    assert [m.step for m in run.metrics()] == [1, 2, 3]
    assert run.rollout_steps() == [1, 2, 3]


def test_a_checkpoint_that_was_not_finished_does_not_count(tmp_path: Path) -> None:
    run = RunDir.start(tmp_path / "run", study(), resume=False).run("a", 0)
    run.checkpoint(5).mkdir(parents=True)
    run.checkpoint(10).with_name(step_name(10) + ".partial").mkdir()
    assert run.checkpoints() == [5]


def test_an_evaluation_without_scores_does_not_count(tmp_path: Path) -> None:
    run = RunDir.start(tmp_path / "run", study(), resume=False).run("a", 0)
    run.eval_folder(0).mkdir(parents=True)
    score = EvalScore(eval="goals", samples=1, scored=0, hits=0, rate=None, low=None, high=None)
    append_records(run.eval_folder(5) / "scores.jsonl", [score])
    assert run.evaluated() == [5]
    assert run.scores(5) == [score.model_copy(update={"arm": "a", "step": 5})]


def test_the_study_is_kept_as_it_was_resolved(tmp_path: Path) -> None:
    RunDir.start(tmp_path / "run", study(seeds=[3]), resume=False)
    assert RunDir.read(tmp_path / "run").study == study(seeds=[3])


def test_runs_are_those_of_the_plan_begun_or_not(tmp_path: Path) -> None:
    started = RunDir.start(tmp_path / "run", study(seeds=[0, 1]), resume=False)
    assert [(run.arm, run.seed) for run in started.runs()] == [("a", 0), ("a", 1), ("b", 0), ("b", 1)]


def test_an_existing_run_is_refused_without_resume(tmp_path: Path) -> None:
    RunDir.start(tmp_path / "run", study(), resume=False)
    with pytest.raises(RunDirError, match="--resume"):
        RunDir.start(tmp_path / "run", study(), resume=False)


def test_resuming_keeps_what_was_noted_and_adds_a_session(tmp_path: Path) -> None:
    RunDir.start(tmp_path / "run", study(), resume=False).note(fact=1)
    again = RunDir.start(tmp_path / "run", study(), resume=True)
    assert again.provenance["fact"] == 1
    assert len(again.provenance["sessions"]) == 2


def test_another_study_is_refused_by_its_name(tmp_path: Path) -> None:
    RunDir.start(tmp_path / "run", study(), resume=False)
    with pytest.raises(RunDirError, match="belongs to study 'small', not to 'other'"):
        RunDir.start(tmp_path / "run", study(name="other"), resume=True)


def test_a_changed_study_keeps_what_it_shares_with_the_former_one(tmp_path: Path) -> None:
    changed = build_study({"name": "small", "arms": [{"name": "a"}, {"name": "b", "rl": {"steps": 3}}]}, "test")
    first = RunDir.start(tmp_path / "run", study(), resume=False)
    before = [first.run(arm, 0).folder for arm in ("a", "b")]
    again = RunDir.start(tmp_path / "run", changed, resume=True)
    assert again.run("a", 0).folder == before[0]
    assert again.run("b", 0).folder != before[1]


def test_step_0_of_a_stage_is_measured_where_it_starts_from(tmp_path: Path) -> None:
    first, second = RunDir.start(tmp_path / "run", study(arms=[{"name": "a"}, FORKED]), resume=False).runs()
    score = EvalScore(eval="goals", arm="a", samples=1, scored=0, hits=0, rate=None, low=None, high=None)
    append_records(first.eval_folder(10) / "scores.jsonl", [score.model_copy(update={"step": 10})])
    assert second.scores(0) == [score.model_copy(update={"arm": "b", "step": 0})]
    assert second.evaluated() == [0]


FORKED = {"name": "b", "stages": [{"kind": "rl", "from": "a@10"}]}


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("words")
    with pytest.raises(RunDirError, match="not empty"):
        RunDir.start(tmp_path, study(), resume=True)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_reading_a_folder_that_is_no_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunDirError, match=r"no study\.json"):
        RunDir.read(tmp_path)


def test_provenance_names_versions_and_the_machine(tmp_path: Path) -> None:
    held = RunDir.start(tmp_path / "run", study(), resume=False).provenance
    assert {"spillover", "python", "platform", "cores", "packages", "sessions"} <= set(held)


def test_a_session_is_closed_with_its_time(tmp_path: Path) -> None:
    started = RunDir.start(tmp_path / "run", study(), resume=False)
    started.close_session(finished=True)
    assert started.provenance["sessions"][0]["finished"] is True
    assert "ended" in started.provenance["sessions"][0]


def test_a_full_disk_is_one_clear_error_and_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "study.json"
    write_atomic(path, json.dumps("old"))

    def full(*_args: Any, **_kwargs: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(DiskFullError, match="no space left"):
        write_atomic(path, "new")
    assert json.loads(path.read_text()) == "old"


def test_other_failures_of_the_disk_are_not_taken_for_a_full_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="exists") as caught:
        append_records(tmp_path / "file" / "below.jsonl", [metrics(1)])
    assert disk_full(caught.value) is None


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "weights"),
        RuntimeError("Error: I/O error: No space left on device (os error 28)"),
        RuntimeError("[enforce fail] . PytorchStreamWriter failed writing file data/0"),
    ],
)
def test_a_full_disk_is_known_by_any_librarys_words(error: Exception) -> None:
    outer = ValueError("could not save")
    outer.__cause__ = error
    assert isinstance(disk_full(outer), DiskFullError)


def test_free_space_is_known_for_a_folder_that_does_not_exist_yet(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "a" / "b") > 0
