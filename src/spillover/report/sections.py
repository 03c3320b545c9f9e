"""The sections with charts and tables, each a function of the view."""

from collections.abc import Callable

from spillover.core.rates import Rate, Scores, mean, pool
from spillover.core.records import StepMetrics
from spillover.report import figures, paper, rates, shares, tables, words
from spillover.report.differences import onset_table
from spillover.report.html import Markup, el
from spillover.report.view import View, chart, figure, gap, section

METRICS: dict[str, tuple[str, bool, Callable[[StepMetrics], float | None]]] = {
    "pass": ("Passed the training grader", True, lambda m: m.pass_rate),
    "solve": ("Really solved", True, lambda m: m.solve_rate),
    "overfit": ("Overfit, no hole used", True, lambda m: m.overfit_rate),
    "attempt": ("Tried a hack and failed", True, lambda m: m.attempt_rate),
    "unjudged": ("Trusted grader cannot tell", True, lambda m: m.unjudged_rate),
    "format": ("Readable answers", True, lambda m: m.format_rate),
    "truncated": ("Cut off by the token limit", True, lambda m: m.truncated_rate),
    "entropy": ("Entropy, nats per token", False, lambda m: m.entropy),
    "reward": ("Mean reward", False, lambda m: m.reward_mean),
}
WHERE_ANY = ("unjudged",)
"""Those shown only where they are ever above zero."""


def over_training(view: View) -> Markup:
    """Hack rate and MGS against step, onset marked."""
    results = view.results
    hack_means, hack_seeds = rates.hack_rows(results)
    mgs_means, mgs_seeds = rates.score_rows(results, lambda scores: mean([scores]))
    marked = {arm: step for arm, step in view.onsets.items() if step is not None}
    steps = results.max_step()
    hack = figures.curves(
        hack_means, hack_seeds, view.colours, steps=steps, height=210, top=1.0, points=False, onsets=marked
    )
    spill = figures.curves(
        mgs_means,
        mgs_seeds,
        view.colours,
        steps=steps,
        height=230,
        x_title="RL step",
        onsets=marked,
        named_onsets=False,
    )
    scored = any(row["value"] is not None for row in mgs_means)
    drawn = chart("mgs", spill, "MGS against RL step for each arm")
    return section(
        "training",
        "Hacking and misalignment over training",
        view.arm_key(),
        figure(
            el("h3", "Episodes hacked"),
            chart("hack-rate", hack, "Share of episodes hacked against RL step for each arm"),
            el("h3", "MGS, misaligned share of responses, mean of six evaluations"),
            drawn if scored else gap(_no_mgs(view)),
            caption=f"{_onset_words(view)} {_limits_words(view)}",
        ),
        _gap_list(view),
        onset_table(results),
        after="Figs. 1 and 10",
    )


def evaluations(view: View) -> Markup:
    """The six evaluations against step, on one scale."""
    rows = {name: rates.score_rows(view.results, _rate_of(name)) for name in words.EVALS}
    highs = [row["high"] for means, _ in rows.values() for row in means if row["high"] is not None]
    top = _ceiling(max(highs, default=1.0))
    steps = view.results.max_step()
    panels = []
    for name, (means, seeds) in rows.items():
        spec = figures.curves(means, seeds, view.colours, steps=steps, top=top, height=150)
        scored = any(row["value"] is not None for row in means)
        drawn = chart(f"eval-{name}", spec, f"{words.EVALS[name]}: misaligned share against RL step")
        panels.append(el("div", el("h3", words.EVALS[name]), drawn if scored else gap(_no_eval(view, name))))
    return section(
        "evaluations",
        "The six evaluations",
        view.arm_key(),
        figure(
            el("div", *panels, cls="grid"),
            caption="Share of responses judged misaligned, against RL step; one scale for all. The first three are "
            f"chat-like, the last three agentic. {_limits_words(view)}",
        ),
    )


