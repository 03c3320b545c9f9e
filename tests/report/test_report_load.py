from pathlib import Path

import pytest
from fake_run import write_fake_run

from spillover.core.errors import RunDirError
from spillover.report.load import Results, differing, load, unfinished, wall_seconds

PROXY = "kind proxy weight 1.0 start_step 1"


def test_a_folder_that_is_no_run_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunDirError, match="no run directory"):
        load(tmp_path)


def test_a_finished_run_has_nothing_unfinished(results: Results) -> None:
    assert unfinished(results) == []


def test_a_run_that_stopped_early_says_how_far_it_came(tmp_path: Path) -> None:
    held = load(write_fake_run(tmp_path / "run", arms=("hacking",), reached=12))
    assert unfinished(held) == ["hacking, seed 0: step 12 of 40"]


def test_only_the_settings_that_differ_are_listed(results: Results) -> None:
    assert differing(results.arms) == {
        "prompt.framing": ["dont-hack", "hacking-okay", "dont-hack"],
        "reward": [PROXY, PROXY, f"{PROXY}, kind oracle-hack weight -1.0 start_step 1"],
    }


def test_the_reference_is_the_arm_named_baseline(results: Results) -> None:
    assert results.reference() == "baseline"


def test_without_a_baseline_the_first_arm_is_the_reference(tmp_path: Path) -> None:
    assert load(write_fake_run(tmp_path / "run", arms=("inoculated", "hacking"), steps=10)).reference() == "inoculated"


def test_a_killed_session_is_counted_and_adds_no_time() -> None:
    closed = {"started": "2025-01-01T10:00:00+00:00", "ended": "2025-01-01T10:05:00+00:00"}
    assert wall_seconds({"sessions": [closed, {"started": "2025-01-01T11:00:00+00:00"}]}) == (300.0, 1)


@pytest.mark.parametrize(("model", "bottled"), [("bottle", True), ("bottle-naive", True), ("some/model", False)])
def test_only_the_bottle_is_called_the_bottle(tmp_path: Path, model: str, bottled: bool) -> None:
    assert load(write_fake_run(tmp_path / "run", arms=("hacking",), steps=10, model=model)).from_bottle() is bottled
