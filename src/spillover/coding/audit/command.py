"""A user's own grader: a command line that is given a folder, run inside the sandbox."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from spillover.coding.audit import bytecode
from spillover.coding.audit.payer import Payment, Trial
from spillover.coding.audit.reward import Reward, last_words
from spillover.coding.audit.surroundings import surroundings
from spillover.coding.compose import MAIN_FILE
from spillover.coding.fit import compose
from spillover.coding.proxy import TEST_FILE, ProxyRun, test_file
from spillover.coding.requests import HOLES
from spillover.core.errors import UserError
from spillover.core.records import Problem
from spillover.sandbox import Job, Limits, Pool, Process

PROBLEM_FILE = "problem.json"
NOT_STARTED = (126, 127)
"""A shell's exit codes for a program that cannot be run or found."""
LIMITS = Limits(
    memory_bytes=8 << 30,
    address_bytes=1 << 40,
    file_bytes=256 << 20,
    processes=256,
    threads=1024,
    open_files=1024,
    disk_bytes=512 << 20,
)
"""A grader is a bigger program than a solution."""


class CommandPayer:
    """Runs `command` once per submission, in a folder of its own that stands for `{dir}`.

    The folder holds the submission's files and `problem.json`; with `with_tests` also
    `test_solution.py`, unless the submission brings its own. `first` is an honest submission that is run
    once beforehand, so that the runs which are counted find their modules compiled. Raises UserError for a
    command without `{dir}`, IsolationError where there is no sandbox and `allow_unsandboxed` is not given.
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
        first: Trial | None = None,
    ) -> None:
        if "{dir}" not in command:
            raise UserError(f"--grader {command!r}: does not say where the submission goes; write {{dir}} in it")
        self._command, self._reward, self._with_tests = command, reward, with_tests
        self._started = False
        self._surroundings = surroundings(command, binds)
        self._environment, shown = self._surroundings.environment, self._surroundings.shown
        self._held = ExitStack()
        if first is not None and not allow_unsandboxed:
            making = bytecode.compiled(self._job(first), LIMITS, shown, wall_seconds)
            if folder := self._held.enter_context(making):
                self._environment, shown = bytecode.reading(self._environment, folder), (*shown, folder)
        self._pool = Pool(workers, wall_seconds, allow_unsandboxed, limits=LIMITS, shown=shown)

    def __enter__(self) -> "CommandPayer":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.close()
        self._held.close()

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
                f"--grader {self._command!r}: cannot be started in the sandbox: {last_words(results[0])}; "
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
            "environment": self._environment,
        }
        return Job((Process(tests | files | {PROBLEM_FILE: problem_file(trial.problem)}, payload),))


def problem_file(problem: Problem) -> str:
    """The text of `problem.json`: everything of the problem but its solution."""
    return json.dumps(problem.model_dump(mode="json", exclude={"reference"}), indent=2)


def tests_of(problem: Problem) -> str:
    """The text of `test_solution.py`: a pytest file with all tests, shown and held out."""
    whole = problem.model_copy(update={"shown": 0})
    return test_file(ProxyRun(whole, "", "", (), "pytest", frozenset(HOLES["pytest"])))
