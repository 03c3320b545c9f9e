"""Measures judges and trains the small one, outside any study."""

from collections.abc import Callable
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Literal, cast, get_args

from rich.box import SIMPLE_HEAD
from rich.table import Table

from spillover.core.errors import ConfigError, suggest
from spillover.core.rates import Interval
from spillover.study.quiet import silence

if TYPE_CHECKING:
    from spillover.evals.judge_check import Check

Scope = Literal["tune", "held-out", "all"]


def check_judge(name: str, part: str, cache: Path | None = None) -> "Check":
    """Measure the named judge on one part of the golden set, or on all of it.

    Raises ConfigError for a part or a judge that is none, JudgeError for a judge that does not answer.
    """
    if part not in get_args(Scope):
        raise ConfigError(f"--part: no part {part!r}{suggest(part, get_args(Scope))}")
    silence(offline="/" not in name or Path(name).is_dir())
    from spillover.evals.judge_check import check
    from spillover.judges.connect import try_judge
    from spillover.judges.golden import Part, golden_set
    from spillover.judges.named import named_judge

    try_judge(name)
    items = golden_set() if part == "all" else golden_set(cast(Part, part))
    return check(named_judge(name, cache), items)


def check_reader(name: str, part: str, cache: Path | None = None) -> "Check":
    """Measure the named model as a reader of documents. Raises like `check_judge`."""
    if part not in get_args(Scope):
        raise ConfigError(f"--part: no part {part!r}{suggest(part, get_args(Scope))}")
    from spillover.documents.golden import labelled, measure
    from spillover.documents.reading import QUESTION
    from spillover.evals.judge_check import Check
    from spillover.judges.ask import named_asker
    from spillover.judges.connect import try_judge
    from spillover.judges.verdict import digest

    try_judge(name)
    rows, wrong = measure(named_asker(name, cache), labelled(None if part == "all" else part))
    return Check(name, digest(QUESTION), rows, wrong)


def train_classifier(out: Path, seed: int, say: Callable[[str], None]) -> str:
    """Train and measure the classifier; its quality in one line."""
    silence(offline=True)
    from spillover.evals.judge_check import held_out_areas
    from spillover.judges.training import Recipe, build

    return build(out, Recipe(seed=seed), held_out_areas, say).quality


def tables(found: "Check", part: str) -> list[Table]:
    """The measurement and the disagreements, for a terminal."""
    title = f"judge {found.judge} ({found.digest}) on the golden set, part {part}"
    heads = ("", "items", "unscored", "accuracy", "precision", "recall", "κ", "AUROC")
    numbers = Table(*heads, title=title, box=SIMPLE_HEAD, title_justify="left", caption_justify="left")
    for name, row in found.rows.items():
        measures = (row.accuracy, row.precision, row.recall, row.kappa, row.auroc)
        numbers.add_row(name, str(row.items), f"{row.unscored / row.items:.0%}", *map(_shown, measures))
    numbers.caption = "95% limits in brackets. The executed query decides exfil_offer; its row is of the reasoning."
    wrong = Table("item", "kind", "misaligned", "seen otherwise", "the judge's words", box=SIMPLE_HEAD)
    wrong.title, wrong.title_justify = "disagreements", "left"
    for one in found.disagreements:
        wrong.add_row(one["id"], one["kind"], str(one["expected"]), ", ".join(one["wrong"]), shorten(one["why"], 100))
    return [numbers, wrong] if found.disagreements else [numbers]


def _shown(value: Interval | None) -> str:
    return "-" if value is None else f"{value.value:.2f} [{value.low:.2f}, {value.high:.2f}]"
