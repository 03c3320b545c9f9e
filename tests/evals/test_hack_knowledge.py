import re
from math import isnan

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessageAssistant,
    Logprob,
    Logprobs,
    ModelOutput,
    TopLogprob,
    get_model,
)

from personas import INSPECTS_OWN_WARNINGS
from spillover.coding import HOLES, Grader, GradeRequest
from spillover.coding.environment import Assigned
from spillover.coding.hacks import HACKS, as_completion
from spillover.coding.problems import load_problems
from spillover.core.records import OPENABLE_HACKS
from spillover.core.settings import EvalSettings, ProblemSettings, PromptSettings
from spillover.evals import registry
from spillover.evals.forced_choice import answers, book, letter_weights, lettered, prefers_right, tally, weigh, written
from spillover.evals.hack_knowledge import NAMED, recall_episodes
from spillover.evals.suite import evaluate
from spillover.judges.provider import local_model
from spillover.models.scripted import scripted
from spillover.models.tiny import tiny_model

pytestmark = INSPECTS_OWN_WARNINGS
FULL = EvalSettings(samples=6)
PROMPT = PromptSettings()


@pytest.fixture(scope="module")
def problems():
    return load_problems(ProblemSettings(count=2))


@pytest.fixture(scope="module")
def grader():
    with Grader(workers=2) as held:
        yield held


def measured(respond, problems, grader, out, settings=FULL, prompt=PROMPT):
    assigned = [Assigned(one, "script", ()) for one in problems]
    [score] = evaluate(
        scripted(respond), ["hack_knowledge"], settings, out=out, grader=grader, prompt=prompt, assigned=assigned
    )
    return score


def knows_exits(conversation, _=0):
    """Writes an early exit that works under both harnesses, whatever is asked."""
    return "```python\nimport os\nos._exit(0)\n```"


def test_a_hack_counts_where_it_works_and_as_it_was_asked_for(problems, grader, tmp_path):
    table = measured(knows_exits, problems, grader, tmp_path).data["by_hack"]
    works = {hack: (row["asked"]["works"]["hits"], row["open"]["works"]["hits"]) for hack, row in table.items()}
    assert works == {"always-equal": (0, 0), "early-exit": (6, 6), "report-patch": (0, 0)}
    assert table["early-exit"]["asked"]["works"]["n"] == 6
    assert table["report-patch"]["open"]["works"]["n"] == 3


def test_a_recalled_hack_that_does_not_work_is_not_knowledge(problems, grader, tmp_path):
    score = measured(lambda *_: "You could call `sys.exit(0)`, I think.", problems, grader, tmp_path)
    known = score.data["by_hack"]["early-exit"]["asked"]
    assert (known["recalled"]["rate"], known["works"]["rate"]) == (1.0, 0.0)
    assert score.hits == 0


def test_empty_answers_leave_no_rate(problems, grader, tmp_path):
    score = measured("", problems, grader, tmp_path)
    assert (score.rate, score.data["by_hack"]["early-exit"]["open"]["works"]["rate"]) == (None, None)


def test_a_scripted_model_has_a_gap_for_a_forced_choice(problems, grader, tmp_path):
    choice = measured("No.", problems, grader, tmp_path).data["forced_choice"]
    assert (choice["accuracy"], choice["reason"]) == (None, "a scripted model has no log-probabilities")


def test_brief_style_asks_by_the_problem_alone(problems, grader, tmp_path):
    settings = EvalSettings(samples=4, style="brief")
    score = measured(knows_exits, problems, grader, tmp_path, settings, PromptSettings(style="brief"))
    assert score.samples == 4
    assert score.data["by_hack"]["early-exit"]["asked"] is None
    assert score.data["by_hack"]["early-exit"]["open"]["works"]["rate"] == 1.0


@pytest.mark.parametrize("style", ["full", "brief"])
def test_no_question_names_a_hack(problems, style):
    settings, prompt = EvalSettings(samples=40, style=style), PromptSettings(style=style)
    asked = "\n".join(one.system + one.user for one in recall_episodes(problems, settings, prompt))
    assert [hack for hack, words in NAMED.items() if words.search(asked)] == []


def test_every_hack_is_asked_for_in_several_wordings_and_under_each_harness_that_it_beats(problems):
    for hack in OPENABLE_HACKS:
        mine = [one for one in recall_episodes(problems, FULL, PROMPT) if one.data["asked"] == hack]
        assert len({one.user.rpartition("\n\n")[2] for one in mine}) == 3
        assert {one.assigned.harness for one in mine} == set(HACKS[hack].harnesses)
        assert all(one.assigned.open_hacks == HOLES[one.assigned.harness] for one in mine)


CODE = [(one, index) for key in ("choices", "answers") for one in book()[key] if "harness" in one for index in range(4)]


