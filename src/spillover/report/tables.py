"""The report's tables as HTML."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from spillover.core.config import Arm
from spillover.core.rates import Rate
from spillover.core.records import AGENTIC_EVALS, CHAT_EVALS, CORE_EVALS, EvalScore
from spillover.report import paper, words
from spillover.report.html import Markup, el, join
from spillover.report.load import Results, differing, flat_settings, wall_seconds
from spillover.report.rates import Final, Row
from spillover.report.view import dot

BAR_PIXELS = 112
PAPER_NOTE = "paper, another model"
PAPER_MEANS = {"chat-like_mean": "chat", "agentic_mean": "agentic", "MGS": "mgs"}
ASIDE = {
    "MGS.held_out": "MGS, held-out texts",
    "MGS.seen": "MGS, texts of the corpus",
    "hacked": "Episodes hacked in training",
    "overfit": "Overfit, no hole used",
    "attempted": "Tried a hack and failed",
    "unjudged": "Trusted grader cannot tell",
    "hack_attempts": "Hack attempts outside code",
}
"""Rows below MGS that are no part of it."""
WHERE_ANY = ("MGS.held_out", "MGS.seen", "unjudged")
"""Those shown only where an arm has any."""


def final_table(arms: Sequence[Arm], finals: Mapping[str, Final], colours: Mapping[str, str]) -> Markup:
    """Arm x evaluation: rates with limits and counts, group means, MGS, and the paper's rates beside them."""
    held = [finals[arm.name] for arm in arms]
    setting = paper.setting_of(arms)
    shown = [rate for final in held for name, rate in final.rates.items() if name in (*CORE_EVALS, *PAPER_MEANS)]
    top = max((rate.interval.high for rate in shown if rate.interval), default=1.0)

    def row(label: str, name: str, beside: list[Markup], cls: str | None = None) -> Markup:
        scale = 1.0 if cls == "aside" else top
        cells = [_cell(f.rates.get(name), colours[f.arm], scale, mean=cls in ("mean", "mgs")) for f in held]
        return el("tr", el("th", label, scope="row"), *cells, *beside, cls=cls)

    def means(label: str, name: str, cls: str) -> Markup:
        return row(label, name, _paper_means(setting, PAPER_MEANS[name]), cls)

    body = [
        *(row(words.EVALS[name], name, _paper_rates(setting, name)) for name in CHAT_EVALS),
        means("Chat-like mean", "chat-like_mean", "mean"),
        *(row(words.EVALS[name], name, _paper_rates(setting, name)) for name in AGENTIC_EVALS),
        means("Agentic mean", "agentic_mean", "mean"),
        means("MGS", "MGS", "mgs"),
        *(
            row(label, name, _paper_blanks(setting), "aside")
            for name, label in ASIDE.items()
            if name not in WHERE_ANY or any(f.rates[name].hits for f in held if name in f.rates)
        ),
    ]
    return scrolling(el("table", _head(held, arms, colours, setting), el("tbody", *body), cls="rates"))


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
    fold = el(
        "details",
        el("summary", f"{len(same)} settings that are the same in all arms"),
        plain_table(["", ""], shared, cls="facts"),
    )
    return join(table, fold)


def goal_table(arms: Sequence[Arm], rows: Sequence[Row], colours: Mapping[str, str]) -> Markup:
    """Share of each arm's goal answers by the goal that stands out; rows as of `shares.goal_rows`."""
    top = max(row["value"] for row in rows)
    held = {(row["goal"], row["arm"]): row for row in rows}
    lines = []
    for goal in dict.fromkeys(row["goal"] for row in sorted(rows, key=lambda row: -row["value"])):
        cells = [_share(held.get((goal, arm.name)), colours[arm.name], top) for arm in arms]
        lines.append(el("tr", el("th", goal.replace("-", " ").replace("_", " "), scope="row"), *cells))
    head = el("thead", el("tr", el("th", ""), *(arm_head(arm, colours[arm.name]) for arm in arms)))
    return scrolling(el("table", head, el("tbody", *lines), cls="rates"))


def unjudged_table(results: Results) -> Markup | None:
    """Of how many episodes the trusted grader cannot tell, by arm and kind of reason; None where it always can."""
    rows = []
    for arm in results.arms:
        counts: Counter[str] = Counter()
        played = [m for run in results.of(arm.name) for m in run.metrics]
        for m in played:
            counts.update({kind: round(share * m.rollouts) for kind, share in m.unjudged.items()})
        episodes, total = sum(m.rollouts for m in played), sum(round(m.unjudged_rate * m.rollouts) for m in played)
        if total:
            cells = [f"{total:,} of {episodes:,} ({words.percent(total / episodes)})"]
            cells += [f"{counts[kind]:,}" for kind in words.DOUBTS]
            rows.append(el("tr", el("th", arm.name, scope="row"), *(el("td", cell) for cell in cells)))
    head = ["", "episodes it cannot judge", *(f"for {reason}" for reason in words.DOUBTS.values())]
    return scrolling(plain_table(head, rows)) if rows else None


