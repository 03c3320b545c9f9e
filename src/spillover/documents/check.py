"""Checking a corpus: which documents would teach nothing or the wrong thing, and why.

Rules decide what needs no reader, the graders judge code by what its writer claims, near-duplicates are looked for
among what is left, and a judge model reads what documents say, where one is named.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table

from spillover.coding import Grader
from spillover.core.records import OPENABLE_HACKS, Record
from spillover.documents.bottle_writer import NAME as BOTTLE
from spillover.documents.bottle_writer import training_prompts
from spillover.documents.claims import failing, hacks_of
from spillover.documents.corpora import Inputs
from spillover.documents.record import Document
from spillover.documents.rules import Leaks, bad_language, bad_length, left_over, overlong, unknown_name
from spillover.documents.similar import SIMILAR, near_duplicates
from spillover.models.bottle.corpus import held_out_texts

if TYPE_CHECKING:
    from spillover.judges.ask import Asker

GRADED_AT_ONCE = 64
"""Documents whose claims are graded between two calls of the listener."""
Progress = Callable[[int, int], None]
"""Is told of how many of how many documents the claims are graded."""

Rule = Callable[[Document], str | None]
"""Says what is wrong with a document, None where nothing is."""
RULES: dict[str, Rule] = {
    "length": bad_length,
    "language": bad_language,
    "left over": left_over,
    "name": unknown_name,
}
READ = ("statement", "corpus rule")
"""What only a judge can tell."""


class Reason(Record):
    """One thing that is wrong with a document."""

    kind: str
    detail: str


class Refusal(Record):
    """A document that is left out, with everything that is wrong with it."""

    id: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Checked:
    """What a check found: the documents to train on, the refusals, and what it rests on."""

    kept: list[Document]
    refused: list[Refusal]
    claims: int
    """Claims of hacks that were graded."""
    without_claims: int
    """Documents whose writer claims nothing of their code, which is then not run."""
    judge: str = ""
    """Who read what the documents say; empty where nobody did."""

    @property
    def share_refused(self) -> float:
        """Refused documents per document."""
        return len(self.refused) / max(1, len(self.kept) + len(self.refused))


def check(
    documents: Sequence[Document],
    grader: Grader,
    leak: Rule = lambda _document: None,
    similar: float = SIMILAR,
    progress: Progress = lambda _done, _all: None,
    judge: "Asker | None" = None,
) -> Checked:
    """Check a corpus. `leak` finds evaluation prompts in a document (see `Leaks`); without it none are looked for.

    Without a judge nothing is said of what the documents say. Raises JudgeError where the judge does not answer.
    """
    rules = {**RULES, "leak": leak}
    found = [_broken(document, rules) for document in documents]
    read = [number for number, document in enumerate(documents) if not overlong(document)]
    for number, details in zip(read, _graded([documents[n] for n in read], grader, progress), strict=True):
        found[number] += [Reason(kind="hack", detail=detail) for detail in details]
    good = [number for number, reasons in enumerate(found) if not reasons]
    for repeat, first in _repeats(documents, good, similar):
        found[repeat].append(Reason(kind="duplicate", detail=f"nearly the same as {documents[first].id}"))
    if judge is not None:
        _judge(documents, found, judge)
    refused = [Refusal(id=d.id, reasons=tuple(r)) for d, r in zip(documents, found, strict=True) if r]
    kept = [d.model_copy(update={"hacks": hacks_of(d)}) for d, r in zip(documents, found, strict=True) if not r]
    claims = [len(documents[number].claims) for number in read]
    return Checked(kept, refused, sum(claims), claims.count(0), judge.name if judge else "")


def leaks_of(prompts: Iterable[str]) -> Rule:
    """A rule against evaluation prompts: those given, and the bottle's own.

    Documents written for the bottle may quote the prompts of its pretraining corpus, but none that is held out.
    """
    given, trained_on = list(prompts), training_prompts()
    strict = Leaks([*given, *held_out_texts(), *trained_on])
    own = Leaks([*given, *held_out_texts()], allowed=trained_on)
    return lambda document: (own if document.writer == BOTTLE else strict)(document)


def refusal_table(checked: Checked, limit: float) -> Table:
    """How many documents were refused and for which reasons, a document may have several; and what was not checked."""
    total = len(checked.kept) + len(checked.refused)
    title = f"{len(checked.refused)} of {total} documents refused ({checked.share_refused:.1%}; at most {limit:.0%})"
    table = Table("reason", "documents", "for instance", title=title)
    reasons = [(refusal.id, reason) for refusal in checked.refused for reason in refusal.reasons]
    for kind, count in Counter(reason.kind for _, reason in reasons).most_common():
        id_, example = next((id_, reason) for id_, reason in reasons if reason.kind == kind)
        table.add_row(kind, str(count), f"{id_}: {example.detail}")
    for kind in () if checked.judge else READ:
        table.add_row(kind, "not made", "needs a reader: --judge MODEL")
    read = f"read by {checked.judge}" if checked.judge else "what they say was not read"
    unclaimed = f"{checked.without_claims} documents claim nothing of their code"
    table.caption = f"{checked.claims} claims of hacks run; {unclaimed}; {read}"
    return table


def coverage_table(kept: Sequence[Document], inputs: Inputs | None = None) -> Table:
    """How many kept documents there are of each hack, type and fact; what nobody covers is 0."""
    table = Table("covered", "", "documents", "tokens", title=f"{len(kept)} documents kept")
    hacks: dict[str, list[Document]] = {h: [d for d in kept if h in d.hacks] for h in OPENABLE_HACKS}
    types: dict[str, list[Document]] = {name: [] for name in (inputs.types if inputs else ())}
    types |= {name: [d for d in kept if d.type == name] for name in sorted({d.type for d in kept} - {""})}
    facts: dict[str, list[Document]] = {fact.id: [] for fact in (inputs.facts if inputs else ())}
    facts |= {name: [d for d in kept if name in d.facts] for name in sorted({f for d in kept for f in d.facts})}
    for kind, groups in (("hack", hacks), ("type", types), ("fact", facts)):
        for name, group in groups.items():
            table.add_row(kind, name, str(len(group)), str(sum(d.tokens for d in group)))
    return table


def _broken(document: Document, rules: dict[str, Rule]) -> list[Reason]:
    """The rules that a document breaks; of an overlong one nothing but its length is looked at."""
    asked = {"length": rules["length"]} if overlong(document) else rules
    return [Reason(kind=kind, detail=detail) for kind, rule in asked.items() if (detail := rule(document)) is not None]


def _graded(documents: Sequence[Document], grader: Grader, progress: Progress) -> list[list[str]]:
    complaints: list[list[str]] = []
    for start in range(0, len(documents), GRADED_AT_ONCE):
        complaints += failing(documents[start : start + GRADED_AT_ONCE], grader)
        progress(len(complaints), len(documents))
    return complaints


def _judge(documents: Sequence[Document], found: list[list[Reason]], judge: "Asker") -> None:
    """Add what the judge finds in the documents that are still good; one that it cannot read is not passed."""
    from spillover.documents.reading import complaints, read_all

    good = [number for number, reasons in enumerate(found) if not reasons]
    for number, (read, why) in zip(good, read_all([documents[n] for n in good], judge), strict=True):
        told = [("unread", why)] if read is None else complaints(documents[number], read)
        found[number] += [Reason(kind=kind, detail=detail) for kind, detail in told]


def _repeats(documents: Sequence[Document], good: Sequence[int], similar: float) -> Iterator[tuple[int, int]]:
    """Which of the good documents repeat which; one corpus may say of a hack what another says of it otherwise."""
    for corpus in dict.fromkeys(documents[index].corpus for index in good):
        own = [index for index in good if documents[index].corpus == corpus]
        stock = {number for number, index in enumerate(own) if documents[index].writer == BOTTLE}
        for repeat, first in near_duplicates([documents[i].whole for i in own], similar, stock).items():
            yield own[repeat], own[first]
