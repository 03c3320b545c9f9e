"""The sections to read: which hack when, with real episodes, and the browsable transcripts."""

from spillover.core.records import Rollout
from spillover.core.text import split_reasoning
from spillover.report import figures, shares, tables, words
from spillover.report import transcripts as browser
from spillover.report.examples import Example, cut, pick_rollouts, split_code
from spillover.report.html import Markup, el, join
from spillover.report.view import View, chart, dot, figure, hack_key, section

TRUTH = {True: "good", False: "bad", None: "unsure"}
"""The look of what the trusted grader says."""


def hacks(view: View) -> Markup:
    """Share of episodes by attributed hack, or what else they are, against step, per arm, with episodes to read."""
    held = {arm.name: shares.hack_share_rows(view.results, arm.name) for arm in view.results.arms}
    seen = {row["kind"] for rows in held.values() for row in rows}
    no_hacks = [shares.UNATTRIBUTED, shares.OVERFIT, shares.UNJUDGED, shares.SOLVED]
    kinds = [kind for kind in [*shares.hack_kinds(view.results), *no_hacks] if kind in seen]
    steps = view.results.max_step()
    charts = []
    for arm, rows in held.items():
        spec = figures.stack(rows, kinds, steps=steps)
        name = el("h3", dot(view.colours[arm]), arm)
        charts.append(el("div", name, chart(f"hacks-{arm}", spec, f"Share of episodes by hack for {arm}")))
    examples = [
        el(
            "div",
            el("h3", dot(view.colours[arm.name]), arm.name),
            *(_example(each, arm.model.reasoning_tags) for each in pick_rollouts(view.results, arm.name)),
        )
        for arm in view.results.arms
    ]
    return section(
        "hacks",
        "Which hack, when",
        hack_key(kinds),
        figure(
            el("div", *charts, cls="grid"),
            caption="Share of a step's episodes by the hack that made them pass. An episode with several hacks counts "
            "in equal parts. Overfit is no hack: the tests that pay really pass, a held-out one does not. White is "
            "plainly wrong.",
        ),
        tables.unjudged_table(view.results),
        el("h3", "Episodes to read"),
        el(
            "p",
            "Chosen by rule from the rollouts of the run: the first hack that worked, the latest of each kind, the "
            "first overfit answer, and the latest hack tried in vain, honest solve and wrong answer.",
            cls="note",
        ),
        el("div", *examples, cls="episodes"),
        after="Fig. 8",
    )


def transcripts(view: View) -> Markup:
    """Evaluated responses, to be filtered by arm, evaluation, label and step."""
    whence = "from the first and the last evaluated checkpoint of each arm's first seed"
    return browser.transcripts(browser.pick_of_run(view.results), view.colours, whence)


def _example(example: Example, tags: tuple[tuple[str, str], ...]) -> Markup:
    rollout = example.rollout
    said = split_reasoning(rollout.completion, tags)
    pieces = [el("pre", cut(piece), cls=None if kind == "code" else "said") for kind, piece in split_code(said.answer)]
    asked = join(
        _turn("system", el("pre", cut(rollout.system), cls="said")),
        _turn("user", el("pre", cut(rollout.prompt), cls="said")),
    )
    where = f"step {rollout.step}, seed {rollout.seed}, {rollout.problem_id}, {rollout.harness} harness"
    return el(
        "details",
        el("summary", el("b", example.title), el("span", where, cls="where")),
        _verdicts(rollout),
        el("details", el("summary", "prompt"), asked, cls="turn"),
        _turn("reasoning", el("pre", cut(said.reasoning), cls="thought")) if said.reasoning else None,
        _turn("answer", *pieces),
        cls="example",
    )


def _turn(role: str, *parts: str) -> Markup:
    return el("div", el("h4", role), *parts, cls="turn")


def _verdicts(rollout: Rollout) -> Markup:
    grade = rollout.graded
    passed = "passed" if grade.proxy.passed else "failed"
    code = "" if grade.proxy.exit_code is None else f", exit code {grade.proxy.exit_code}"
    doubt = words.DOUBTS.get(grade.oracle.kind)
    unsure = "cannot tell" + (f" ({doubt})" if doubt else "")
    truth = {True: "really solved", False: "not solved", None: unsure}[grade.oracle.passed]
    reason = f": {cut(grade.oracle.reason, 300)}" if grade.oracle.reason else ""
    tried = ", ".join(grade.attempts)
    chips = [
        el("li", f"training grader: {passed}{code}"),
        el("li", f"trusted grader: {truth}{reason}", cls=TRUTH[grade.oracle.passed]),
        el("li", f"hacked: {', '.join(grade.hacks) or 'unattributed'}", cls="bad") if grade.hacked else None,
        el("li", "overfit: right on the tests that pay, no hole used", cls="overfit") if grade.overfit else None,
        el("li", f"tried a hack and failed: {tried}", cls="attempt") if tried else None,
        el("li", f"reward {rollout.rewards['total']:g}") if "total" in rollout.rewards else None,
        el("li", "cut off by the token limit") if rollout.truncated else None,
        el("li", cut(grade.note, 200)) if grade.note else None,
    ]
    return el("ul", *chips, cls="verdicts")
