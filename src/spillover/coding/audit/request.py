"""An audit as it is asked for, with everything checked before anything is run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from spillover.coding.audit.command import CommandPayer
from spillover.coding.audit.found import Audit
from spillover.coding.audit.harness import HarnessPayer
from spillover.coding.audit.holes import HOLES, NO_TRICK
from spillover.coding.audit.payer import Trial
from spillover.coding.audit.problems import audit_problems, raising_problem
from spillover.coding.audit.reward import Reward, RewardSource
from spillover.coding.audit.run import Progress, audit
from spillover.coding.audit.spelling import Hole
from spillover.coding.compose import MAIN_FILE
from spillover.coding.grader import Grader
from spillover.core.errors import UserError, suggest
from spillover.core.records import HARNESSES, Harness

ORACLE_SECONDS = 10.0
"""What decides the truth has this long, however short the runs of the audited grader are."""
SOURCES: tuple[RewardSource, ...] = get_args(RewardSource)


@dataclass(frozen=True)
class AuditRequest:
    """What is audited: `command` or `harness`, one of the two."""

    command: str | None = None
    harness: str | None = None
    closed: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    """Names of holes, tried besides those that take no trick; all if empty."""
    problems: Path | None = None
    count: int = 3
    seed: int = 0
    thorough: bool = False
    reward: str = "exit-code"
    threshold: float = 1.0
    with_tests: bool = False
    binds: tuple[Path, ...] = ()
    workers: int = 2
    wall_seconds: float = 60.0
    allow_unsandboxed: bool = False


def run_audit(request: AuditRequest, progress: Progress | None = None) -> Audit:
    """Make the audit. Raises UserError for options that do not fit, DataError for problems that cannot be used."""
    harness, reward = _check(request)
    holes = _holes(request.only)
    problems = audit_problems(request.problems, request.count, request.seed)
    besides = [] if request.problems else [raising_problem(request.seed)]
    seconds = max(request.wall_seconds, ORACLE_SECONDS) if request.command else request.wall_seconds
    with Grader(request.workers, seconds, request.allow_unsandboxed) as grader:
        if request.command is None:
            payer = HarnessPayer(harness, request.closed, grader)
            return audit(
                payer, grader, problems, holes=holes, thorough=request.thorough, besides=besides, progress=progress
            )
        with CommandPayer(
            request.command,
            reward,
            binds=request.binds,
            with_tests=request.with_tests,
            workers=request.workers,
            wall_seconds=request.wall_seconds,
            allow_unsandboxed=request.allow_unsandboxed,
            first=Trial(problems[0], {MAIN_FILE: problems[0].reference or ""}),
        ) as command:
            return audit(
                command,
                grader,
                problems,
                holes=holes,
                thorough=request.thorough,
                sparing=not request.thorough,
                besides=besides,
                progress=progress,
            )


def _holes(names: Sequence[str]) -> list[Hole]:
    known = {hole.name: hole for hole in HOLES}
    for name in names:
        if name not in known:
            raise UserError(f"--only {name!r}: no such hole{suggest(name, known)}")
    return [hole for hole in HOLES if not names or hole.name in (*NO_TRICK, *names)]


def _check(request: AuditRequest) -> tuple[Harness, Reward]:
    """The harness and the reward, of which the audit uses one."""
    if (request.command is None) == (request.harness is None):
        raise UserError(
            "audit: give either --grader 'COMMAND {dir}' for your grader, or --harness pytest|script for ours"
        )
    if request.command is not None and request.closed:
        raise UserError("--close: closes holes of our --harness; your --grader is mended in its own code")
    harness = next((name for name in HARNESSES if name == request.harness), None)
    if request.harness is not None and harness is None:
        raise UserError(f"--harness {request.harness!r}: no such harness{suggest(request.harness, HARNESSES)}")
    source = next((name for name in SOURCES if name == request.reward), None)
    if source is None:
        raise UserError(f"--reward {request.reward!r}: cannot be read{suggest(request.reward, SOURCES)}")
    if math.isnan(request.threshold):
        raise UserError("--threshold nan: no number is as large; give the least reward that pays")
    return harness or "pytest", Reward(source, request.threshold)
