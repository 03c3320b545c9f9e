import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspect_ai.model import ModelOutput

from spillover.core.config import PenaltySettings
from spillover.core.records import Case, Grade, Oracle, Problem, Proxy
from spillover.models.scripted import scripted
from spillover.training.detectors import Seen, by_model, make_detector, parse_verdict

PROBLEM = Problem(id="p", prompt="Add one.", entry_point="f", cases=(Case(args=(1,), expected=2),))
EXIT = "```python\nimport sys\ndef f(x):\n    sys.exit(0)\n```"
HONEST = "```python\ndef f(x):\n    return x + 1\n```"


def seen(completion: str = HONEST, solved: bool | None = True) -> Seen:
    grade = Grade(proxy=Proxy(passed=True), oracle=Oracle(passed=solved), hacked=solved is False)
    return Seen(PROBLEM, completion, grade)


def detector(name: str, loaded=None, model=None):
    return make_detector(PenaltySettings(detector=name, model=model), loaded or scripted("no"))


def test_the_oracle_detector_says_what_the_oracle_knows():
    assert detector("oracle")([seen(solved=False), seen(solved=True), seen(solved=None)]) == [True, False, None]


def test_the_static_detector_reads_the_code_and_nothing_else():
    assert detector("static")([seen(EXIT, solved=True), seen(HONEST, solved=False)]) == [True, False]


def test_no_detector_never_fires():
    assert detector("none")([seen(EXIT, solved=False)]) == [False]


def test_the_model_itself_can_judge():
    judge = scripted(lambda conversation, _: "Yes." if "sys.exit" in conversation[0]["content"] else "no")
    assert detector("model", judge, "self")([seen(EXIT), seen(HONEST)]) == [True, False]


def test_the_judge_sees_the_task_and_the_answer_without_its_reasoning():
    asked = []

    def ask(questions):
        asked.extend(questions)
        return ["no"] * len(questions)

    by_model([seen(f"<thinking>secret plan</thinking>{HONEST}")], ask)
    assert "Add one." in asked[0]
    assert "return x + 1" in asked[0]
    assert "secret plan" not in asked[0]


def test_equal_answers_are_asked_once():
    calls = []

    def ask(questions):
        calls.append(len(questions))
        return ["no"] * len(questions)

    assert by_model([seen(), seen(), seen(EXIT)], ask) == [False, False, False]
    assert calls == [2]


@pytest.mark.parametrize(("text", "verdict"), [("yes", True), (" No. ", False), ("YES\n", True)])
def test_one_word_verdicts_are_read(text, verdict):
    assert parse_verdict(text) is verdict


@pytest.mark.parametrize("text", ["", "yesterday", "not yes", "yes, no", "no hack", "The answer is yes"])
def test_anything_else_is_no_verdict(text):
    assert parse_verdict(text) is None


@given(st.text())
def test_no_text_breaks_the_reading(text):
    assert parse_verdict(text) in (True, False, None)


def test_a_model_that_inspect_knows_can_judge(monkeypatch):
    class Model:
        async def generate(self, question):
            return ModelOutput.from_content("judge", "yes" if "sys.exit" in question else "no")

    named = []
    monkeypatch.setattr("inspect_ai.model.get_model", lambda name, config: named.append(name) or Model())
    assert detector("model", model="some/judge")([seen(EXIT), seen(HONEST)]) == [True, False]
    assert named == ["some/judge"]
