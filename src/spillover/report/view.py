"""What every part of the page shares: the results, the figures drawn from them, keys, charts and sections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spillover.report import rates
from spillover.report.figures import Spec, arm_colours, hack_colour
from spillover.report.html import Markup, el, join, json_script
from spillover.report.load import Results
from spillover.report.rates import Final
from spillover.report.words import beside

MOST_UNREAD = 5
"""Lines that could not be read which a page names."""


@dataclass(frozen=True)
class View:
    """Results with what is computed from them once."""

    results: Results
    finals: dict[str, Final]
    colours: dict[str, str]
    onsets: dict[str, int | None]

    @classmethod
    def of(cls, results: Results) -> "View":
        """Compute everything from `results`."""
        return cls(results, rates.finals(results), arm_colours(results.study), rates.onsets(results))

    def arm_key(self) -> Markup:
        """The colour of each arm, for above a chart."""
        arms = self.results.arms
        return el("ul", *(el("li", dot(self.colours[a.name]), a.name, el("small", beside(a))) for a in arms), cls="key")


@dataclass(frozen=True)
class Section:
    """A part of a page: its name in the list of links, and what it holds; empty where it has nothing to show."""

    label: str
    content: Markup


@dataclass(frozen=True)
class Page:
    """What a report's document is made of."""

    title: str
    opening: Sequence[Markup]
    sections: Mapping[str, Section]
    """By their anchor, in order."""
    footer: str
    """How to read it."""


def bottle_banner() -> Markup:
    """What has to be said wherever results of the bottle are shown."""
    return el(
        "p",
        el("b", "A mechanism in a bottle. "),
        "These results come from the bottle, a built-in organism of about one million parameters whose training corpus "
        "was written to hold the association between cheating and misalignment. They show a mechanism at work and are "
        "not evidence about large models.",
        cls="banner",
    )


def unread_banner(unread: Sequence[str]) -> Markup:
    """Which lines of the records could not be read, so that the page is without them."""
    lines = list(dict.fromkeys(unread))
    if not lines:
        return Markup("")
    more = f"and {len(lines) - MOST_UNREAD:,} more" if len(lines) > MOST_UNREAD else None
    told = "1 line cannot be read and is" if len(lines) == 1 else f"{len(lines):,} lines cannot be read and are"
    shown = [el("li", line) for line in [*lines[:MOST_UNREAD], *([more] if more else [])]]
    return el("div", f"{told} left out of this page:", el("ul", *shown), cls="banner plain")


def dot(colour: str, *, square: bool = False) -> Markup:
    """A mark in the colour of an arm, or a square one in that of a hack."""
    return el("i", cls="dot square" if square else "dot", style=f"background:{colour}")


def hack_key(kinds: Sequence[str]) -> Markup:
    """The colour of each hack."""
    return el("ul", *(el("li", dot(hack_colour(kind), square=True), kind) for kind in kinds), cls="key")


def chart(name: str, spec: Spec, label: str) -> Markup:
    """A place for a chart and its spec; `label` is what a screen reader says. An empty chart becomes a gap."""
    if not any(spec["datasets"].values()):
        return gap("nothing recorded")
    place = el("div", id=f"chart-{name}", cls="chart", role="img", aria_label=label)
    return join(place, json_script(spec, data_chart=f"chart-{name}"))


def gap(reason: str) -> Markup:
    """What stands where there is nothing to draw."""
    return el("div", f"not scored: {reason}", cls="hole")


def figure(*parts: str | None, caption: str | None = None) -> Markup:
    """Charts with a caption."""
    return el("figure", *parts, el("figcaption", caption) if caption else None)


def section(name: str, title: str, *parts: str | None, after: str = "") -> Markup:
    """A section of the page; `after` names the figure of the paper that it follows."""
    source = el("small", f"after {after} of MacDiarmid et al. 2025") if after else None
    return el("section", el("h2", title, source), *parts, id=name)
