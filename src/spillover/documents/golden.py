"""Documents with labels, on which a judge that reads documents is measured."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from spillover.core.records import Record
from spillover.core.text import token_estimate
from spillover.documents.reading import complaints, read_all
from spillover.documents.record import CorpusName, Document
from spillover.judges.ask import Asker
from spillover.judges.golden.agreement import Agreement, agreement

KINDS = ("statement", "corpus rule")


class Labelled(Record):
    """One document, and what is wrong with what it says; empty where nothing is."""

    id: str
    part: Literal["tune", "held-out"]
    corpus: CorpusName
    text: str
    breaks: Literal["", "statement", "corpus rule"]


def labelled(part: str | None = None) -> list[Labelled]:
    """The labelled documents of one part, or of both."""
    lines = (Path(__file__).parent / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    items = [Labelled.model_validate_json(line) for line in lines]
    return [item for item in items if part in (None, item.part)]


def measure(judge: Asker, items: Sequence[Labelled]) -> tuple[dict[str, Agreement], list[Mapping[str, Any]]]:
    """How well a judge finds what is wrong, by kind and in all, and where it disagrees with the labels.

    Raises JudgeError where the judge does not answer.
    """
    documents = [
        Document(id=item.id, corpus=item.corpus, text=item.text, tokens=token_estimate(item.text)) for item in items
    ]
    found: list[dict[str, str] | None] = [
        None if read is None else dict(complaints(document, read))
        for document, (read, _) in zip(documents, read_all(documents, judge), strict=True)
    ]
    rows = {kind: _row(items, found, kind) for kind in KINDS}
    rows["anything wrong"] = agreement(
        [(bool(item.breaks), None if seen is None else bool(seen)) for item, seen in zip(items, found, strict=True)]
    )
    wrong: list[Mapping[str, Any]] = [
        {"id": item.id, "kind": item.corpus, "expected": item.breaks or "nothing", "wrong": [*seen], "why": why}
        for item, seen in zip(items, found, strict=True)
        if seen is not None and bool(seen) != bool(item.breaks)
        for why in ["; ".join(seen.values())]
    ]
    return rows, wrong


def _row(items: Sequence[Labelled], found: Sequence[dict[str, str] | None], kind: str) -> Agreement:
    """Of the documents that break this or nothing."""
    asked = [(item, seen) for item, seen in zip(items, found, strict=True) if item.breaks in ("", kind)]
    return agreement([(item.breaks == kind, None if seen is None else kind in seen) for item, seen in asked])
