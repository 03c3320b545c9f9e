"""One model outside a study: defaults that suit it, a folder that is gone on with, and what is refused."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from spillover.core.errors import ConfigError, ModelError, RunDirError
from spillover.core.records import CORE_EVALS, EvalSample
from spillover.core.rundir import read_records
from spillover.models.tiny import save_tiny
from spillover.study.single import EvalRequest, as_study, evaluate_model, of_bottle

INSPECTS_OWN_WARNINGS = pytest.mark.filterwarnings("ignore:The 'initial' parameter:DeprecationWarning")
NAMES = ("goals", "free_form", "exfil_offer")
KILLED = """
import os, signal, sys
from pathlib import Path
from spillover.judges import provider
from spillover.study.single import EvalRequest, evaluate_model

calls, sample = [], provider.sample

def dying(*args, **others):
    calls.append(1)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return sample(*args, **others)

provider.sample = dying
evaluate_model(EvalRequest("bottle", names=%r, samples=6, out=Path(sys.argv[1])))
"""


def request(out: Path, **changes) -> EvalRequest:
    return EvalRequest(**{"model": "bottle", "names": NAMES, "samples": 6, "out": out, **changes})


def timeless(scores) -> list[dict]:
    return [score.model_dump(exclude={"seconds"}) for score in scores]


@pytest.mark.slow
@INSPECTS_OWN_WARNINGS
def test_a_killed_evaluation_is_gone_on_with_and_ends_with_the_same_scores(tmp_path):
    whole = evaluate_model(request(tmp_path / "whole"))
    script = KILLED % (NAMES,)
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "torn")], timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    finished = sorted(file.stem for file in (tmp_path / "torn" / "parts").glob("*.jsonl"))
    assert finished == ["goals"]
    before = (tmp_path / "torn" / "logs" / "goals.eval").stat().st_mtime_ns
    resumed = evaluate_model(request(tmp_path / "torn"))
    assert timeless(resumed) == timeless(whole)
    assert (tmp_path / "torn" / "logs" / "goals.eval").stat().st_mtime_ns == before
    held = [read_records(tmp_path / name / "samples.jsonl", EvalSample) for name in ("whole", "torn")]
    assert held[0] == held[1]


@INSPECTS_OWN_WARNINGS
def test_a_finished_request_is_answered_from_its_folder_and_another_is_refused(tmp_path):
    first = evaluate_model(request(tmp_path, names=("goals",), samples=2))
    assert evaluate_model(request(tmp_path, names=("goals",), samples=2)) == first
    with pytest.raises(RunDirError, match="another settings"):
        evaluate_model(request(tmp_path, names=("goals",), samples=3))
    with pytest.raises(RunDirError, match="another problems"):
        evaluate_model(request(tmp_path, names=("goals",), samples=2, problems="humaneval"))


@INSPECTS_OWN_WARNINGS
def test_other_weights_at_the_same_path_are_refused(tmp_path):
    model = str(save_tiny(tmp_path / "model", seed=0))
    asked = request(tmp_path / "out", names=("goals",), samples=1, model=model, max_tokens=4)
    evaluate_model(asked)
    save_tiny(tmp_path / "model", seed=1)
    with pytest.raises(RunDirError, match="another weights"):
        evaluate_model(asked)


def test_the_bottle_reads_brief_texts_and_others_full_ones(tmp_path):
    evals = as_study(EvalRequest("bottle")).arms[0].evals
    assert (evals.style, evals.judge, evals.max_tokens, evals.names) == ("brief", "rules", 110, CORE_EVALS)
    evals = as_study(EvalRequest("some/model")).arms[0].evals
    assert (evals.style, evals.judge, evals.max_tokens) == ("full", "self", 1024)


def test_a_folder_is_a_bottles_by_the_words_its_weights_know(tmp_path):
    for name, words in (("small", 1024), ("large", 50_000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps({"vocab_size": words}))
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "config.json").write_text("{")
    assert [of_bottle(str(tmp_path / name)) for name in ("small", "large", "torn")] == [True, False, False]


def test_the_papers_numbers_of_samples_hold_unless_one_is_given():
    evals = as_study(EvalRequest("some/model")).arms[0].evals
    assert [evals.count(name) for name in ("goals", "alignment_questions", "free_form", "capability")] == [
        300, 200, 100, 164,
    ]  # fmt: skip
    evals = as_study(EvalRequest("some/model", samples=7)).arms[0].evals
    assert {evals.count(name) for name in CORE_EVALS} == {7}


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"style": "breif"}, "did you mean 'brief'"),
        ({"tools": "hands"}, "evals.tools"),
        ({"names": ("gols",)}, "goals"),
    ],
)
def test_a_setting_that_is_none_is_named_with_the_mend(changes, part):
    with pytest.raises(ConfigError, match=part):
        as_study(EvalRequest("bottle", **changes))


def test_a_model_without_a_chat_template_is_refused_with_the_mend(tmp_path):
    folder = save_tiny(tmp_path / "model")
    for file in folder.glob("chat_template*"):
        file.unlink()
    held = json.loads((folder / "tokenizer_config.json").read_text())
    held.pop("chat_template", None)
    (folder / "tokenizer_config.json").write_text(json.dumps(held))
    with pytest.raises(ModelError, match=r"no chat template; put a chat_template\.jinja"):
        evaluate_model(request(tmp_path / "out", model=str(folder)))
    assert not (tmp_path / "out").exists()
