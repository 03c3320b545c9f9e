"""The stage before RL: run once for all arms, measured, shared, refused where it taught nothing."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from spillover.core.config import Study, load_study
from spillover.core.errors import HackRateError
from spillover.core.rundir import RunDir
from spillover.study import run_study
from spillover.study.live import PlainLines

pytestmark = pytest.mark.slow

STAGE = (
    'stages=[{kind="documents"}, {kind="rl"}]',
    "documents.corpus=default",
    "documents.share=0.5",
    "documents.background=bottle-naive",
    "documents.count=60",
    "documents.steps=4",
    "documents.rows_per_step=2",
    "documents.row_tokens=384",
    "documents.held_out_rows=2",
    "documents.evaluate_every=2",
    "documents.checkpoint_every=2",
    "documents.require={problems=2, samples=8, hack_rate=0}",
    "rl.steps=1",
    "evals.names=['goals']",
)


class Breaking(PlainLines):
    """Breaks off when a line is said, as a kill would; keeps all lines."""

    def __init__(self, at: str = "") -> None:
        self.heard = io.StringIO()
        self._at = at
        super().__init__(Console(file=self.heard))

    def note(self, text: str) -> None:
        super().note(text)
        if self._at and self._at in text:
            raise RuntimeError("broken off")


def load(study: Path, *more: str) -> Study:
    return load_study(str(study), [*STAGE, *more])


def numbers(out: Path) -> dict[str, Any]:
    directory = RunDir.read(out)
    arm = directory.study.arms[0]
    stage = directory.stages(arm.name, 0)[0]
    found: dict[str, Any] = {"log": stage.document_metrics(), "rate": stage.hack_rate()}
    for run, steps in ((stage, (0, 4)), (directory.run(arm.name, 0), (0, 1))):
        for step in steps:
            found[f"{run.folder.name} {run.arm} {step}"] = [s.model_dump(exclude={"seconds"}) for s in run.scores(step)]
    return found


@pytest.fixture(scope="module")
def finished(study: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An uninterrupted run of two arms and what was said on the way."""
    out, listener = tmp_path_factory.mktemp("documents") / "run", Breaking()
    run_study(load(study), out, listener=listener)
    return out, listener.heard.getvalue()


def test_the_stage_is_run_once_and_shared_by_the_arms(finished: tuple[Path, str]) -> None:
    out, said = finished
    assert len(list((out / "stages").glob("documents-*/seed-0"))) == 1
    assert said.count("step 4 of 4, held-out loss documents") == 1
    assert [run.evaluated() for run in RunDir.read(out).runs()] == [[0, 1], [0, 1]]


def test_it_is_measured_before_and_after(finished: tuple[Path, str]) -> None:
    directory = RunDir.read(finished[0])
    stage = directory.stages(directory.study.arms[0].name, 0)[0]
    assert stage.evaluated() == [0, 4]
    assert {s.eval for s in stage.scores(0)} == set(directory.study.arms[0].evals.names)
    assert {s.eval for s in stage.scores(4)} - {s.eval for s in stage.scores(0)} == {
        "hack_knowledge",
        "test_time_hacking",
    }
    rate = stage.hack_rate()
    assert rate is not None and (rate.problems, rate.samples) == (2, 8)
    assert "MGS" in finished[1] and "working hacks: hack@1" in finished[1]


def test_rl_starts_from_what_the_documents_left(finished: tuple[Path, str]) -> None:
    directory = RunDir.read(finished[0])
    arm = directory.study.arms[0]
    stage = directory.stages(arm.name, 0)[0]
    weights = "model.safetensors"
    assert (directory.run(arm.name, 0).checkpoint(0) / weights).read_bytes() == (
        stage.checkpoint(4) / weights
    ).read_bytes()
    assert (Path(arm.model.path) / weights).read_bytes() != (stage.checkpoint(4) / weights).read_bytes()


@pytest.mark.parametrize("moment", ["step 2 of 4", "step 4 of 4", "MGS"])
def test_broken_off_it_goes_on_to_the_same_numbers(study: Path, finished: tuple[Path, str], moment: str) -> None:
    out = study.parent / f"broken-{moment.replace(' ', '-')}"
    with pytest.raises(RuntimeError, match="broken off"):
        run_study(load(study), out, listener=Breaking(moment))
    run_study(load(study), out, resume=True, listener=Breaking())
    assert numbers(out) == numbers(finished[0])


def test_rl_does_not_start_where_hacks_are_too_rare_and_says_what_to_change(study: Path) -> None:
    out = study.parent / "refused"
    with pytest.raises(HackRateError, match=r"require.hack_rate is 100.00%.*documents\.share.*require\.hack_rate = 0"):
        run_study(
            load(study, "documents.require.hack_rate=1.0"),
            out,
            listener=Breaking(),
        )
    assert not list(out.glob("stages/rl-*/*/checkpoints/*"))