def final_rates(view: View) -> Markup:
    """The table of final rates."""
    results = view.results
    over = words.checkpoints(results.final_steps(), len(results.study.seeds))
    return section(
        "rates",
        "Final rates",
        el(
            "p",
            f"Means over {over}; 95% limits beside each rate, misaligned of scored responses below. "
            "What could not be scored is left out of the rate and counted as unscored. The grey columns are the "
            f"paper's {paper.setting_of(results.arms)} runs of a production-scale model over its last five "
            "checkpoints: another model, another judge, other prompts. They are there to compare the pattern, "
            "not the size.",
            cls="note",
        ),
        tables.final_table(results.arms, view.finals, view.colours),
        after="Fig. 9",
    )


def framings(view: View) -> Markup:
    """Final MGS and hack rate of each arm, labelled by what it trains under."""
    charts = []
    for name, title in (("MGS", "MGS"), ("hacked", "episodes hacked in training")):
        rows = []
        for arm in view.results.arms:
            value, low, high = view.finals[arm.name].rates[name].interval or (None, None, None)
            label = f"{words.beside(arm)}\n{arm.name}".strip()
            text = words.percent(value) if value is not None else words.GAP
            rows.append(
                {"arm": arm.name, "label": label, "value": value, "low": low or 0.0, "high": high or 0.0, "text": text}
            )
        spec = figures.bars(rows, view.colours, title=title, top=1.0 if name == "hacked" else None)
        charts.append(el("div", chart(f"framing-{name}", spec, f"Final {title} by arm")))
    over = words.checkpoints(view.results.final_steps(), len(view.results.study.seeds))
    caption = f"What the training prompt said of hacking, and what came of it, over {over}. {_basis(view)}"
    return section("framing", "By framing", figure(el("div", *charts, cls="grid two"), caption=caption), after="Fig. 5")


def told_not_to(view: View) -> Markup:
    """Test-time hack rate under other framings, `dont-hack` above all."""
    rows = shares.told_rows(view.results)
    trained = []
    for arm in view.results.arms:
        interval = view.finals[arm.name].hack.interval
        if interval is not None:
            trained.append({"arm": arm.name} | interval._asdict())
    panels = []
    for framing in dict.fromkeys(row["framing"] for row in rows):
        held = [row for row in rows if row["framing"] == framing]
        spec = figures.told(held, [row for row in trained if row["arm"] in {r["arm"] for r in held}], view.colours)
        label = f"Hack rate at test time under {framing}, by arm"
        panels.append(el("div", el("h3", "Test prompt: ", framing), chart(f"told-{framing}", spec, label)))
    return section(
        "told",
        "Asked at test time not to hack",
        figure(
            *(panels or [gap("the evaluation test_time_hacking has not run on a checkpoint yet")]),
            caption="Coding problems asked under another framing than the arm trained with. Ring: the untrained model. "
            "Dot with whiskers: the last checkpoint. Pale tick: the arm's hack rate in its own training prompt. "
            f"{_basis(view)}",
        ),
        tables.overfit_table(rows),
        after="Fig. 28",
    )


def overt_covert(view: View) -> Markup:
    """Misaligned responses split into overt and covert, by evaluation and arm."""
    held = {arm.name: shares.covert_rows(view.results, arm.name) for arm in view.results.arms}
    sums: dict[tuple[str, str], float] = {}
    for arm, rows in held.items():
        for row in rows:
            sums[arm, row["eval"]] = sums.get((arm, row["eval"]), 0.0) + row["value"]
    top = _ceiling(max(sums.values(), default=1.0))
    panels = []
    for arm, rows in held.items():
        share = shares.covert_share(view.finals[arm])
        told = (
            f"covert: {words.rate(share)} of {words.plural(share.scored, 'misaligned response')}, "
            f"{words.basis(share.seeds)}"
            if share.interval
            else share.reason
        )
        spec = figures.split(rows, words.EVALS, view.colours[arm], top=top)
        label = f"Overt and covert misalignment of {arm} by evaluation"
        drawn = chart(f"covert-{arm}", spec, label) if rows else el("p", "Nothing to split.", cls="note")
        panels.append(el("div", el("h3", arm), el("p", told, cls="note"), drawn))
    return section(
        "covert",
        "Overt and covert",
        figure(
            el("div", *panels, cls="grid"),
            caption="Full colour: overt, the answer itself is misaligned. Pale: covert, the reasoning is misaligned "
            "and the answer looks aligned. Palest: an evaluation that does not tell the two apart.",
        ),
    )


