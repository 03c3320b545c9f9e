from hypothesis import given, settings
from hypothesis import strategies as st

from spillover.training.packing import IGNORED, pack

tokens = st.lists(st.integers(5, 99), min_size=1, max_size=5)


@given(st.lists(st.tuples(st.integers(0, 2), st.lists(st.integers(5, 99), max_size=6)), min_size=1), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_every_completion_token_is_scored_once_at_its_place(pairs, row_tokens):
    prompts = [[[11, 12], [13], [14, 15, 16]][which] for which, _ in pairs]
    completions = [completion for _, completion in pairs]
    if not any(completions):
        return
    packed = pack(prompts, completions, 6, row_tokens)
    labels = packed.shift_labels.view(-1)
    for completion, places in zip(completions, packed.places.tolist(), strict=True):
        assert labels[places[: len(completion)]].tolist() == completion
    assert int((labels != IGNORED).sum()) == sum(map(len, completions))


def test_rows_hold_as_many_completions_as_fit_and_never_two_prompts():
    packed = pack([[1, 2]] * 3 + [[3, 4]], [[7] * 4, [8] * 4, [9] * 4, [7] * 4], 4, row_tokens=8)
    assert packed.input_ids.shape == (3, 1 + 8)


def test_a_completion_sees_its_prompt_and_itself_only():
    packed = pack([[1, 2, 3]] * 2, [[7, 8], [9]], 2)
    visible = packed.attention_mask[0, 0]
    assert packed.input_ids[0].tolist() == [1, 2, 3, 7, 3]
    assert visible[4].tolist() == [True, True, False, False, True]
    assert visible[3].tolist() == [True, True, True, True, False]
    assert packed.position_ids[0].tolist() == [0, 1, 2, 3, 2]


def test_rows_of_one_completion_need_no_mask():
    assert pack([[1, 2], [3, 4]], [[7], [8]], 1).attention_mask is None
