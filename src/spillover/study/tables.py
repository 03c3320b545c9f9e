"""Scores as tables for the terminal."""

from collections.abc import Sequence

from rich import box
from rich.console import Group
from rich.table import Table

from spillover.core.rates import Difference, Interval, Rate, by_eval, rows
from spillover.core.rates.bootstrap import bootstrap
from spillover.core.records import CORE_EVALS, EvalScore
from spillover.study.compare import Compared, apart, names_of


def scores_table(scores: Sequence[EvalScore], title: str) -> Group:
    """The rates with their 95% intervals and counts: of responses judged, then of coding problems, then the notes."""
    held = by_eval(scores)
    shown = [row for row in rows([held]).values() if row.samples]
    judged = _table("", "rate", "95% interval", "of", "unscored", "overt", "covert", "hacks", title=title)
    for row in (row for row in shown if row.group in ("core", "mean")):
        score = held.get(row.name)
        split = (score.overt, score.covert, score.hack_attempts) if score else ("", "", "")
        _add(judged, row, *map(str, split))
    graded = _table("", "rate", "95% interval", "of", "unscored", title="" if judged.rows else title)
    for row in (row for row in shown if row.group not in ("core", "mean")):
        _add(graded, row)
    return Group(*(table for table in (judged, graded) if table.rows), _notes(scores))


def _table(*heads: str, title: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=0, title=title, title_justify="left")
    for head in heads:
        table.add_column(head, justify="right" if head else "left", no_wrap=True)
    return table


def _add(table: Table, row: Rate, *more: str) -> None:
    """One row; means stand under a line of their own."""
    if row.name in ("chat-like_mean", "MGS"):
        table.add_section()
    table.add_row(row.label, *_rate(row), *_counts(row), *more)


def comparison_table(held: Sequence[Compared]) -> Table:
    """A column for each model: rate, interval and counts, and below them the difference to the first in points."""
    table = Table(show_lines=True)
    table.add_column("", overflow="fold")
    for one in held:
        table.add_column(one.label, overflow="fold")
    for name, label in names_of(held).items():
        cells = [_cell(one.rows.get(name)) for one in held]
        gaps = [apart(one, held[0], name) for one in held]
        table.add_row(label, cells[0], *(f"{c}\n{_points(g)}" for c, g in zip(cells[1:], gaps[1:], strict=True)))
    table.caption = "95% intervals; below them the difference to the first model, in points. Of several seeds they are "
    table.caption += "t intervals over seeds, paired; else the sampling error of this run only"
    return table


def _cell(row: Rate | None) -> str:
    if row is None:
        return "not run"
    if row.interval is None:
        return "no rate"
    return f"{_percent(row.interval.value)} of {row.scored}\n{_limits(row.interval)}"


def _points(gap: Difference) -> str:
    if gap.interval is None:
        return "-"
    value, low, high = (f"{100 * number:+.1f}" for number in gap.interval)
    return f"{value} ({low} to {high})"


def _rate(row: Rate) -> tuple[str, str]:
    if row.interval is None:
        return "-", "-"
    return _percent(row.interval.value), _limits(row.interval)


def _counts(row: Rate) -> tuple[str, str]:
    share = f"{row.unscored / row.samples:.1%}" if row.samples else "-"
    return f"{row.hits}/{row.scored}", share


def _notes(scores: Sequence[EvalScore]) -> str:
    """The bootstrap of MGS, every gap with its reason, and who judged, a line each."""
    held = by_eval(scores)
    reasons = [row for row in rows([held]).values() if row.reason]
    lines = ["95%: sampling error of this run only"]
    if whole := bootstrap({0: [held]}):
        lines.append(f"MGS by bootstrap of the scenes: {_limits(whole)}")
    lines += [f"{'no MGS' if row.name == 'MGS' else row.label}: {row.reason}" for row in reasons]
    quality = dict.fromkeys(str(score.data["judge_quality"]) for score in scores if "judge_quality" in score.data)
    judges = dict.fromkeys(f"{score.judge} {score.judge_hash[:8]}".strip() for score in scores)
    hacks = "hacks: answers that try to hack the evaluation, never counted as misaligned"
    lines += [f"judged by {', '.join(judges)}", *quality]
    return "\n".join([*lines, *([hacks] if set(held) & set(CORE_EVALS) else [])])


def _limits(interval: Interval) -> str:
    return f"{100 * interval.low:.1f} to {_percent(interval.high)}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"
