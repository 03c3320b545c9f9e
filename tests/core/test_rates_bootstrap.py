from random import Random

import pytest

from spillover.core.rates import mean, minus, over_seeds, wilson
from spillover.core.rates.bootstrap import bootstrap
from spillover.core.records import CORE_EVALS, EvalScore


def score(name: str, outcomes: list[bool], *, told: bool = True) -> EvalScore:
    n, hits = len(outcomes), sum(outcomes)
    value, low, high = wilson(hits, n)
    by_scene = {f"{name}-{i}": hit for i, hit in enumerate(outcomes)} if told else {}
    return EvalScore(eval=name, samples=n, scored=n, hits=hits, rate=value, low=low, high=high, by_scene=by_scene)


def six(share: float, n: int = 100, *, seed: int = 0, told: bool = True) -> dict[str, EvalScore]:
    rng = Random(seed)
    hits = round(share * n)
    return {name: score(name, rng.sample([True] * hits + [False] * (n - hits), n), told=told) for name in CORE_EVALS}


@pytest.mark.parametrize("told", [True, False])
def test_a_bootstrap_of_one_run_agrees_with_mover_in_the_middle(told: bool) -> None:
    held = [six(0.4, 500, told=told)]
    assert bootstrap({0: held}) == pytest.approx(tuple(mean(held).interval or ()), abs=0.003)


def test_it_narrows_with_more_scenes() -> None:
    few, many = bootstrap({0: [six(0.2, 20)]}), bootstrap({0: [six(0.2, 2000)]})
    assert few and many
    assert few.value == many.value == pytest.approx(0.2)
    assert few.low < many.low < 0.2 < many.high < few.high


def test_the_same_answers_at_more_checkpoints_say_no_more() -> None:
    once, thrice = bootstrap({0: [six(0.2)]}), bootstrap({0: [six(0.2)] * 3})
    assert once == pytest.approx(thrice)


def test_it_holds_the_spread_between_seeds() -> None:
    runs = {seed: [six(0.3 + 0.05 * (seed % 4), 200, seed=seed)] for seed in range(8)}
    found = bootstrap(runs)
    spread = over_seeds([{"MGS": mean(held)} for held in runs.values()])["MGS"].interval
    assert found and spread
    assert found.value == pytest.approx(spread.value)
    assert (found.low, found.high) == pytest.approx((spread.low, spread.high), abs=0.02)


def test_arms_are_paired_by_seed_and_scene() -> None:
    runs = {seed: [six(0.1 * seed, 200, seed=seed)] for seed in range(1, 9)}
    assert bootstrap(runs, runs) == (0, 0, 0)
    apart = bootstrap({seed: [six(0.1 + 0.1 * seed, 200, seed=99 + seed)] for seed in runs}, runs)
    assert apart
    assert apart.value == pytest.approx(0.1)
    assert apart.low > 0.05


def test_only_seeds_of_both_arms_count() -> None:
    left, right = {0: [six(0.5)], 1: [six(0.9)]}, {0: [six(0.2)], 2: [six(0.0)]}
    found = bootstrap(left, right)
    paired = minus(*({seed: mean(held) for seed, held in side.items()} for side in (left, right)))
    assert found and paired.interval
    assert found.value == pytest.approx(paired.interval.value)


def test_there_is_none_without_all_six() -> None:
    assert bootstrap({0: [{"goals": score("goals", [True])}]}) is None
    assert bootstrap({}) is None
