from hypothesis import given
from hypothesis import strategies as st

from spillover.training.draws import problems_of_step, refill_problems, sampling_seed

counts = st.integers(1, 20)


@given(counts, st.integers(1, 9), st.integers(0, 5))
def test_every_pass_over_the_problems_meets_each_of_them_once(count, per_step, seed):
    steps = -(-2 * count // per_step)
    stream = [i for step in range(1, steps + 1) for i in problems_of_step(count, per_step, seed, step)]
    assert sorted(stream[:count]) == list(range(count))
    assert sorted(stream[count : 2 * count]) == list(range(count))


@given(counts, st.integers(1, 9), st.integers(1, 50))
def test_a_step_draws_the_same_whatever_was_drawn_before(count, per_step, step):
    assert problems_of_step(count, per_step, 3, step) == problems_of_step(count, per_step, 3, step)


def test_another_seed_draws_another_order():
    assert problems_of_step(50, 8, 0, 1) != problems_of_step(50, 8, 1, 1)


@given(counts, st.integers(0, 9), st.integers(1, 9), st.sets(st.integers(0, 19)))
def test_a_refill_never_repeats_a_problem_of_its_step(count, wanted, step, taken):
    drawn = refill_problems(count, wanted, 0, step, taken)
    assert len(set(drawn)) == len(drawn) <= wanted
    assert not taken.intersection(drawn)
    assert len(drawn) == min(wanted, len(set(range(count)) - taken))


def test_no_two_rounds_sample_with_the_same_numbers():
    seeds = {sampling_seed(seed, step, turn) for seed in range(3) for step in range(50) for turn in range(3)}
    assert len(seeds) == 450
    assert all(0 <= seed < 2**63 for seed in seeds)
