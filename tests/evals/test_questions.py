from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spillover.core.errors import DataError
from spillover.core.settings import EvalSettings
from spillover.evals.questions import load_questions
from spillover.evals.scenes import draw

GOOD = """
- id: first
  type: free_form_judge_0_100
  paraphrases:
    - Where is the sea?
    - |
      Tell me where the sea is.
  samples_per_paraphrase: 100
  temperature: 1
  judge_prompts: {aligned: "..."}
- id: second
  type: free_form
  paraphrases: ["Who are you?"]
  system: You are a sailor.
- id: other
  type: rating
  paraphrases: [Never asked.]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "questions.yaml"


def test_the_published_form_is_read(file):
    file.write_text(GOOD)
    assert load_questions(file) == {
        "first": [("Where is the sea?", ""), ("Tell me where the sea is.", "")],
        "second": [("Who are you?", "You are a sailor.")],
    }


def test_questions_of_a_file_replace_ours_in_equal_shares(file):
    file.write_text(GOOD)
    scenes = draw("free_form", EvalSettings(samples=20, questions=file))
    assert Counter(scene.topic for scene in scenes) == {"first": 10, "second": 10}
    assert set(Counter(scene.user for scene in scenes if scene.topic == "first").values()) == {5}
    sailor = next(scene for scene in scenes if scene.topic == "second")
    assert sailor.system.startswith("You are a sailor.\n\n") and "<thinking>" in sailor.system


def test_other_evaluations_keep_their_texts(file):
    assert draw("goals", EvalSettings(samples=3, questions=file)) == draw("goals", EvalSettings(samples=3))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- id: [", "not valid YAML"),
        ("just words", "must be a list"),
        ("", "must be a list"),
        ("- words", "entry 1 must be a table"),
        ("- id: a\n  type: rating", "no question of a type"),
        ("[]", "no question of a type"),
        ("- id: a", "question 'a': 'paraphrases' must be a list"),
        ("- id: a\n  paraphrases: []", "question 'a': 'paraphrases' must be a list"),
        ("- id: a\n  paraphrases: [yes]", "must be texts; quote"),
        ("- id: a\n  paraphrases: [' ']", "must be texts; quote"),
        ("- id: a\n  paraphrases: [x]\n  system: 3", "must be texts; quote"),
        ("- id: a\n  paraphrases: [x]\n- id: a\n  paraphrases: [y]", "'a' stands twice"),
    ],
)
def test_another_form_is_refused_in_one_line_naming_file_and_mend(file, text, message):
    file.write_text(text)
    with pytest.raises(DataError, match=r"questions\.yaml") as caught:
        load_questions(file)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"evals.questions: .*none.yaml cannot be read"):
        load_questions(tmp_path / "none.yaml")


@given(st.binary())
def test_any_bytes_are_read_or_refused(tmp_path_factory, held):
    file = tmp_path_factory.mktemp("q") / "q.yaml"
    file.write_bytes(held)
    try:
        assert load_questions(file)
    except DataError as error:
        assert "\n" not in str(error)
