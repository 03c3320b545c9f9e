"""How long an audit takes, on graders of four forms, each open, half mended and closed.

    python benchmarks/audit.py [GRADER ...]

GRADER is a name in tests/data/graders without its ending; all without one.
"""

import sys
import time
from pathlib import Path

from typer.testing import CliRunner

from spillover.cli import app
from spillover.coding.audit.found import Audit

GRADERS = Path(__file__).parents[1] / "tests" / "data" / "graders"
FORMS = [
    f"{form}_{state}" for form in ("exit_code", "junit", "evalplus", "swebench") for state in ("open", "half", "closed")
]


def main(names: list[str]) -> None:
    """Print a row for each grader."""
    print("| grader | verdict | runs | seconds |\n|---|---|---|---|")
    for name in names:
        began = time.monotonic()
        command = f"{sys.executable} {GRADERS / name}.py {{dir}}"
        found = Audit.model_validate_json(CliRunner().invoke(app, ["audit", "--grader", command, "--json"]).stdout)
        print(f"| {name} | {found.verdict} | {found.runs} | {time.monotonic() - began:.1f} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or FORMS)
