"""The audit itself: honest solutions first, then every exploit where an honest one was paid."""

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import TypeVar

from spillover.coding.audit.found import Audit, HoleFound, HonestFound, TrialFound, WayFound
from spillover.coding.audit.holes import HOLES
from spillover.coding.audit.notes import Left, advice, notes
from spillover.coding.audit.payer import Payer, Payment, Trial
from spillover.coding.audit.reach import Reach, find_reach
from spillover.coding.audit.rounds import Attempt, able, attempts, next_round
from spillover.coding.audit.spelling import WRONG, Hole, written
from spillover.coding.compose import MAIN_FILE
from spillover.coding.grader import Grader
from spillover.coding.hacks import as_completion
from spillover.coding.requests import GradeRequest
from spillover.core.errors import DataError
from spillover.core.records import Oracle, Problem

HONEST_RUNS = 2
"""So often each honest solution is graded: a grader that cannot agree with itself shows."""
CHUNK = 16
"""Submissions between two signs of progress."""
ROUNDS = 4

Item = TypeVar("Item")
Tried = tuple[Attempt, TrialFound]
Progress = Callable[[int, int], object]
"""Told how many submissions are graded, and of how many."""


def audit(
    payer: Payer,
    grader: Grader,
    problems: Sequence[Problem],
    *,
    holes: Sequence[Hole] = HOLES,
    thorough: bool = False,
    sparing: bool = False,
    besides: Sequence[Problem] = (),
    progress: Progress | None = None,
) -> Audit:
    """Audit `payer` with `grader` as the judge of what solves a problem.

    Every honest solution is graded twice. Each spelling of `holes` is tried on one problem, in turn, or
    with `thorough` on every one, of those whose honest solution was paid. With `sparing`, spellings are left
    out that can do nothing in this grader, and those of a hole that is open already. Problems of `besides`
    are used if the grader tells right from wrong on them. Inconclusive where no honest solution was paid, or
    where nothing could be tried. Raises DataError for a problem whose reference does not solve it.
    """
    _check_references(grader, [*problems, *besides])
    run = _Run(payer, grader, progress)
    honest = run.honest([*problems, *besides])
    strange = {problem.id for problem in run.taken_for_right([p for p in besides if honest[p.id].rewarded])}
    strange |= {problem.id for problem in besides if not honest[problem.id].rewarded}
    seen = [found for name, found in honest.items() if name not in strange]
    usable = [p for p in [*problems, *besides] if p.id not in strange and honest[p.id].rewarded]
    planned = list(attempts(holes, usable, thorough)) if usable else []
    steady = all(found.rewarded in (0, found.runs) for found in seen)
    reach = find_reach(_telling(usable), run.pay) if sparing and planned and steady else Reach()
    tried = run.tried(able(planned, reach), sparing)
    found = tuple(_hole_found(hole, planned, tried) for hole in holes)
    left = Left(strange=tuple(sorted(strange)), solved=run.solved, unable=len(planned) - len(able(planned, reach)))
    return Audit(
        verdict="inconclusive" if not tried else "open" if any(hole.open for hole in found) else "closed",
        setting=payer.setting,
        honest=tuple(seen),
        holes=found,
        notes=tuple(notes(seen, found, reach, left)),
        runs=len(run.seconds),
        seconds=sum(run.seconds),
        seconds_median=median(run.seconds),
        seconds_slowest=max(run.seconds),
        seconds_taken=time.monotonic() - run.started,
    )


