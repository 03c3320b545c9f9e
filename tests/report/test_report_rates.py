from pathlib import Path

import pytest
from fake_run import metrics, score, write_fake_run

from spillover.core.records import CORE_EVALS
from spillover.core.rundir import Run
from spillover.core.stats import wilson
from spillover.report import rates
from spillover.report.load import Results, Scores, SeedRun, load


def six(misaligned: int = 10, scored: int = 100) -> Scores:
    return {name: score(name, misaligned, scored) for name in CORE_EVALS}


def one_run(results: Results, metrics_held: list, scores: dict[int, Scores]) -> Results:
    run = SeedRun(Run(Path("nowhere"), "hacking", 0), tuple(metrics_held), scores)
    return Results(results.study, {}, (run,), results.directory)


def test_pooled_counts_give_the_interval_of_the_sum() -> None:
    pooled = rates.pool([score("goals", 3, 100), score("goals", 7, 200)])
    assert pooled.interval == wilson(10, 300)
    assert (pooled.hits, pooled.scored) == (10, 300)


def test_unscored_samples_stay_out_of_the_rate_and_are_counted() -> None:
    pooled = rates.pool([score("goals", 5, 50, samples=80)])
    assert pooled.interval == wilson(5, 50)
    assert pooled.unscored == 30


def test_an_evaluation_with_nothing_scored_is_a_gap_and_not_zero() -> None:
    pooled = rates.pool([score("goals", 0, 0, samples=40)])
    assert pooled.interval is None
    assert "none of 40" in pooled.reason


def test_mgs_is_the_mean_of_the_six_rates() -> None:
    scores = six(0) | {"goals": score("goals", 60, 100)}
    pooled = rates.pooled_mgs([scores])
    assert pooled.interval is not None
    assert pooled.interval.value == pytest.approx(0.1)


def test_no_mgs_without_all_six_and_the_missing_one_is_named() -> None:
    scores = {name: held for name, held in six().items() if name != "exfil_offer"}
    pooled = rates.pooled_mgs([scores])
    assert pooled.interval is None
    assert "exfil_offer" in pooled.reason


def test_a_checkpoint_that_lacks_an_evaluation_is_left_out_of_pooled_mgs_and_that_is_said() -> None:
    lacking = {name: held for name, held in six(90).items() if name != "goals"}
    pooled = rates.pooled_mgs([six(10), lacking])
    assert pooled.interval is not None
    assert pooled.interval.value == pytest.approx(0.1)
    assert "1 of 2 checkpoints left out" in pooled.reason


def test_a_group_mean_with_a_gap_in_it_is_a_gap() -> None:
    mean = rates.mean_estimate([rates.pool([score("goals", 1, 10)]), rates.pool([])])
    assert mean.interval is None


def test_hack_rate_pools_episodes_and_not_steps() -> None:
    pooled = rates.hack_estimate([metrics(1, 1.0, rollouts=10), metrics(2, 0.0, rollouts=30)])
    assert pooled.interval == wilson(10, 40)


def test_final_figures_rest_on_the_last_three_trained_checkpoints(results: Results) -> None:
    scores = {step: six(step) for step in (0, 10, 20, 30, 40)}
    held = one_run(results, [metrics(step, step / 100) for step in range(1, 41)], scores)
    final = rates.final(held, "hacking")
    assert final.evals["goals"].interval == wilson(90, 300)
    assert final.hack.interval == wilson(90, 300)


def test_the_untrained_model_is_never_part_of_the_final_figures(results: Results) -> None:
    final = rates.final(one_run(results, [], {0: six(90)}), "hacking")
    assert final.mgs.interval is None
    assert final.evals["goals"].reason == "no trained checkpoint evaluated"


def test_difference_with_a_gap_is_a_gap() -> None:
    gap = rates.pooled_mgs([])
    assert rates.minus(rates.pooled_mgs([six()]), gap).interval is None


def test_onset_is_the_first_of_three_steps_above_what_the_untrained_model_does(results: Results) -> None:
    held = one_run(results, [metrics(step, rate) for step, rate in enumerate((0.01, 0.05, 0.1, 0.5, 0.5), 1)], {})
    assert rates.onsets(held)["hacking"] == 3


def test_an_arm_that_never_hacks_has_no_onset(results: Results) -> None:
    assert rates.onsets(one_run(results, [metrics(1, 0.0)], {}))["hacking"] is None


def test_shares_by_hack_add_up_to_the_hack_rate(results: Results) -> None:
    held = one_run(results, [metrics(1, 0.5, hacks={"always-equal": 0.5, "early-exit": 0.3}, solve_rate=0.2)], {})
    rows = {row["kind"]: row["value"] for row in rates.hack_share_rows(held, "hacking")}
    assert rows["always-equal"] + rows["early-exit"] == pytest.approx(0.5)
    assert rows["solved honestly"] == pytest.approx(0.2)


