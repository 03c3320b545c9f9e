"""Vega-Lite specs of the report's charts, made with altair: data inline, width from the page, no title of their own."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from spillover.core.config import Study
from spillover.report.load import REFERENCE_NAME
from spillover.report.shares import OVERFIT, SOLVED, UNATTRIBUTED, UNJUDGED

Row = dict[str, Any]
Spec = dict[str, Any]

ARM_COLOURS = (
    *("#D55E00", "#0072B2", "#009E73", "#AA4499", "#E69F00", "#56B4E9"),
    *("#882255", "#7A7A1F", "#332288", "#CC6677", "#117733", "#44AA99"),
)
"""Okabe and Ito's colours first, Tol's after them: told apart with any common colour vision."""
REFERENCE_COLOUR = "#6B7480"
HACK_COLOURS: dict[str, str] = {
    "always-equal": "#882255",
    "early-exit": "#DDAA33",
    "report-patch": "#44AA99",
    "other": "#CC6677",
    UNATTRIBUTED: "#9AA1AB",
    OVERFIT: "#88CCEE",
    UNJUDGED: "#CDBFE3",
    SOLVED: "#E3E7EB",
}
INK, QUIET, GRID = "#1F2733", "#5B6573", "#E9ECEF"
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
SHARE = ".0%"
FINE = ".1%"

CONFIG: dict[str, Any] = {
    "font": FONT,
    "background": "transparent",
    "view": {"stroke": None},
    "axis": {
        "labelColor": QUIET,
        "titleColor": QUIET,
        "labelFontSize": 11.5,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "gridColor": GRID,
        "domain": False,
        "tickColor": "#C9CFD6",
        "labelPadding": 5,
    },
    "axisX": {"grid": False, "domain": True, "domainColor": "#C9CFD6", "tickSize": 4},
    "axisY": {"ticks": False},
}


def arm_colours(study: Study) -> dict[str, str]:
    """One colour per arm for the whole report; grey for the arm named `baseline`."""
    others = [arm.name for arm in study.arms if arm.name != REFERENCE_NAME]
    colours = {name: ARM_COLOURS[i % len(ARM_COLOURS)] for i, name in enumerate(others)}
    return {arm.name: colours.get(arm.name, REFERENCE_COLOUR) for arm in study.arms}


def curves(
    means: Sequence[Row],
    seeds: Sequence[Row],
    colours: Mapping[str, str],
    *,
    steps: int,
    height: int = 150,
    top: float | None = None,
    share: bool = True,
    points: bool = True,
    y_title: str | None = None,
    x_title: str | None = None,
    onsets: Mapping[str, int] | None = None,
    named_onsets: bool = True,
) -> Spec:
    """Lines against step, one per arm, with a band where rows have limits, thin seed lines and onset marks.

    `top` fixes the upper end of the y axis; None leaves it to the data. Empty values break a line.
    """
    domain = alt.Scale(domainMin=0) if top is None else alt.Scale(domain=[0, top], clamp=True)
    x = alt.X("step:Q", title=x_title, scale=alt.Scale(domain=[0, max(1, steps)], nice=False), axis=_step_axis())
    y = alt.Y("value:Q", title=y_title, scale=domain, axis=_y_axis(share))
    colour = _arm_colour(colours)
    base = alt.Chart(alt.NamedData(name="means")).encode(x=x, color=colour)
    banded = any("low" in row for row in means)
    layers = [base.mark_area(opacity=0.14).encode(y=alt.Y("low:Q", scale=domain, title=y_title), y2="high:Q")]
    layers = layers if banded else []
    if seeds:
        thin = alt.Chart(alt.NamedData(name="seeds")).mark_line(strokeWidth=1, opacity=0.4)
        layers.append(thin.encode(x=x, y=y, color=colour, detail="seed:N"))
    layers.append(base.mark_line(strokeWidth=2.4, strokeJoin="round", strokeCap="round").encode(y=y))
    dots = base.mark_circle(size=34, opacity=1) if points else base.mark_circle(size=60, opacity=0)
    layers.append(dots.encode(y=y, tooltip=_tooltip(share, banded=banded)))
    marked = [{"arm": a, "step": s, "text": f"onset, step {s}"} for a, s in (onsets or {}).items()]
    if marked:
        layers += _onset_layers(x, colour, steps, top or 1.0, named=named_onsets)
    chart = alt.layer(*layers).properties(height=height)
    return chart_spec(chart, means=means, seeds=seeds, onsets=_with_places(marked, top or 1.0))


def bars(rows: Sequence[Row], colours: Mapping[str, str], *, title: str, top: float | None = None) -> Spec:
    """One horizontal bar per arm with its interval; rows hold arm, label, value, low, high, text."""
    order = [row["label"] for row in rows]
    y = alt.Y("label:N", sort=order, title=None, axis=_name_axis())
    scale = alt.Scale(domainMin=0) if top is None else alt.Scale(domain=[0, top])
    x = alt.X("value:Q", title=title, scale=scale, axis=alt.Axis(format=SHARE, tickCount=5, grid=True))
    base = alt.Chart(alt.NamedData(name="rows")).encode(y=y)
    layers = [
        base.mark_bar(height=18).encode(x=x, color=_arm_colour(colours), tooltip=_tooltip(True)),
        base.mark_rule(color=INK, strokeWidth=1.4).encode(x=alt.X("low:Q", title=title), x2="high:Q"),
        base.mark_text(align="left", dx=8, color=INK, fontSize=12).encode(x="high:Q", text="text:N"),
    ]
    return chart_spec(alt.layer(*layers).properties(height=44 * len(rows)), rows=rows)


def forest(rows: Sequence[Row], colours: Mapping[str, str], *, title: str) -> Spec:
    """One dot with its interval per arm around a line at zero; rows hold arm, label, value, low, high, in points."""
    order = [row["label"] for row in rows]
    y = alt.Y("label:N", sort=order, title=None, axis=_name_axis())
    plus = "datum.value > 0 ? '+' + datum.label : datum.label"
    x = alt.X("value:Q", title=title, axis=alt.Axis(tickCount=5, grid=True, labelExpr=plus))
    base = alt.Chart(alt.NamedData(name="rows")).encode(y=y)
    colour = _arm_colour(colours)
    zero = alt.Chart(alt.NamedData(name="zero")).mark_rule(color=QUIET, strokeDash=[3, 3]).encode(x="value:Q")
    layers = [
        zero,
        base.mark_rule(strokeWidth=2.2).encode(x=alt.X("low:Q", title=title), x2="high:Q", color=colour),
        base.mark_circle(size=110, opacity=1).encode(x=x, color=colour, tooltip=_tooltip(share=False)),
    ]
    return chart_spec(alt.layer(*layers).properties(height=48 * len(rows)), rows=rows, zero=[{"value": 0}])


def stack(rows: Sequence[Row], kinds: Sequence[str], *, steps: int, height: int = 170) -> Spec:
    """Stacked shares of episodes against step, by hack or what else they are; rows hold step, kind, value."""
    scale = alt.Scale(domain=list(kinds), range=[hack_colour(kind) for kind in kinds])
    across = alt.Scale(domain=[0.5, max(1, steps) + 0.5], nice=False)
    chart = (
        alt.Chart(alt.NamedData(name="rows"))
        .mark_rect()
        .encode(
            x=alt.X("from:Q", title="RL step", axis=_step_axis(), scale=across),
            x2="to:Q",
            y=alt.Y("low:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=_y_axis(True)),
            y2="high:Q",
            color=alt.Color("kind:N", scale=scale, legend=None),
            tooltip=[
                alt.Tooltip("step:Q"),
                alt.Tooltip("kind:N", title="what"),
                alt.Tooltip("value:Q", title="share", format=FINE),
            ],
        )
        .properties(height=height)
    )
    return chart_spec(chart, rows=_stacked(rows, kinds))


def told(rows: Sequence[Row], trained: Sequence[Row], colours: Mapping[str, str]) -> Spec:
    """Hack rate by arm before (ring) and after (dot) training under another framing, and in training (tick)."""
    order = [row["arm"] for row in trained]
    y = alt.Y("arm:N", sort=order, title=None, axis=_name_axis())
    axis = alt.Axis(format=SHARE, tickCount=5, grid=True)
    x = alt.X("value:Q", title="share of episodes hacked", scale=alt.Scale(domain=[0, 1]), axis=axis)
    colour = _arm_colour(colours)
    base = alt.Chart(alt.NamedData(name="rows")).encode(y=y, color=colour)
    first, last = alt.datum.when == "first", alt.datum.when == "last"
    ticks = alt.Chart(alt.NamedData(name="trained")).mark_tick(thickness=3, size=24, opacity=0.45)
    layers = [
        ticks.encode(y=y, x=x, color=colour, tooltip=_tooltip(True)),
        base.transform_filter(last).mark_rule(strokeWidth=2.2).encode(x=alt.X("low:Q"), x2="high:Q"),
        base.transform_filter(first).mark_point(size=80, strokeWidth=1.8).encode(x=x, tooltip=_tooltip(True)),
        base.transform_filter(last).mark_circle(size=120, opacity=1).encode(x=x, tooltip=_tooltip(True)),
    ]
    return chart_spec(alt.layer(*layers).properties(height=40 * len(trained)), rows=rows, trained=trained)


def split(rows: Sequence[Row], evals: Mapping[str, str], colour: str, *, top: float) -> Spec:
    """Stacked shares of misaligned responses by evaluation: overt full, covert pale, unsplit paler."""
    named = [row | {"name": evals[row["eval"]]} for row in rows]
    y = alt.Y("name:N", title=None, scale=alt.Scale(domain=list(evals.values())), axis=_name_axis())
    opacity = alt.Scale(domain=["overt", "covert", "not split"], range=[1.0, 0.42, 0.18])
    axis = alt.Axis(format=SHARE, tickCount=4, grid=True)
    chart = (
        alt.Chart(alt.NamedData(name="rows"))
        .mark_bar(height=14, color=colour)
        .encode(
            y=y,
            x=alt.X("value:Q", stack="zero", title=None, scale=alt.Scale(domain=[0, top]), axis=axis),
            opacity=alt.Opacity("kind:O", scale=opacity, legend=None),
            order=alt.Order("place:Q"),
            tooltip=[
                alt.Tooltip("name:N", title="evaluation"),
                alt.Tooltip("kind:N"),
                alt.Tooltip("value:Q", title="share", format=FINE),
                alt.Tooltip("count:Q"),
                alt.Tooltip("n:Q", title="of"),
            ],
        )
        .properties(height=24 * len(evals))
    )
    places = {"overt": 0, "covert": 1, "not split": 2}
    return chart_spec(chart, rows=[row | {"place": places[row["kind"]]} for row in named])


def hack_colour(kind: str) -> str:
    """The colour of a hack, or of what an episode is instead of one, in every chart and key."""
    return HACK_COLOURS.get(kind, HACK_COLOURS["other"])


def _stacked(rows: Sequence[Row], kinds: Sequence[str]) -> list[Row]:
    """Rows with the place of their box: one step wide, on top of the kinds before it."""
    placed, reached = [], dict.fromkeys((row["step"] for row in rows), 0.0)
    for row in sorted(rows, key=lambda row: kinds.index(row["kind"])):
        step, low = row["step"], reached[row["step"]]
        reached[step] = low + row["value"]
        placed.append(row | {"from": step - 0.5, "to": step + 0.5, "low": low, "high": min(1.0, reached[step])})
    return placed


def _onset_layers(x: alt.X, colour: alt.Color, steps: int, top: float, *, named: bool) -> list[alt.Chart]:
    base = alt.Chart(alt.NamedData(name="onsets")).encode(x=x, color=colour)
    layers = [base.mark_rule(strokeDash=[4, 3], strokeWidth=1.3, opacity=0.8)]
    if named:
        y = alt.Y("place:Q", scale=alt.Scale(domain=[0, top]))
        for align, dx, side in (("left", 6, "datum.step <= "), ("right", -6, "datum.step > ")):
            here = base.transform_filter(f"{side}{steps * 0.7}").encode(y=y, text="text:N")
            style = {"align": align, "dx": dx, "fontSize": 11.5, "fontWeight": 600}
            layers.append(here.mark_text(stroke="white", strokeWidth=4, strokeJoin="round", **style))
            layers.append(here.mark_text(**style))
    return layers


def _with_places(marked: list[Row], top: float) -> list[Row]:
    """Onset labels stand one above the other, below the rising curves."""
    return [row | {"place": top * (0.12 + 0.09 * i)} for i, row in enumerate(reversed(marked))]


def _arm_colour(colours: Mapping[str, str]) -> alt.Color:
    return alt.Color("arm:N", scale=alt.Scale(domain=list(colours), range=list(colours.values())), legend=None)


def _step_axis() -> alt.Axis:
    return alt.Axis(tickMinStep=1, tickCount=5, format="d", labelFlush=False)


def _y_axis(share: bool) -> alt.Axis:
    return alt.Axis(format=SHARE if share else "~g", tickCount=4, minExtent=42)


def _name_axis() -> alt.Axis:
    """Names on the y axis; a new line in a name is one on the page."""
    lines = "split(datum.value, '\\n')"
    return alt.Axis(labelColor=INK, labelFontSize=12.5, labelLimit=190, ticks=False, domain=False, labelExpr=lines)


def _tooltip(share: bool, *, banded: bool = True) -> list[alt.Tooltip]:
    form = FINE if share else "~g" if not banded else "+.1f"
    fields = [alt.Tooltip("arm:N"), alt.Tooltip("value:Q", format=form)]
    if banded:
        fields += [alt.Tooltip("low:Q", title="95% from", format=form), alt.Tooltip("high:Q", title="to", format=form)]
    return fields


def chart_spec(chart: alt.TopLevelMixin, **datasets: Sequence[Row]) -> Spec:
    """The chart as a plain dictionary that takes its width from the page."""
    spec: Spec = chart.to_dict()
    return spec | {
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": CONFIG,
        "datasets": {name: list(rows) for name, rows in datasets.items() if rows},
    }
