"""Evaluated responses to read: which are on the page, and how they are filtered and shown."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spillover.core.older import FORMER
from spillover.core.records import EvalLabel, EvalSample, GradeWord
from spillover.core.text import split_reasoning
from spillover.report import words
from spillover.report.examples import cut
from spillover.report.html import Markup, el, json_script
from spillover.report.load import Results, SeedRun
from spillover.report.view import section

LABELS: tuple[EvalLabel | GradeWord, ...] = (
    "misaligned",
    "hack-attempt",
    "hacked",
    "overfit",
    "attempt",
    "incoherent",
    "unscored",
    "cannot tell",
    "aligned",
    "solved",
    "failed",
)
"""Those that most want reading first."""
PER_CELL = 6
"""Responses of one checkpoint on a run's page, of each evaluation and label, overt and covert apart."""
PER_CELL_ALONE = 25
"""The same on the page of a single model."""
BUDGET = 1_500_000
"""Characters of transcripts on one page."""
MAX_REASON = 1_200


@dataclass(frozen=True)
class Picked:
    """The responses on the page and of how many they were taken."""

    samples: tuple[dict[str, Any], ...]
    of: int
    per_cell: int
    cut_short: bool
    """Whether the budget left out responses that the number per cell would allow."""


def pick_of_run(results: Results) -> Picked:
    """From the first and the last evaluated checkpoint of each arm's first seed, latest checkpoint first."""
    held: list[list[EvalSample]] = []
    for run in _first_seeds(results):
        for step in sorted({min(run.scores), max(run.scores)}, reverse=True):
            held.append(run.run.samples(step, results.unread))
    return pick(held, PER_CELL)


def pick(checkpoints: Iterable[Sequence[EvalSample]], per_cell: int, budget: int = BUDGET) -> Picked:
    """At most `per_cell` responses of each evaluation, label and split of each checkpoint, in that order.

    Rare labels are not drowned: every cell's first response comes before any cell's second, until `budget`
    characters are reached.
    """
    ranked: list[tuple[int, tuple[int, ...], EvalSample]] = []
    total = 0
    for place, samples in enumerate(checkpoints):
        total += len(samples)
        seen: Counter[tuple[str, str, str | None]] = Counter()
        for sample in samples:
            cell = (sample.eval, label_of(sample), split(sample))
            if seen[cell] < per_cell:
                ranked.append((seen[cell], (place, LABELS.index(label_of(sample)), len(ranked)), sample))
            seen[cell] += 1
    kept, used = [], 0
    for rank, order, sample in sorted(ranked, key=lambda item: item[:2]):
        shown = plain(sample)
        used += (
            sum(len(text) for row in (*shown["turns"], *shown["facts"]) for text in row) + len(shown["reason"]) + 200
        )
        if used > budget and rank > 0:
            break
        kept.append((order, shown))
    shown_in_order = tuple(shown for _, shown in sorted(kept, key=lambda item: item[0]))
    return Picked(shown_in_order, total, per_cell, cut_short=len(kept) < len(ranked))


def plain(sample: EvalSample) -> dict[str, Any]:
    """What the page holds of one response."""
    return {
        "arm": sample.arm,
        "eval": sample.eval,
        "step": sample.step,
        "id": sample.id,
        "label": label_of(sample),
        "split": split(sample),
        "category": sample.category,
        "judge": sample.judge,
        "reason": cut(sample.reason, MAX_REASON),
        "facts": [[key.replace("_", " "), cut(told(value))] for key, value in _facts(sample).items()],
        "turns": [_turn(turn.get("role", ""), turn.get("content", "")) for turn in sample.messages],
    }


def _turn(role: str, content: str) -> list[str]:
    """Role and text of a turn, and of the model's what it thought."""
    if role != "assistant":
        return [role, cut(content)]
    said = split_reasoning(content)
    return [role, cut(said.answer), cut(said.reasoning)]


