"""Several runs on one page, a column each: the prompted setting beside the SDF setting, as in the paper's figures."""

import re
from collections.abc import Callable, Mapping, Sequence

from spillover.report.answer import answer
from spillover.report.html import Markup, el, join
from spillover.report.paper import setting_of
from spillover.report.view import Page, Section, View, bottle_banner, unread_banner

Drawn = tuple[str, Callable[[View], Markup]]
"""A section's name in the list of links, and what draws it."""
WIDE = ("rates", "transcripts", "run")
"""Sections too wide for a column, or read alone; each run's own report has them."""
PLACE = re.compile(r'\b(id|data-chart)="')
"""Where an element is named. Text never holds this: its quotes are escaped."""


def page(views: Sequence[View], sections: Mapping[str, Drawn], how_to_read: str) -> Page:
    """The runs' figures side by side, a row for each of the sections that any run has."""
    titles = [f"{setting_of(view.results.arms)}: {view.results.study.name}" for view in views]
    rows = {}
    for name, (label, draw) in sections.items():
        drawn = [draw(view) for view in views] if name not in WIDE else []
        if any(drawn):
            rows[name] = Section(label, _row(name, titles, drawn))
    return Page(" beside ".join(titles), _opening(views, titles), rows, how_to_read)


def _opening(views: Sequence[View], titles: Sequence[str]) -> list[Markup]:
    answers = []
    for view, title in zip(views, titles, strict=True):
        reached, compared = answer(view.results, view.finals)
        asked = el("h2", view.results.study.title or view.results.study.name)
        answers.append(join(el("p", title, cls="kicker"), asked, el("p", reached, cls="answer"), el("p", compared)))
    return [
        el("p", "spillover", cls="kicker"),
        el("h1", "Runs side by side"),
        bottle_banner() if any(view.results.from_bottle() for view in views) else Markup(""),
        unread_banner([line for view in views for line in view.results.unread]),
        el("div", *(el("div", told) for told in answers), cls="beside"),
    ]


def _row(name: str, titles: Sequence[str], drawn: Sequence[Markup]) -> Markup:
    columns = []
    for number, (title, content) in enumerate(zip(titles, drawn, strict=True)):
        shown = _renamed(content, number) if content else el("p", "Not a part of this study.", cls="note")
        columns.append(el("div", el("p", title, cls="kicker"), shown))
    return el("div", *columns, cls="beside", id=name)


def _renamed(content: Markup, number: int) -> Markup:
    """The same with every id made its column's own; the page's script finds charts by their ids."""
    return Markup(PLACE.sub(rf'\1="column-{number}-', content))
