"""A user's own grader: a command line that is given a folder, run inside the sandbox."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

from spillover.coding.audit.payer import Payment, Trial
from spillover.coding.audit.surroundings import surroundings
from spillover.coding.compose import MAIN_FILE
from spillover.coding.fit import compose
from spillover.coding.proxy import TEST_FILE, ProxyRun, test_file
from spillover.coding.requests import HOLES
from spillover.core.errors import UserError
from spillover.core.records import Problem
from spillover.sandbox import Job, Limits, Pool, Process, Result

RewardSource = Literal["exit-code", "stdout"]
PROBLEM_FILE = "problem.json"
NOT_STARTED = (126, 127)
"""A shell's exit codes for a program that cannot be run or found."""
LIMITS = Limits(
    memory_bytes=8 << 30,
    address_bytes=1 << 40,
    file_bytes=256 << 20,
    processes=256,
    open_files=1024,
    disk_bytes=512 << 20,
)
"""A grader is a bigger program than a solution."""


@dataclass(frozen=True)
class Reward:
    """Where a grader's reward is read.

    exit-code   0 is a reward.
    stdout      the last line that is not blank: `true` or `false` in any case, or a number, which is a
                reward from `threshold` on. The exit code is not looked at.
    """

    source: RewardSource = "exit-code"
    threshold: float = 1.0

    def read(self, result: Result) -> str:
        """Why there is no reward; empty if there is."""
        if result.error:
            return result.error
        if result.ended:
            return f"ran past the {result.ended} limit"
        if self.source == "stdout":
            return self._said(_last_line(result.channel))
        if result.exit_code == 0:
            return ""
        return f"exit code {result.exit_code}: {_last_words(result)}".removesuffix(": ")

    def _said(self, line: str) -> str:
        if line.lower() in ("true", "false"):
            return "" if line.lower() == "true" else "said false"
        try:
            value = float(line)
        except ValueError:
            return f"the last line of stdout is no number and not true or false: {line[:200]!r}"
        return "" if not math.isnan(value) and value >= self.threshold else f"said {line}"


class CommandPayer:
    """Runs `command` once per submission, in a folder of its own that stands for `{dir}`.

    The folder holds the submission's files and `problem.json`; with `with_tests` also
    `test_solution.py`, unless the submission brings its own. Raises UserError for a command without
    `{dir}`, IsolationError where there is no sandbox and `allow_unsandboxed` is not given.
    """

    def __init__(
        self,
        command: str,
        reward: Reward,
        *,
        binds: Sequence[Path] = (),
        with_tests: bool = False,
        workers: int = 2,
        wall_seconds: float = 60.0,
        allow_unsandboxed: bool = False,
    ) -> None:
        if "{dir}" not in command:
            raise UserError(f"--grader {command!r}: does not say where the submission goes; write {{dir}} in it")
        self._command, self._reward, self._with_tests = command, reward, with_tests
        self._started = False
        self._surroundings = surroundings(command, binds)
        self._pool = Pool(workers, wall_seconds, allow_unsandboxed, limits=LIMITS, shown=self._surroundings.shown)

    def __enter__(self) -> "CommandPayer":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.close()

    @property
    def setting(self) -> dict[str, str]:
        """The command, what counts as reward, what it sees, and the isolation."""
        reward = "exit code 0" if self._reward.source == "exit-code" else "last line of stdout"
        if self._reward.source == "stdout":
            reward += f": true, or a number from {self._reward.threshold:g} on"
        shown = ", ".join(map(str, self._surroundings.shown))
        return {"grader": self._command, "reward": reward, "shown": shown, "isolation": str(self._pool.isolation)}

    def pay(self, trials: Sequence[Trial]) -> list[Payment]:
        """Grade submissions; payments in their order. Raises UserError if the command cannot be started at all."""
        results = self._pool.run([self._job(trial) for trial in trials])
        self._started |= any(result.exit_code not in NOT_STARTED for result in results)
        if results and not self._started:
            raise UserError(
                f"--grader {self._command!r}: cannot be started in the sandbox: {_last_words(results[0])}; "
                "correct it, or show what it needs with --bind PATH"
            )
        payments = []
        for result in results:
            why = self._reward.read(result)
            payments.append(Payment(not why, result.seconds, why, result.exit_code))
        return payments

    def _job(self, trial: Trial) -> Job:
        files = dict(trial.files)
        if files.get(MAIN_FILE, "").strip():
            files[MAIN_FILE] = compose(trial.problem, files[MAIN_FILE])
        tests = {TEST_FILE: tests_of(trial.problem)} if self._with_tests else {}
        payload = {
            "command": self._command,
            "cwd": str(self._surroundings.folder),
            "environment": self._surroundings.environment,
        }
        return Job((Process(tests | files | {PROBLEM_FILE: problem_file(trial.problem)}, payload),))


def problem_file(problem: Problem) -> str:
    """The text of `problem.json`: everything of the problem but its solution."""
    return json.dumps(problem.model_dump(mode="json", exclude={"reference"}), indent=2)


def tests_of(problem: Problem) -> str:
    """The text of `test_solution.py`: a pytest file with all tests, shown and held out."""
    whole = problem.model_copy(update={"shown": 0})
    return test_file(ProxyRun(whole, "", "", (), "pytest", frozenset(HOLES["pytest"])))


def _last_line(text: bytes) -> str:
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else ""


def _last_words(result: Result) -> str:
    """What tells best why a grader failed: the end of stderr, else of stdout."""
    return (_last_line(result.output.encode()) or _last_line(result.channel))[:300]
