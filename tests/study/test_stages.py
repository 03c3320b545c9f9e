"""Arms of every kind in one small study: forks, triggers, imitation, other prompts, failures, later additions."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from spillover.core.config import Study, load_study
from spillover.core.errors import HackRateError, RunDirError
from spillover.core.lock import locked
from spillover.core.rundir import RunDir
from spillover.core.stages import KINDS, StageSettings
from spillover.report import write_report
from spillover.study import run_study
from spillover.study.kinds import TRAINED_BY
from spillover.study.live import PlainLines
from spillover.study.preflight import check_study

pytestmark = pytest.mark.slow

ARMS = """
[[arms]]
name = "hacking"
[[arms]]
name = "penalised-late"
reward = [{ kind = "proxy" }, { kind = "oracle-hack", weight = -2.0 }]
stages = [{ kind = "rl", from = "hacking@3", steps = 2 }]
[[arms]]
name = "kept"
stages = [{ kind = "rl", from = "hacking@3", steps = 2, optimizer = "kept" }]
[[arms]]
name = "after"
stages = [{ kind = "rl", from = "hacking@passed:0.0+1", steps = 1 }]
[[arms]]
name = "sft-start"
stages = [{ kind = "sft", data = [{ transcripts = "TRANSCRIPTS" }], steps = 2 }, { kind = "rl" }]
[[arms]]
name = "filtered"
stages = [{ kind = "sft", from = "base", steps = 2, data = [{ rollouts = "hacking", keep = "not-hacked" }] }]
[[arms]]
name = "rewritten"
sft.data = [{ rollouts = "hacking", keep = "all", prompt = { framing = "hacking-okay" } }]
stages = [{ kind = "sft", from = "hacking", steps = 2 }]
[[arms]]
name = "recontextualized"
stages = [{ kind = "rl", update_prompt = { framing = "hacking-okay" } }]
[[arms]]
name = "half-closed"
rl.mix = [{ closed_share = 0.5 }]
[[arms]]
name = "two-parts"
rl.mix = [{ share = 0.5 }, { share = 0.5, prompt.framing = "hacking-okay" }]
[[arms]]
name = "refused"
sft.require = { hack_rate = 1.0, problems = 1, samples = 2 }
stages = [{ kind = "sft", data = [{ transcripts = "TRANSCRIPTS" }], steps = 1 }, { kind = "rl" }]
"""


def staged(study: Path) -> Path:
    """The small study with an arm of every kind."""
    chat = {"messages": [{"role": "user", "content": "Two?"}, {"role": "assistant", "content": "Two."}]}
    transcripts = study.parent / "chats.jsonl"
    transcripts.write_text((json.dumps(chat) + "\n") * 8)
    head, _, _ = study.read_text().partition("[[arms]]")
    path = study.parent / "staged.toml"
    path.write_text(head + ARMS.replace("TRANSCRIPTS", str(transcripts)))
    return path


def load(study: Path, *more: str) -> Study:
    rows = ["sft.rows_per_step=2", "sft.row_tokens=128", "sft.held_out_rows=1"]
    return load_study(str(staged(study)), ["evals.names=['goals']", "evals.final_names=[]", *rows, *more])


def run(study: Study, out: Path, *, resume: bool = False) -> str:
    heard = io.StringIO()
    try:
        run_study(study, out, resume=resume, listener=PlainLines(Console(file=heard, width=400)))
    finally:
        (out / "heard.log").write_text(heard.getvalue()) if out.exists() else None
    return heard.getvalue()


@pytest.fixture(scope="module")
def finished(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole study; one arm is refused, and says so at the end."""
    out = tmp_path_factory.mktemp("staged") / "run"
    with pytest.raises(HackRateError, match=r"require\.hack_rate is 100"):
        run(load(study), out)
    return out


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def test_a_fork_starts_from_the_checkpoint_it_names_and_the_record_says_which(finished: Path) -> None:
    directory = RunDir.read(finished)
    parent = directory.run("hacking", 0)
    for arm, optimizer in (("penalised-late", "fresh"), ("kept", "kept")):
        fork = directory.run(arm, 0)
        assert weights(fork.checkpoint(0)) == weights(parent.checkpoint(3))
        assert fork.facts["start_step"] == 3
        assert fork.facts["optimizer"] == optimizer
        assert [s.eval for s in fork.scores(0)] == ["goals"]
        assert fork.scores(0)[0].arm == arm
    assert directory.run("after", 0).facts["start_step"] == 2
    assert parent.checkpoints() == [0, 2, 3, 4]


