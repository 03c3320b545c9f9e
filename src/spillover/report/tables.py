"""The report's tables as HTML."""

from collections.abc import Mapping, Sequence
from typing import Any

from spillover.core.config import Arm
from spillover.core.records import AGENTIC_EVALS, CHAT_EVALS
from spillover.report import paper, words
from spillover.report.html import Markup, el, join
from spillover.report.load import Results, differing, flat_settings, wall_seconds
from spillover.report.rates import Estimate, Final, minus, onsets, onsets_by_seed
from spillover.report.view import dot

PAPER_NOTE = "paper, another model"


def final_table(arms: Sequence[Arm], finals: Mapping[str, Final], colours: Mapping[str, str]) -> Markup:
    """Arm x evaluation: rates with limits and counts, group means, MGS, and the paper's rates beside them."""
    top = max((e.interval.high for f in finals.values() for e in _all(f) if e.interval), default=1.0)

    def row(label: str, name: str, pick: Any, *, group: str | None = None, cls: str = "") -> Markup:
        cells = [_cell(pick(finals[arm.name]), colours[arm.name], top) for arm in arms]
        return el("tr", el("th", label, scope="row"), *cells, *_paper_cells(name, group), cls=cls or None)

    body = [
        *(row(words.EVALS[n], n, lambda f, n=n: f.evals[n]) for n in CHAT_EVALS),
        row("Chat-like mean", "", lambda f: f.chat, group="chat", cls="mean"),
        *(row(words.EVALS[n], n, lambda f, n=n: f.evals[n]) for n in AGENTIC_EVALS),
        row("Agentic mean", "", lambda f: f.agentic, group="agentic", cls="mean"),
        row("MGS", "", lambda f: f.mgs, group="mgs", cls="mgs"),
        _plain_row("Episodes hacked in training", [_cell(finals[a.name].hack, colours[a.name], 1.0) for a in arms]),
        _plain_row("Hack attempts outside code", [_cell(finals[a.name].hack_attempts, "", 1.0) for a in arms]),
    ]
    return scrolling(el("table", _head(arms, colours), el("tbody", *body), cls="rates"))


def difference_table(results: Results, finals: Mapping[str, Final]) -> Markup:
    """MGS of each arm against the reference arm and against the arm of highest MGS, and by seed."""
    reference = results.reference()
    scored = [name for name, final in finals.items() if final.mgs.interval]
    top = max(scored, key=lambda name: finals[name].mgs.interval or (0,), default=reference)
    columns = list(dict.fromkeys([reference, top]))
    several = len(results.study.seeds) > 1
    head = ["", "MGS", *(f"minus {name}" for name in columns), f"MGS as a share of {top}"]
    head += ["by seed"] if several else []
    rows = []
    for name, final in finals.items():
        cells = [words.rate(final.mgs)]
        cells += [words.DASH if name == other else _points(minus(final.mgs, finals[other].mgs)) for other in columns]
        cells.append(_ratio(final.mgs, finals[top].mgs) if name != top else words.DASH)
        cells += [_by_seed(final.mgs_by_seed)] if several else []
        rows.append(el("tr", el("th", name, scope="row"), *(el("td", cell) for cell in cells)))
    return scrolling(_table(head, rows))


def onset_table(results: Results) -> Markup:
    """Onset of hacking by arm, and by seed where there are several."""
    several = len(results.study.seeds) > 1
    rows = []
    for name, step in onsets(results).items():
        cells = [_step(step)] + ([", ".join(map(_step, onsets_by_seed(results, name)))] if several else [])
        rows.append(el("tr", el("th", name, scope="row"), *(el("td", cell) for cell in cells)))
    return scrolling(_table(["", "onset of hacking", *(["by seed"] if several else [])], rows))


def settings_table(arms: Sequence[Arm], colours: Mapping[str, str]) -> Markup:
    """The settings that differ between arms, and in a fold all that are the same."""
    changed = differing(tuple(arms))
    rows = []
    for key, values in changed.items():
        cells = [el("td", value, cls="changed" if value != values[0] else None) for value in values]
        rows.append(el("tr", el("th", el("code", key), scope="row"), *cells))
    same = {key: value for key, value in flat_settings(arms[0]).items() if key not in changed}
    shared = [el("tr", el("th", el("code", key), scope="row"), el("td", value)) for key, value in same.items()]
    head = el("thead", el("tr", el("th", ""), *(arm_head(arm, colours[arm.name]) for arm in arms)))
    table = (
        scrolling(el("table", head, el("tbody", *rows))) if rows else el("p", "No setting differs between the arms.")
    )
    fold = el("details", el("summary", f"{len(same)} settings that are the same in all arms"), _table(["", ""], shared))
    return join(table, fold)