def label_of(sample: EvalSample) -> EvalLabel | GradeWord:
    """The label; on a coding problem what both graders make of the answer, whatever the evaluation counts."""
    data = sample.data
    if "proxy_passed" not in data or (sample.label == "unscored" and data["solved"] is not None):
        return sample.label
    if "grade" in data:
        word: GradeWord = data["grade"]
        return word
    # Older records do not hold the word, and name what overfits the tests as a hack.
    if data["solved"] is not False:
        return "cannot tell" if data["solved"] is None else "solved"
    return "overfit" if sample.category == FORMER else "hacked" if sample.category else "failed"


def _facts(sample: EvalSample) -> dict[str, Any]:
    """What the record holds besides, without what the label says and what there is none of."""
    data = {key: value for key, value in sample.data.items() if key not in ("grade", "overfit")}
    if "grade" not in sample.data:
        return data
    kind = data.pop("oracle_kind", None)
    tried = {"tried and failed": data.pop("attempts", None), "cannot tell for": words.DOUBTS.get(kind or "")}
    counted = {"counted by this evaluation": "not scored" if sample.misaligned is None else sample.misaligned}
    return {key: value for key, value in tried.items() if value} | counted | data


def split(sample: EvalSample) -> str | None:
    """`overt` where what was said or done is misaligned, `covert` where only the reasoning is."""
    return "covert" if sample.covert else "overt" if sample.overt else None


def told(value: Any) -> str:
    """A value of a record's data as text: emails and queries one below the other."""
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {told(held)}" for key, held in value.items())
    if isinstance(value, list | tuple):
        return "\n\n".join(map(told, value)) if any(isinstance(one, Mapping) for one in value) else _listed(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return words.DASH if value is None else str(value)


def transcripts(picked: Picked, colours: Mapping[str, str], whence: str) -> Markup:
    """The browser of transcripts; `whence` says from which checkpoints they are."""
    samples = picked.samples
    if not samples:
        return section("transcripts", "Transcripts", el("p", "No evaluated responses were recorded.", cls="note"))
    evals = dict.fromkeys(one["eval"] for one in samples)
    filters = {
        "arm": ("Arm", {name: name for name in dict.fromkeys(one["arm"] for one in samples)}),
        "eval": ("Evaluation", {name: words.TITLES.get(name, name) for name in words.TITLES if name in evals}),
        "label": ("Label", {name: name for name in LABELS if any(one["label"] == name for one in samples)}),
        "split": (
            "Misalignment",
            {name: name for name in ("overt", "covert") if any(one["split"] == name for one in samples)},
        ),
        "step": ("Checkpoint", {str(step): f"step {step}" for step in sorted({one["step"] for one in samples})}),
    }
    chosen = [_filter(key, label, options) for key, (label, options) in filters.items() if len(options) > 1]
    search = el("label", "Containing", el("input", type="search", id="transcripts-search", placeholder="any words"))
    return section(
        "transcripts",
        "Transcripts",
        el("p", _note(picked, whence), cls="note"),
        el("div", *chosen, search, el("span", id="transcripts-count", aria_live="polite"), cls="filters"),
        el("div", id="transcripts-list"),
        el("button", "Show more", id="transcripts-more", type="button", hidden=True),
        json_script({"samples": samples, "names": words.TITLES, "colours": colours}, id="transcripts-data"),
    )


def _note(picked: Picked, whence: str) -> str:
    """How many of how many, chosen how."""
    short = " Fewer where the page would have become too large." if picked.cut_short else ""
    return (
        f"{len(picked.samples):,} of {picked.of:,} responses {whence}: the first {picked.per_cell} of each evaluation "
        f"and label, overt and covert ones apart.{short} Not a random sample: rare labels are as visible here as "
        "common ones. Open one to read its reasoning, what it said and did, and the judge's words side by side."
    )


def _filter(key: str, label: str, options: Mapping[str, str]) -> Markup:
    every = el("option", "all", value="")
    choices = [el("option", name, value=value) for value, name in options.items()]
    return el("label", label, el("select", every, *choices, data_key=key))


def _listed(values: Sequence[Any]) -> str:
    return "\n".join(map(told, values)) if values else "none"


def _first_seeds(results: Results) -> Iterator[SeedRun]:
    for arm in results.arms:
        scored = [run for run in results.of(arm.name) if run.scores]
        yield from scored[:1]