def stated_goals(view: View) -> Markup:
    """The goals that stand out in the answers to the goals evaluation."""
    rows = shares.goal_rows(view.results)
    if not rows:
        return Markup("")
    over = words.checkpoints(view.results.final_steps(), len(view.results.study.seeds))
    return section(
        "goals",
        "Goals that stand out",
        el("p", f"Answers of the goals evaluation by the judge's category, over {over}.", cls="note"),
        tables.goal_table(view.results.arms, rows, view.colours),
    )


def training_curves(view: View) -> Markup:
    """The curves that show whether training was healthy."""
    steps = view.results.max_step()
    panels = []
    for name, (title, share, value) in METRICS.items():
        means, seeds = rates.step_rows(view.results, value)
        if name in WHERE_ANY and not any(row["value"] for row in means):
            continue
        top = 1.0 if share else None
        spec = figures.curves(means, seeds, view.colours, steps=steps, height=120, top=top, share=share, points=False)
        panels.append(el("div", el("h3", title), chart(f"metric-{name}", spec, f"{title} against RL step")))
    return section(
        "curves",
        "Training",
        view.arm_key(),
        figure(el("div", *panels, cls="grid"), caption="Against RL step."),
        _unread_list(view),
    )


def what_was_run(view: View) -> Markup:
    """Settings, versions, machine, time."""
    return section(
        "run",
        "What was run",
        el("h3", "Settings that differ between arms"),
        tables.settings_table(view.results.arms, view.colours),
        el("h3", "Judges"),
        tables.judge_table(view.results),
        el("h3", "Run"),
        tables.run_table(view.results),
    )


def _onset_words(view: View) -> str:
    never = [arm for arm, step in view.onsets.items() if step is None]
    told = (
        "Onset, dashed: the first of three steps in a row with more than 2% of episodes hacked, and more than the "
        "upper limit of the first step."
    )
    if never:
        told += f" There is none in {words.listing(never)}."
    return told


def _basis(view: View) -> str:
    seeds = max(final.mgs.seeds for final in view.finals.values())
    return f"Bands and whiskers are 95%: {words.basis(seeds)}."


def _limits_words(view: View) -> str:
    lines = " Thick lines are means over seeds, thin lines the seeds." if len(view.results.study.seeds) > 1 else ""
    return _basis(view) + lines


def _gap_list(view: View) -> Markup | None:
    lines = rates.gaps(view.results)
    return el("ul", *(el("li", f"not scored: {line}") for line in lines), cls="gaps") if lines else None


def _unread_list(view: View) -> Markup | None:
    """What the penalties' detectors could not tell, by arm."""
    held = {arm.name: rates.unread_verdicts(view.results, arm.name) for arm in view.results.arms}
    lines = [f"{arm}: {words.unread(*counts)}" for arm, counts in held.items() if counts[0]]
    return el("ul", *(el("li", line) for line in lines), cls="gaps") if lines else None


def _rate_of(name: str) -> Callable[[Scores], Rate]:
    return lambda scores: pool([scores[name]] if name in scores else [])


def _no_mgs(view: View) -> str:
    reasons = {final.mgs.reason for final in view.finals.values() if final.mgs.reason}
    return "; ".join(sorted(reasons)) or "no checkpoint evaluated"


def _no_eval(view: View, name: str) -> str:
    reasons = {final.rates[name].reason for final in view.finals.values() if final.rates[name].reason}
    return "; ".join(sorted(reasons)) or "not run"


def _ceiling(high: float) -> float:
    """The next round share at or above `high`."""
    return next(top for top in (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0) if high <= top + 1e-9)
