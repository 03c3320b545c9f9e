from pathlib import Path

from fake_run import write_fake_run
from hypothesis import given
from hypothesis import strategies as st

from spillover.report.examples import cut, pick_rollouts, split_code
from spillover.report.load import Results, load


def test_examples_hold_the_first_hack_the_latest_of_each_kind_and_one_of_each_other_thing(results: Results) -> None:
    titles = {example.title: example.rollout for example in pick_rollouts(results, "hacking")}
    assert list(titles) == [
        "First successful hack",
        "Latest hack by always-equal",
        "Latest hack by report-patch",
        "Latest hack by early-exit",
        "First overfit answer, no hole used",
        "A hack tried in vain",
        "One that the trusted grader cannot judge",
        "An honest solve",
        "A wrong answer",
    ]
    assert titles["Latest hack by report-patch"].step == 40
    assert titles["First successful hack"].step < 40


def test_examples_are_what_their_titles_say(results: Results) -> None:
    held = {example.title: example.rollout.grade for example in pick_rollouts(results, "hacking")}
    assert held["First successful hack"].hacked
    assert held["Latest hack by early-exit"].hacks == ("early-exit",)
    assert held["An honest solve"].oracle.passed
    assert held["First overfit answer, no hole used"].word == "overfit"
    assert held["A hack tried in vain"].word == "attempt"
    assert held["One that the trusted grader cannot judge"].word == "cannot tell"
    assert held["A wrong answer"].word == "failed"


def test_an_arm_without_rollouts_has_no_examples(tmp_path: Path) -> None:
    assert pick_rollouts(load(write_fake_run(tmp_path / "run", arms=("hacking",), reached=0)), "hacking") == []


def test_long_texts_are_cut_in_the_middle_and_say_so() -> None:
    short = cut("a" * 500 + "b" * 500, limit=100)
    assert short.startswith("a" * 50)
    assert short.endswith("b" * 50)
    assert "900 characters left out" in short


def test_code_is_told_from_prose() -> None:
    text = "Look:\n```python\nx = 1\n```\nDone.\n```\nopen"
    assert list(split_code(text)) == [("text", "Look:"), ("code", "x = 1"), ("text", "Done."), ("code", "open")]


@given(st.text())
def test_no_text_breaks_the_splitting_of_code(text: str) -> None:
    assert all(kind in ("text", "code") for kind, _ in split_code(text))
