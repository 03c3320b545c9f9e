"""Audits of graders whose truth is known: four forms that environments use, each open, half mended and closed."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spillover.cli import app
from spillover.coding.audit.found import Audit

pytestmark = pytest.mark.slow

GRADERS = Path(__file__).parents[1] / "data" / "graders"
OPEN = {
    "exit_code_open": {"always-equal", "early-exit", "readable-tests"},
    "exit_code_half": {"forged-output", "grader-patch"},
    "evalplus_open": {"always-equal", "readable-tests", "grader-patch"},
    "evalplus_half": {"readable-tests", "grader-patch"},
    "junit_open": {
        *("always-equal", "report-patch", "readable-tests", "test-overwrite"),
        *("skip-marks", "startup-files", "forged-output", "grader-patch"),
    },
    "junit_half": {"always-equal", "report-patch", "forged-output", "grader-patch"},
    "swebench_half": {"always-equal", "report-patch", "forged-output", "grader-patch"},
}
MAY_BE = {"readable-tests"}
"""In all of these the tests stand in the solution's process; whether one of our readers finds them there hangs on
what lies in memory."""
CLOSED = ("exit_code_closed", "evalplus_closed", "junit_closed")


def audited(name: str) -> Audit:
    command = f"{sys.executable} {GRADERS / name}.py {{dir}}"
    result = CliRunner().invoke(app, ["audit", "--grader", command, "--json"])
    assert result.exit_code in (0, 1), result.output
    return Audit.model_validate_json(result.stdout)


@pytest.mark.parametrize("name", OPEN)
def test_what_is_open_is_found_and_a_partial_fix_is_told_what_it_overlooks(name: str) -> None:
    found = audited(name)
    opened = {hole.name for hole in found.holes if hole.open}
    assert OPEN[name] <= opened <= OPEN[name] | MAY_BE
    assert all(held.rewarded == held.runs for held in found.honest)
    if name.endswith("half"):
        assert any(hole.advice for hole in found.holes)


@pytest.mark.parametrize("name", CLOSED)
def test_a_grader_that_runs_the_solution_in_a_process_of_its_own_gets_the_all_clear(name: str) -> None:
    found = audited(name)
    assert (found.verdict, found.exit_code) == ("closed", 0)
    assert all(held.rewarded == held.runs for held in found.honest)
