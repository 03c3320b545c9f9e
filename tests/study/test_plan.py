"""What a study will do, worked out from its settings."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from spillover.study.sharing import same_untrained

from spillover.core.config import Study, build_study, load_study
from spillover.core.records import CORE_EVALS
from spillover.core.stages import RLSettings
from spillover.study.plan import checkpoint_steps, describe, plan


def study(*arms: dict[str, Any], **sections: Any) -> Study:
    return build_study({"name": "s", "arms": list(arms) or [{"name": "a"}], **sections}, "test")


@given(st.integers(0, 300), st.integers(1, 60))
def test_checkpoints_begin_untrained_end_trained_and_are_never_far_apart(steps: int, every: int) -> None:
    marks = checkpoint_steps(RLSettings(steps=steps, checkpoint_every=every))
    assert (marks[0], marks[-1]) == (0, steps)
    assert all(0 < later - earlier <= every for earlier, later in pairwise(marks))


def test_runs_go_arm_by_arm_and_seed_by_seed() -> None:
    runs = plan(study({"name": "a"}, {"name": "b"}, seeds=[4, 2]))
    assert [(run.arm.name, run.seed) for run in runs] == [("a", 4), ("a", 2), ("b", 4), ("b", 2)]


def test_final_evaluations_are_on_the_first_and_the_last_checkpoint_only() -> None:
    (run,) = plan(study(rl={"steps": 20, "checkpoint_every": 10}))
    assert run.evals(0) == run.evals(20) == (*CORE_EVALS, "test_time_hacking")
    assert run.evals(10) == CORE_EVALS
    assert run.total_evals == 20


def test_an_evaluation_named_twice_is_made_once() -> None:
    (run,) = plan(study(rl={"steps": 0}, evals={"names": ["goals"], "final_names": ["goals"]}))
    assert run.evals(0) == ("goals",)


def test_the_description_counts_what_will_be_sampled() -> None:
    (line, total) = describe(plan(study(rl={"steps": 2, "problems_per_step": 3, "group_size": 4})))
    assert "2 steps of 12 rollouts" in line
    assert "24 rollouts" in total


def test_the_untrained_model_is_measured_once_for_the_quickstart() -> None:
    first, *others = plan(load_study("quickstart"))
    assert all(same_untrained(first, other) for other in others)


def test_what_changes_the_measurement_of_the_untrained_model_is_not_shared() -> None:
    for change in (
        {"model.path": "smollm2"},
        {"evals.samples": 7},
        {"prompt.hints": False},
        {"problems.count": 7},
        {"environment.rotate_hacks": True},
    ):
        (key, value) = next(iter(change.items()))
        section, _, name = key.partition(".")
        first, other = plan(study({"name": "a"}, {"name": "b", section: {name: value}}))
        assert not same_untrained(first, other), key


def test_seeds_do_not_share() -> None:
    first, other = plan(study(seeds=[0, 1]))
    assert not same_untrained(first, other)
