"""What a grader does that exploits need, found with honest solutions that are made to fail by it.

Where one is paid all the same, the grader does not meet what would have ended it, and no exploit that needs
it can do anything. Nothing is concluded from a refusal, from a grader that pays for a process which ended
badly, or from one that is moody.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spillover.coding.audit.payer import Payment, Trial
from spillover.coding.audit.probes import bad_end, decoy, probes
from spillover.coding.audit.spelling import Need, Spelling
from spillover.core.records import Problem

REASONS: dict[Need, str] = {
    "conftest.py": "it reads no conftest.py of the submission's",
    "configuration": "it reads no configuration of the submission's",
    "startup files": "it reads no startup files of the submission's",
    "modules": "it imports no modules of the submission's but the solution",
    "test files": "it runs no test files of the submission's",
    "pytest's process": "it does not run the solution in pytest's process",
    "an object compared": "it does not compare objects that the solution returns, but plain values of theirs",
    "answers within reach": "neither files nor memory of the solution's process hold expected values",
    "report files": "it reads no report that the solution's process can write",
    "functions that compare": "nothing that can be replaced in the solution's process compares its answers",
}


@dataclass(frozen=True)
class Reach:
    """What was found to make no difference."""

    missing: frozenset[Need] = frozenset()
    wording: bool = True
    """Whether a solution's wording, or the names of files beside it, may matter."""

    def rules_out(self, spelling: Spelling) -> bool:
        """Whether an exploit can do nothing in this grader."""
        return spelling.way.needs in self.missing or (spelling.variant and not self.wording)

    @property
    def reasons(self) -> list[str]:
        """Why exploits can do nothing, in words."""
        said = [reason for need, reason in REASONS.items() if need in self.missing]
        wording = "it takes no offence at words and names, so that other words for the same act make no difference"
        return said if self.wording else [*said, wording]


def find_reach(problem: Problem, pay: Callable[[Sequence[Trial]], Sequence[Payment]]) -> Reach:
    """Have the honest solutions graded that tell."""
    asked = probes(problem)
    ended, worded, *paid = pay([bad_end(problem), decoy(problem), *asked.values()])
    if ended.rewarded:
        return Reach()
    missing = frozenset(need for need, payment in zip(asked, paid, strict=True) if payment.rewarded)
    return Reach(missing, not worded.rewarded)
