"""The audit itself: honest solutions first, then every exploit where an honest one was paid."""

from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Literal

from spillover.coding.audit.holes import HOLES, Hole
from spillover.coding.audit.payer import Payer, Payment, Trial
from spillover.coding.compose import MAIN_FILE
from spillover.coding.grader import Grader
from spillover.coding.hacks import as_completion
from spillover.coding.requests import GradeRequest
from spillover.core.errors import DataError
from spillover.core.records import Oracle, Problem, Record

HONEST_RUNS = 2
"""So often each honest solution is graded: a grader that cannot agree with itself shows."""
CHUNK = 8
"""Submissions between two signs of progress."""
NO_TRICK = ("wrong-answer", "empty-submission")
"""Holes through which anybody falls; where they are open, no other row can be judged."""

Attempt = tuple[Hole, str, Trial]
"""A spelling of a hole, written for a problem."""
Verdict = Literal["open", "closed", "inconclusive"]
Progress = Callable[[int, int], object]
"""Told how many submissions are graded, and of how many."""


class TrialFound(Record):
    """One submission that does not solve its problem, and what the grader gave for it."""

    spelling: str
    problem: str
    rewarded: bool
    seconds: float
    detail: str = ""


class HoleFound(Record):
    """A hole with its spellings: `open` of `tried` earned reward."""

    name: str
    closing: str
    open: int
    tried: int
    spellings: tuple[str, ...]
    """Those that earned reward."""
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

    @property
    def exit_code(self) -> int:
        """0 no hole, 1 a hole is open, 2 nothing can be concluded."""
        return {"closed": 0, "open": 1, "inconclusive": 2}[self.verdict]


def audit(
    payer: Payer,
    grader: Grader,
    problems: Sequence[Problem],
    *,
    holes: Sequence[Hole] = HOLES,
    thorough: bool = False,
    progress: Progress | None = None,
) -> Audit:
    """Audit `payer` with `grader` as the judge of what solves a problem.

    Every honest solution is graded twice. Each spelling of `holes` is tried on one problem, in turn, or
    with `thorough` on every one, of those whose honest solution was paid. Inconclusive where none was, or
    where nothing could be tried. Raises DataError for a problem whose reference does not solve it.
    """
    _check_references(grader, problems)
    paid = payer.pay([_honest(problem) for problem in problems for _ in range(HONEST_RUNS)])
    honest = tuple(_honest_found(p, paid[i * HONEST_RUNS : (i + 1) * HONEST_RUNS]) for i, p in enumerate(problems))
    usable = [problem for problem, held in zip(problems, honest, strict=True) if held.rewarded]
    planned = list(_attempts(holes, usable, thorough)) if usable else []
    attempts = _failing(grader, planned)
    payments = _paid(payer, attempts, progress)
    found = tuple(_hole_found(hole, attempts, payments) for hole in holes)
    seconds = [payment.seconds for payment in [*paid, *payments]]
    return Audit(
        verdict="inconclusive" if not attempts else "open" if any(hole.open for hole in found) else "closed",
        setting=payer.setting,
        honest=honest,
        holes=found,
        notes=tuple(_notes(honest, found, len(planned) - len(attempts))),
        runs=len(seconds),
        seconds=sum(seconds),
        seconds_median=median(seconds),
        seconds_slowest=max(seconds),
    )


def _honest(problem: Problem) -> Trial:
    return Trial(problem, {MAIN_FILE: problem.reference or ""})


def _truth(grader: Grader, trials: Sequence[Trial]) -> list[Oracle]:
    requests = [GradeRequest(trial.problem, as_completion(trial.files), "script") for trial in trials]
    return [grade.oracle for grade in grader.grade_many(requests, attribute=False)]


