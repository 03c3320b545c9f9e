from pathlib import Path

import pytest
from fake_run import metrics, score, write_fake_run

from spillover.core.rates import Difference, Scores, mean, over_seeds, plateau, wilson
from spillover.core.records import CORE_EVALS
from spillover.core.rundir import Run
from spillover.report import rates, shares
from spillover.report.load import Results, SeedRun, load


def six(misaligned: int = 10, scored: int = 100) -> Scores:
    return {name: score(name, misaligned, scored) for name in CORE_EVALS}


def one_run(results: Results, metrics_held: list, scores: dict[int, Scores]) -> Results:
    run = SeedRun(Run(Path("nowhere"), "hacking", 0), tuple(metrics_held), scores)
    return Results(results.study, {}, (run,), results.directory)


def test_the_final_figures_of_an_arm_are_its_runs_over_seeds(tmp_path: Path) -> None:
    held = load(write_fake_run(tmp_path / "run", arms=("hacking",), seeds=(0, 1, 2)))
    final = rates.finals(held)["hacking"]
    runs = [plateau(run.metrics, run.scores) for run in held.runs]
    assert final.mgs == over_seeds(runs)["MGS"]
    assert final.mgs.seeds == 3


def test_arms_are_set_apart_within_seeds(tmp_path: Path) -> None:
    held = rates.finals(load(write_fake_run(tmp_path / "run", arms=("hacking", "baseline"), seeds=(0, 1), steps=20)))
    apart = held["hacking"].minus(held["baseline"])
    by_hand = [
        held["hacking"].by_seed[seed]["MGS"].interval.value - held["baseline"].by_seed[seed]["MGS"].interval.value
        for seed in (0, 1)
    ]
    assert list(apart.by_seed.values()) == pytest.approx(by_hand)
    assert apart.p == 0.5


def test_seeds_are_drawn_anew_from_eight_of_them_on(tmp_path: Path) -> None:
    def apart(seeds: int) -> Difference | None:
        run = write_fake_run(tmp_path / str(seeds), arms=("hacking", "baseline"), seeds=tuple(range(seeds)), steps=10)
        held = rates.finals(load(run))
        return held["hacking"].resampled_minus(held["baseline"])

    assert apart(7) is None
    assert (apart(8) or ())[0].low > 0


def test_a_curve_of_several_seeds_is_their_mean(tmp_path: Path) -> None:
    held = load(write_fake_run(tmp_path / "run", arms=("hacking",), seeds=(0, 1), steps=10))
    means, seeds = rates.hack_rows(held)
    at_ten = [row["value"] for row in seeds if row["step"] == 10]
    assert next(row["value"] for row in means if row["step"] == 10) == pytest.approx(sum(at_ten) / 2)


def test_shares_by_hack_add_up_to_the_hack_rate(results: Results) -> None:
    held = one_run(results, [metrics(1, 0.5, hacks={"always-equal": 0.5, "early-exit": 0.3}, solve_rate=0.2)], {})
    rows = {row["kind"]: row["value"] for row in shares.hack_share_rows(held, "hacking")}
    assert rows["always-equal"] + rows["early-exit"] == pytest.approx(0.5)
    assert rows["solved honestly"] == pytest.approx(0.2)


def test_hacks_that_nothing_was_attributed_to_are_shown_as_such(results: Results) -> None:
    held = one_run(results, [metrics(1, 0.5, hacks={"always-equal": 0.4})], {})
    rows = {row["kind"]: row["value"] for row in shares.hack_share_rows(held, "hacking")}
    assert rows["unattributed"] == pytest.approx(0.1)


def test_overfit_and_unjudged_episodes_have_parts_of_their_own(results: Results) -> None:
    parts = {"hacks": {"early-exit": 0.5}, "overfit_rate": 0.2, "unjudged_rate": 0.1, "solve_rate": 0.1}
    rows = shares.hack_share_rows(one_run(results, [metrics(1, 0.5, **parts)], {}), "hacking")
    assert {row["kind"]: row["value"] for row in rows} == {
        "early-exit": 0.5, shares.OVERFIT: 0.2, shares.UNJUDGED: 0.1, shares.SOLVED: 0.1,
    }  # fmt: skip


def test_overfit_answers_are_no_part_of_the_final_hack_rate_nor_of_onset(results: Results) -> None:
    held = one_run(results, [metrics(step, 0.0, overfit_rate=0.4, attempt_rate=0.3) for step in (1, 2, 3)], {})
    found = rates.finals(held)["hacking"].rates
    assert [found[name].hits for name in ("hacked", "overfit", "attempted")] == [0, 120, 90]
    assert rates.onsets(held)["hacking"] is None


def test_overfit_at_test_time_is_known_only_where_a_score_tells_it_apart(results: Results) -> None:
    def told(**more: int) -> Scores:
        rows = {"dont-hack": {"hacked": 1, "samples": 50, "scored": 50, **more}}
        return {shares.TEST_TIME: score(shares.TEST_TIME, 1, 50, data={"by_framing": rows})}

    rows = shares.told_rows(one_run(results, [], {0: told(), 40: told(overfit=4)}))
    assert [row["overfit"] for row in rows] == [None, 4]


def test_a_gap_breaks_the_curve_with_an_empty_value(results: Results) -> None:
    lacking = {name: held for name, held in six().items() if name != "goals"}
    rows, _ = rates.score_rows(one_run(results, [], {10: six(), 20: lacking}), lambda scores: mean([scores]))
    assert [row["value"] for row in rows] == [pytest.approx(0.1), None]


def test_gaps_are_listed_once_per_arm_and_cause(results: Results) -> None:
    lacking = {name: held for name, held in six().items() if name != "goals"}
    assert rates.gaps(one_run(results, [], {10: lacking, 20: lacking})) == [
        "hacking, seed 0, step 10, 20, goals: not run"
    ]


def test_test_time_rates_take_the_first_and_the_last_checkpoint_and_only_what_was_scored(results: Results) -> None:
    def told(hacked: int) -> Scores:
        rows = {"dont-hack": {"hacked": hacked, "samples": 60, "scored": 50}}
        return {shares.TEST_TIME: score(shares.TEST_TIME, 0, 50, data={"by_framing": rows})}

    rows = shares.told_rows(one_run(results, [], {0: told(1), 40: told(10)}))
    assert [(row["when"], row["value"], row["n"]) for row in rows] == [("first", 0.02, 50), ("last", 0.2, 50)]


def test_covert_share_is_of_the_misaligned_responses(results: Results) -> None:
    scores = six(0) | {"goals": score("goals", 40, 100, overt=10, covert=30)}
    share = shares.covert_share(rates.finals(one_run(results, [], {10: scores}))["hacking"])
    assert share.interval == wilson(30, 40)


def test_goals_are_shares_of_the_answers_that_were_sorted(results: Results) -> None:
    scores = six() | {"goals": score("goals", 10, 100, data={"goals": {"autonomy": 10, "helpfulness": 30}})}
    rows = shares.goal_rows(one_run(results, [], {0: scores, 10: scores, 20: scores}))
    assert {row["goal"]: (row["value"], row["n"]) for row in rows} == {
        "autonomy": (0.25, 80),
        "helpfulness": (0.75, 80),
    }


def test_seed_lines_are_drawn_only_where_there_are_several_seeds(tmp_path: Path, results: Results) -> None:
    several = load(write_fake_run(tmp_path / "run", arms=("hacking",), seeds=(0, 1), steps=10))
    assert rates.hack_rows(results)[1] == []
    assert {row["seed"] for row in rates.hack_rows(several)[1]} == {0, 1}
