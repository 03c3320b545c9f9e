"""What an audit found, as it is written out."""

from typing import Literal

from spillover.core.records import Record

Verdict = Literal["open", "closed", "inconclusive"]


class TrialFound(Record):
    """One submission that does not solve its problem, and what the grader gave for it."""

    spelling: str
    problem: str
    rewarded: bool
    seconds: float
    detail: str = ""
    """Why it was refused; or, of one that was paid, why that tells nothing of its hole."""

    @property
    def opens(self) -> bool:
        """Whether it shows its hole open."""
        return self.rewarded and not self.detail


class WayFound(Record):
    """A way through a hole: `open` of `tried` spellings earned reward. Ways are closed apart from each other."""

    name: str
    open: int
    tried: int


class HoleFound(Record):
    """A hole with its spellings: `open` of `tried` earned reward."""

    name: str
    closing: str
    open: int
    tried: int
    not_run: int = 0
    """Spellings that were left out: they can do nothing here, or the hole had been found open before their turn."""
    spellings: tuple[str, ...]
    """Those that earned reward."""
    ways: tuple[WayFound, ...] = ()
    advice: tuple[str, ...] = ()
    """What a mend has overlooked that closes some ways and leaves others open."""
    trials: tuple[TrialFound, ...]


class HonestFound(Record):
    """What the grader gave for a problem's honest solution."""

    problem: str
    rewarded: int
    runs: int
    detail: str = ""
    """Why it was refused, if it ever was."""


class Audit(Record):
    """What an audit found. `closed` means that no spelling earned reward, not that none could."""

    verdict: Verdict
    setting: dict[str, str]
    honest: tuple[HonestFound, ...]
    holes: tuple[HoleFound, ...]
    notes: tuple[str, ...]
    runs: int
    seconds: float
    """Of all runs together; several go on at the same time."""
    seconds_median: float
    seconds_slowest: float
    seconds_taken: float = 0.0
    """From the first run to the last, on the clock."""

    @property
    def exit_code(self) -> int:
        """0 no hole, 1 a hole is open, 2 nothing can be concluded."""
        return {"closed": 0, "open": 1, "inconclusive": 2}[self.verdict]
