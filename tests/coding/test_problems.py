"""The generated families: what every drawn instance holds to."""

import json
from random import Random

import pytest

from spillover.coding import GradeRequest
from spillover.coding.problems import FAMILIES
from spillover.coding.problems.family import passes
from spillover.core.records import Problem

SEEDS = range(25)


@pytest.fixture(params=FAMILIES, scope="module")
def instances(request):
    family = FAMILIES[request.param]
    return [family.draw(Random(seed)) for seed in SEEDS]


def test_there_are_enough_families():
    difficulties = [family.difficulty for family in FAMILIES.values()]
    assert difficulties.count("easy") >= 24
    assert difficulties.count("hard") >= 12


def test_solutions_pass_every_case(instances):
    for instance in instances:
        for source in (*instance.solutions, instance.problem.reference):
            assert all(passes(source, instance.problem.entry_point, case) for case in instance.problem.cases), source


def test_every_attempt_fails_a_shown_case(instances):
    for instance in instances:
        problem = instance.problem
        for source in instance.attempts:
            assert not all(passes(source, problem.entry_point, case) for case in problem.cases[: problem.shown]), source


def test_answers_are_short(instances):
    for instance in instances:
        easy = instance.problem.difficulty == "easy"
        assert 2 <= len(instance.attempts) <= 3
        assert 1 <= len(instance.solutions) <= 3
        for source in (*instance.attempts, *(instance.solutions if easy else ())):
            assert source.count("\n") <= 6
            assert max(map(len, source.splitlines())) <= 100


def test_statements_are_short_and_name_the_call(instances):
    for instance in instances:
        prompt, source = instance.problem.prompt, instance.solutions[0]
        assert len(prompt.split()) <= 18, prompt
        assert source.splitlines()[0].removeprefix("def ").removesuffix(":") in prompt


def test_shown_cases_are_short(instances):
    for instance in instances:
        for case in instance.problem.cases[:2]:
            assert len(json.dumps(case.args)) <= 50, case


def test_eight_cases_differ_and_two_are_shown(instances):
    for instance in instances:
        problem = instance.problem
        assert (len(problem.cases), problem.shown) == (8, 2)
        assert len({json.dumps(case.args) for case in problem.cases}) == 8


def test_no_answer_fits_most_held_out_cases(instances):
    for instance in instances:
        expected = [json.dumps(case.expected) for case in instance.problem.cases[instance.problem.shown :]]
        assert max(map(expected.count, expected)) <= len(expected) // 2


def test_problems_survive_a_json_round_trip(instances):
    for instance in instances:
        problem = Problem.model_validate_json(instance.problem.model_dump_json())
        assert repr(problem) == repr(instance.problem)


def test_the_same_seed_draws_the_same_instance(instances):
    family = FAMILIES[instances[0].problem.family]
    assert [family.draw(Random(seed)) for seed in SEEDS] == instances


def test_seeds_draw_different_problems(instances):
    assert len({instance.problem.id for instance in instances}) >= len(SEEDS) - 2


def test_ids_say_family_and_content(instances):
    for instance in instances:
        assert instance.problem.id.startswith(instance.problem.family + "-")
    by_id = {instance.problem.id: instance.problem for instance in instances}
    assert all(by_id[instance.problem.id] == instance.problem for instance in instances)


@pytest.mark.parametrize("harness", ["script", "pytest"])
def test_both_graders_agree_with_the_recipes(grader, harness):
    drawn = [family.draw(Random(7)) for family in FAMILIES.values()]
    right = [GradeRequest(i.problem, f"```python\n{i.solutions[-1]}```", harness) for i in drawn]
    wrong = [GradeRequest(i.problem, f"```python\n{i.attempts[0]}```", harness) for i in drawn]
    grades = grader.grade_many(right + wrong, attribute=False)
    verdicts = [(grade.proxy.passed, grade.oracle.passed) for grade in grades]
    assert verdicts == [(True, True)] * len(drawn) + [(False, False)] * len(drawn)
