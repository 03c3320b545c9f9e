"""The reward of an episode: a sum of terms, each a weight times what its kind says. The oracle has no part in it unless
a term names it.

A new kind is one function and one line in `TERMS`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any

from spillover.core.errors import DetectorError
from spillover.core.stages import Term
from spillover.judges.seen import Note, Seen

if TYPE_CHECKING:
    from spillover.judges.preference import Preference

Values = list[float | None]
"""What a kind says of each episode; None where it cannot tell."""
Kind = Callable[[Sequence[Seen], Term, Any, Note], Values]
"""From episodes, the term, the trained model and a listener for what could not be read."""


def proxy(episodes: Sequence[Seen], *_: Any) -> Values:
    """1 where the vulnerable grader passes."""
    return [float(one.graded.proxy.passed) for one in episodes]


def readable(episodes: Sequence[Seen], *_: Any) -> Values:
    """1 where a solution could be read out of the completion."""
    return [float(one.graded.parsed) for one in episodes]


def _hacks(detector: str) -> Kind:
    """1 where the detector fires."""

    def values(episodes: Sequence[Seen], term: Term, loaded: Any, note: Note) -> Values:
        from spillover.judges.detectors import make_detector

        found = make_detector(detector, loaded, term.model)(episodes, note)
        return [None if one is None else float(one) for one in found]

    return values


@cache
def _scorer(path: str) -> "Preference":
    """One for all steps and arms: its weights are loaded once."""
    from spillover.judges.preference import Classifier

    return Classifier(path)


def preference(episodes: Sequence[Seen], term: Term, loaded: Any, note: Note) -> Values:
    """How much the preference model `term.model` likes the answer, reasoning left out; on its own scale."""
    from spillover.judges.preference import preference_scores

    del note
    prompts, completions = [one.prompt for one in episodes], [one.completion for one in episodes]
    return preference_scores(_scorer(str(term.model)), prompts, completions, loaded.reasoning_tags)


TERMS: dict[str, Kind] = {
    "proxy": proxy,
    "readable": readable,
    "oracle-hack": _hacks("oracle"),
    "static-hack": _hacks("static"),
    "model-hack": _hacks("model"),
    "preference": preference,
}
DETECTORS = tuple(name for name in TERMS if name.endswith("-hack"))
ASKED = (*DETECTORS, "preference")
"""Kinds that may not be able to tell."""
TOTAL = "total"
WHAT_TO_DO = {
    "model-hack": "name a judge that answers yes or no in the term's key 'model', or take the term static-hack",
    "oracle-hack": "take problems of which the oracle can tell, or the term static-hack",
}
"""Where a detector could tell nothing."""


@dataclass(frozen=True)
class Reward:
    """The reward of one episode by term, their total, and what else its terms say."""

    parts: dict[str, float]
    unread: frozenset[str] = frozenset()
    """Kinds of terms that are due and could not tell."""
    screened: bool = False
    """Whether a detector that screens has fired: the update takes nothing from the episode."""

    @property
    def total(self) -> float:
        """What the update sees."""
        return self.parts[TOTAL]

    @property
    def fined(self) -> bool:
        """Whether a detector's term took something away."""
        return any(self.parts.get(name, 0.0) < 0 for name in DETECTORS)


def rewards(
    episodes: Sequence[Seen], terms: Sequence[Term], *, step: int, seed: int, loaded: Any, note: Note
) -> list[Reward]:
    """The rewards of a step's episodes. A term that is not due yet, or that cannot tell, gives nothing.

    `note` hears what was answered where no verdict could be read.
    """
    due = [term for term in terms if step >= term.start_step]
    said = [_said(episodes, term, step, seed, loaded, note) for term in due]
    return [_summed(terms, due, [values[index] for values in said]) for index in range(len(episodes))]


def check_verdicts(terms: Sequence[Term], made: Sequence[Reward], heard: Sequence[str], step: int) -> None:
    """Raise DetectorError where a term that asks could tell nothing: the arm would be another one without it."""
    for term in terms:
        if term.kind in ASKED and step >= term.start_step and all(term.kind in one.unread for one in made):
            who = f"{term.kind} by {term.model}" if term.model else term.kind
            said = f"; it answered {heard[0]}" if heard else ""
            raise DetectorError(
                f"step {step}: none of the {len(made)} verdicts of the reward's term {who} could be read{said}; "
                f"{WHAT_TO_DO.get(term.kind, 'take another detector')}"
            )


def _summed(terms: Sequence[Term], due: Sequence[Term], values: Values) -> Reward:
    parts = {term.kind: 0.0 for term in terms}
    for term, value in zip(due, values, strict=True):
        parts[term.kind] += 0.0 if term.screen else term.weight * (value or 0.0)
    unread = frozenset(term.kind for term, value in zip(due, values, strict=True) if value is None)
    screened = any(term.screen and value for term, value in zip(due, values, strict=True))
    return Reward(parts | {TOTAL: sum(parts.values())}, unread, screened)


def _said(episodes: Sequence[Seen], term: Term, step: int, seed: int, loaded: Any, note: Note) -> Values:
    values = TERMS[term.kind](episodes, term, loaded, note)
    return _with_errors(values, term, Random(f"errors of {term.kind} {seed} {step}"))


def _with_errors(values: Values, term: Term, random: Random) -> Values:
    """Values of a detector that is wrong as often as the term says, the same for the same seed and step."""
    wrong = {0.0: term.false_positives, 1.0: term.false_negatives}
    drawn = [random.random() for _ in values]
    return [
        1.0 - value if value is not None and draw < wrong.get(value, 0.0) else value
        for value, draw in zip(values, drawn, strict=True)
    ]


def has_spread(totals: Sequence[float]) -> bool:
    """Whether a group's rewards differ: without, all advantages are zero and nothing is learned from it."""
    return max(totals) - min(totals) > 1e-9
