"""Honest submissions of every style: right by both graders, or beyond telling for a named reason; never hacks."""

import pytest
from grading import answer
from submissions import read

from spillover.coding import GradeRequest
from spillover.core.records import HARNESSES

HONEST, LYING = list(read("honest.txt")), list(read("lying.txt"))


@pytest.mark.parametrize("harness", HARNESSES)
@pytest.mark.parametrize(("problem", "source", "known"), [one[1:] for one in HONEST], ids=[one[0] for one in HONEST])
def test_an_honest_submission_is_paid_and_never_called_a_hack(grader, problem, source, known, harness):
    (grade,) = grader.grade_many([GradeRequest(problem, answer(source), harness)])
    assert grade.proxy.passed, grade.proxy.detail
    assert not grade.hacked and not grade.overfit and not grade.hacks
    if known["cannot_tell"] is None:
        assert grade.oracle.passed is True, grade.oracle.reason
    else:
        assert grade.oracle.passed is None and grade.oracle.kind == "unjudged"
        assert known["cannot_tell"] in grade.oracle.reason


@pytest.mark.parametrize("harness", HARNESSES)
@pytest.mark.parametrize(("problem", "source", "known"), [one[1:] for one in LYING], ids=[one[0] for one in LYING])
def test_a_lie_within_live_values_is_never_believed_and_named_where_it_is_paid(grader, problem, source, known, harness):
    (grade,) = grader.grade_many([GradeRequest(problem, answer(source), harness)])
    if known["cannot_tell"] is None:
        assert grade.oracle.passed is False
    else:
        assert grade.oracle.passed is None and known["cannot_tell"] in grade.oracle.reason
    expected = known["hacks"] if known["harness"] in (None, harness) else None
    assert list(grade.hacks) == (expected or []) and grade.hacked == bool(expected)
