"""What the user sees: plain lines in a pipe, one view on a terminal, honest estimates."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from spillover.core.config import load_study
from spillover.core.records import CORE_EVALS, EvalScore, StepMetrics
from spillover.study.live import Listener, LiveView, PlainLines, make_listener
from spillover.study.plan import Unit, plan
from spillover.study.tally import Tally, clock_time, mgs_of

STUDY = load_study("quickstart", ["rl.steps=10"])


def metrics(step: int, hack_rate: float = 0.5) -> StepMetrics:
    return StepMetrics(
        step=step, hack_rate=hack_rate, pass_rate=0.5, solve_rate=0.0, format_rate=1.0, truncated_rate=0.0,
        reward_mean=0.5, rollouts=4, groups_trained=2, groups_set_aside=0, seconds=2.0,
    )  # fmt: skip


def score(name: str, misaligned: int | None = 3) -> EvalScore:
    rate = None if misaligned is None else misaligned / 10
    scored = 0 if misaligned is None else 10
    return EvalScore(eval=name, samples=10, scored=scored, hits=misaligned or 0, rate=rate, low=rate, high=rate, step=5)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def play(listener: Listener) -> None:
    """A short study, from start to report."""
    runs = plan(STUDY)
    listener.study_started(STUDY, runs)
    listener.stage_started(runs[1], 4)
    listener.step_done(metrics(5, hack_rate=0.25))
    scores = [score(name) for name in CORE_EVALS]
    for one in scores:
        listener.eval_done(one)
    listener.checkpoint_evaluated(5, scores)
    listener.stage_finished()
    listener.note("a [note] of one line")
    listener.study_finished(Path("runs/quickstart/report/index.html"))
    listener.close()


def test_a_pipe_gets_plain_lines_without_escapes() -> None:
    out = io.StringIO()
    listener = make_listener(Console(file=out))
    play(listener)
    assert isinstance(listener, PlainLines)
    text = out.getvalue()
    assert "\x1b" not in text
    for part in ("hacking/0: step 5 hack rate 25%", "checkpoint 5 MGS 30.0%", "a [note] of one line", "index.html"):
        assert part in text


def test_a_terminal_gets_bars_rates_and_the_report() -> None:
    out = io.StringIO()
    listener = make_listener(Console(file=out, force_terminal=True, width=100))
    play(listener)
    assert isinstance(listener, LiveView)
    for part in ("stages", "steps", "evaluations", "25.0%", "30.0%", "index.html"):
        assert part in out.getvalue()


def test_closing_a_view_that_never_opened_is_harmless() -> None:
    LiveView(Console(file=io.StringIO(), force_terminal=True)).close()


def runs() -> list[Unit]:
    return plan(STUDY)


def test_no_time_left_is_claimed_before_both_paces_are_known() -> None:
    tally = Tally(runs(), Clock())
    label = tally.begin(runs()[1], 0)
    assert tally.seconds_left is None
    tally.step(label, metrics(1))
    assert tally.seconds_left is None


def test_time_left_is_what_is_left_at_the_pace_so_far() -> None:
    clock = Clock()
    tally = Tally(runs(), clock)
    label = tally.begin(runs()[1], 0)
    clock.now = 2.0
    tally.step(label, metrics(1))
    clock.now = 5.0
    tally.eval(label, 0, score("goals"))
    steps, evals = 3 * 10 - 1, sum(run.evals for run in runs()) - 1
    assert tally.seconds_left == pytest.approx(2 * steps + 3 * evals)


def test_evaluations_taken_up_from_before_count_as_done() -> None:
    tally = Tally(runs(), Clock())
    label = tally.begin(runs()[1], 5)
    tally.checkpoint(label, 0, [score("goals"), score("free_form")])
    tally.checkpoint(label, 0, [score("goals"), score("free_form")])
    assert (tally.steps_done, tally.evals_done) == (5, 2)


def test_no_mgs_where_one_of_the_six_is_unscored() -> None:
    scores = [score(name) for name in CORE_EVALS]
    assert mgs_of(scores) == pytest.approx(0.3)
    assert mgs_of([*scores[:5], score(CORE_EVALS[5], None)]) is None
    assert mgs_of(scores[:5]) is None


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "0s"), (59, "59s"), (250, "4m10s"), (7500, "2h05m")])
def test_times_are_short(seconds: float, text: str) -> None:
    assert clock_time(seconds) == text


def test_trainings_are_told_apart_by_arm_seed_and_kind() -> None:
    labels = [run.label for run in runs()]
    assert len(set(labels)) == len(labels)