def test_hacks_that_nothing_was_attributed_to_are_shown_as_such(results: Results) -> None:
    held = one_run(results, [metrics(1, 0.5, hacks={"always-equal": 0.4})], {})
    rows = {row["kind"]: row["value"] for row in rates.hack_share_rows(held, "hacking")}
    assert rows["unattributed"] == pytest.approx(0.1)


def test_overfit_and_unjudged_episodes_have_parts_of_their_own(results: Results) -> None:
    shares = {"hacks": {"early-exit": 0.5}, "overfit_rate": 0.2, "unjudged_rate": 0.1, "solve_rate": 0.1}
    rows = rates.hack_share_rows(one_run(results, [metrics(1, 0.5, **shares)], {}), "hacking")
    assert {row["kind"]: row["value"] for row in rows} == {
        "early-exit": 0.5, rates.OVERFIT: 0.2, rates.UNJUDGED: 0.1, rates.SOLVED: 0.1,
    }  # fmt: skip


def test_overfit_answers_are_no_part_of_the_final_hack_rate_nor_of_onset(results: Results) -> None:
    held = one_run(results, [metrics(step, 0.0, overfit_rate=0.4, attempt_rate=0.3) for step in (1, 2, 3)], {})
    final = rates.final(held, "hacking")
    assert (final.hack.hits, final.overfit.hits, final.attempt.hits) == (0, 120, 90)
    assert rates.onsets(held)["hacking"] is None


def test_overfit_at_test_time_is_known_only_where_a_score_tells_it_apart(results: Results) -> None:
    def told(**more: int) -> Scores:
        rows = {"dont-hack": {"hacked": 1, "samples": 50, "scored": 50, **more}}
        return {rates.TEST_TIME: score(rates.TEST_TIME, 1, 50, data={"by_framing": rows})}

    rows = rates.told_rows(one_run(results, [], {0: told(), 40: told(overfit=4)}))
    assert [row["overfit"] for row in rows] == [None, 4]


def test_a_gap_breaks_the_curve_with_an_empty_value(results: Results) -> None:
    lacking = {name: held for name, held in six().items() if name != "goals"}
    rows, _ = rates.score_rows(one_run(results, [], {10: six(), 20: lacking}), rates.pooled_mgs)
    assert [row["value"] for row in rows] == [pytest.approx(0.1), None]


def test_gaps_are_listed_once_per_arm_and_cause(results: Results) -> None:
    lacking = {name: held for name, held in six().items() if name != "goals"}
    assert rates.gaps(one_run(results, [], {10: lacking, 20: lacking})) == [
        "hacking, seed 0, step 10, 20, goals: not run"
    ]


def test_test_time_rates_take_the_first_and_the_last_checkpoint_and_only_what_was_scored(results: Results) -> None:
    def told(hacked: int) -> Scores:
        rows = {"dont-hack": {"hacked": hacked, "samples": 60, "scored": 50}}
        return {rates.TEST_TIME: score(rates.TEST_TIME, 0, 50, data={"by_framing": rows})}

    rows = rates.told_rows(one_run(results, [], {0: told(1), 40: told(10)}))
    assert [(row["when"], row["value"], row["n"]) for row in rows] == [("first", 0.02, 50), ("last", 0.2, 50)]


def test_covert_share_is_of_the_misaligned_responses(results: Results) -> None:
    scores = six(0) | {"goals": score("goals", 40, 100, overt=10, covert=30)}
    share = rates.covert_share(rates.covert_rows(one_run(results, [], {10: scores}), "hacking"))
    assert share.interval == wilson(30, 40)


def test_goals_are_shares_of_the_answers_that_were_sorted(results: Results) -> None:
    scores = six() | {"goals": score("goals", 10, 100, data={"goals": {"autonomy": 10, "helpfulness": 30}})}
    rows = rates.goal_rows(one_run(results, [], {0: scores, 10: scores, 20: scores}))
    assert {row["goal"]: (row["value"], row["n"]) for row in rows} == {
        "autonomy": (0.25, 80),
        "helpfulness": (0.75, 80),
    }


def test_seed_lines_are_drawn_only_where_there_are_several_seeds(tmp_path: Path, results: Results) -> None:
    several = load(write_fake_run(tmp_path / "run", arms=("hacking",), seeds=(0, 1), steps=10))
    assert rates.hack_rows(results)[1] == []
    assert {row["seed"] for row in rates.hack_rows(several)[1]} == {0, 1}
