"""Runs put together: against printed tables, by hand, and what must hold for any numbers."""

from itertools import product
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spillover.core.rates import Rate, difference, equivalence, holm, mean_of, minus, over_seeds, sign_flip, wilson
from spillover.core.rates.seeds import median_step, t_below, t_interval, t_quantile

NUMBERS = st.lists(st.integers(-100, 100).map(lambda n: n / 100), min_size=2, max_size=9)


def rate(hits: int, n: int = 100) -> Rate:
    return Rate(wilson(hits, n), hits, n, n, name="MGS")


GAP = Rate(None, reason="nothing scored")


@pytest.mark.parametrize(
    ("p", "df", "quantile"),
    [
        (0.975, 1, 12.706), (0.975, 2, 4.303), (0.975, 3, 3.182), (0.975, 4, 2.776), (0.975, 5, 2.571),
        (0.975, 7, 2.365), (0.975, 10, 2.228), (0.975, 30, 2.042), (0.975, 120, 1.980), (0.95, 1, 6.314),
        (0.95, 2, 2.920), (0.95, 7, 1.895), (0.95, 29, 1.699), (0.995, 9, 3.250), (0.5, 4, 0.0),
    ],
)  # fmt: skip
def test_quantiles_of_t_are_those_of_the_tables(p: float, df: int, quantile: float) -> None:
    assert t_quantile(p, df) == pytest.approx(quantile, abs=6e-4)


@given(st.floats(-50, 50), st.integers(1, 60))
def test_the_distribution_of_t_mirrors_and_stays_a_chance(t: float, df: int) -> None:
    assert 0 <= t_below(t, df) <= 1
    assert t_below(t, df) + t_below(-t, df) == pytest.approx(1)


def test_a_t_interval_by_hand() -> None:
    # 1, 2, 3: mean 2, standard error 1 / sqrt 3, t 4.303.
    assert t_interval([1, 2, 3]) == pytest.approx((2, 2 - 4.3027 / sqrt(3), 2 + 4.3027 / sqrt(3)), abs=1e-3)


def test_one_number_has_no_t_interval() -> None:
    with pytest.raises(ValueError, match="no spread"):
        t_interval([1.0])


def test_a_rate_over_seeds_is_the_mean_of_the_runs_whatever_their_sizes() -> None:
    over = over_seeds([{"MGS": rate(10)}, {"MGS": rate(60, 200)}])["MGS"]
    assert over.interval is not None
    assert over.interval.value == pytest.approx(0.2)
    assert (over.seeds, over.hits, over.scored) == (2, 70, 300)


def test_limits_over_seeds_hold_the_spread_between_them_and_stay_rates() -> None:
    over = over_seeds([{"MGS": rate(hits)} for hits in (32, 47, 39)])["MGS"].interval
    assert over is not None
    assert over.high - over.low > 0.3
    flat = over_seeds([{"MGS": rate(hits)} for hits in (1, 90)])["MGS"].interval
    assert flat is not None
    assert (flat.low, flat.high) == (0.0, 1.0)


def test_of_one_seed_there_is_its_sampling_error_only() -> None:
    over = over_seeds([{"MGS": rate(10)}])["MGS"]
    assert (over.interval, over.seeds) == (wilson(10, 100), 1)


def test_a_seed_without_a_rate_is_left_out_and_that_is_said() -> None:
    over = over_seeds([{"MGS": rate(10)}, {"MGS": GAP}])["MGS"]
    assert (over.interval, over.seeds, over.reason) == (wilson(10, 100), 1, "1 of 2 seeds left out: nothing scored")


def test_without_any_rate_there_is_a_gap_with_the_reason() -> None:
    over = over_seeds([{"MGS": GAP}, {"MGS": GAP}])["MGS"]
    assert (over.interval, over.reason) == (None, "nothing scored")


def test_arms_are_paired_by_seed() -> None:
    left, right = {0: rate(50), 1: rate(30), 2: rate(90)}, {0: rate(40), 1: rate(20), 3: rate(1)}
    apart = minus(left, right)
    assert apart.by_seed == pytest.approx({0: 0.1, 1: 0.1})
    assert apart.p == 0.5


