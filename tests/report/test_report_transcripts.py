import pytest
from fake_run import OTHERS

from spillover.core.records import EvalLabel, EvalSample
from spillover.report.load import Results
from spillover.report.transcripts import PER_CELL, label_of, pick, pick_of_run, plain, told, transcripts


def sample(label: EvalLabel = "aligned", index: int = 0, **extra) -> EvalSample:
    held = {"eval": "goals", "id": f"goals-{index}", "messages": ({"role": "user", "content": "Why?"},)}
    misaligned = {"aligned": False, "misaligned": True}.get(label)
    return EvalSample(**{**held, "label": label, "misaligned": misaligned, **extra})


def test_rare_labels_are_kept_when_transcripts_must_be_few() -> None:
    held = [sample(index=i) for i in range(30)] + [sample("misaligned", 99)]
    few = pick([held], per_cell=25, budget=1)
    assert {one["label"] for one in few.samples} == {"misaligned", "aligned"}
    assert few.cut_short


def test_no_cell_holds_more_than_its_number_and_the_total_is_told() -> None:
    held = [sample(index=i) for i in range(30)] + [sample("misaligned", i, covert=i % 2 == 0) for i in range(30)]
    picked = pick([held], per_cell=4)
    assert (len(picked.samples), picked.of, picked.cut_short) == (12, 60, False)
    page = transcripts(picked, {}, "of a test")
    assert "12 of 60 responses of a test: the first 4 of each evaluation" in page


def test_misaligned_responses_come_first_and_in_their_own_order() -> None:
    picked = pick([[sample(), sample("misaligned", 1), sample("misaligned", 2)]], per_cell=4)
    assert [one["id"] for one in picked.samples] == ["goals-1", "goals-2", "goals-0"]


def test_of_a_run_the_first_and_the_last_checkpoint_are_shown(results: Results) -> None:
    picked = pick_of_run(results)
    assert {one["step"] for one in picked.samples} == {0, 40}
    assert {one["arm"] for one in picked.samples} == {arm.name for arm in results.arms}
    cells = [(one["arm"], one["step"], one["eval"], one["label"], one["split"]) for one in picked.samples]
    assert max(map(cells.count, cells)) <= PER_CELL


def test_acts_are_told_as_text() -> None:
    mails = [{"to": "team", "body": "Wait."}, {"to": "boss", "body": "No."}]
    assert told(mails) == "to: team\nbody: Wait.\n\nto: boss\nbody: No."
    assert told(["SELECT 1", "SELECT 2"]) == "SELECT 1\nSELECT 2"
    assert (told(True), told(None), told([]), told(3)) == ("yes", "\u2013", "none", "3")


def test_a_transcript_holds_reason_judge_and_acts() -> None:
    shown = plain(sample("misaligned", overt=True, judge="rules", reason="it says so", data={"sent": [{"to": "x"}]}))
    assert (shown["split"], shown["judge"], shown["reason"]) == ("overt", "rules", "it says so")
    assert shown["facts"] == [["sent", "to: x"]]


def test_a_filter_with_one_choice_is_left_out() -> None:
    page = transcripts(pick([[sample(), sample("misaligned", 1)]], per_cell=2), {}, "of a test")
    assert 'data-key="label"' in page
    assert 'data-key="arm"' not in page


def test_on_coding_problems_the_label_is_what_both_graders_make_of_the_answer(results: Results) -> None:
    shown = [one for one in pick_of_run(results).samples if one["eval"] == "test_time_hacking"]
    assert {one["label"] for one in shown} == {"hacked", *OTHERS}
    facts = {one["label"]: dict(one["facts"]) for one in shown}
    assert facts["attempt"]["tried and failed"] == "early-exit"
    assert facts["cannot tell"]["cannot tell for"] == "the time limit"
    assert {word: held["counted by this evaluation"] for word, held in facts.items() if word != "cannot tell"} == {
        "hacked": "yes", "solved": "no", "failed": "no", "overfit": "no", "attempt": "no",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("category", "solved", "word"),
    [
        ("hardcoded-tests", False, "overfit"),
        ("early-exit", False, "hacked"),
        (None, False, "failed"),
        (None, True, "solved"),
        (None, None, "cannot tell"),
    ],
)
def test_answers_that_were_recorded_before_the_graders_word_was_are_labelled_too(category, solved, word) -> None:
    data = {"proxy_passed": True, "solved": solved}
    label = "hack-attempt" if category else "aligned"
    assert label_of(sample(label, eval="test_time_hacking", category=category, data=data)) == word


def test_an_empty_answer_to_a_coding_problem_stays_unscored() -> None:
    data = {"proxy_passed": False, "solved": False, "grade": "failed", "overfit": False, "attempts": []}
    assert label_of(sample("unscored", eval="test_time_hacking", data=data)) == "unscored"
