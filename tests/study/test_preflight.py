"""What a study asks before anything heavy is loaded."""

import pytest

from personas import INSPECTS_OWN_WARNINGS
from serving import KEY, persona, serving
from spillover.core.config import Study
from spillover.core.errors import ModelError
from spillover.study.preflight import open_run

pytest.importorskip("openai", reason="the package openai is not installed")
pytestmark = INSPECTS_OWN_WARNINGS


def study(provider: str, place: str) -> Study:
    name = f"openai-api/{provider}/persona"
    penalty = {"detector": "model", "model": name} if place == "penalty" else {"detector": "oracle"}
    judge = name if place == "judge" else "rules"
    settings = {"reward": {"penalty": penalty}, "evals": {"judge": judge}}
    return Study.model_validate({"name": "s", "arms": [{"name": arm} | settings for arm in ("one", "two")]})


@pytest.fixture
def server(monkeypatch):
    with serving(persona(lambda *_: None, "")) as running:
        running.respond = lambda _request: {"content": "Hello."}
        for provider, key in (("alive", KEY), ("shut", "wrong")):
            monkeypatch.setenv(f"{provider.upper()}_BASE_URL", running.url)
            monkeypatch.setenv(f"{provider.upper()}_API_KEY", key)
        yield running


@pytest.mark.parametrize("place", ["judge", "penalty"])
def test_a_served_judge_that_does_not_answer_ends_a_study_before_it_starts(server, tmp_path, place):
    with (
        pytest.raises(ModelError, match=r"judge 'openai-api/shut/persona' cannot be used: .*check its API key"),
        open_run(study("shut", place), tmp_path / "out", resume=False, allow_unsandboxed=True),
    ):
        pass
    assert not (tmp_path / "out").exists()


def test_a_judge_whose_key_is_not_set_says_which(server, monkeypatch, tmp_path):
    monkeypatch.delenv("SHUT_API_KEY")
    with (
        pytest.raises(ModelError, match=r"judge 'openai-api/shut/persona' cannot be used: .*SHUT_API_KEY.*; set or"),
        open_run(study("shut", "judge"), tmp_path / "out", resume=False, allow_unsandboxed=True),
    ):
        pass


def test_a_served_judge_is_tried_once_whoever_needs_it(server, tmp_path):
    for place in ("judge", "penalty"):
        with open_run(study("alive", place), tmp_path / place, resume=False, allow_unsandboxed=True):
            pass
    assert len(server.asked) == 1
