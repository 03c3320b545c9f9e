"""Arms set against each other: MGS by difference, and when hacking and misalignment rise."""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

from spillover.core.rates import Difference, Rate, equivalence, holm
from spillover.core.rates.onset import hack_t50, lag, mgs_t50, onset
from spillover.core.rates.seeds import BOOTSTRAP_SEEDS, ENOUGH_SEEDS, MARGIN, t_interval
from spillover.report import figures, words
from spillover.report.html import Markup, el
from spillover.report.load import Results
from spillover.report.rates import Final
from spillover.report.tables import plain_table, scrolling
from spillover.report.view import View, chart, figure, gap, section

MOST_SEEDS = 3
"""Whose numbers are named one by one; of more seeds the range is."""
ONE_SEED = "MOVER, from the two arms' intervals: sampling error of this run only, and no verdict."
SEVERAL_SEEDS = (
    "Differences are paired by seed, with a t interval over seeds. p flips the signs of the differences in every way, "
    "two-sided, and is adjusted by Holm for the number of arms. Equal means within {margin:.0f} points of {reference} "
    "by two one-sided t tests. From {drawn} seeds on there are limits by bootstrap of seeds and scenes too. "
    "Fewer than {enough} seeds give no verdict: with so few the exact p cannot be small."
)


def differences(view: View) -> Markup:
    """MGS of each arm minus that of the reference arm."""
    reference, finals = view.results.reference(), view.finals
    if len(finals) < 2:
        return Markup("")
    rows = []
    for name, apart in _apart(finals, reference).items():
        if apart.interval is not None:
            value, low, high = (100 * number for number in apart.interval)
            label = f"{name}\n{words.points(apart.interval)}"
            rows.append({"arm": name, "label": label, "value": value, "low": low, "high": high})
    spec = figures.forest(rows, view.colours, title=f"points of MGS above {reference}")
    missing = [name for name, final in finals.items() if final.mgs.interval is None]
    lacking = f"no MGS for {words.listing(missing)}"
    drawn = chart("differences", spec, f"MGS of each arm minus {reference}") if rows else gap(lacking)
    several = SEVERAL_SEEDS.format(margin=100 * MARGIN, reference=reference, enough=ENOUGH_SEEDS, drawn=BOOTSTRAP_SEEDS)
    caption = several if _several(finals) else f"Limits are 95% by {ONE_SEED}"
    shown = figure(drawn, caption=caption)
    return section("differences", "Differences between arms", shown, difference_table(view.results, finals))


def difference_table(results: Results, finals: Mapping[str, Final]) -> Markup:
    """MGS of each arm against the reference arm and against the arm of highest MGS; over seeds also its tests."""
    reference = results.reference()
    scored = [name for name, final in finals.items() if final.mgs.interval]
    top = max(scored, key=lambda name: finals[name].mgs.interval or (0,), default=reference)
    columns = list(dict.fromkeys([reference, top]))
    tests = _tests(_apart(finals, reference)) if _several(finals) else {}
    rows = []
    for name, final in finals.items():
        minus = [words.DASH if name == other else _minus(final, finals[other]) for other in columns]
        tested = list(tests.get(name, (words.DASH, words.DASH))) if tests else []
        ratio = _ratio(final.mgs, finals[top].mgs) if name != top else words.DASH
        cells = [_mgs(final), minus[0], *tested, *minus[1:], ratio]
        rows.append(el("tr", el("th", name, scope="row"), *(el("td", cell) for cell in cells)))
    first, *rest = (f"minus {name}" for name in columns)
    head = ["", "MGS", first, *(["p", f"equal to {reference}"] if tests else []), *rest, "of the highest"]
    return scrolling(plain_table(head, rows, cls="tight"))


def onset_table(results: Results) -> Markup:
    """When each arm takes up hacking and when MGS follows, by seed where there are several."""
    rows = []
    for arm in results.arms:
        runs = results.of(arm.name)
        lags = [lag(run.metrics, run.scores) for run in runs]
        cells = [
            _steps([onset(run.metrics) for run in runs]),
            _steps([hack_t50(run.metrics) for run in runs]),
            _steps([mgs_t50(run.scores) for run in runs]),
            _lag([one for one in lags if one is not None]),
        ]
        rows.append(el("tr", el("th", arm.name, scope="row"), *(el("td", cell) for cell in cells)))
    head = ["step of", "onset of hacking", "hacking risen by half", "MGS risen by half", "MGS after hacking"]
    return scrolling(plain_table(head, rows, cls="tight"))


def _apart(finals: Mapping[str, Final], reference: str) -> dict[str, Difference]:
    return {name: final.minus(finals[reference]) for name, final in finals.items() if name != reference}


def _several(finals: Mapping[str, Final]) -> bool:
    return any(final.mgs.seeds > 1 for final in finals.values())


def _tests(apart: Mapping[str, Difference]) -> dict[str, tuple[str, str]]:
    """The words of each arm's p and of whether it is equal to the reference."""
    adjusted = holm({name: one.p for name, one in apart.items() if one.p is not None})
    told = {}
    for name, p in adjusted.items():
        equal = equivalence(list(apart[name].by_seed.values()), MARGIN, apart[name].error)
        told[name] = (words.probability(p), f"{'yes' if equal.equal else 'not shown'}, p {words.probability(equal.p)}")
    return told


def _minus(left: Final, right: Final) -> Markup:
    apart, resampled = left.minus(right), left.resampled_minus(right)
    if apart.interval is None:
        return _limits(words.GAP, 0)
    told = _limits(words.points(apart.interval), apart.seeds)
    if resampled is None or resampled.interval is None:
        return told
    low, high = (words.signed(limit) for limit in resampled.interval[1:])
    return el("span", told, el("small", f"bootstrap {low} to {high}"))


def _limits(told: str, seeds: int) -> Markup:
    """Words with what their limits hold below them; `seeds` 0 where they have none."""
    basis = words.basis(seeds) if seeds == 1 else f"{seeds} seeds"
    return el("span", told, el("small", basis) if seeds else None)


def _ratio(left: Rate, right: Rate) -> str:
    if left.interval is None or right.interval is None or right.interval.value == 0:
        return words.DASH
    return f"{100 * left.interval.value / right.interval.value:.0f}%"


def _mgs(final: Final) -> Markup:
    """MGS with its limits, and below it that of each seed."""
    held = [rate.interval.value for rate in final.seeds_of("MGS").values() if rate.interval]
    if len(held) < 2:
        return _limits(words.rate(final.mgs), len(held))
    return el("span", words.rate(final.mgs), el("small", _each(held, words.percent)))


def _steps(steps: Sequence[float | None]) -> str:
    """One for each seed; onset is a step, the middle of a rise may lie between two."""
    held = [step for step in steps if step is not None]
    if not held:
        return "none"
    lacking = f", none in {len(steps) - len(held)}" if len(held) < len(steps) else ""
    return _each(held, lambda step: str(step) if isinstance(step, int) else f"{step:.1f}") + lacking


def _each(held: Sequence[float], told: Callable[[float], str]) -> str:
    """Numbers of all seeds, or of many their range."""
    if len(held) <= MOST_SEEDS:
        return ", ".join(map(told, held))
    return f"{told(min(held))} to {told(max(held))} in {len(held)} seeds"


def _lag(lags: Sequence[float]) -> str:
    if not lags:
        return words.DASH
    limits = " ({1:+.1f} to {2:+.1f})".format(*t_interval(lags)) if len(lags) > 1 else ""
    return f"{fmean(lags):+.1f} steps{limits}".replace("-", words.MINUS)