def test_seeds_that_agree_by_chance_do_not_hide_the_sampling_error() -> None:
    over = over_seeds([{"MGS": rate(0)} for _ in range(3)])["MGS"].interval
    assert over == mean_of([wilson(0, 100)] * 3)
    apart = minus({0: rate(50), 1: rate(30)}, {0: rate(40), 1: rate(20)})
    assert apart.interval and apart.interval.low < 0.05
    few = minus({seed: rate(0, 20) for seed in range(6)}, {seed: rate(0, 20) for seed in range(6)})
    assert not equivalence(list(few.by_seed.values()), 0.03, few.error).equal


def test_one_seed_gives_a_difference_without_a_test() -> None:
    apart = minus({0: rate(50)}, {0: rate(40)})
    assert (apart.interval, apart.p, apart.seeds) == (difference(wilson(50, 100), wilson(40, 100)), None, 1)


@pytest.mark.parametrize(
    ("right", "reason"), [({1: rate(1)}, "no seed in common"), ({0: GAP}, "nothing scored"), ({}, "no seed in common")]
)
def test_without_a_pair_there_is_a_gap(right: dict[int, Rate], reason: str) -> None:
    assert minus({0: rate(1)}, right)[0] is None
    assert minus({0: rate(1)}, right).reason == reason


def test_more_seeds_than_signs_can_be_flipped_of_have_no_p() -> None:
    many = {seed: rate(50 + seed % 2) for seed in range(25)}
    assert minus(many, {seed: rate(40) for seed in many}).p is None


@given(NUMBERS)
def test_the_sign_flip_p_is_the_share_of_all_ways_to_flip(differences: list[float]) -> None:
    ways = [sum(turned) for turned in product(*((one, -one) for one in differences))]
    far = sum(abs(way) >= abs(sum(differences)) - 1e-9 for way in ways)
    assert sign_flip(differences) == pytest.approx(far / len(ways))


@pytest.mark.parametrize(("seeds", "least"), [(3, 0.25), (6, 0.03125), (8, 0.0078125)])
def test_the_least_p_of_so_many_seeds(seeds: int, least: float) -> None:
    assert sign_flip([0.1 + seed / 100 for seed in range(seeds)]) == least


@given(NUMBERS, st.floats(0.01, 0.5))
def test_arms_are_equal_exactly_where_the_90_percent_interval_lies_within_the_margin(
    differences: list[float], margin: float
) -> None:
    found = equivalence(differences, margin)
    low, high = found.interval.low, found.interval.high
    if min(abs(low + margin), abs(high - margin)) > 1e-9:
        assert found.equal == (-margin < low and high < margin)


def test_an_equivalence_test_by_hand() -> None:
    # Mean 0, standard error 0.01 with 4 degrees of freedom: t = 3, one-sided p 0.01997.
    step = 0.01 * sqrt(5) / sqrt(2.5)
    found = equivalence([-2 * step, -step, 0, step, 2 * step], 0.03)
    assert found.p == pytest.approx(0.01997, abs=1e-5)
    assert found.equal


def test_a_wide_spread_is_not_equal_however_small_the_mean() -> None:
    assert not equivalence([0.2, -0.2, 0.1, -0.1], 0.03).equal


def test_differences_without_spread_are_equal_within_the_margin_alone() -> None:
    assert equivalence([0.02, 0.02], 0.03).p == 0
    assert equivalence([0.04, 0.04], 0.03).p == 1


def test_holm_by_hand() -> None:
    # Smallest first: times 4, 3, 2 and 1, never falling.
    adjusted = holm({"a": 0.04, "b": 0.01, "c": 0.03, "d": 0.5})
    assert adjusted == pytest.approx({"a": 0.09, "b": 0.04, "c": 0.09, "d": 0.5})


@given(st.dictionaries(st.text(max_size=2), st.floats(0, 1), max_size=8))
def test_holm_only_raises_p_and_keeps_their_order(ps: dict[str, float]) -> None:
    adjusted = holm(ps)
    assert list(adjusted) == list(ps)
    assert all(ps[name] <= p <= 1 for name, p in adjusted.items())
    assert sorted(ps, key=lambda name: (adjusted[name], ps[name])) == sorted(ps, key=lambda name: ps[name])


@pytest.mark.parametrize(
    ("steps", "found"), [([3, 9, 5], 5), ([3, None, 9], 9), ([3, None], None), ([None], None), ([], None)]
)
def test_the_median_onset_takes_none_for_later_than_any(steps: list[int | None], found: int | None) -> None:
    assert median_step(steps) == found
