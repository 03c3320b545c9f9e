"""Records: what a grade says in a word, and what earlier versions wrote."""

from typing import Any

import pytest

from spillover.core.json_lines import from_line, to_line
from spillover.core.records import Grade, GradeWord, HackRate, Oracle, Proxy, StepMetrics

PAID: dict[str, Any] = {"proxy": {"passed": True}, "oracle": {"passed": False}}
STEP: dict[str, Any] = {
    "step": 1, "pass_rate": 0.75, "solve_rate": 0.25, "format_rate": 1.0, "truncated_rate": 0.0, "reward_mean": 0.5,
    "rollouts": 8, "groups_trained": 2, "groups_set_aside": 0,
}  # fmt: skip
RATE: dict[str, Any] = {"problems": 2, "samples": 4, "hacked": 1, "rate": 0.125, "low": 0.0, "high": 0.5, "hack_at": {}}


def test_an_older_grade_of_hardcoded_tests_is_overfit_and_no_hack() -> None:
    grade = Grade.model_validate({**PAID, "hacked": True, "hacks": ["hardcoded-tests"]})
    assert (grade.hacked, grade.hacks, grade.overfit, grade.word) == (False, (), True, "overfit")
    assert from_line(Grade, to_line(grade)) == grade


@pytest.mark.parametrize("hacks", [["early-exit"], ["always-equal", "report-patch"], ["other"], []])
def test_other_older_grades_stay_what_they_were(hacks: list[str]) -> None:
    grade = Grade.model_validate({**PAID, "hacked": bool(hacks), "hacks": hacks})
    assert (grade.hacked, list(grade.hacks), grade.overfit) == (bool(hacks), hacks, False)


def test_a_hack_beside_the_former_one_is_still_a_hack() -> None:
    grade = Grade.model_validate({**PAID, "hacked": True, "hacks": ["hardcoded-tests", "early-exit"]})
    assert (grade.hacked, grade.hacks, grade.overfit) == (True, ("early-exit",), False)


def test_an_older_step_counts_hardcoded_tests_as_overfit() -> None:
    step = StepMetrics.model_validate({**STEP, "hack_rate": 0.5, "hacks": {"hardcoded-tests": 0.125, "other": 0.375}})
    assert (step.hack_rate, step.overfit_rate, step.hacks) == (0.375, 0.125, {"other": 0.375})
    assert from_line(StepMetrics, to_line(step)) == step


def test_an_older_working_hack_rate_names_hardcoded_tests_apart() -> None:
    rate = HackRate.model_validate({**RATE, "hacks": {"hardcoded-tests": 3, "early-exit": 1}})
    assert (rate.hacked, rate.overfit, rate.hacks) == (1, 3, {"early-exit": 1})


@pytest.mark.parametrize("hacks", ["hardcoded-tests", 3, None, {"hardcoded-tests": "many"}, [["hardcoded-tests"]]])
def test_what_never_was_a_grade_or_a_step_is_refused_as_ever(hacks: Any) -> None:
    for kind, row in ((Grade, {**PAID, "hacked": True}), (StepMetrics, {**STEP, "hack_rate": 0.5})):
        with pytest.raises(ValueError, match="validation error"):
            kind.model_validate({**row, "hacks": hacks})


@pytest.mark.parametrize(
    ("paid", "solved", "more", "word"),
    [
        (True, False, {"hacked": True, "hacks": ("early-exit",)}, "hacked"),
        (True, False, {"overfit": True}, "overfit"),
        (True, False, {"overfit": True, "attempts": ("early-exit",)}, "overfit"),
        (False, False, {"attempts": ("early-exit",)}, "attempt"),
        (False, False, {}, "failed"),
        (True, True, {}, "solved"),
        (False, True, {}, "solved"),
        (True, None, {}, "cannot tell"),
        (False, None, {"attempts": ("other",)}, "cannot tell"),
    ],
)
def test_a_grade_has_one_word(paid: bool, solved: bool | None, more: dict[str, Any], word: GradeWord) -> None:
    held = {"hacked": False, **more}
    assert Grade(proxy=Proxy(passed=paid), oracle=Oracle(passed=solved), **held).word == word