def run_table(results: Results) -> Markup:
    """Versions, machine, time and whatever else the run noted about itself."""
    noted = dict(results.provenance)
    seconds, open_sessions = wall_seconds(noted)
    sessions = noted.pop("sessions", [])
    unclosed = f", {open_sessions} of them not closed (killed or still running; their time is unknown)"
    trained = sum(m.seconds for run in results.runs for m in run.metrics)
    evaluated = sum(s.seconds for run in results.runs for scores in run.scores.values() for s in scores.values())
    facts: dict[str, str] = {
        "study": results.study.name,
        "seeds": ", ".join(map(str, results.study.seeds)),
        "wall time": f"{words.duration(seconds)} in {words.plural(len(sessions), 'session')}"
        + (unclosed if open_sessions else ""),
        "of which": f"RL steps {words.duration(trained)}, evaluations {words.duration(evaluated)} (summed over runs)",
        "commands": " · ".join(" ".join(map(str, s.get("command", []))) for s in sessions) or words.DASH,
    }
    facts |= {key: _fact(value) for key, value in noted.items()}
    rows = [el("tr", el("th", key, scope="row"), el("td", value)) for key, value in facts.items()]
    return scrolling(_table(["", ""], rows))


def scrolling(table: Markup) -> Markup:
    """A table that scrolls by itself where the window is too narrow for it."""
    return el("div", table, cls="scroll", tabindex="0")


def _head(arms: Sequence[Arm], colours: Mapping[str, str]) -> Markup:
    names = [arm_head(arm, colours[arm.name], rowspan="2") for arm in arms]
    paper_names = [el("th", run, el("small", "± s.e."), scope="col", cls="paper") for run in paper.PROMPTED]
    over = el("th", PAPER_NOTE, colspan=str(len(paper_names)), cls="paper over")
    return el("thead", el("tr", el("th", "", rowspan="2"), *names, over), el("tr", *paper_names))


def arm_head(arm: Arm, colour: str, **attributes: str) -> Markup:
    """An arm's name with its colour and condition, as the head of a column."""
    name = el("span", dot(colour), arm.name, cls="arm")
    return el("th", name, el("small", words.condition(arm)), scope="col", **attributes)


def _cell(estimate: Estimate, colour: str, top: float) -> Markup:
    if estimate.interval is None:
        return el("td", words.GAP, el("small", estimate.reason), cls="gap")
    width = 100 * estimate.interval.value / top
    bar = el("i", cls="bar", style=f"width:{width:.1f}%;background:{colour}") if colour else None
    unscored = f", {estimate.unscored} unscored ({words.percent(estimate.unscored / estimate.samples)})"
    counts = f"{estimate.hits:,} of {estimate.scored:,}" + (unscored if estimate.unscored else "")
    notes = [el("small", words.limits(estimate.interval)), el("small", counts, cls="n")]
    partly = el("small", estimate.reason, cls="n") if estimate.reason else None
    return el("td", el("b", words.percent(estimate.interval.value)), bar, *notes, partly)


def _paper_cells(name: str, group: str | None) -> list[Markup]:
    if group is not None:
        return [el("td", f"{paper.group_mean(run, group):.1f}%", cls="paper") for run in paper.PROMPTED]
    rates = [paper.PROMPTED[run][name] for run in paper.PROMPTED]
    return [el("td", f"{mean:.1f}%", el("small", f"± {error:.1f}"), cls="paper") for mean, error in rates]


def _plain_row(label: str, cells: list[Markup]) -> Markup:
    blanks = [el("td", words.DASH, cls="paper") for _ in paper.PROMPTED]
    return el("tr", el("th", label, scope="row"), *cells, *blanks, cls="aside")


def _table(head: Sequence[str], rows: Sequence[Markup]) -> Markup:
    top = el("thead", el("tr", *(el("th", name, scope="col") for name in head))) if any(head) else None
    return el("table", top, el("tbody", *rows))


def _all(final: Final) -> list[Estimate]:
    return [*final.evals.values(), final.chat, final.agentic, final.mgs]


def _points(gap: Estimate) -> str:
    return words.points(gap.interval) if gap.interval else words.GAP


def _ratio(left: Estimate, right: Estimate) -> str:
    if left.interval is None or right.interval is None or right.interval.value == 0:
        return words.DASH
    return f"{100 * left.interval.value / right.interval.value:.0f}%"


def _by_seed(estimates: Sequence[Estimate]) -> str:
    return ", ".join(words.percent(e.interval.value) if e.interval else words.GAP for e in estimates)


def _step(step: int | None) -> str:
    return "never" if step is None else f"step {step}"


def _fact(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_fact(held)}" for key, held in value.items() if held is not None)
    if isinstance(value, list):
        return ", ".join(_fact(item) for item in value)
    return words.DASH if value is None else str(value)
