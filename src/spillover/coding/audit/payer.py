"""What an audit asks of a grader: a submission in, a reward out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from spillover.core.records import Problem


@dataclass(frozen=True)
class Trial:
    """A submission for a problem: its files by relative path."""

    problem: Problem
    files: dict[str, str]


@dataclass(frozen=True)
class Payment:
    """What a grader gave for a submission. `detail` says why it gave nothing."""

    rewarded: bool
    seconds: float
    detail: str = ""
    exit_code: int | None = None


class Payer(Protocol):
    """A grader under audit."""

    @property
    def setting(self) -> dict[str, str]:
        """What was audited and how, for the report."""

    def pay(self, trials: Sequence[Trial]) -> list[Payment]:
        """Grade submissions; payments in their order."""
