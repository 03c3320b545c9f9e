"""`spillover run` as a user meets it: a real process, stopped by Ctrl-C, out of disk."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from spillover.core.rundir import RunDir

pytestmark = pytest.mark.slow
COMMAND = [sys.executable, "-m", "spillover", "run"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def run(*words: object, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [*prefix, *COMMAND, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False, timeout=240)


def test_a_study_ends_with_a_report_and_without_noise(study: Path, tmp_path: Path) -> None:
    done = run(study, "--out", tmp_path / "run", "--set", "rl.steps=2")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert all(line.startswith(("study ", "hacking/0", "baseline/0", "done in ")) for line in lines), done.stdout
    assert lines[-1].endswith(str(tmp_path / "run" / "report" / "index.html"))
    assert "<html" in (tmp_path / "run" / "report" / "index.html").read_text()


def test_ctrl_c_stops_after_the_step_and_says_how_to_go_on(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = subprocess.Popen(
        [*COMMAND, str(study), "--out", str(out), "--set", "seeds=[3]"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, start_new_session=True,
    )  # fmt: skip
    assert process.stdout
    for line in process.stdout:
        if "step 1 " in line:
            os.killpg(process.pid, signal.SIGINT)
            break
    rest, said = process.communicate(timeout=240)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert said.splitlines()[-1] == (
        f"stopped; go on with: spillover run {study} --out {out} --set 'seeds=[3]' --resume"
    )
    assert "step 4 " not in rest
    assert RunDir.read(out).provenance["sessions"][0]["finished"] is False
    assert run(study, "--out", out, "--set", "seeds=[3]", "--resume").returncode == 0


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="needs root to mount a small disk")
def test_a_full_disk_loses_nothing_and_a_larger_one_goes_on(study: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = " ".join([*COMMAND, str(study), "--out", str(disk / "run")])
    script = tmp_path / "script"
    script.write_text(
        f"mount -t tmpfs -o size=1m tmpfs {disk}\n"
        f"{command} >/dev/null; echo first $? >&2\n"
        f"mount -o remount,size=200m {disk}\n"
        f"{command} --resume >/dev/null; echo second $? >&2\n"
        f"cat {disk}/run/stages/rl-*/seed-0/metrics.jsonl | head -4\n"
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", str(script)],
        capture_output=True, text=True, env=ENVIRONMENT, check=False, timeout=240,
    )  # fmt: skip
    error, first, second = done.stderr.splitlines()
    assert error.startswith("error: ")
    assert "no space left" in error
    assert (first, second) == ("first 1", "second 0")
    assert len(done.stdout.splitlines()) == 4
