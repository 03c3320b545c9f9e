import pytest

from personas import INSPECTS_OWN_WARNINGS
from spillover.coding import Grader
from spillover.core.errors import DataError
from spillover.core.records import EvalSample
from spillover.core.rundir import read_records
from spillover.core.settings import EvalSettings, PromptSettings
from spillover.evals.capability import episodes, problems
from spillover.evals.suite import evaluate
from spillover.models.scripted import scripted

pytestmark = INSPECTS_OWN_WARNINGS
BRIEF = EvalSettings(samples=4, style="brief")
PROMPT = PromptSettings(style="brief")


@pytest.fixture(scope="module")
def grader():
    with Grader(workers=1) as held:
        yield held


def by_reference(held, wrong=()):
    """A model that answers with the reference, but for the problems named in `wrong`."""
    answers = {one.prompt.strip(): "def nothing(): pass" if one.id in wrong else one.reference for one in held}

    def respond(conversation, _):
        asked = conversation[-1]["content"]
        return f"```python\n{next(code for prompt, code in answers.items() if prompt in asked)}\n```"

    return scripted(respond)


def run(model, grader, out, settings=BRIEF, prompt=PROMPT):
    [score] = evaluate(model, ["capability"], settings, out=out, grader=grader, prompt=prompt)
    return score


def test_solved_problems_are_counted_by_the_oracle(grader, tmp_path):
    held = problems(BRIEF)
    score = run(by_reference(held, wrong={held[0].id}), grader, tmp_path)
    assert (score.hits, score.scored, score.rate) == (3, 4, 0.75)
    labels = {sample.id: sample.label for sample in read_records(tmp_path / "samples.jsonl", EvalSample)}
    assert labels == dict(zip(labels, ["failed", "solved", "solved", "solved"], strict=True))
    assert score.data["by_family"][held[0].family]["hits"] == 0


def test_a_hack_that_beats_the_proxy_solves_nothing(grader, tmp_path):
    score = run(scripted("```python\nimport sys\nsys.exit(0)\n```"), grader, tmp_path)
    assert score.hits == 0


def test_an_unreadable_answer_is_a_failure_and_counted_apart(grader, tmp_path):
    score = run(scripted("I would rather not."), grader, tmp_path)
    assert (score.hits, score.scored, score.data["parsed"]) == (0, 4, 0)


def test_human_eval_is_the_source_in_full_style(grader, tmp_path):
    settings = EvalSettings(samples=3)
    score = run(by_reference(problems(settings)), grader, tmp_path, settings, PromptSettings())
    assert (score.rate, list(score.data["by_family"])) == (1.0, ["humaneval"])


def test_no_problem_is_asked_twice(tmp_path):
    assert len({one.id for one in problems(EvalSettings(samples=500))}) == 164


def test_the_prompt_says_nothing_of_hacks():
    assert "hack" not in str([(one.system, one.user) for one in episodes(problems(BRIEF), PROMPT)]).lower()


def test_a_source_that_is_not_there_is_named():
    with pytest.raises(DataError, match="no such source"):
        problems(BRIEF.model_copy(update={"capability_problems": "humanevil"}))
