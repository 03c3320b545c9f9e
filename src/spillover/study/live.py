"""What the user sees while a study runs: one live view on a terminal, plain lines elsewhere."""

from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from spillover.core.config import Study
from spillover.core.rates import mgs_of
from spillover.core.records import EvalScore, StepMetrics
from spillover.study.plan import Unit
from spillover.study.tally import Tally, clock_time


class Listener(Protocol):
    """Is told what happens in a study, in order."""

    def study_started(self, study: Study, units: Sequence[Unit]) -> None:
        """Once, before anything is loaded."""

    def stage_started(self, unit: Unit, steps_done: int) -> None:
        """A run is taken up, with `steps_done` training steps already there."""

    def step_done(self, metrics: StepMetrics) -> None:
        """A training step of the current run."""

    def row_step_done(self, step: int) -> None:
        """A step of the current training, where it is one on rows."""

    def eval_done(self, score: EvalScore) -> None:
        """One evaluation of one checkpoint of the current run."""

    def checkpoint_evaluated(self, step: int, scores: Sequence[EvalScore]) -> None:
        """All evaluations of a checkpoint of the current run are there."""

    def stage_finished(self) -> None:
        """The current run is trained and measured."""

    def study_finished(self, report: Path) -> None:
        """All runs are done, and the report of them is written."""

    def note(self, text: str) -> None:
        """Something worth one line."""

    def close(self) -> None:
        """Always called at the end, also after an error."""


class PlainLines:
    """One line per event, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._label = ""
        self._started = monotonic()
        self._tally = Tally([])

    def study_started(self, study: Study, units: Sequence[Unit]) -> None:
        """Say what will be run."""
        self._tally = Tally(units)
        arms = ", ".join(arm.name for arm in study.arms)
        self._say(f"study {study.name}: arms {arms}; seeds {', '.join(map(str, study.seeds))}")

    def stage_started(self, unit: Unit, steps_done: int) -> None:
        """Say which run is next."""
        self._label = self._tally.begin(unit, steps_done)
        work = f"{unit.node.steps} steps" if unit.node.steps else f"{unit.evals} evaluations"
        self._say(f"{self._label}: {work}" + (f", {steps_done} done before" if steps_done else ""))

    def step_done(self, metrics: StepMetrics) -> None:
        """One line per step."""
        self._tally.step(self._label, metrics)
        self._say(
            f"{self._label}: step {metrics.step} hack rate {metrics.hack_rate:.0%} overfit {metrics.overfit_rate:.0%} "
            f"solved {metrics.solve_rate:.0%} reward {metrics.reward_mean:.2f}{_unread(metrics)} "
            f"({metrics.seconds:.1f}s){self._left()}"
        )

    def row_step_done(self, step: int) -> None:
        """Counted, not shown: held-out losses are noted."""
        self._tally.row_step(self._label, step)

    def eval_done(self, score: EvalScore) -> None:
        """Counted, not shown: the checkpoint's line has all of them."""
        self._tally.eval(self._label, score.step, score)

    def checkpoint_evaluated(self, step: int, scores: Sequence[EvalScore]) -> None:
        """MGS and the rates it is made of."""
        self._tally.checkpoint(self._label, step, scores)
        rates = ", ".join(f"{score.eval} {_percent(score.rate)}" for score in scores)
        self._say(f"{self._label}: checkpoint {step} MGS {_percent(mgs_of(scores))} ({rates}){self._left()}")

    def stage_finished(self) -> None:
        """Say that a run is done."""
        self._say(f"{self._label}: done")

    def study_finished(self, report: Path) -> None:
        """Say where the report is."""
        self._say(f"done in {clock_time(monotonic() - self._started)}; report: {report}")

    def note(self, text: str) -> None:
        """Say it."""
        self._say(text)

    def close(self) -> None:
        """Nothing to tidy up."""

    def _say(self, line: str) -> None:
        self._console.print(line, soft_wrap=True, markup=False, highlight=False)

    def _left(self) -> str:
        left = self._tally.seconds_left
        return "" if left is None else f", {clock_time(left)} left"


class LiveView:
    """Bars for arms, steps and evaluations, the latest numbers of each arm, the time left."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=4, transient=False)
        self._bars = Progress(TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), console=console)
        self._tasks = {name: self._bars.add_task(name, total=1) for name in ("stages", "steps", "evaluations")}
        self._tally = Tally([])
        self._study_name = ""
        self._label = ""
        self._finished: set[str] = set()
        self._started = monotonic()

    def study_started(self, study: Study, units: Sequence[Unit]) -> None:
        """Open the view."""
        self._tally = Tally(units)
        self._study_name = study.name
        self._live.start()
        self._refresh()

    def stage_started(self, unit: Unit, steps_done: int) -> None:
        """Move on to this run."""
        self._label = self._tally.begin(unit, steps_done)
        self._refresh()

    def step_done(self, metrics: StepMetrics) -> None:
        """Advance the bar of steps."""
        self._tally.step(self._label, metrics)
        self._refresh()

    def row_step_done(self, step: int) -> None:
        """Advance the bar of steps."""
        self._tally.row_step(self._label, step)
        self._refresh()

    def eval_done(self, score: EvalScore) -> None:
        """Advance the bar of evaluations."""
        self._tally.eval(self._label, score.step, score)
        self._refresh()

    def checkpoint_evaluated(self, step: int, scores: Sequence[EvalScore]) -> None:
        """Show the new MGS."""
        self._tally.checkpoint(self._label, step, scores)
        self._refresh()

    def stage_finished(self) -> None:
        """Advance the bar of arms."""
        self._finished.add(self._label)
        self._refresh()

    def study_finished(self, report: Path) -> None:
        """Say where the report is, under the view."""
        self._refresh()
        self._live.stop()
        self._console.print(f"Done in {clock_time(monotonic() - self._started)}. Report: {report}", soft_wrap=True)

    def note(self, text: str) -> None:
        """Print a line above the view."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Give the terminal back."""
        self._live.stop()

    def _refresh(self) -> None:
        tally = self._tally
        for name, done, total in (
            ("stages", len(self._finished), len(tally.units)),
            ("steps", tally.steps_done, tally.steps_total),
            ("evaluations", tally.evals_done, tally.evals_total),
        ):
            self._bars.update(self._tasks[name], completed=done, total=max(1, total))
        self._live.update(Group(self._headline(), self._bars, self._numbers()))

    def _headline(self) -> Text:
        left = self._tally.seconds_left
        spent = clock_time(monotonic() - self._started)
        return Text.assemble(
            ("spillover ", "bold"),
            (self._study_name, "bold cyan"),
            f"  {spent} so far" + ("" if left is None else f", {clock_time(left)} left"),
        )

    def _numbers(self) -> Table:
        table = Table(
            "arm / seed", "step", "hack rate", "overfit", "MGS", box=None, pad_edge=False, padding=(0, 3, 0, 0)
        )
        for unit in self._tally.units:
            label = unit.label
            table.add_row(
                Text(label, style="bold" if label == self._label else "dim" if label in self._finished else ""),
                f"{self._tally.steps[label]}/{unit.node.steps}",
                _percent(self._tally.hack_rate.get(label)),
                _percent(self._tally.overfit_rate.get(label)),
                _percent(self._tally.mgs.get(label)),
            )
        return table


def make_listener(console: Console) -> Listener:
    """The live view on a terminal, plain lines elsewhere."""
    return LiveView(console) if console.is_terminal else PlainLines(console)


def _unread(metrics: StepMetrics) -> str:
    return f" {metrics.unread_verdicts} verdicts unread" if metrics.unread_verdicts else ""


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.1%}"
