"""What a study will do, worked out from its settings: each training and each measurement once."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spillover.core.config import Study, build_study, load_study
from spillover.core.errors import ConfigError
from spillover.core.graph import resolve
from spillover.core.records import CORE_EVALS
from spillover.core.stages import RLSettings
from spillover.study.plan import Unit, checkpoint_steps, describe, plan

DOCUMENTS = [{"kind": "documents"}, {"kind": "rl"}]


def study(*arms: dict[str, Any], **sections: Any) -> Study:
    return build_study({"name": "s", "arms": list(arms) or [{"name": "a"}], **sections}, "test")


def steps(unit: Unit) -> dict[int, tuple[str, ...]]:
    return {one.step: one.names for one in unit.measured}


@given(st.integers(0, 300), st.integers(1, 60))
def test_checkpoints_begin_untrained_end_trained_and_are_never_far_apart(steps: int, every: int) -> None:
    marks = checkpoint_steps(RLSettings(steps=steps, checkpoint_every=every))
    assert (marks[0], marks[-1]) == (0, steps)
    assert all(0 < later - earlier <= every for earlier, later in pairwise(marks))


def test_trainings_go_arm_by_arm_and_seed_by_seed_each_after_its_start() -> None:
    units = plan(study({"name": "a"}, {"name": "b", "rl": {"steps": 3}}, seeds=[4, 2]))
    assert [(unit.node.kind, unit.arm.name, unit.seed) for unit in units] == [
        ("model", "a", 4), ("rl", "a", 4), ("model", "a", 2), ("rl", "a", 2), ("rl", "b", 4), ("rl", "b", 2),
    ]  # fmt: skip


def test_final_evaluations_are_on_the_first_and_the_last_checkpoint_only() -> None:
    base, rl = plan(study(rl={"steps": 20, "checkpoint_every": 10}))
    whole = (*CORE_EVALS, "test_time_hacking")
    assert steps(base) == {0: whole}
    assert steps(rl) == {10: CORE_EVALS, 20: whole}


def test_an_evaluation_named_twice_is_made_once() -> None:
    base, _ = plan(study(rl={"steps": 1}, evals={"names": ["goals"], "final_names": ["goals"]}))
    assert steps(base)[0] == ("goals",)


def test_a_stage_on_documents_is_measured_at_its_ends_and_asked_what_it_knows_of_hacks() -> None:
    base, documents, rl = plan(study(stages=DOCUMENTS, documents={"steps": 7}, rl={"steps": 2}))
    assert steps(base) == {0: CORE_EVALS}
    assert set(steps(documents)) == {7}
    assert set(steps(documents)[7]) == {*CORE_EVALS, "test_time_hacking", "hack_knowledge"}
    assert set(steps(rl)) == {2}


def test_the_description_counts_what_will_be_sampled() -> None:
    lines = describe(study(rl={"steps": 2, "problems_per_step": 3, "group_size": 4}))
    assert any("2 steps of 12 rollouts" in line for line in lines)
    assert "24 rollouts" in lines[-1]


def test_the_untrained_model_is_measured_once_for_the_quickstart() -> None:
    units = plan(load_study("quickstart"))
    assert [unit.node.kind for unit in units].count("model") == 1
    assert all(0 not in steps(unit) for unit in units if unit.node.kind == "rl")


@pytest.mark.parametrize(
    "change", ["evals.samples=7", "prompt.hints=false", "problems.count=7", "environment.rotate_hacks=true"]
)
def test_what_changes_a_measurement_makes_another_one(change: str) -> None:
    key, _, value = change.partition("=")
    section, _, name = key.partition(".")
    base, *_ = plan(study({"name": "a"}, {"name": "b", section: {name: {"true": True, "false": False}.get(value, 7)}}))
    assert [one.arm.name for one in base.measured] == ["a", "b"]


def test_which_evaluations_are_asked_for_does_not_change_what_is_there() -> None:
    base, *_ = plan(study({"name": "a"}, {"name": "b", "evals": {"names": ["compliance_gap"]}}))
    (one,) = base.measured
    assert set(one.names) == {*CORE_EVALS, "test_time_hacking", "compliance_gap"}


def test_arms_that_differ_in_what_only_measures_are_one_training() -> None:
    units = plan(
        study({"name": "a"}, {"name": "b", "evals": {"samples": 7}}, {"name": "c", "rl": {"checkpoint_every": 3}})
    )
    assert [unit.arms for unit in units if unit.node.kind == "rl"] == [("a", "b", "c")]


def test_a_fork_is_saved_by_the_training_it_starts_from() -> None:
    late = {"name": "late", "stages": [{"kind": "rl", "from": "a@13", "steps": 2}]}
    met = {"name": "met", "stages": [{"kind": "rl", "from": "a@passed:0.5+5", "steps": 2}]}
    units = plan(study(late, met, {"name": "a"}, rl={"steps": 20}))
    parent = next(unit for unit in units if unit.node.steps == 20)
    assert [str(at) for at in parent.forks] == ["13", "passed:0.5+5"]
    assert 13 in steps(parent)
    assert units.index(parent) < min(units.index(unit) for unit in units if unit.node.steps == 2)


def rl(**more: Any) -> list[dict[str, Any]]:
    return [{"kind": "rl", **more}]


IMITATING_B = [{"kind": "sft", "data": [{"rollouts": "b"}]}]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (rl(**{"from": "b"}), rl(**{"from": "a"}), "a -> b -> a"),
        (rl(**{"from": "bb"}), rl(), "did you mean 'b'"),
        (rl(**{"from": "b@300"}), rl(), "ends at step 200"),
        (rl(**{"from": "b@passed:0.5"}), DOCUMENTS[:1], "name a step"),
        (IMITATING_B, DOCUMENTS[:1], "no stage of kind 'rl'"),
        (rl(optimizer="kept"), rl(), "write optimizer"),
    ],
)
def test_graphs_that_cannot_be_are_one_line(first: Any, second: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(study({"name": "a", "stages": first}, {"name": "b", "stages": second}))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