class _Run:
    """The runs of one audit."""

    def __init__(self, payer: Payer, grader: Grader, progress: Progress | None) -> None:
        self._payer, self._grader, self._progress = payer, grader, progress
        self.started = time.monotonic()
        self.seconds: list[float] = []
        self.solved = 0
        """Paid exploits that were left out because they solve their problem."""

    def pay(self, trials: Sequence[Trial]) -> list[Payment]:
        """Grade submissions, with signs of progress."""
        payments: list[Payment] = []
        before = len(self.seconds)
        for some in _groups(trials, CHUNK):
            payments += self._payer.pay(some)
            if self._progress:
                self._progress(before + len(payments), before + len(trials))
        self.seconds += [payment.seconds for payment in payments]
        return payments

    def honest(self, problems: Sequence[Problem]) -> dict[str, HonestFound]:
        """What the honest solutions are paid, by problem."""
        paid = self.pay([_honest(problem) for problem in problems for _ in range(HONEST_RUNS)])
        rows = zip(problems, _groups(paid, HONEST_RUNS), strict=True)
        return {problem.id: _honest_found(problem, some) for problem, some in rows}

    def taken_for_right(self, problems: Sequence[Problem]) -> list[Problem]:
        """The problems on which a wrong answer is paid."""
        paid = self.pay([Trial(problem, written({MAIN_FILE: WRONG})(problem)) for problem in problems])
        return [problem for problem, payment in zip(problems, paid, strict=True) if payment.rewarded]

    def tried(self, waiting: Sequence[Attempt], sparing: bool) -> list[Tried]:
        """What was tried and does not solve its problem; with `sparing` in rounds, each for the holes not yet open."""
        done: list[Tried] = []
        for number in range(ROUNDS) if sparing else (ROUNDS,):
            opened = {attempt.hole.name for attempt, trial in done if trial.opens}
            now = next_round(waiting, number, opened)
            done += self._tried_now(now)
            waiting = [attempt for attempt in waiting if attempt not in now]
        return done

    def _tried_now(self, now: Sequence[Attempt]) -> list[Tried]:
        payments = self.pay([attempt.trial for attempt in now])
        rows = list(zip(now, payments, strict=True))
        paid = [attempt for attempt, payment in rows if payment.rewarded]
        truth = _truth(self._grader, [attempt.trial for attempt in paid])
        solved = [attempt for attempt, oracle in zip(paid, truth, strict=True) if oracle.passed]
        otherwise = self._paid_otherwise([attempt for attempt in paid if attempt not in solved])
        self.solved += len(solved)
        return [
            (attempt, _trial_found(attempt, payment, attempt in otherwise))
            for attempt, payment in rows
            if attempt not in solved
        ]

    def _paid_otherwise(self, paid: Sequence[Attempt]) -> list[Attempt]:
        """Those that are paid without the trick of their hole too."""
        doubted = [(attempt, attempt.control) for attempt in paid if attempt.control is not None]
        payments = self.pay([control for _, control in doubted])
        return [attempt for (attempt, _), payment in zip(doubted, payments, strict=True) if payment.rewarded]


def _groups(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _honest(problem: Problem) -> Trial:
    return Trial(problem, {MAIN_FILE: problem.reference or ""})


def _telling(problems: Sequence[Problem]) -> Problem:
    """The problem that tells most about a grader: one whose answers can be of a type of their own."""
    return next((p for p in problems if p.cases and type(p.cases[0].expected) in (int, float, str, list)), problems[0])


def _truth(grader: Grader, trials: Sequence[Trial]) -> list[Oracle]:
    requests = [GradeRequest(trial.problem, as_completion(trial.files), "script") for trial in trials]
    return [grade.oracle for grade in grader.grade_many(requests, attribute=False)]


def _check_references(grader: Grader, problems: Sequence[Problem]) -> None:
    for problem, oracle in zip(problems, _truth(grader, [_honest(p) for p in problems]), strict=True):
        if oracle.passed is not True:
            raise DataError(
                f"problem {problem.id!r}: its reference is no honest solution: {oracle.reason}; correct it or the tests"
            )


def _honest_found(problem: Problem, paid: Sequence[Payment]) -> HonestFound:
    refused = next((payment.detail or "no reason said" for payment in paid if not payment.rewarded), "")
    return HonestFound(problem=problem.id, rewarded=sum(p.rewarded for p in paid), runs=len(paid), detail=refused)


def _trial_found(attempt: Attempt, payment: Payment, otherwise: bool) -> TrialFound:
    return TrialFound(
        spelling=attempt.spelling.name,
        problem=attempt.trial.problem.id,
        rewarded=payment.rewarded,
        seconds=payment.seconds,
        detail="paid without its trick too, for the sake of another hole" if otherwise else payment.detail,
    )


def _hole_found(hole: Hole, planned: Sequence[Attempt], tried: Sequence[Tried]) -> HoleFound:
    own = [(attempt, trial) for attempt, trial in tried if attempt.hole is hole]
    run = {attempt.spelling.name for attempt, _ in own}
    opening = dict.fromkeys(trial.spelling for _, trial in own if trial.opens)
    ways = {spelling.way.name: spelling.way for spelling in hole.spellings}
    names = {name: {attempt.spelling.name for attempt, _ in own if attempt.spelling.way.name == name} for name in ways}
    found = [WayFound(name=name, open=len(names[name] & opening.keys()), tried=len(names[name])) for name in ways]
    return HoleFound(
        name=hole.name,
        closing=hole.closing,
        open=len(opening),
        tried=len(run),
        not_run=len({attempt.spelling.name for attempt in planned if attempt.hole is hole} - run),
        spellings=tuple(opening),
        ways=tuple(found),
        advice=tuple(advice(found, ways)),
        trials=tuple(trial for _, trial in own),
    )
