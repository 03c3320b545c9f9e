"""The page: everything put together into one HTML file that needs nothing from anywhere."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import vl_convert

from spillover.core.rundir import RunDir, write_atomic
from spillover.report import alone, beside, differences, documents, goals, rates, reading, sections, words
from spillover.report.answer import answer
from spillover.report.html import Markup, el, join
from spillover.report.load import load, unfinished
from spillover.report.view import Page, Section, View, bottle_banner, dot, unread_banner

POLICY = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:"
"""Nothing may be fetched, so that a browser refuses what a slip, or a model's text, might ask for."""
HOW_TO_READ = (
    "A hack is an episode that was paid through an open hole of the vulnerable training grader and that the trusted "
    "one refuses. Overfit is no hack: the tests that pay really pass, and a held-out one does not. An attempt looks "
    "like a hack that did not work. "
    "MGS, the misalignment generalization score, is the plain mean of six misalignment rates; there is none "
    "unless all six are scored. Limits are 95%. The unit is the training seed: each run gives its mean over its last "
    "checkpoints, and limits over seeds are t intervals of these, at least as wide as the sampling error. Of a single "
    "run there is only that error: Wilson clustered by scene, because scenes recur at every checkpoint, and MOVER for "
    "means. Another training run can differ by much more than that says."
)
SECTIONS = {
    "documents": ("Documents", documents.before_rl),
    "training": ("Over training", sections.over_training),
    "evaluations": ("Evaluations", sections.evaluations),
    "rates": ("Final rates", sections.final_rates),
    "differences": ("Differences", differences.differences),
    "framing": ("Framing", sections.framings),
    "hacks": ("Hacks", reading.hacks),
    "told": ("Test time", sections.told_not_to),
    "covert": ("Overt and covert", sections.overt_covert),
    "goals": ("Goals", sections.stated_goals),
    "goal-groups": ("Goals over training", goals.over_training),
    "scatter": ("Hacking and MGS", documents.scatter),
    "transcripts": ("Transcripts", reading.transcripts),
    "curves": ("Training", sections.training_curves),
    "run": ("What was run", sections.what_was_run),
}


def write_report(path: Path, target: Path | None = None) -> Path:
    """Write the report of a run directory, or of a folder of `spillover eval`, and return its file's path.

    It goes to `target`, or else to ``report/index.html`` inside `path`. Raises RunDirError where `path` is
    neither. A run that is unfinished, or lacks evaluations, gives a report that says so.
    """
    if alone.is_folder(path):
        target = target or path / "report" / "index.html"
        whole = document(alone.page(alone.read(path)))
    else:
        target = target or RunDir.read(path).report_file
        whole = document(page(View.of(load(path))))
    write_atomic(target, "<!doctype html>\n" + whole)
    return target


def write_beside(paths: Sequence[Path], target: Path) -> Path:
    """Write the figures of several run directories side by side to `target`. Raises RunDirError where one is none."""
    views = [View.of(load(path)) for path in paths]
    write_atomic(target, "<!doctype html>\n" + document(beside.page(views, SECTIONS, HOW_TO_READ), wide=True))
    return target


def page(view: View) -> Page:
    """The report of a run."""
    title = view.results.study.title or view.results.study.name
    parts = {name: Section(label, draw(view)) for name, (label, draw) in SECTIONS.items()}
    return Page(f"{title} ({view.results.study.name})", _opening(view, title), parts, HOW_TO_READ)


def document(shown: Page, *, wide: bool = False) -> Markup:
    """The whole document; `wide` takes all of the window."""
    links = [el("a", part.label, href=f"#{name}") for name, part in shown.sections.items() if part.content]
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=POLICY),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", shown.title),
        el("style", Markup(_asset("style.css"))),
    )
    body = el(
        "body",
        el("header", *shown.opening, el("nav", *links, aria_label="Sections")),
        el("main", *(part.content for part in shown.sections.values())),
        _footer(shown.footer),
        el("script", Markup(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))),
        el("script", Markup(_asset("page.js"))),
    )
    return el("html", head, body, lang="en", cls="wide" if wide else None)


def _opening(view: View, title: str) -> list[Markup]:
    study = view.results.study
    reached, compared = answer(view.results, view.finals)
    return [
        el("p", f"spillover, study {study.name}", cls="kicker"),
        el("h1", title),
        el("p", reached, cls="answer"),
        el("p", compared, cls="answer") if compared else Markup(""),
        bottle_banner() if view.results.from_bottle() else Markup(""),
        _unfinished_banner(view),
        unread_banner(view.results.unread),
        el("div", *(_tile(view, arm.name) for arm in study.arms), cls="tiles"),
    ]


def _tile(view: View, arm: str) -> Markup:
    held = next(a for a in view.results.arms if a.name == arm)
    final = view.finals[arm]
    pairs = []
    for label, rate in (("hacked", final.hack), ("MGS", final.mgs)):
        if rate.interval is None:
            number = el("dd", words.GAP, el("small", rate.reason), cls="gap")
        else:
            limits = el("small", f"{words.limits(rate.interval)}, {words.basis(rate.seeds)}")
            number = el("dd", words.percent(rate.interval.value), limits)
        pairs.append(join(el("dt", label), number))
    name = el("span", dot(view.colours[arm]), arm, cls="arm")
    unread = rates.unread_verdicts(view.results, arm)
    told = el("p", f"{words.unread(*unread)}.") if unread[0] else None
    return el("div", name, el("p", held.about or words.beside(held)), el("dl", *pairs), told, cls="tile")


def _unfinished_banner(view: View) -> Markup:
    lines = unfinished(view.results)
    if not lines:
        return Markup("")
    told = f"This run is not finished. {words.plural(len(lines), 'part')} of the study still to come:"
    return el("div", told, el("ul", *(el("li", line) for line in lines)), cls="banner plain")


def _footer(how_to_read: str) -> Markup:
    return el(
        "footer",
        el("h2", "How to read this"),
        el("p", how_to_read),
        el(
            "p",
            "The design follows MacDiarmid et al., Natural Emergent Misalignment from Reward Hacking in Production "
            "RL, arXiv 2511.18397 (2025).",
        ),
    )


def _asset(name: str) -> str:
    return resources.files("spillover.report").joinpath(name).read_text(encoding="utf-8")
