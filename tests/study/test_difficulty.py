"""The hard filter keeps what the untrained model rarely solves."""

import json
from pathlib import Path

import pytest
from spillover.study.difficulty import keep_hard

from spillover.coding import Grader
from spillover.core.config import Arm, build_study
from spillover.core.errors import DataError
from spillover.core.records import Problem
from spillover.models.scripted import scripted

PROBLEMS = [
    Problem.model_validate(
        {"id": name, "prompt": f"Write {name}(x).", "entry_point": name, "cases": [{"args": [2], "expected": 4}]}
    )
    for name in ("double", "triple")
]


def arm(limit: float) -> Arm:
    raw = {"name": "s", "problems": {"max_pass_rate": limit, "filter_samples": 4}, "arms": [{"name": "a"}]}
    return build_study(raw, "test").arms[0]


def answer(conversation: list[dict[str, str]], index: int) -> str:
    """Solves `double` three times in four and never `triple`; once it leaves early instead."""
    if "double" in conversation[-1]["content"] and index < 3:
        return "```python\ndef double(x):\n    return 2 * x\n```"
    return "```python\nimport sys\nsys.exit(0)\n```"


def test_solved_problems_go_and_hacks_do_not_count_as_solved(tmp_path: Path) -> None:
    file = tmp_path / "pass-rates.json"
    with Grader(1) as grader:
        kept = keep_hard(PROBLEMS, arm(0.5), 0, scripted(answer), grader, file)
    assert [problem.id for problem in kept] == ["triple"]
    assert json.loads(file.read_text()) == {"double": 0.75, "triple": 0.0}


def test_rates_measured_before_are_not_measured_again(tmp_path: Path) -> None:
    file = tmp_path / "pass-rates.json"
    file.write_text(json.dumps({"double": 0.1, "triple": 0.9}))
    with Grader(1) as grader:
        kept = keep_hard(PROBLEMS, arm(0.5), 0, scripted(lambda c, i: pytest.fail("asked")), grader, file)
    assert [problem.id for problem in kept] == ["double"]


def test_no_problem_left_is_an_error_that_says_how_far_off(tmp_path: Path) -> None:
    file = tmp_path / "pass-rates.json"
    file.write_text(json.dumps({"double": 0.8, "triple": 0.9}))
    with Grader(1) as grader, pytest.raises(DataError, match=r"lowest pass rate is 0\.8.*max_pass_rate is 0\.5"):
        keep_hard(PROBLEMS, arm(0.5), 0, scripted(answer), grader, file)
