from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spillover.core.rates import wilson
from spillover.core.rates.onset import lag, onset, t50
from spillover.core.records import CORE_EVALS, EvalScore, StepMetrics


def metrics(step: int, hack_rate: float, rollouts: int = 1000, **extra: float) -> StepMetrics:
    return StepMetrics(
        step=step, hack_rate=hack_rate, pass_rate=0.5, solve_rate=0.0, format_rate=1.0, truncated_rate=0.0,
        reward_mean=0.5, rollouts=rollouts, groups_trained=2, groups_set_aside=0, **extra,
    )  # fmt: skip


def run(*rates: float, rollouts: int = 1000) -> list[StepMetrics]:
    return [metrics(step, rate, rollouts) for step, rate in enumerate(rates, 1)]


def curve(steps: range, middle: float, width: float = 2.0, foot: float = 0.0, top: float = 1.0) -> dict[int, float]:
    return {step: foot + (top - foot) / (1 + exp(-(step - middle) / width)) for step in steps}


def six(rate: float) -> dict[str, EvalScore]:
    hits = round(1000 * rate)
    value, low, high = wilson(hits, 1000)
    return {
        name: EvalScore(eval=name, samples=1000, scored=1000, hits=hits, rate=value, low=low, high=high)
        for name in CORE_EVALS
    }


def test_onset_is_the_first_of_three_steps_in_a_row_above_two_percent() -> None:
    assert onset(run(0, 0.5, 0, 0.03, 0.03, 0.03, 0.9)) == 4


def test_two_steps_in_a_row_are_no_onset() -> None:
    assert onset(run(0, 0.5, 0.5, 0.01, 0.5, 0.5)) is None


def test_a_model_that_may_hack_as_much_before_training_has_no_onset() -> None:
    # 2 of 64 at first: the upper limit of that is 10.7%.
    few = run(2 / 64, 0.06, 0.06, 0.06, 0.2, 0.2, 0.2, rollouts=64)
    assert onset(few) == 5


def test_overfit_answers_are_no_hacks_of_onset() -> None:
    assert onset([metrics(step, 0.0, overfit_rate=0.5) for step in range(1, 9)]) is None


def test_the_order_in_which_steps_were_written_does_not_matter() -> None:
    held = run(0, 0, 0.5, 0.5, 0.5)
    assert onset(held[::-1]) == onset(held) == 3


def test_without_a_step_there_is_no_onset() -> None:
    assert onset([]) is None


@given(st.lists(st.floats(0, 1), max_size=20))
def test_at_onset_three_steps_are_above_two_percent_and_the_first_step(rates: list[float]) -> None:
    first = onset(run(*rates))
    if first is not None:
        assert all(rate > max(0.02, rates[0]) for rate in rates[first - 1 : first + 2])


@pytest.mark.parametrize("middle", [8.0, 12.3, 21.0])
@pytest.mark.parametrize(("foot", "top"), [(0.0, 1.0), (0.02, 0.35), (0.1, 0.9)])
def test_t50_finds_the_middle_of_a_logistic_curve(middle: float, foot: float, top: float) -> None:
    assert t50(curve(range(0, 31), middle, foot=foot, top=top)) == pytest.approx(middle, abs=0.1)


def test_t50_finds_it_from_few_checkpoints() -> None:
    assert t50(curve(range(0, 31, 5), 13, top=0.3)) == pytest.approx(13, abs=0.3)


def test_a_step_between_two_checkpoints_is_taken_for_its_middle() -> None:
    steep = {0: 0.0, 5: 0.0, 10: 0.0, 15: 0.4, 20: 0.4, 25: 0.4}
    assert t50(steep) == pytest.approx(12.5, abs=0.2)


def test_a_flat_or_falling_curve_has_no_t50() -> None:
    assert t50({step: 0.02 + 0.01 * (step % 2) for step in range(20)}) is None
    assert t50({step: 0.9 - 0.03 * step for step in range(20)}) is None


def test_a_curve_that_only_begins_to_rise_has_no_t50() -> None:
    assert t50(curve(range(0, 31), 60, width=8)) is None


def test_fewer_points_than_the_curve_has_numbers_give_no_t50() -> None:
    assert t50({0: 0.0, 10: 0.5, 20: 1.0}) is None


@given(st.dictionaries(st.integers(0, 200), st.floats(0, 1), max_size=30))
def test_t50_lies_within_the_steps_or_is_none(rates: dict[int, float]) -> None:
    found = t50(rates)
    assert found is None or min(rates) < found < max(rates)


def test_the_lag_is_how_much_later_misalignment_rises() -> None:
    hacks = [metrics(step, rate) for step, rate in curve(range(1, 41), 12).items()]
    scores = {step: six(rate) for step, rate in curve(range(0, 41, 5), 15, top=0.4).items()}
    assert lag(hacks, scores) == pytest.approx(3, abs=0.4)


def test_there_is_no_lag_without_both() -> None:
    flat = {step: six(0.01) for step in range(0, 41, 5)}
    assert lag([metrics(step, rate) for step, rate in curve(range(1, 41), 12).items()], flat) is None
