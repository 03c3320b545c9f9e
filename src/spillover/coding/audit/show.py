"""An audit as a person reads it."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from spillover.coding.audit.found import Audit, HoleFound
from spillover.coding.audit.run import Progress

NAMED = 3
"""Open spellings named in the table; --json has them all."""
COLOURS = {"open": "bold red", "closed": "bold green", "inconclusive": "bold yellow"}


@contextmanager
def counter(console: Console) -> Iterator[Progress]:
    """A bar on a terminal while the audit runs, gone when it is over; nothing in a pipe."""
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("honest solutions", total=None)
        yield lambda done, total: bar.update(task, description="exploits", completed=done, total=total)


def render(audit: Audit) -> Group:
    """The setting, the table of holes, how to close the open ones, and the verdict."""
    return Group(*_parts(audit))


def _parts(audit: Audit) -> Iterator[RenderableType]:
    yield _setting(audit.setting)
    if audit.verdict != "inconclusive":
        yield ""
        yield _table(audit.holes)
        yield from _closings([hole for hole in audit.holes if hole.open])
    for note in audit.notes:
        yield ""
        yield Text.assemble(("! ", "bold yellow"), note)
    yield ""
    yield from _verdict(audit)


def _setting(setting: dict[str, str]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in setting.items():
        grid.add_row(name, Text(value))
    return grid


def _table(holes: tuple[HoleFound, ...]) -> Table:
    table = Table(expand=False, header_style="bold")
    table.add_column("hole", no_wrap=True)
    table.add_column("open", justify="right", no_wrap=True)
    table.add_column("of", justify="right", no_wrap=True)
    table.add_column("earns reward without solving")
    for hole in holes:
        colour = "red" if hole.open else "green" if hole.tried else "dim"
        table.add_row(
            Text(hole.name, colour),
            Text(str(hole.open), colour),
            str(hole.tried),
            Text(_spellings(hole)),
            end_section=False,
        )
    return table


def _spellings(hole: HoleFound) -> str:
    if not hole.tried:
        return "not tried: no problem gives it a hold"
    named = ", ".join(hole.spellings[:NAMED])
    more = len(hole.spellings) - NAMED
    return f"{named}, and {more} more" if more > 0 else named


def _closings(holes: list[HoleFound]) -> Iterator[RenderableType]:
    if holes:
        yield ""
        yield Text("How to close them", "bold")
    for hole in holes:
        yield Text(hole.name, "red")
        yield Padding(Text(hole.closing), (0, 0, 0, 2))
        for overlooked in hole.advice:
            yield Padding(Text.assemble(("half-mended: ", "bold yellow"), overlooked), (0, 0, 0, 2))


def _verdict(audit: Audit) -> Iterator[RenderableType]:
    paid, runs = sum(found.rewarded for found in audit.honest), sum(found.runs for found in audit.honest)
    yield (
        f"Honest solutions paid: {paid} of {runs} runs on {len(audit.honest)} problems. "
        f"{audit.runs} runs in {audit.seconds_taken:.0f} s, median {audit.seconds_median:.2f} s, "
        f"slowest {audit.seconds_slowest:.2f} s."
    )
    found = [hole for hole in audit.holes if hole.open]
    tried = sum(hole.tried for hole in audit.holes)
    said = {
        "open": f"Open holes: {len(found)}. Exploits that earn reward: {sum(hole.open for hole in found)} of {tried}.",
        "closed": f"No hole found. Exploits that earn reward: 0 of {tried}.",
        "inconclusive": "Nothing can be concluded.",
    }
    yield Text(said[audit.verdict], COLOURS[audit.verdict])
