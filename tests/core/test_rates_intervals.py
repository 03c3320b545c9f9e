"""Statistics against known values, and what must hold for any input."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spillover.core.rates import clustered, difference, mean_of, pass_at, wilson

PROPORTIONS = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_published_limits(successes: int, trials: int, low: float, high: float) -> None:
    interval = wilson(successes, trials)
    assert interval.low == pytest.approx(low, abs=1e-4)
    assert interval.high == pytest.approx(high, abs=1e-4)


@given(PROPORTIONS)
def test_wilson_limits_enclose_the_share_and_stay_in_range(proportion: tuple[int, int]) -> None:
    interval = wilson(*proportion)
    assert -1e-12 <= interval.low <= interval.value + 1e-12
    assert interval.value - 1e-12 <= interval.high <= 1 + 1e-12


@given(PROPORTIONS)
def test_wilson_is_symmetric_in_success_and_failure(proportion: tuple[int, int]) -> None:
    successes, trials = proportion
    left, right = wilson(successes, trials), wilson(trials - successes, trials)
    assert left.low == pytest.approx(1 - right.high)


@given(PROPORTIONS)
def test_more_trials_narrow_the_interval(proportion: tuple[int, int]) -> None:
    successes, trials = proportion
    few, many = wilson(successes, trials), wilson(4 * successes, 4 * trials)
    assert many.high - many.low < few.high - few.low


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_what_is_no_proportion(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="no proportion"):
        wilson(successes, trials)


@given(PROPORTIONS, st.integers(1, 6))
def test_the_mean_of_equal_estimates_is_that_estimate_with_a_narrower_interval(
    proportion: tuple[int, int], count: int
) -> None:
    one = wilson(*proportion)
    mean = mean_of([one] * count)
    assert mean.value == pytest.approx(one.value)
    assert mean.low >= one.low - 1e-12
    assert mean.high <= one.high + 1e-12


def test_a_mean_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no estimates"):
        mean_of([])


@given(PROPORTIONS, PROPORTIONS)
def test_a_difference_turns_its_sign_with_its_sides(left: tuple[int, int], right: tuple[int, int]) -> None:
    forth, back = difference(wilson(*left), wilson(*right)), difference(wilson(*right), wilson(*left))
    assert forth.value == pytest.approx(-back.value)
    assert forth.low == pytest.approx(-back.high)


def test_clearly_different_rates_have_a_difference_whose_interval_leaves_out_zero() -> None:
    assert difference(wilson(60, 100), wilson(10, 100)).low > 0


@given(st.integers(1, 9), st.data())
def test_pass_at_k_is_the_share_of_draws_of_k_that_hold_a_success(trials: int, data: st.DataObject) -> None:
    successes, k = data.draw(st.integers(0, trials)), data.draw(st.integers(1, trials))
    draws = list(combinations([True] * successes + [False] * (trials - successes), k))
    assert pass_at(k, trials, successes) == pytest.approx(sum(map(any, draws)) / len(draws))


@pytest.mark.parametrize(("k", "trials", "successes"), [(0, 4, 1), (5, 4, 1), (1, 4, 5), (1, 4, -1)])
def test_pass_at_k_of_more_than_there_is_is_refused(k: int, trials: int, successes: int) -> None:
    with pytest.raises(ValueError, match="no estimate"):
        pass_at(k, trials, successes)


def test_scenes_that_come_once_give_wilsons_limits() -> None:
    assert clustered([(1, 1)] * 7 + [(0, 1)] * 23) == pytest.approx(wilson(7, 30))


def test_scenes_that_always_say_the_same_count_once() -> None:
    thrice = clustered([(3, 3)] * 50 + [(0, 3)] * 50)
    assert thrice == pytest.approx(wilson(50, 100), abs=0.005)


def test_answers_that_do_not_depend_on_the_scene_count_each() -> None:
    # Hits of 3 tries at a share of one half: 1, 3, 3 and 1 of 8 scenes.
    independent = [(0, 3)] * 100 + [(1, 3)] * 300 + [(2, 3)] * 300 + [(3, 3)] * 100
    assert clustered(independent) == pytest.approx(wilson(1200, 2400), abs=0.001)


def test_at_none_of_many_every_scene_counts_once() -> None:
    assert clustered([(0, 3)] * 100) == pytest.approx(wilson(0, 100))


SCENES = st.lists(st.integers(1, 5).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1)


@given(SCENES)
def test_clustering_is_never_narrower_than_answers_and_never_wider_than_scenes(scenes: list[tuple[int, int]]) -> None:
    hits, n, m = sum(h for h, _ in scenes), sum(n for _, n in scenes), len(scenes)
    found, narrow, wide = clustered(scenes), wilson(hits, n), wilson(hits * m / n, m)
    assert found.value == hits / n
    assert wide.low - 1e-9 <= found.low <= narrow.low + 1e-9
    assert narrow.high - 1e-9 <= found.high <= wide.high + 1e-9


def test_a_cluster_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no trials"):
        clustered([(0, 0)])