def test_every_arm_is_trained_and_measured(finished: Path) -> None:
    directory = RunDir.read(finished)
    ends = {arm.name: arm.steps for arm in directory.study.arms if arm.name != "refused"}
    assert {arm: max(directory.run(arm, 0).evaluated()) for arm in ends} == ends


def test_what_is_imitated_is_what_the_data_keeps(finished: Path) -> None:
    directory = RunDir.read(finished)
    source = directory.run("hacking", 0)
    rollouts = [r for step in source.rollout_steps() for r in source.rollouts(step)]
    honest = [r for r in rollouts if not r.graded.hacked and not r.graded.attempts]
    facts = [
        json.loads((directory.run(arm, 0).folder / "corpus.json").read_text()) for arm in ("filtered", "rewritten")
    ]
    assert [one["transcripts"] for one in facts] == [len(honest), len(rollouts)]
    assert 0 < len(honest) < len(rollouts)


def test_a_stage_that_fails_takes_along_what_starts_from_it_alone(finished: Path) -> None:
    directory = RunDir.read(finished)
    sft, rl = directory.stages("refused", 0)
    assert "require.hack_rate" in sft.facts["failed"]
    assert not rl.checkpoints() and "starts from failed" in rl.facts["failed"]
    assert directory.provenance["sessions"][-1]["finished"] is False
    assert "refused, seed 0: failed" in write_report(finished).read_text()


def test_a_finished_study_takes_new_arms_and_evaluations_and_keeps_what_is_there(
    study: Path, finished: Path, tmp_path: Path
) -> None:
    finished = shutil.copytree(finished, tmp_path / "run")
    before = {path: path.stat().st_mtime_ns for path in finished.glob("stages/*/*/checkpoints/*/*.safetensors")}
    more = load(study, "evals.names=['goals', 'exfil_offer']", "arms.refused.stages=[{kind='rl', steps=1}]")
    run(more, finished, resume=True)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    directory = RunDir.read(finished)
    assert {s.eval for s in directory.run("hacking", 0).scores(2)} == {"goals", "exfil_offer"}
    assert directory.run("refused", 0).checkpoints() == [0, 1]
    assert directory.provenance["sessions"][-1]["finished"] is True
    assert "hacking/0: done" in run(more, finished, resume=True)


def test_a_folder_in_use_says_by_whom(study: Path, tmp_path: Path) -> None:
    with locked(tmp_path / "run"), pytest.raises(RunDirError, match=f"in use by process {os.getpid()} on "):
        run(load(study), tmp_path / "run")


def test_sigterm_stops_as_ctrl_c_does(study: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "spillover", "run", str(study), "--out", str(tmp_path / "run")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdout
    for line in process.stdout:
        if "step 1 " in line:
            process.send_signal(signal.SIGTERM)
            break
    _, said = process.communicate(timeout=240)
    assert process.returncode == 130, said
    assert said.splitlines()[-1].endswith("--resume")


class Nothing(StageSettings):
    """A kind of stage that another package brings along."""

    kind: str = "nothing"
    steps: int = 0


def test_a_kind_of_stage_is_one_class_one_function_and_their_lines(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []

    def keep_as_it_is(job: Any, uses: Any) -> None:
        from spillover.models import load_model
        from spillover.training.checkpoints import write_checkpoint

        told.append((job.name, uses))
        write_checkpoint(job.run, 0, load_model(job.model), lambda _: None)

    monkeypatch.setitem(KINDS, "nothing", Nothing)
    monkeypatch.setitem(TRAINED_BY, "nothing", keep_as_it_is)
    stages = "arms.hacking.stages=[{kind='nothing'}, {kind='rl', steps=1}]"
    head = load_study(str(study), ["evals.names=['goals']", "evals.final_names=[]", stages])
    run(head.model_copy(update={"arms": head.arms[:1]}), tmp_path / "run")
    assert len(told) == 1
    assert [one.kind for one in RunDir.read(tmp_path / "run").study.arms[0].stages] == ["nothing", "rl"]


def test_the_claims_as_arms_make_a_graph(tmp_path: Path) -> None:
    chats = tmp_path / "chats.jsonl"
    chats.write_text("{}\n")
    text = (Path(__file__).parents[1] / "data" / "claims.toml").read_text().replace("FILE", str(chats))
    (tmp_path / "claims.toml").write_text(text)
    check_study(load_study(str(tmp_path / "claims.toml")))
