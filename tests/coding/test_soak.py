"""The soak that `benchmarks/soak.py` runs for long, for a moment."""

import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[2] / "benchmarks" / "soak.py"


@pytest.mark.slow
def test_some_hundred_completions_and_attacks_leave_nothing_and_are_judged_right():
    ran = subprocess.run([sys.executable, str(SOAK), "400"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    rows = {line.split("|")[1].strip(): line.split("|")[3].strip() for line in ran.stdout.splitlines() if "| " in line}
    assert {rows[f"leaked {what}"] for what in ("processes", "files", "descriptors")} == {"0"}
    assert rows["wrong verdicts"] == rows["workers that died"] == "0"
    assert "20 of them attacks" in ran.stdout