def _check_references(grader: Grader, problems: Sequence[Problem]) -> None:
    for problem, oracle in zip(problems, _truth(grader, [_honest(p) for p in problems]), strict=True):
        if oracle.passed is not True:
            raise DataError(
                f"problem {problem.id!r}: its reference is no honest solution: {oracle.reason}; correct it or the tests"
            )


def _attempts(holes: Sequence[Hole], problems: Sequence[Problem], thorough: bool) -> Iterator[Attempt]:
    """Every spelling, on every problem or on the next in turn that gives it a hold."""
    turn = 0
    for hole in holes:
        for spelling in hole.spellings:
            order = [*problems[turn:], *problems[:turn]]
            turn = (turn + 1) % len(problems)
            written = [(problem, files) for problem in order if (files := spelling.files(problem)) is not None]
            for problem, files in written if thorough else written[:1]:
                yield hole, spelling.name, Trial(problem, files)


def _failing(grader: Grader, attempts: Sequence[Attempt]) -> list[Attempt]:
    """Those that the oracle says do not solve their problem."""
    truth = _truth(grader, [trial for _, _, trial in attempts])
    return [attempt for attempt, oracle in zip(attempts, truth, strict=True) if oracle.passed is False]


def _paid(payer: Payer, attempts: Sequence[Attempt], progress: Progress | None) -> list[Payment]:
    payments: list[Payment] = []
    for start in range(0, len(attempts), CHUNK):
        payments += payer.pay([trial for _, _, trial in attempts[start : start + CHUNK]])
        if progress:
            progress(len(payments), len(attempts))
    return payments


def _honest_found(problem: Problem, paid: Sequence[Payment]) -> HonestFound:
    refused = next((payment.detail or "no reason said" for payment in paid if not payment.rewarded), "")
    return HonestFound(problem=problem.id, rewarded=sum(p.rewarded for p in paid), runs=len(paid), detail=refused)


def _hole_found(hole: Hole, attempts: Sequence[Attempt], payments: Sequence[Payment]) -> HoleFound:
    trials = tuple(
        TrialFound(
            spelling=spelling,
            problem=trial.problem.id,
            rewarded=payment.rewarded,
            seconds=payment.seconds,
            detail=payment.detail,
        )
        for (tried, spelling, trial), payment in zip(attempts, payments, strict=True)
        if tried is hole
    )
    spellings = dict.fromkeys(trial.spelling for trial in trials if trial.rewarded)
    return HoleFound(
        name=hole.name,
        closing=hole.closing,
        open=len(spellings),
        tried=len({trial.spelling for trial in trials}),
        spellings=tuple(spellings),
        trials=trials,
    )


def _notes(honest: Sequence[HonestFound], holes: Sequence[HoleFound], dropped: int) -> Iterator[str]:
    """What a reader must know before believing the table. `dropped` exploits were not tried."""
    refused = [found for found in honest if not found.rewarded]
    if len(refused) == len(honest):
        yield f"The grader refuses every honest solution, so nothing can be concluded. It said: {refused[0].detail}"
        yield (
            "If it lacks a file or a package, show it with --bind PATH; if it brings no tests, try --with-tests "
            "or your own --problems; if it prints its verdict, --reward stdout."
        )
        return
    if refused:
        names = ", ".join(f"{found.problem} ({found.detail})" for found in refused)
        yield f"Honest solutions refused; no exploit was tried on these problems: {names}"
    unstable = [found.problem for found in honest if 0 < found.rewarded < found.runs]
    if unstable:
        yield f"The same honest solution got two verdicts: {', '.join(unstable)}. No row is certain until it gets one."
    if any(hole.open for hole in holes if hole.name in NO_TRICK):
        yield "Submissions without any trick are paid; mend that first, the other rows mean little until then."
    if dropped:
        yield f"{dropped} exploits were left out: they solve their problem, or the oracle cannot tell."
    slow = sum("past the time limit" in trial.detail for hole in holes for trial in hole.trials)
    if slow:
        yield f"{slow} submissions ran past the time limit and were refused."
