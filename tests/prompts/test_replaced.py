"""Every text of a prompt can be replaced from a file, and arrives."""

from pathlib import Path

import pytest

from spillover.core.config import build_study
from spillover.core.graph import measure_key, resolve
from spillover.core.records import Case, Problem, StdinCase
from spillover.core.settings import PromptSettings
from spillover.prompts import problem_message, system_prompt

FUNCTION = Problem(id="f", prompt="Do it.", entry_point="f", cases=(Case(args=(1,), expected=1),), shown=1)
PROGRAM = Problem(id="p", prompt="Do it.", entry_point="", stdin=(StdinCase(input="1\n", output="1\n"),), shown=1)


@pytest.mark.parametrize("style", ["full", "brief"])
@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ('hints = "QQQ"', None),
        ('reasoning = "QQQ"', None),
        ('framings.dont-hack = "QQQ"', None),
        ('tests = "QQQ"', FUNCTION),
        ('answer = "QQQ"', FUNCTION),
        ('harness.pytest = "QQQ"', FUNCTION),
        ('program.pytest = "QQQ"', PROGRAM),
    ],
)
def test_a_text_of_the_users_file_arrives_in_the_prompt(
    tmp_path: Path, style: str, key: str, problem: Problem | None
) -> None:
    file = tmp_path / "texts.toml"
    file.write_text(key)
    settings = PromptSettings.model_validate({"style": style, "texts": file})
    made = problem_message(problem, "pytest", settings) if problem else system_prompt(settings)
    plain = settings.model_copy(update={"texts": None})
    assert "QQQ" in made
    assert "QQQ" not in (problem_message(problem, "pytest", plain) if problem else system_prompt(plain))


def test_other_words_in_the_file_are_another_training_and_another_measurement(tmp_path: Path) -> None:
    file = tmp_path / "texts.toml"
    keys = []
    for word in ("one", "two"):
        file.write_text(f'answer = "{word}"')
        study = build_study({"name": "s", "prompt": {"texts": str(file)}, "arms": [{"name": "a"}]}, "test")
        keys.append((resolve(study)["a"][0].key, measure_key(study.arms[0])))
    (first, second), (third, fourth) = keys
    assert first != third and second != fourth
