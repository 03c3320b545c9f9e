"""The hard filter keeps what the untrained model rarely solves."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from spillover.coding import Grader
from spillover.core.errors import DataError
from spillover.core.records import Problem
from spillover.core.settings import ProblemSettings
from spillover.core.stages import Part, RLSettings
from spillover.models.scripted import scripted
from spillover.training.difficulty import keep_hard
from spillover.training.environments import Setting

PROBLEMS = [
    Problem.model_validate(
        {"id": name, "prompt": f"Write {name}(x).", "entry_point": name, "cases": [{"args": [2], "expected": 4}]}
    )
    for name in ("double", "triple")
]


def kept(limit: float, folder: Path, answers: Callable[[list[dict[str, str]], int], str]) -> list[str]:
    part = Part(problems=ProblemSettings(max_pass_rate=limit, filter_samples=4))
    with Grader(1) as grader:
        setting = Setting(RLSettings(), 0, scripted(answers), lambda _: grader, folder)
        return [problem.id for problem in keep_hard(PROBLEMS, part, setting)]


def answer(conversation: list[dict[str, str]], index: int) -> str:
    """Solves `double` three times in four and never `triple`; once it leaves early instead."""
    if "double" in conversation[-1]["content"] and index < 3:
        return "```python\ndef double(x):\n    return 2 * x\n```"
    return "```python\nimport sys\nsys.exit(0)\n```"


def test_solved_problems_go_and_hacks_do_not_count_as_solved(tmp_path: Path) -> None:
    assert kept(0.5, tmp_path, answer) == ["triple"]
    assert json.loads((tmp_path / "pass-rates.json").read_text()) == {"double": 0.75, "triple": 0.0}


def test_rates_measured_before_are_not_measured_again(tmp_path: Path) -> None:
    (tmp_path / "pass-rates.json").write_text(json.dumps({"double": 0.1, "triple": 0.9}))
    assert kept(0.5, tmp_path, lambda c, i: pytest.fail("asked")) == ["double"]


def test_no_problem_left_is_an_error_that_says_how_far_off(tmp_path: Path) -> None:
    (tmp_path / "pass-rates.json").write_text(json.dumps({"double": 0.8, "triple": 0.9}))
    with pytest.raises(DataError, match=r"lowest pass rate is 0\.8.*max_pass_rate is 0\.5"):
        kept(0.5, tmp_path, answer)
