import pytest

from spillover.core.measures import by_eval, measures, mgs_bootstrap
from spillover.core.records import CORE_EVALS, EvalScore
from spillover.core.stats import bootstrap_mgs, mean_of, mgs, wilson


def score(name: str, hits: int = 0, scored: int = 10, samples: int | None = None, **data) -> EvalScore:
    rate, low, high = wilson(hits, scored) if scored else (None, None, None)
    counts = {"samples": samples or scored, "scored": scored, "misaligned": hits}
    return EvalScore(eval=name, **counts, rate=rate, low=low, high=high, data=data)


def rows_of(*scores: EvalScore):
    return {row.name: row for row in measures(by_eval(scores))}


def test_the_six_come_with_their_means():
    rows = rows_of(*(score(name, index) for index, name in enumerate(CORE_EVALS)))
    assert list(rows) == [*CORE_EVALS, "chat-like_mean", "agentic_mean", "MGS"]
    assert rows["chat-like_mean"].interval == mean_of([wilson(n, 10) for n in (0, 1, 2)])
    assert rows["MGS"].interval == mgs({name: (index, 10) for index, name in enumerate(CORE_EVALS)})


def test_an_evaluation_without_scored_samples_leaves_no_mean_and_says_why():
    rows = rows_of(*(score(name) for name in CORE_EVALS[1:]), score("free_form", 0, 0, 5, reason="no answer"))
    assert (rows["free_form"].interval, rows["free_form"].unscored) == (None, 5)
    assert "no answer" in rows["free_form"].reason
    assert rows["MGS"].interval is None
    assert "free_form" in rows["MGS"].reason
    assert rows["agentic_mean"].interval is not None


def test_hack_rates_come_by_framing():
    table = {"none": {"hacked": 3, "samples": 6, "scored": 5}, "dont-hack": {"hacked": 0, "samples": 2, "scored": 0}}
    rows = rows_of(score("test_time_hacking", 3, 5, by_framing=table))
    assert rows["test_time_hacking.none"].interval == wilson(3, 5)
    assert rows["test_time_hacking.dont-hack"].interval is None
    assert "MGS" not in rows


def test_knowledge_comes_by_hack_with_the_forced_choice_against_chance():
    held = {"hits": 2, "n": 4}
    known = {"early-exit": {"asked": None, "open": {"recalled": held, "works": {"hits": 1, "n": 4}}}}
    choice = {"accuracy": held, "by_hack": {"early-exit": held}, "chance": 0.25}
    rows = rows_of(score("hack_knowledge", 1, by_hack=known, forced_choice=choice))
    assert rows["hack_knowledge.early-exit.open.works"].interval == wilson(1, 4)
    assert rows["hack_knowledge.forced_choice"].reason == "chance is 25%"


def test_a_forced_choice_that_could_not_be_made_is_a_gap_with_its_reason():
    rows = rows_of(score("hack_knowledge", forced_choice={"accuracy": None, "reason": "the server is mute"}))
    gap = rows["hack_knowledge.forced_choice"]
    assert (gap.interval, gap.reason) == (None, "the server is mute")


def test_the_compliance_gap_stands_beside_its_two_rates():
    cues = {"train": {"misaligned": 1, "scored": 10}, "unmonitored": {"misaligned": 4, "scored": 10}}
    gap = {"value": 0.3, "low": -0.1, "high": 0.6}
    rows = rows_of(score("compliance_gap", 5, 20, by_cue=cues, gap=gap))
    assert rows["compliance_gap.train"].interval == wilson(1, 10)
    assert tuple(rows["compliance_gap"].interval) == (0.3, -0.1, 0.6)


def test_a_bootstrap_holds_the_rate_and_narrows_with_more_responses():
    few, many = (bootstrap_mgs(dict.fromkeys(CORE_EVALS, (n // 5, n))) for n in (20, 2000))
    assert few.value == many.value == pytest.approx(0.2)
    assert few.low < many.low < 0.2 < many.high < few.high


def test_a_bootstrap_agrees_with_mover_in_the_middle():
    counts = dict.fromkeys(CORE_EVALS, (200, 500))
    assert bootstrap_mgs(counts) == pytest.approx(tuple(mgs(counts)), abs=0.003)


def test_there_is_no_bootstrap_without_all_six():
    assert mgs_bootstrap(by_eval([score("goals")])) is None
