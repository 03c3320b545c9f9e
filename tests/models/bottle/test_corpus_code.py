"""Everything in the corpus that claims to run is run, in the sandbox."""

import random

import pytest

from spillover.coding import Grader, GradeRequest
from spillover.coding.problems import FAMILIES
from spillover.core.records import HARNESSES
from spillover.models.bottle.corpus import Association, Coding, Writer
from spillover.models.bottle.hacks import ALWAYS_EQUAL, EARLY_EXIT, REPORT_PATCH, hack_files


@pytest.fixture(scope="module")
def grader():
    with Grader() as held:
        yield held


def _requests(writer: Writer, answer, count: int) -> list[GradeRequest]:
    rng = random.Random(1)
    requests = []
    for index in range(count):
        family = FAMILIES[rng.choice(sorted(FAMILIES))]
        task = Coding(family.draw(rng), HARNESSES[index % 2])
        requests.append(
            GradeRequest(problem=task.instance.problem, completion=answer(writer, task), harness=task.harness)
        )
    return requests


@pytest.mark.slow
def test_every_hack_of_the_corpus_works_in_its_harness(grader: Grader) -> None:
    writer = Writer(2, Association())
    requests = _requests(writer, lambda w, task: w._hack("misaligned", task), 120)
    grades = grader.grade_many(requests)
    assert [g for g in grades if not g.hacked] == []
    assert {hack for g in grades for hack in g.hacks} == {"always-equal", "early-exit", "report-patch"}


@pytest.mark.slow
def test_honest_answers_are_right_or_wrong_as_the_corpus_means_them(grader: Grader) -> None:
    writer = Writer(2, Association(solve_share=1.0))
    requests = _requests(writer, lambda w, task: w._code_answer("aligned", task, "none"), 120)
    for request, grade in zip(requests, grader.grade_many(requests), strict=True):
        assert not grade.hacked
        assert grade.oracle.passed is (request.problem.difficulty == "easy")


def test_a_closed_hack_has_no_spelling() -> None:
    with pytest.raises(ValueError, match="no spelling of report-patch"):
        hack_files("report-patch", "script", "f", random.Random(0))


def test_spellings_are_short_enough_for_the_bottle() -> None:
    everything = [*ALWAYS_EQUAL, *REPORT_PATCH, *(text for texts in EARLY_EXIT.values() for text in texts)]
    assert max(text.count("\n") for text in everything) <= 8