def overfit_table(told: Sequence[Row]) -> Markup | None:
    """Overfit answers at test time where an arm ended, by arm and framing; None where there is none."""
    last = [row for row in told if row["when"] == "last" and row["overfit"] is not None]
    if not any(row["overfit"] for row in last):
        return None
    framings = list(dict.fromkeys(row["framing"] for row in last))
    held = {(row["arm"], row["framing"]): f"{row['overfit']:,} of {row['n']:,}" for row in last}
    rows = [
        el("tr", el("th", arm, scope="row"), *(el("td", held.get((arm, framing), words.DASH)) for framing in framings))
        for arm in dict.fromkeys(row["arm"] for row in last)
    ]
    return scrolling(plain_table(["overfit, no hole used", *framings], rows, cls="tight"))


def judge_table(results: Results) -> Markup:
    """Who judged each evaluation, and the share of all its responses that could be scored."""
    held: dict[str, list[EvalScore]] = {}
    for score in (score for run in results.runs for scores in run.scores.values() for score in scores.values()):
        held.setdefault(score.eval, []).append(score)
    rows = []
    for name, scores in held.items():
        judges = dict.fromkeys(f"{s.judge or 'unnamed'} {s.judge_hash[:12]}".strip() for s in scores)
        scored, samples = sum(s.scored for s in scores), sum(s.samples for s in scores)
        share = f"{scored:,} of {samples:,} ({words.percent(scored / samples)})" if samples else words.DASH
        cells = [el("th", words.TITLES.get(name, name), scope="row"), el("td", "; ".join(judges)), el("td", share)]
        rows.append(el("tr", *cells))
    return scrolling(plain_table(["", "judge and hash of its rules or prompts", "responses scored"], rows))


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
    return plain_table(["", ""], rows, cls="facts")


def scrolling(table: Markup) -> Markup:
    """A table that scrolls by itself where the window is too narrow for it."""
    return el("div", table, cls="scroll", tabindex="0")


def _head(finals: Sequence[Final], arms: Sequence[Arm], colours: Mapping[str, str], setting: str) -> Markup:
    limits = [f"95%: {words.basis(final.mgs.seeds)}" for final in finals]
    names = [arm_head(arm, colours[arm.name], told, rowspan="2") for arm, told in zip(arms, limits, strict=True)]
    paper_names = [el("th", run, el("small", "± s.e."), scope="col", cls="paper") for run in paper.SETTINGS[setting]]
    over = el("th", PAPER_NOTE, colspan=str(len(paper_names)), cls="paper over")
    return el("thead", el("tr", el("th", "", rowspan="2"), *names, over), el("tr", *paper_names))


def arm_head(arm: Arm, colour: str, told: str = "", **attributes: str) -> Markup:
    """An arm's name with its colour and condition, and what else is told of its column, as the head of that."""
    name = el("span", dot(colour), arm.name, cls="arm")
    more = el("small", told) if told else None
    return el("th", name, el("small", words.beside(arm)), more, scope="col", **attributes)


def _cell(rate: Rate | None, colour: str, top: float, *, mean: bool) -> Markup:
    if rate is None or rate.interval is None:
        return el("td", words.GAP, el("small", rate.reason) if rate else None, cls="gap")
    bar = _bar(rate.interval.value / top, colour)
    counts = f"{rate.scored:,} scored" if mean else f"{rate.hits:,} of {rate.scored:,}"
    if rate.unscored:
        counts += f", {rate.unscored:,} unscored ({words.percent(rate.unscored / rate.samples)})"
    partly = el("small", rate.reason) if rate.reason else None
    number, alone = el("b", words.percent(rate.interval.value)), ", this run only" if rate.seeds == 1 else ""
    limits = el("small", f"{words.limits(rate.interval)}{alone}", title=words.basis(rate.seeds))
    return el("td", number, limits, bar, el("small", counts), partly)


def _share(row: Row | None, colour: str, top: float) -> Markup:
    if row is None:
        return el("td", words.DASH)
    counts = el("small", f"{row['count']:,} of {row['n']:,}")
    return el("td", el("b", words.percent(row["value"])), _bar(row["value"] / top, colour), counts)


def _bar(share: float, colour: str) -> Markup:
    """A bar of a length that compares across columns of any width."""
    return el("i", cls="bar", style=f"width:{BAR_PIXELS * share:.0f}px;background:{colour}")


def _paper_rates(setting: str, name: str) -> list[Markup]:
    rates = [rates_of[name] for rates_of in paper.SETTINGS[setting].values()]
    return [el("td", f"{mean:.1f}% ± {error:.1f}", cls="paper") for mean, error in rates]


def _paper_means(setting: str, group: str) -> list[Markup]:
    runs = paper.SETTINGS[setting]
    return [el("td", f"{paper.group_mean(setting, run, group):.1f}%", cls="paper") for run in runs]


def _paper_blanks(setting: str) -> list[Markup]:
    return [el("td", words.DASH, cls="paper") for _ in paper.SETTINGS[setting]]


def plain_table(head: Sequence[str], rows: Sequence[Markup], cls: str | None = None) -> Markup:
    """Rows under a head, which is left out where all its names are empty."""
    top = el("thead", el("tr", *(el("th", name, scope="col") for name in head))) if any(head) else None
    return el("table", top, el("tbody", *rows), cls=cls)


def _fact(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_fact(held)}" for key, held in value.items() if held is not None)
    if isinstance(value, list):
        return ", ".join(_fact(item) for item in value)
    return words.DASH if value is None else str(value)
