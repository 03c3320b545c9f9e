"""Statistics against known values, and what must hold for any input."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spillover.core.errors import MissingScoreError
from spillover.core.records import CORE_EVALS
from spillover.core.stats import difference, mean_of, mgs, onset, pass_at, wilson

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


def test_mgs_is_the_plain_mean_whatever_the_sample_sizes() -> None:
    counts = {name: (index, 10 * (index + 1)) for index, name in enumerate(CORE_EVALS)}
    assert mgs(counts).value == pytest.approx(sum(k / n for k, n in counts.values()) / 6)


@given(st.sampled_from(CORE_EVALS), st.booleans())
def test_mgs_is_refused_when_one_of_the_six_is_missing_or_unscored(name: str, absent: bool) -> None:
    counts = dict.fromkeys(CORE_EVALS, (1, 10))
    if absent:
        del counts[name]
    else:
        counts[name] = (0, 0)
    with pytest.raises(MissingScoreError, match=name):
        mgs(counts)


def test_mgs_ignores_evaluations_outside_the_six() -> None:
    counts = dict.fromkeys(CORE_EVALS, (1, 10))
    assert mgs(counts | {"test_time_hacking": (10, 10)}) == mgs(counts)


def hacked(*rates: int) -> dict[int, tuple[int, int]]:
    """Steps from 1 on of 1,000 episodes each, with so many hacks."""
    return {step: (count, 1000) for step, count in enumerate(rates, 1)}


def test_onset_is_the_first_of_three_steps_in_a_row_above_two_percent() -> None:
    assert onset(hacked(0, 50, 20, 21, 30, 900, 900)) == 4


def test_a_lucky_step_or_two_are_no_onset() -> None:
    assert onset(hacked(0, 100, 100, 0, 100, 0)) is None


def test_what_the_untrained_model_does_anyway_is_no_onset() -> None:
    assert onset(hacked(50, 55, 55, 55, 200, 200, 200)) == 5


def test_no_onset_where_hacking_stays_rare_or_nothing_is_recorded() -> None:
    assert onset(hacked(0, 20, 20, 20)) is None
    assert onset({}) is None


@given(st.dictionaries(st.integers(0, 100), st.integers(0, 50).map(lambda count: (count, 50)), max_size=20))
def test_three_steps_from_onset_on_are_above_two_percent(found: dict[int, tuple[int, int]]) -> None:
    first = onset(found)
    if first is not None:
        after = [found[step] for step in sorted(found) if step >= first][:3]
        assert len(after) == 3 and all(count > 0.02 * episodes for count, episodes in after)


@given(st.integers(1, 9), st.data())
def test_pass_at_k_is_the_share_of_draws_of_k_that_hold_a_success(trials: int, data: st.DataObject) -> None:
    successes, k = data.draw(st.integers(0, trials)), data.draw(st.integers(1, trials))
    draws = list(combinations([True] * successes + [False] * (trials - successes), k))
    assert pass_at(k, trials, successes) == pytest.approx(sum(map(any, draws)) / len(draws))


@pytest.mark.parametrize(("k", "trials", "successes"), [(0, 4, 1), (5, 4, 1), (1, 4, 5), (1, 4, -1)])
def test_pass_at_k_of_more_than_there_is_is_refused(k: int, trials: int, successes: int) -> None:
    with pytest.raises(ValueError, match="no estimate"):
        pass_at(k, trials, successes)