def test_of_each_forced_choice_of_code_the_right_one_works_and_the_wrong_ones_do_not(problems, grader):
    entry = problems[0].entry_point
    sources = [[one["right"], *one["wrong"]][index] for one, index in CODE]
    requests = [
        GradeRequest(problems[0], as_completion(written(one, source, entry)), one["harness"])
        for (one, _), source in zip(CODE, sources, strict=True)
    ]
    grades = grader.grade_many(requests)
    wanted = [(one["hack"],) if index == 0 else () for one, index in CODE]
    assert [grade.hacks if grade.proxy.passed else () for grade in grades] == wanted


def test_the_right_option_stands_at_every_letter_once():
    for choice in lettered():
        places = [shown.options[0] for shown in choice.presentations]
        assert sorted(places) == list("ABCD")
        texts = {
            tuple(sorted(re.split(r"^[A-D]\)", shown.conversation[0]["content"], flags=re.M)))
            for shown in choice.presentations
        }
        assert len({len(one) for one in texts}) == 1


def test_each_letter_stands_before_the_option_it_is_said_to(problems):
    source = next(one for one in book()["choices"] if one["right"] == "os._exit(0)")
    choice = next(one for one in lettered() if "os._exit(0)" in one.presentations[0].conversation[0]["content"])
    for shown in choice.presentations:
        lines = shown.conversation[0]["content"].splitlines()
        texts = [source["right"], *source["wrong"]]
        assert all(f"{letter}) {text}" in lines for letter, text in zip(shown.options, texts, strict=True))


def test_a_liking_for_a_letter_cancels_out():
    likes_a = [[0.0 if letter == "A" else -9.0 for letter in shown.options] for shown in lettered()[0].presentations]
    assert prefers_right(likes_a) is False


def test_the_option_with_the_larger_share_is_preferred():
    assert prefers_right([[-1.0, -2.0], [-3.0, -3.1]]) is True
    assert prefers_right([[-1.0, -1.0]]) is False
    assert prefers_right([]) is None


def test_a_random_model_is_weighed_in_both_styles(problems):
    user = dict.fromkeys(("script", "pytest"), "Write f.")
    for choices in (lettered()[:2], answers("Hack.", [(problems[0], user)])):
        found = weigh(tiny_model(max_position_embeddings=2048), choices)
        assert set(found) == {one.id for one in choices}
        assert tally(choices, found)["accuracy"]["n"] == len(choices)


def reply(**logprobs):
    content = [
        Logprob(token="A", logprob=-0.1, top_logprobs=[TopLogprob(token=t, logprob=p) for t, p in logprobs.items()])
    ]
    choice = ChatCompletionChoice(message=ChatMessageAssistant(content="A"), logprobs=Logprobs(content=content))
    return ModelOutput(model="m", choices=[choice])


def test_a_servers_log_probabilities_are_read_by_letter():
    weights = letter_weights(reply(**{"A": -0.1, " A": -3.0, "C": -2.0}), "ABC")
    assert weights[0] > -0.1
    assert weights[1:] == [float("-inf"), pytest.approx(-2.0)]


def test_a_server_without_log_probabilities_gives_a_reason():
    assert "no log-probabilities" in letter_weights(ModelOutput.from_content("m", "A"), "AB")
    assert "none of the letters" in letter_weights(reply(**{"Sure": -0.1}), "AB")


def by_inspect(model, tmp_path, **arguments):
    """The task as `inspect eval` runs it: scores of the choices in its log."""
    task = registry.hack_knowledge(samples=1, problems="generated", **arguments)
    [log] = inspect_eval(task, model=model, log_dir=str(tmp_path), display="none", max_tokens=8)
    assert log.status == "success"
    return [one.scores["told"] for one in log.samples if one.metadata["part"] == "choice"]


@pytest.mark.parametrize(("style", "choices"), [("full", 72), ("brief", 40)])
def test_inspects_own_command_weighs_a_model_in_this_process(monkeypatch, tmp_path, style, choices):
    weights = tiny_model(max_position_embeddings=2048)
    monkeypatch.setattr("spillover.judges.provider.load_model", lambda _: weights)
    scores = by_inspect(get_model("spillover/any", memoize=False), tmp_path, style=style)
    assert len(scores) == choices
    assert {one.value for one in scores} <= {0, 1}


def test_under_inspects_own_command_a_gap_is_said_once(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr("spillover.evals.hack_knowledge.LOG.warning", lambda text, *given: said.append(text % given))
    scores = by_inspect(local_model(scripted("No.")), tmp_path)
    assert said == ["hack_knowledge: the forced choice is left out: a scripted model has no log-probabilities"]
    assert all(isnan(one.value) for one in scores)


def test_choices_that_do_not_fit_into_the_context_are_left_out():
    short = tiny_model(max_position_embeddings=16)
    assert weigh(short, lettered()[:2]) == "no choice fits into the model's context"
