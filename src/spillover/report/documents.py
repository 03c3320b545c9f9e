"""The sections of the SDF setting: what training on documents did before RL, and hacking against misalignment."""

import altair as alt

from spillover.core.rates import Interval, Rate, by_eval, mean
from spillover.core.records import HackRate
from spillover.core.rundir import Run
from spillover.report import words
from spillover.report.figures import SHARE, Row, Spec, chart_spec
from spillover.report.html import Markup, el
from spillover.report.tables import plain_table, scrolling
from spillover.report.view import View, chart, dot, figure, gap, section

ROW_KINDS = ("documents", "sft")
PART_COLOURS = {"documents": "#AA4499", "background": "#6B7480", "transcripts": "#0072B2"}


def before_rl(view: View) -> Markup:
    """What was trained on before RL: held-out losses, MGS before and after, how often hacks work."""
    stages = _stages(view)
    if not stages:
        return Markup("")
    panels, trained = [], set()
    for number, (names, run) in enumerate(stages):
        rows = [
            {"part": part, "step": line.step, "value": loss}
            for line in run.document_metrics(view.results.unread)
            for part, loss in line.held_out.items()
        ]
        trained |= {row["part"] for row in rows}
        drawn = chart(
            f"documents-{number}", _losses(rows), f"Held-out loss of {_label(view, run)} by part against step"
        )
        panels.append(el("div", el("h3", _label(view, run)), el("p", "for ", words.listing(names), cls="note"), drawn))
    parts = {part: colour for part, colour in PART_COLOURS.items() if part in trained}
    key = el("ul", *(el("li", dot(colour), part) for part, colour in parts.items()), cls="key")
    return section(
        "documents",
        "Training on documents",
        key,
        figure(
            el("div", *panels, cls="grid"),
            caption="Loss in nats per token on text that was held out, against the step of this training.",
        ),
        scrolling(plain_table(_HEAD, [_result(view, run) for _, run in stages], cls="tight")),
        el(
            "p",
            "Working hacks are completions of RL's own problems, under RL's own prompt, that are paid through an open "
            "hole and that the trusted grader refuses, before any RL. hack@k is the chance that one of k completions "
            "is one. Overfit ones are paid for passing the shown tests alone and are no hacks. "
            f"Limits are 95%: {words.SAMPLING}.",
            cls="note",
        ),
    )


def scatter(view: View) -> Markup:
    """Hack rate against MGS, every measured checkpoint of every arm a dot."""
    rows = []
    for run in view.results.runs:
        hacked = {m.step: m.hack_rate for m in run.metrics}
        for step, scores in sorted(run.scores.items()):
            mgs = mean([scores])
            # Step 0 has no episodes: its rate is that of the first step, played with the same weights.
            hack = hacked.get(max(1, step))
            if mgs.interval is not None and hack is not None:
                rows.append({"arm": run.arm, "seed": run.seed, "step": step, "hack": hack, "value": mgs.interval.value})
    drawn = chart("scatter", _scatter(rows, view.colours), "Hack rate against MGS, a dot per checkpoint")
    return section(
        "scatter",
        "Hacking and misalignment at every checkpoint",
        view.arm_key(),
        figure(
            drawn if rows else gap("no checkpoint has both"),
            caption="Each dot is a checkpoint: share of its step's episodes that were hacks, and its MGS. "
            "The line joins an arm's checkpoints in order.",
        ),
        after="Fig. 11",
    )


_HACKS = ["hack@1", "hack@8", "hack@64", "working hacks by kind", "overfit", "cannot tell"]
_HEAD = ["", "MGS before", "MGS after", *_HACKS]


def _stages(view: View) -> list[tuple[list[str], Run]]:
    """Each training on rows of text with the arms that have it."""
    directory = view.results.directory
    found: dict[str, tuple[list[str], Run]] = {}
    for held in view.results.runs:
        for run in directory.stages(held.arm, held.seed):
            if run.kind in ROW_KINDS and run.metrics_file.exists():
                found.setdefault(str(run.folder), ([], run))[0].append(held.arm)
    return list(found.values())


def _label(view: View, run: Run) -> str:
    held = view.results.directory.graph["stages"][run.folder.parent.name]
    return f"{held['label']}, seed {run.seed}"


def _result(view: View, run: Run) -> Markup:
    measured, unread = run.evaluated(), view.results.unread
    last = max(measured, default=0)
    before = _mgs(run, 0, unread) if 0 in measured else words.DASH
    after = _mgs(run, last, unread) if last else words.GAP
    cells = [before, after, *_hacks(run.hack_rate())]
    return el("tr", el("th", _label(view, run), scope="row"), *(el("td", cell) for cell in cells))


def _mgs(run: Run, step: int, unread: list[str]) -> str:
    return words.rate(mean([by_eval(run.scores(step, unread))]))


def _hacks(rate: HackRate | None) -> list[str]:
    if rate is None:
        return [words.GAP] * len(_HACKS)
    first = words.rate(Rate(Interval(rate.rate, rate.low, rate.high)))
    more = [words.percent(rate.hack_at[k]) if k in rate.hack_at else words.DASH for k in (8, 64)]
    kinds = ", ".join(f"{hack} {count}" for hack, count in sorted(rate.hacks.items()))
    apart = [f"{count:,} of {rate.problems * rate.samples:,}" for count in (rate.overfit, rate.unjudged)]
    return [first, *more, kinds or "none", *apart]


def _losses(rows: list[Row]) -> Spec:
    colour = alt.Scale(domain=list(PART_COLOURS), range=list(PART_COLOURS.values()))
    base = alt.Chart(alt.NamedData(name="rows")).encode(
        x=alt.X("step:Q", title="step", axis=alt.Axis(tickMinStep=1, tickCount=5, format="d")),
        y=alt.Y("value:Q", title=None, scale=alt.Scale(domainMin=0), axis=alt.Axis(tickCount=4, minExtent=42)),
        color=alt.Color("part:N", scale=colour, legend=None),
        tooltip=[alt.Tooltip("part:N"), alt.Tooltip("step:Q"), alt.Tooltip("value:Q", format=".3f")],
    )
    return chart_spec(
        alt.layer(base.mark_line(strokeWidth=2), base.mark_circle(size=34)).properties(height=150), rows=rows
    )


def _scatter(rows: list[Row], colours: dict[str, str]) -> Spec:
    colour = alt.Scale(domain=list(colours), range=list(colours.values()))
    share = alt.Axis(format=SHARE, tickCount=5, grid=True)
    base = alt.Chart(alt.NamedData(name="rows")).encode(
        x=alt.X("hack:Q", title="share of episodes hacked", scale=alt.Scale(domain=[0, 1]), axis=share),
        y=alt.Y("value:Q", title="MGS", scale=alt.Scale(domainMin=0), axis=share),
        color=alt.Color("arm:N", scale=colour, legend=None),
        tooltip=[
            alt.Tooltip("arm:N"),
            alt.Tooltip("seed:Q"),
            alt.Tooltip("step:Q"),
            alt.Tooltip("hack:Q", title="hacked", format=".1%"),
            alt.Tooltip("value:Q", title="MGS", format=".1%"),
        ],
    )
    lines = base.mark_line(strokeWidth=1, opacity=0.35).encode(order="step:Q", detail="seed:Q")
    return chart_spec(alt.layer(lines, base.mark_circle(size=60, opacity=0.85)).properties(height=320), rows=rows)
