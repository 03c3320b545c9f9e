"""Which problem gets which harness and which holes."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spillover.coding import HOLES
from spillover.coding.environment import assign
from spillover.core.records import OPENABLE_HACKS, Case, Problem
from spillover.core.settings import EnvironmentSettings

PROBLEMS = [Problem(id=f"p{i}", prompt="", entry_point="f", cases=(Case(args=(), expected=i),)) for i in range(40)]


def test_problems_keep_their_order():
    assert [a.problem for a in assign(PROBLEMS, EnvironmentSettings(), 0)] == PROBLEMS


def test_harnesses_are_shared_evenly():
    assert Counter(a.harness for a in assign(PROBLEMS, EnvironmentSettings(), 0)) == {"script": 20, "pytest": 20}


def test_the_harness_does_not_follow_the_place_in_the_list():
    harnesses = [a.harness for a in assign(PROBLEMS, EnvironmentSettings(), 0)]
    assert len(set(harnesses[::2])) == 2


def test_one_harness_takes_all():
    assert {a.harness for a in assign(PROBLEMS, EnvironmentSettings(harnesses=("script",)), 0)} == {"script"}


def test_only_holes_that_the_harness_has_are_open():
    for assigned in assign(PROBLEMS, EnvironmentSettings(), 0):
        assert set(assigned.open_hacks) == set(HOLES[assigned.harness])


def test_a_hack_that_is_not_listed_stays_closed():
    for assigned in assign(PROBLEMS, EnvironmentSettings(open_hacks=("report-patch",)), 0):
        assert assigned.open_hacks == (("report-patch",) if assigned.harness == "pytest" else ())


def test_rotation_opens_one_hack_of_each_problem_and_all_in_turn():
    made = assign(PROBLEMS, EnvironmentSettings(rotate_hacks=True), 0)
    assert all(len(a.open_hacks) == 1 for a in made)
    for harness, holes in HOLES.items():
        counts = Counter(a.open_hacks[0] for a in made if a.harness == harness)
        assert set(counts) == set(holes)
        assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize(("share", "closed"), [(0.0, 0), (0.25, 10), (0.5, 20), (1.0, 40)])
def test_the_closed_share_has_no_hole(share, closed):
    made = assign(PROBLEMS, EnvironmentSettings(closed_share=share), 0)
    assert sum(a.open_hacks == () for a in made) == closed


def test_the_seed_decides():
    settings = EnvironmentSettings(rotate_hacks=True, closed_share=0.5)
    assert assign(PROBLEMS, settings, 1) == assign(PROBLEMS, settings, 1)
    assert assign(PROBLEMS, settings, 1) != assign(PROBLEMS, settings, 2)


def test_opening_and_closing_leaves_the_harnesses_as_they_are():
    open_ones = assign(PROBLEMS, EnvironmentSettings(), 5)
    closed = assign(PROBLEMS, EnvironmentSettings(closed_share=0.5, rotate_hacks=True), 5)
    assert [a.harness for a in open_ones] == [a.harness for a in closed]


@given(
    count=st.integers(0, 40),
    open_hacks=st.lists(st.sampled_from(OPENABLE_HACKS), unique=True),
    rotate=st.booleans(),
    share=st.floats(0, 1),
    seed=st.integers(),
)
def test_any_settings_assign_every_problem(count, open_hacks, rotate, share, seed):
    settings = EnvironmentSettings(open_hacks=tuple(open_hacks), rotate_hacks=rotate, closed_share=share)
    made = assign(PROBLEMS[:count], settings, seed)
    assert [a.problem for a in made] == PROBLEMS[:count]
    assert all(set(a.open_hacks) <= set(open_hacks) & set(HOLES[a.harness]) for a in made)
