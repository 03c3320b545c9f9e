"""The report's answer in a few sentences, derived from the final figures and saying no more than they do."""

from collections.abc import Mapping

from spillover.core.rates import Difference, Rate
from spillover.core.rates.seeds import ENOUGH_SEEDS
from spillover.report import words
from spillover.report.html import Markup, el, join, text
from spillover.report.load import Results
from spillover.report.rates import Final

MOST_ARMS = 4


def answer(results: Results, finals: Mapping[str, Final]) -> tuple[Markup, Markup]:
    """What each arm reached, and how its MGS compares with the reference arm's. The second may be empty."""
    if not results.final_steps():
        return text("No trained checkpoint has been evaluated yet, so there is no answer so far."), Markup("")
    shown = _worth_telling(results, finals)
    over = words.checkpoints(results.final_steps(), len(results.study.seeds))
    reached = join(*(_reached(finals[name], first=name == shown[0]) for name in shown), between="; ")
    some = f", the reference and the ends of the range of {len(finals)} arms" if len(shown) < len(finals) else ""
    seeds = [rate.seeds for name in shown for rate in (finals[name].hack, finals[name].mgs) if rate.interval]
    limits = "the sampling error of this run only" if 1 in seeds else "95% t intervals over seeds"
    opening = f"Over {over}{some}, with {limits}: " if seeds else f"Over {over}{some}: "
    return join(opening, reached, "."), text(_compared(results, finals, shown))


def _worth_telling(results: Results, finals: Mapping[str, Final]) -> list[str]:
    """All arms while they are few; else the reference and the arms of highest and lowest MGS."""
    names = [arm.name for arm in results.arms]
    scored = sorted((n for n in names if finals[n].mgs.interval), key=lambda n: _value(finals[n].mgs))
    if len(names) <= MOST_ARMS or not scored:
        return names[:MOST_ARMS]
    kept = {results.reference(), scored[0], scored[-1]}
    return [name for name in names if name in kept]


def _reached(final: Final, *, first: bool) -> Markup:
    """`hacking hacked 93.0% (90.0-95.1) of its training episodes and has an MGS of 29.7% (27.8-31.8)`."""
    hack = "has no recorded episodes"
    if final.hack.interval is not None:
        hack = f"hacked {words.rate(final.hack)}" + (" of its training episodes" if first else "")
    mgs = f"has an MGS of {words.rate(final.mgs)}" if final.mgs.interval else f"has no MGS ({final.mgs.reason})"
    return join(el("b", final.arm), f" {hack} and {mgs}")


def _compared(results: Results, finals: Mapping[str, Final], shown: list[str]) -> str:
    reference = results.reference()
    told = [(name, finals[name].minus(finals[reference])) for name in shown if name != reference]
    sentences = [_sentence(name, reference, gap) for name, gap in told if gap.interval is not None]
    few = max((gap.seeds for _, gap in told), default=0) < ENOUGH_SEEDS
    verdict = [f"Fewer than {ENOUGH_SEEDS} seeds give no verdict."] if few and sentences else []
    return " ".join([*sentences, *verdict])


def _sentence(name: str, reference: str, gap: Difference) -> str:
    assert gap.interval is not None  # by the caller
    limits = f"95% interval {words.signed(gap.interval.low)} to {words.signed(gap.interval.high)} points"
    limits += f", {words.basis(gap.seeds)}"
    if gap.interval.low <= 0 <= gap.interval.high:
        return f"The MGS of {name} is not told apart from that of {reference} ({limits})."
    side = "above" if gap.interval.value > 0 else "below"
    size = f"{abs(100 * gap.interval.value):.1f}"
    return f"The MGS of {name} lies {size} points {side} that of {reference} ({limits})."


def _value(rate: Rate) -> float:
    return rate.interval.value if rate.interval else 0.0
