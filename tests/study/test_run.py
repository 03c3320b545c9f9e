"""A whole study in seconds: end to end, again, and killed at any moment."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spillover.core.records import CORE_EVALS
from spillover.core.rundir import RunDir

pytestmark = pytest.mark.slow
KILLS = 10


class Server:
    """The process that runs studies in children (serve_runs.py)."""

    def __init__(self) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        script = Path(__file__).with_name("serve_runs.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        ready = self._line()
        if ready != "ready":
            self.close()
            raise RuntimeError(f"the server of runs did not start: {ready!r}")

    def run(self, study: Path, out: Path, kill_after: float | None = None) -> int:
        """Run (or go on), kill after some seconds if asked; the exit status."""
        assert self.process.stdin
        print(json.dumps({"study": str(study), "out": str(out)}), file=self.process.stdin, flush=True)
        pid = int(self._line())
        if kill_after is not None:
            time.sleep(kill_after)
            with contextlib.suppress(ProcessLookupError):  # it had finished: as good a moment as any
                os.kill(pid, signal.SIGKILL)
        return int(self._line())

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    serving = Server()
    yield serving
    serving.close()


@pytest.fixture(scope="module")
def finished(server: Server, study: Path) -> tuple[Path, float]:
    """An uninterrupted run, and how many seconds it took."""
    out = study.parent / "finished"
    began = time.monotonic()
    status = server.run(study, out)
    seconds = time.monotonic() - began
    assert status == 0, (study.parent / "finished.log").read_text()
    return out, seconds


def numbers(out: Path) -> dict[str, Any]:
    """All that a run found out, without how long it took."""
    found: dict[str, Any] = {}
    for run in RunDir.read(out).runs():
        at = f"{run.arm}/{run.seed}"
        found[f"{at} metrics"] = [timeless(m.model_dump()) for m in run.metrics()] if run.kind == "rl" else []
        for step in run.rollout_steps():
            found[f"{at} rollouts {step}"] = [timeless(r.model_dump()) for r in run.rollouts(step)]
        for step in run.evaluated():
            found[f"{at} scores {step}"] = [timeless(s.model_dump()) for s in run.scores(step)]
            found[f"{at} samples {step}"] = [s.model_dump() for s in run.samples(step)]
    return found


def timeless(record: Any) -> Any:
    if isinstance(record, dict):
        return {key: timeless(value) for key, value in record.items() if not key.startswith("seconds")}
    return record


def test_a_study_trains_and_measures_every_arm(finished: tuple[Path, float]) -> None:
    for run in RunDir.read(finished[0]).runs():
        assert [m.step for m in run.metrics()] == [1, 2, 3, 4]
        assert run.rollout_steps() == [1, 2, 3, 4]
        assert run.checkpoints()[-1] == 4
        assert run.evaluated() == [0, 2, 4]
        assert [s.eval for s in run.scores(2)] == list(CORE_EVALS)
        assert [s.eval for s in run.scores(4)] == [*CORE_EVALS, "test_time_hacking"]
        assert {s.arm for s in run.scores(0)} == {s.arm for s in run.samples(0)} == {run.arm}


def test_training_saw_hacks_and_learned_something(finished: tuple[Path, float]) -> None:
    hacking, baseline = RunDir.read(finished[0]).runs()
    assert any(m.hack_rate > 0 and m.groups_trained > 0 for m in hacking.metrics())
    assert [r.completion for r in hacking.rollouts(4)] != [r.completion for r in baseline.rollouts(4)]


def test_provenance_says_what_ran_and_that_it_finished(finished: tuple[Path, float]) -> None:
    held = RunDir.read(finished[0]).provenance
    assert held["sessions"][-1]["finished"] is True
    assert held["threads"] == 1
    assert held["processor"]
    assert held["isolation"]


def test_the_report_of_it_can_be_written(finished: tuple[Path, float]) -> None:
    from spillover.report import write_report

    assert "baseline" in write_report(finished[0]).read_text()


def test_going_on_with_a_finished_study_changes_nothing(
    server: Server, study: Path, finished: tuple[Path, float]
) -> None:
    out = finished[0]
    before = {path: path.read_bytes() for path in (out / "stages").rglob("*") if path.is_file()}
    assert server.run(study, out) == 0
    assert {path: path.read_bytes() for path in (out / "stages").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("index", range(KILLS))
def test_a_killed_study_goes_on_to_the_same_numbers(
    server: Server, study: Path, finished: tuple[Path, float], index: int
) -> None:
    whole, seconds = finished
    out = study.parent / f"killed-{index}"
    moment = seconds * (index + random.Random(index).random()) / KILLS
    assert server.run(study, out, kill_after=moment) in (-signal.SIGKILL, 0)
    assert server.run(study, out) == 0, Path(f"{out}.log").read_text()
    assert numbers(out) == numbers(whole)


FORKS = """
[[arms]]
name = "hacking"
[[arms]]
name = "late"
reward = [{ kind = "proxy" }, { kind = "oracle-hack", weight = -2.0 }]
stages = [{ kind = "rl", from = "hacking@3", steps = 2 }]
[[arms]]
name = "kept"
stages = [{ kind = "rl", from = "hacking@passed:0.0+1", steps = 2, optimizer = "kept" }]
[[arms]]
name = "imitating"
sft = { rows_per_step = 2, row_tokens = 128, held_out_rows = 1, checkpoint_every = 1 }
stages = [{ kind = "sft", from = "base", steps = 2, data = [{ rollouts = "hacking", keep = "all" }] }]
"""


@pytest.fixture(scope="module")
def forked(server: Server, study: Path) -> tuple[Path, Path, float]:
    """A study with forks and imitation, its uninterrupted run, and how many seconds that took."""
    head, _, _ = study.read_text().partition("[[arms]]")
    file, out = study.parent / "forks.toml", study.parent / "forks"
    fewer = head.replace("samples = 2", 'samples = 2\nnames = ["goals"]\nfinal_names = []')
    file.write_text(fewer + FORKS)
    began = time.monotonic()
    assert server.run(file, out) == 0, Path(f"{out}.log").read_text()
    return file, out, time.monotonic() - began


@pytest.mark.parametrize("index", range(int(os.environ.get("FORK_KILLS", "3"))))
def test_a_killed_study_with_forks_goes_on_to_the_same_numbers(
    server: Server, forked: tuple[Path, Path, float], index: int
) -> None:
    file, whole, seconds = forked
    out = whole.parent / f"forks-killed-{index}"
    kills = int(os.environ.get("FORK_KILLS", "3"))
    moment = seconds * (index + random.Random(index).random()) / kills
    assert server.run(file, out, kill_after=moment) in (-signal.SIGKILL, 0)
    assert server.run(file, out) == 0, Path(f"{out}.log").read_text()
    assert numbers(out) == numbers(whole)
    assert [run.document_metrics() for run in RunDir.read(out).stages("imitating", 0)] == [
        run.document_metrics() for run in RunDir.read(whole).stages("imitating", 0)
    ]
