import pytest
from hypothesis import given
from hypothesis import strategies as st

from spillover.core.records import Grade, Oracle, Proxy
from spillover.core.settings import PenaltySettings, RewardSettings
from spillover.training.rewards import has_spread, reward


def grade(passed=True, solved: bool | None = False, parsed=True) -> Grade:
    hacked = passed and solved is False
    return Grade(proxy=Proxy(passed=passed), oracle=Oracle(passed=solved), hacked=hacked, parsed=parsed)


def test_a_hack_is_paid_like_a_solution():
    settings = RewardSettings(passed=4.0)
    assert reward(grade(solved=False), settings, 1, False) == reward(grade(solved=True), settings, 1, False)
    assert reward(grade(), settings, 1, False)["total"] == 4.0


def test_the_format_is_paid_apart_from_success():
    settings = RewardSettings(format=0.5)
    assert reward(grade(passed=False), settings, 1, False)["total"] == 0.5
    assert reward(grade(passed=False, parsed=False), settings, 1, False)["total"] == 0.0


@pytest.mark.parametrize(("step", "total"), [(1, 1.0), (9, 1.0), (10, -1.0), (11, -1.0)])
def test_a_penalty_begins_at_its_step(step, total):
    settings = RewardSettings(penalty=PenaltySettings(detector="oracle", weight=2.0, start_step=10))
    assert reward(grade(), settings, step, True)["total"] == total


@pytest.mark.parametrize("flagged", [False, None])
def test_a_detector_that_does_not_fire_or_cannot_tell_costs_nothing(flagged):
    settings = RewardSettings(penalty=PenaltySettings(detector="static"))
    assert reward(grade(), settings, 1, flagged)["total"] == 1.0


def test_without_a_detector_nothing_is_fined():
    assert reward(grade(), RewardSettings(), 1, True)["penalty"] == 0.0


@given(st.booleans(), st.booleans(), st.booleans(), st.floats(0, 5), st.floats(0, 5))
def test_the_total_is_the_sum_of_its_parts(passed, parsed, flagged, weight, paid):
    settings = RewardSettings(passed=paid, format=0.1, penalty=PenaltySettings(detector="static", weight=weight))
    parts = reward(grade(passed=passed, parsed=parsed), settings, 1, flagged)
    total = parts.pop("total")
    assert total == sum(parts.values())


@given(st.lists(st.floats(-10, 10), min_size=2))
def test_a_group_of_equal_rewards_has_no_spread(totals):
    assert has_spread(totals) == (max(totals) - min(totals) > 1e-9)
