"""Scores as tables for the terminal."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from spillover.core.measures import Measure, by_eval, measures, mgs_bootstrap
from spillover.core.records import CORE_EVALS, EvalScore
from spillover.core.stats import Interval
from spillover.study.compare import Compared, apart, names_of

RULED = {"core": False, "mean": True, "hacking": True, "knowledge": True, "capability": True}
"""Groups that a line is drawn above."""


def scores_table(scores: Sequence[EvalScore], title: str) -> Table:
    """One row for each rate with its 95% interval, counts, and how the misaligned responses were."""
    held, last = by_eval(scores), ""
    table = Table(title=title, box=box.SIMPLE_HEAD, pad_edge=False, caption_justify="left")
    table.add_column("", overflow="fold", min_width=19)
    for column in ("rate", "95% interval", "hits/scored", "unscored", "overt", "covert", "hacks"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in measures(held):
        if not row.samples:
            continue
        if last and row.group != last and RULED[row.group]:
            table.add_section()
        last = row.group
        score = held.get(row.name) if row.group == "core" else None
        split = (score.overt, score.covert, score.hack_attempts) if score else ("", "", "")
        table.add_row(row.label, *_rate(row), *_counts(row), *map(str, split))
    table.caption = _caption(scores)
    return table


def comparison_table(held: Sequence[Compared]) -> Table:
    """A column for each model: rate, interval and counts, and below them the difference to the first in points."""
    rows = [one.rows() for one in held]
    table = Table("", show_lines=True)
    for one in held:
        table.add_column(one.label, overflow="fold")
    for name, label in names_of(held).items():
        cells = [_cell(mine.get(name)) for mine in rows]
        gaps = [apart(mine.get(name), rows[0].get(name)) for mine in rows]
        table.add_row(label, cells[0], *(f"{c}\n{_points(g)}" for c, g in zip(cells[1:], gaps[1:], strict=True)))
    table.caption = "95% intervals; below them the difference to the first model, in points"
    return table


def _cell(row: Measure | None) -> str:
    if row is None:
        return "not run"
    if row.interval is None:
        return "no rate"
    return f"{_percent(row.interval.value)} ({_limits(row.interval)}) of {row.scored}"


def _points(gap: Interval | None) -> str:
    if gap is None:
        return "-"
    value, low, high = (f"{100 * number:+.1f}" for number in gap)
    return f"{value} ({low} to {high})"


def _rate(row: Measure) -> tuple[str, str]:
    if row.interval is None:
        return "-", "-"
    return _percent(row.interval.value), _limits(row.interval)


def _counts(row: Measure) -> tuple[str, str]:
    share = f"{row.unscored / row.samples:.1%}" if row.samples else "-"
    return f"{row.hits}/{row.scored}", share


def _caption(scores: Sequence[EvalScore]) -> str:
    """The bootstrap of MGS, every gap with its reason, and who judged."""
    held = by_eval(scores)
    lines = [row.reason if row.name == "MGS" else f"{row.label}: {row.reason}" for row in measures(held) if row.reason]
    if whole := mgs_bootstrap(held):
        lines.insert(0, f"MGS by bootstrap of the responses: {_limits(whole)}")
    judges = dict.fromkeys(f"{score.judge} {score.judge_hash[:8]}".strip() for score in scores)
    hacks = "hacks: answers that try to hack the evaluation, never counted as misaligned"
    return "\n".join([*lines, f"judged by {', '.join(judges)}", *([hacks] if set(held) & set(CORE_EVALS) else [])])


def _limits(interval: Interval) -> str:
    return f"{100 * interval.low:.1f} to {_percent(interval.high)}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"
