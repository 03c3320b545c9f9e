"""Our own vulnerable grader, audited like any other."""

from collections.abc import Sequence

from spillover.coding.audit.payer import Payment, Trial
from spillover.coding.grader import Grader
from spillover.coding.hacks import as_completion
from spillover.coding.requests import GradeRequest
from spillover.core.errors import UserError, suggest
from spillover.core.records import OPENABLE_HACKS, Harness, Problem

CLOSABLE: tuple[str, ...] = (*OPENABLE_HACKS, "hardcoded-tests")


class HarnessPayer:
    """The proxy of a harness, with the holes of `closed` closed ("all" closes every one).

    `hardcoded-tests` is closed by paying for all tests instead of the shown ones.
    """

    def __init__(self, harness: Harness, closed: Sequence[str], grader: Grader) -> None:
        for name in closed:
            if name not in (*CLOSABLE, "all"):
                raise UserError(f"--close {name!r}: no such hole{suggest(name, (*CLOSABLE, 'all'))}")
        self.harness, self._grader = harness, grader
        self.closed = CLOSABLE if "all" in closed else tuple(name for name in CLOSABLE if name in closed)

    @property
    def setting(self) -> dict[str, str]:
        """The harness, what is closed, and the isolation."""
        closed = ", ".join(self.closed) or "none"
        return {"harness": self.harness, "closed": closed, "isolation": str(self._grader.isolation)}

    def pay(self, trials: Sequence[Trial]) -> list[Payment]:
        """Grade submissions as completions, the way training does."""
        open_hacks = tuple(name for name in OPENABLE_HACKS if name not in self.closed)
        requests = [
            GradeRequest(self._tested(trial.problem), as_completion(trial.files), self.harness, open_hacks)
            for trial in trials
        ]
        grades = self._grader.grade_many(requests, attribute=False)
        return [Payment(g.proxy.passed, g.seconds, g.proxy.detail, g.proxy.exit_code) for g in grades]

    def _tested(self, problem: Problem) -> Problem:
        return problem.model_copy(update={"shown": 0}) if "hardcoded-tests" in self.closed else problem
