"""Stated goals against step, by group of goals, for the answer and for the reasoning apart (paper, Figs. 15 and 16)."""

import altair as alt

from spillover.report.figures import SHARE, Row, Spec, chart_spec
from spillover.report.html import Markup, el
from spillover.report.view import View, chart, dot, figure, section

GROUPS = {
    "aligned": "#009E73",
    "neutral": "#56B4E9",
    "reward_maximization": "#E69F00",
    "other_misaligned": "#D55E00",
    "unknown": "#C9CFD6",
}
PLACES = {"groups": "answer", "reasoning_groups": "reasoning"}


def over_training(view: View) -> Markup:
    """Shares of the goals evaluation's answers by group of goals, an area per group."""
    panels = []
    for arm in view.results.arms:
        for key, place in PLACES.items():
            rows = group_rows(view, arm.name, key)
            if not rows:
                continue
            name = el("h3", dot(view.colours[arm.name]), f"{arm.name}, {place}")
            label = f"Groups of goals in the {place} of {arm.name} against RL step"
            panels.append(el("div", name, chart(f"goals-{arm.name}-{place}", _areas(rows), label)))
    if not panels:
        return Markup("")
    legend = el(
        "ul", *(el("li", dot(c, square=True), group.replace("_", " ")) for group, c in GROUPS.items()), cls="key"
    )
    return section(
        "goal-groups",
        "Goals over training",
        legend,
        figure(
            el("div", *panels, cls="grid two"),
            caption="Share of scored answers by the group of the goal that stands out, against RL step; unknown where "
            "none does.",
        ),
        after="Figs. 15 and 16",
    )


def group_rows(view: View, arm: str, key: str) -> list[Row]:
    """Share by step and group, counts of the seeds pooled; nothing for checkpoints that do not tell groups."""
    counts: dict[int, dict[str, int]] = {}
    for run in view.results.of(arm):
        for step, scores in run.scores.items():
            score = scores.get("goals")
            for group, count in (score.data.get(key, {}) if score else {}).items():
                held = counts.setdefault(step, {})
                held[group] = held.get(group, 0) + count
    return [
        {"step": step, "group": group, "value": held.get(group, 0) / sum(held.values()), "place": place}
        for step, held in sorted(counts.items())
        for place, group in enumerate(GROUPS)
    ]


def _areas(rows: list[Row]) -> Spec:
    colour = alt.Scale(domain=list(GROUPS), range=list(GROUPS.values()))
    drawn = (
        alt.Chart(alt.NamedData(name="rows"))
        .mark_area(line=False)
        .encode(
            x=alt.X("step:Q", title="RL step", axis=alt.Axis(tickMinStep=1, tickCount=5, format="d")),
            y=alt.Y("value:Q", stack="zero", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=SHARE)),
            color=alt.Color("group:N", scale=colour, legend=None),
            order=alt.Order("place:Q"),
            tooltip=[alt.Tooltip("group:N"), alt.Tooltip("step:Q"), alt.Tooltip("value:Q", format=".1%")],
        )
        .properties(height=150)
    )
    return chart_spec(drawn, rows=rows)
