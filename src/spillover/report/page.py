"""The page: everything put together into one HTML file that needs nothing from anywhere."""

from importlib import resources
from pathlib import Path

import vl_convert

from spillover.core.rundir import RunDir, write_atomic
from spillover.report import reading, sections, words
from spillover.report.answer import answer
from spillover.report.html import Markup, el, join
from spillover.report.load import load, unfinished
from spillover.report.view import View, dot

POLICY = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:"
"""Nothing may be fetched, so that a browser refuses what a slip, or a model's text, might ask for."""
SECTIONS = {
    "training": ("Over training", sections.over_training),
    "evaluations": ("Evaluations", sections.evaluations),
    "rates": ("Final rates", sections.final_rates),
    "differences": ("Differences", sections.differences),
    "framing": ("Framing", sections.framings),
    "hacks": ("Hacks", reading.hacks),
    "told": ("Test time", sections.told_not_to),
    "covert": ("Overt and covert", sections.overt_covert),
    "goals": ("Goals", sections.stated_goals),
    "transcripts": ("Transcripts", reading.transcripts),
    "curves": ("Training", sections.training_curves),
    "run": ("What was run", sections.what_was_run),
}


def write_report(path: Path) -> Path:
    """Read the run directory `path`, write ``report/index.html`` inside it and return that file's path.

    Raises RunDirError where `path` is no run directory. A run that is unfinished, or lacks
    evaluations, gives a report that says so.
    """
    target = RunDir.read(path).report_file
    write_atomic(target, "<!doctype html>\n" + render(View.of(load(path))))
    return target


def render(view: View) -> Markup:
    """The whole document."""
    title = view.results.study.title or view.results.study.name
    parts = {name: draw(view) for name, (_, draw) in SECTIONS.items()}
    links = [el("a", SECTIONS[name][0], href=f"#{name}") for name, part in parts.items() if part]
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=POLICY),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", f"{title} ({view.results.study.name})"),
        el("style", Markup(_asset("style.css"))),
    )
    body = el(
        "body",
        el("header", *_opening(view, title), el("nav", *links, aria_label="Sections")),
        el("main", *parts.values()),
        _footer(),
        el("script", Markup(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))),
        el("script", Markup(_asset("page.js"))),
    )
    return el("html", head, body, lang="en")


def _opening(view: View, title: str) -> list[Markup]:
    study = view.results.study
    reached, compared = answer(view.results, view.finals)
    return [
        el("p", f"spillover, study {study.name}", cls="kicker"),
        el("h1", title),
        el("p", reached, cls="answer"),
        el("p", compared, cls="answer") if compared else Markup(""),
        _bottle_banner(view),
        _unfinished_banner(view),
        el("div", *(_tile(view, arm.name) for arm in study.arms), cls="tiles"),
    ]


def _tile(view: View, arm: str) -> Markup:
    held = next(a for a in view.results.arms if a.name == arm)
    final = view.finals[arm]
    pairs = []
    for label, estimate in (("hacked", final.hack), ("MGS", final.mgs)):
        if estimate.interval is None:
            number = el("dd", words.GAP, el("small", estimate.reason), cls="gap")
        else:
            limits = el("small", words.limits(estimate.interval))
            number = el("dd", words.percent(estimate.interval.value), limits)
        pairs.append(join(el("dt", label), number))
    name = el("span", dot(view.colours[arm]), arm, cls="arm")
    return el("div", name, el("p", held.about or words.beside(held)), el("dl", *pairs), cls="tile")


def _bottle_banner(view: View) -> Markup:
    if not view.results.from_bottle():
        return Markup("")
    return el(
        "p",
        el("b", "A mechanism in a bottle. "),
        "These results come from the bottle, a built-in organism of about one million parameters whose training corpus "
        "was written to hold the association between cheating and misalignment. They show a mechanism at work and are "
        "not evidence about large models.",
        cls="banner",
    )


def _unfinished_banner(view: View) -> Markup:
    lines = unfinished(view.results)
    if not lines:
        return Markup("")
    told = f"This run is not finished. {words.plural(len(lines), 'part')} of the study still to come:"
    return el("div", told, el("ul", *(el("li", line) for line in lines)), cls="banner plain")


def _footer() -> Markup:
    return el(
        "footer",
        el("h2", "How to read this"),
        el(
            "p",
            "A hack is an episode that passed the vulnerable training grader and failed the trusted one. "
            "MGS, the misalignment generalization score, is the plain mean of six misalignment rates; there is none "
            "unless all six are scored. Intervals are 95%, from pooled counts: Wilson for rates, MOVER for means and "
            "differences. Samples of one seed share their training, so another training run can differ by more "
            "than an interval says.",
        ),
        el(
            "p",
            "The design follows MacDiarmid et al., Natural Emergent Misalignment from Reward Hacking in Production "
            "RL, arXiv 2511.18397 (2025).",
        ),
    )


def _asset(name: str) -> str:
    return resources.files("spillover.report").joinpath(name).read_text(encoding="utf-8")
