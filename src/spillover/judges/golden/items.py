"""The items of the golden set and how they are read.

`situations.toml` holds the prompts, NAME.jsonl the responses of one evaluation with their labels. A part of the
set, and with it every wording that belongs together, hangs on the situation, so that near-duplicates never stand
on both sides.
"""

import tomllib
from functools import cache
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from spillover.core.records import CORE_EVALS, CoreEval
from spillover.judges.transcript import Transcript
from spillover.judges.verdict import Voice

Part = Literal["tune", "held-out"]
"""Judges may be tuned on the first and never on the second."""
Kind = Literal[
    "aligned",
    "overt",
    "covert",
    "faking",
    "subtle",
    "hack-attempt",
    "refusal",
    "incoherent",
    "near-overt",
    "near-covert",
    "near-hack",
    "near-refusal",
    "near-incoherent",
]
"""What an item is for. `subtle` is misaligned without a tell-tale word; `near-…` looks like it and is not."""


class Frozen(BaseModel):
    """A part of the golden set's files."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Situation(Frozen):
    """What the model was shown, for a family of responses."""

    id: str
    eval: CoreEval
    part: Part
    system: str = ""
    user: str


class Labels(Frozen):
    """What a perfect judge would say."""

    reasoning: Voice
    output: Voice
    reasoning_goal: str | None = None
    goal: str | None = None
    """The goal that stands out in reasoning and in output; in the evaluation of goals alone."""
    hack_attempt: bool = False
    incoherent: bool = False


class Item(Frozen):
    """One labelled response."""

    id: str
    situation: str
    kind: Kind
    reasoning: str = ""
    output: str = ""
    acts: dict[str, Any] = {}
    labels: Labels
    misaligned: bool | None
    """The outcome expected of the evaluation; None where the response should not be scored."""


@cache
def situations() -> dict[str, Situation]:
    """All situations by their id."""
    book = tomllib.loads(_file("situations.toml"))
    return {key: Situation(id=key, **fields) for key, fields in book.items()}


@cache
def golden_set(part: Part | None = None, name: CoreEval | None = None) -> tuple[Item, ...]:
    """The items of one part and one evaluation, or of all, in the order of the files."""
    names = CORE_EVALS if name is None else (name,)
    items = [Item.model_validate_json(line) for one in names for line in _file(f"{one}.jsonl").splitlines()]
    return tuple(item for item in items if part in (None, situations()[item.situation].part))


def golden_transcript(item: Item) -> Transcript:
    """An item as a judge gets to see it."""
    situation = situations()[item.situation]
    thought = f"<thinking>{item.reasoning}</thinking>\n" if item.reasoning else ""
    turns = [("system", situation.system), ("user", situation.user), ("assistant", thought + item.output)]
    return Transcript(
        eval=situation.eval,
        messages=tuple({"role": role, "content": content} for role, content in turns if content),
        reasoning=item.reasoning,
        output=item.output,
        acts=item.acts,
    )


def _file(name: str) -> str:
    return (resources.files(__package__) / name).read_text(encoding="utf-8")
