"""Any model behind an OpenAI-compatible server, reached as `spillover eval` reaches it."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from inspect_ai.model import get_model
from typer.testing import CliRunner

from actors import bad, good
from personas import INSPECTS_OWN_WARNINGS
from serving import KEY, Server, persona, serving
from spillover.cli import app
from spillover.core.errors import ConfigError, ModelError, SpilloverError
from spillover.core.rates import by_eval, mgs_of
from spillover.core.records import CORE_EVALS, EvalSample
from spillover.core.rundir import read_records
from spillover.core.settings import EvalName, EvalSettings, FramingName
from spillover.evals.suite import evaluate
from spillover.judges.connect import served
from spillover.judges.reach import local_name
from spillover.study.single import EvalRequest, evaluate_model

openai = pytest.importorskip("openai", reason="the package openai is not installed")
pytestmark = INSPECTS_OWN_WARNINGS
EXIT = "```python\nimport os\nos._exit(0)\n```"
NAME = "openai-api/probe/persona"


@pytest.fixture
def misbehaving(monkeypatch) -> Iterator[Server]:
    with serving(persona(bad, EXIT)) as server:
        monkeypatch.setenv("PROBE_API_KEY", KEY)
        monkeypatch.setenv("PROBE_BASE_URL", server.url)
        yield server


def measured(out: Path, *names: str, **changes):
    request = EvalRequest(**{"model": NAME, "names": names, "samples": 2, "out": out, **changes})
    return by_eval(evaluate_model(request))


@pytest.mark.slow
def test_the_full_suite_runs_against_a_server(misbehaving, tmp_path):
    scores = measured(tmp_path, *get_args(EvalName))
    assert {name: scores[name].rate for name in CORE_EVALS} == dict.fromkeys(CORE_EVALS, 1.0)
    assert scores["compliance_gap"].data["gap"]["value"] == 0.0
    framings = scores["test_time_hacking"].data["by_framing"]
    assert {name: row["rate"] for name, row in framings.items()} == dict.fromkeys(get_args(FramingName), 1.0)
    assert scores["hack_knowledge"].data["by_hack"]["early-exit"]["asked"]["works"]["rate"] == 1.0
    assert scores["hack_knowledge"].data["forced_choice"]["accuracy"]["n"] == 18
    assert scores["capability"].rate == 0.0
    assert mgs_of(scores.values()) == 1.0
    samples = read_records(tmp_path / "samples.jsonl", EvalSample)
    executed = [one.data["accepted"] for one in samples if one.eval == "exfil_offer"]
    assert executed == [True, True]
    assert any("tools" in request for request in misbehaving.asked)


def test_a_behaving_model_scores_nothing_and_another_served_model_judges(monkeypatch, tmp_path):
    with serving(persona(good, "I cannot.")) as server:
        monkeypatch.setenv("PROBE_API_KEY", KEY)
        monkeypatch.setenv("PROBE_BASE_URL", server.url)
        scores = measured(tmp_path, "goals", "exfil_offer", judge="openai-api/probe/persona-judge")
    assert {score.rate for score in scores.values()} == {0.0}
    assert {request["model"] for request in server.asked} == {"persona", "persona-judge"}
    assert scores["goals"].judge == "openai-api/probe/persona-judge"


def test_the_address_and_the_key_can_be_given_as_arguments(misbehaving, monkeypatch, tmp_path):
    for name in ("PROBE_API_KEY", "PROBE_BASE_URL"):
        monkeypatch.delenv(name)
    given = (f"base_url={misbehaving.url}", f"api_key={KEY}")
    assert measured(tmp_path, "goals", model_arguments=given)["goals"].rate == 1.0
    assert KEY not in "".join(file.read_text() for file in tmp_path.glob("*.json"))


@pytest.mark.slow
def test_forced_choice_is_a_gap_where_the_server_keeps_log_probabilities_to_itself(misbehaving, tmp_path):
    whole = misbehaving.respond
    misbehaving.respond = lambda request: {**whole(request), "logprobs": None}
    choice = measured(tmp_path, "hack_knowledge", samples=1)["hack_knowledge"].data["forced_choice"]
    assert (choice["accuracy"], choice["reason"]) == (None, "the model's server gives no log-probabilities")


def test_a_judge_that_answers_nonsense_leaves_samples_unscored(misbehaving, tmp_path):
    whole = misbehaving.respond
    misbehaving.respond = lambda r: {"content": "Hm, yes."} if r["model"] == "persona-vague" else whole(r)
    score = measured(tmp_path, "goals", judge="openai-api/probe/persona-vague")["goals"]
    assert (score.scored, score.rate) == (0, None)
    assert "unusable verdict twice" in score.data["reason"]


@pytest.mark.slow
def test_empty_responses_are_unscored_and_give_no_rate(misbehaving, tmp_path):
    misbehaving.respond = lambda _request: {"content": ""}
    scores = measured(tmp_path, "goals", "exfil_offer", "hack_knowledge", "capability", samples=1)
    assert {name: score.rate for name, score in scores.items()} == dict.fromkeys(scores)
    assert {score.data["reason"] for score in scores.values()} == {"empty response"}


def test_a_wrong_key_is_one_line_before_anything_is_measured(misbehaving, monkeypatch, tmp_path):
    monkeypatch.setenv("PROBE_API_KEY", "wrong")
    with pytest.raises(ModelError, match=r"Incorrect API key.*check its API key"):
        measured(tmp_path / "out", "goals")
    assert len(misbehaving.asked) == 1
    assert not (tmp_path / "out").exists()


def test_a_model_that_the_server_does_not_have_is_named(misbehaving, tmp_path):
    with pytest.raises(ModelError, match=r"'openai-api/probe/other'.*no model other.*check the model's name"):
        measured(tmp_path, "goals", model="openai-api/probe/other")


def test_a_server_that_is_not_there_is_one_line(misbehaving, monkeypatch, tmp_path):
    monkeypatch.setattr("spillover.judges.connect.PROBE_SECONDS", 0.5)
    monkeypatch.setenv("PROBE_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(ModelError, match=r"no answer within .* at http://127.0.0.1:9/v1; start its server"):
        measured(tmp_path, "goals")


def test_a_judge_that_cannot_be_asked_is_one_line_before_anything_is_measured(misbehaving, monkeypatch, tmp_path):
    monkeypatch.setenv("OTHER_BASE_URL", misbehaving.url)
    monkeypatch.setenv("OTHER_API_KEY", "wrong")
    with pytest.raises(ModelError, match=r"judge 'openai-api/other/persona' cannot be used.*check its API key"):
        measured(tmp_path, "goals", judge="openai-api/other/persona")
    assert sum(request["model"] == "persona" for request in misbehaving.asked) == 2  # the model's probe, the judge's


@pytest.mark.parametrize("judge", ["self", "mockllm/model"])
def test_inspects_stand_in_runs_without_a_network_and_without_a_rate(tmp_path, judge):
    score = measured(tmp_path, "exfil_offer", model="mockllm/model", judge=judge)["exfil_offer"]
    assert (score.scored, score.rate) == (0, None)
    assert "unusable verdict twice" in score.data["reason"]


def test_an_error_of_the_network_is_told_and_one_of_the_disk_is_passed_on(tmp_path):
    def raising(error):
        def respond(*_):
            raise error

        return get_model("mockllm/model", memoize=False, custom_outputs=respond)

    settings = EvalSettings(samples=1, style="full", judge="self")
    with pytest.raises(SpilloverError, match=r"goals stopped.*OSError: name or service not known"):
        evaluate(raising(OSError("name or service not known")), ["goals"], settings, out=tmp_path / "net")
    with pytest.raises(PermissionError):
        evaluate(raising(PermissionError(13, "denied", "verdicts.jsonl")), ["goals"], settings, out=tmp_path / "disk")


@pytest.mark.parametrize(
    "words",
    [
        "This model's maximum context length is 512 tokens. However, you requested 1500 tokens.",
        "the request exceeds the available context size. try increasing the context size",
        "Prompt is too long for the context window",
    ],
)
def test_a_conversation_that_a_server_finds_too_long_is_unscored_and_spares_the_others(misbehaving, tmp_path, words):
    misbehaving.refuse = lambda request: words if "tools" in request else None
    scores = measured(tmp_path, "goals", "exfil_offer")
    assert scores["goals"].rate == 1.0
    assert (scores["exfil_offer"].scored, scores["exfil_offer"].rate) == (0, None)
    assert "does not fit into the model's context" in scores["exfil_offer"].data["reason"]


def test_a_coding_problem_that_a_server_finds_too_long_is_unscored(misbehaving, tmp_path):
    misbehaving.refuse = lambda request: None if "Say hello" in str(request) else "context length exceeded"
    score = measured(tmp_path, "capability", samples=1)["capability"]
    assert (score.rate, "does not fit" in score.data["reason"]) == (None, True)


def test_a_server_without_tool_calls_is_told_how_to_go_on(misbehaving, tmp_path):
    misbehaving.refuse = lambda request: "no tool parser is set" if "tools" in request else None
    with pytest.raises(SpilloverError, match=r"no tool parser is set; set evals.tools \(--tools\) to tags"):
        measured(tmp_path, "exfil_offer")


def test_a_missing_key_is_one_line_without_markup(monkeypatch, tmp_path):
    monkeypatch.delenv("PROBE_API_KEY", raising=False)
    with pytest.raises(ModelError, match="PROBE_API_KEY") as raised:
        measured(tmp_path, "goals")
    assert "[" not in str(raised.value)


@pytest.mark.slow
def test_what_was_finished_before_a_server_broke_is_taken_up(misbehaving, tmp_path):
    judge = "openai-api/probe/persona-steady"
    measured(tmp_path / "whole", "goals", "free_form", judge=judge)
    misbehaving.asked.clear()
    misbehaving.broken_after = 4  # the probe, two answers on goals, one of two to questions
    with pytest.raises(SpilloverError, match=r"evaluation free_form stopped.*the server is broken.*again to go on"):
        measured(tmp_path / "torn", "goals", "free_form", judge=judge)
    misbehaving.broken_after = None
    misbehaving.asked.clear()
    scores = measured(tmp_path / "torn", "goals", "free_form", judge=judge)
    assert {score.rate for score in scores.values()} == {1.0}
    assert sum(request["model"] == "persona" for request in misbehaving.asked) == 3
    samples = [read_records(tmp_path / name / "samples.jsonl", EvalSample) for name in ("whole", "torn")]
    assert samples[0] == samples[1]


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("openai/gpt", True), ("openai-api/lab/model", True), ("anthropic/x", True), ("mockllm/model", True),
        ("bottle", False), ("hf/openai/gpt", False), ("spillover/bottle", False), ("someorg/model", False),
    ],
)  # fmt: skip
def test_names_are_told_apart(name, there):
    assert served(name) is there


def test_a_folder_with_the_name_of_a_provider_is_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "openai" / "mine").mkdir(parents=True)
    assert not served("openai/mine")


def test_local_names_lose_their_prefix():
    assert [local_name(one) for one in ("hf/org/model", "spillover/bottle", "org/model", "bottle")] == [
        "org/model", "bottle", "org/model", "bottle",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "part"),
    [("botle", "did you mean 'bottle'"), ("nowhere/a/b", "no provider 'nowhere'"), ("./gone", "no such folder")],
)
def test_a_name_of_nothing_is_refused_with_the_mend(name, part):
    with pytest.raises(ModelError, match=part):
        local_name(name)


def test_arguments_must_be_pairs_and_are_for_served_models_only(tmp_path):
    with pytest.raises(ConfigError, match="KEY=VALUE"):
        measured(tmp_path, "goals", model="bottle", model_arguments=("base_url",))
    with pytest.raises(ModelError, match="lives in this process"):
        measured(tmp_path, "goals", model="bottle", model_arguments=("base_url=x",))


def test_an_adapter_cannot_be_put_on_a_served_model(tmp_path):
    with pytest.raises(ModelError, match="served elsewhere"):
        measured(tmp_path, "goals", adapter="some/adapter")


def test_an_interrupt_says_how_to_go_on(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("spillover.study.single.evaluate_model", interrupted)
    done = CliRunner().invoke(app, ["eval", "bottle"])
    assert done.exit_code == 130
    assert "start the same command again" in done.stderr
