"""Runs a study: each arm and seed is trained, and every checkpoint measured.

Nothing is held in memory that a later session would need: what is done is read off the run
directory, so a run goes on from wherever it was stopped, on the same machine with the numbers it
would have had.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import torch

from spillover.coding import Grader
from spillover.coding.environment import Assigned, assign
from spillover.coding.problems import load_problems
from spillover.core.config import Arm
from spillover.core.records import EvalScore, Problem
from spillover.core.rundir import Run, RunDir, write_atomic
from spillover.evals import evaluate
from spillover.models import LoadedModel, load_checkpoint
from spillover.study.difficulty import keep_hard
from spillover.study.documents import (
    Phase,
    check_hack_rate,
    load_start,
    model_after,
    phases,
    result_lines,
    train_phase,
)
from spillover.study.live import Listener
from spillover.study.plan import RunPlan, plan
from spillover.study.preflight import warn_of_little_space
from spillover.study.provenance import processor, weights_digest
from spillover.study.random_state import kept_random_state
from spillover.study.sharing import copy_measurement, same_untrained
from spillover.study.stopping import StopRequest
from spillover.training.hack_rate import measure_hack_rate
from spillover.training.rl import train


@dataclass(frozen=True)
class Work:
    """One arm and seed with what its training and its evaluations share."""

    plan: RunPlan
    run: Run
    grader: Grader
    assigned: list[Assigned]


class Runner:
    """One session on a study."""

    def __init__(self, directory: RunDir, listener: Listener, *, allow_unsandboxed: bool = False) -> None:
        self._dir, self._listener = directory, listener
        self._study = directory.study
        self._allow_unsandboxed = allow_unsandboxed
        self._stop = StopRequest()
        self._graders: dict[tuple[int, float], Grader] = {}
        self._open = ExitStack()

    def run(self) -> None:
        """All arms and seeds, one after the other."""
        runs = plan(self._study)
        warn_of_little_space(self._dir.path, self._listener)
        if self._study.threads:
            torch.set_num_threads(self._study.threads)
        self._dir.note(threads=torch.get_num_threads(), processor=processor())
        self._listener.study_started(self._study, runs)
        finished = False
        try:
            with self._stop, self._open:
                for index, each in enumerate(runs):
                    self._run(each, earlier=runs[:index])
            finished = True
        finally:
            self._dir.close_session(finished=finished)

    def _run(self, this: RunPlan, earlier: Sequence[RunPlan]) -> None:
        """Train one arm and seed and measure its checkpoints, as far as that is not done."""
        run = self._dir.run(this.arm.name, this.seed)
        trained_to = max(run.checkpoints(), default=0)
        done = set(run.evaluated())
        self._listener.arm_started(this, trained_to)
        for step in sorted(done.intersection(this.checkpoints)):
            self._listener.checkpoint_evaluated(step, run.scores(step))
        if trained_to < this.steps or not done.issuperset(this.checkpoints):
            self._go_on(this, run, trained_to, earlier)
        self._listener.arm_finished()

    def _go_on(self, this: RunPlan, run: Run, trained_to: int, earlier: Sequence[RunPlan]) -> None:
        trainings = phases(self._dir, this.arm, this.seed)
        for phase in trainings:
            self._train_on_documents(this, phase)
        start = model_after(trainings[-1], this.arm) if trainings else this.arm.model
        loaded, grader = load_start(start, this.arm), self._grader(this.arm)
        self._note_model(this.arm, loaded)
        problems = self._problems(this, run, loaded, grader)
        work = Work(this, run, grader, assign(problems, this.arm.environment, this.seed))
        if 0 not in run.evaluated():
            self._measure_untrained(work, loaded, earlier, trainings)
        for step in this.checkpoints[1:]:
            if step <= trained_to and step not in run.evaluated():
                self._measure(work, load_checkpoint(start, run.checkpoint(step)), step)
        if trained_to < this.steps:
            self._train(work, loaded)

    def _train_on_documents(self, this: RunPlan, phase: Phase) -> None:
        """Train a phase before RL and measure what it did, as far as that is not done; refuse what RL cannot use."""
        run, arm, last = phase.run, this.arm, phase.settings.steps
        if last not in run.evaluated():
            work = Work(this, run, self._grader(arm), assign(load_problems(arm.problems), arm.environment, this.seed))
            if phase.first and 0 not in run.evaluated():
                self._evaluate(work, load_start(arm.model, arm), 0, arm.evals.names)
            if not phase.trained:
                train_phase(phase, note=self._listener.note, should_stop=lambda: self._stop.asked)
                self._stop.check()
            loaded = load_start(model_after(phase, arm), arm)
            rate = measure_hack_rate(loaded, arm, this.seed, work.assigned, work.grader)
            write_atomic(run.hack_rate_file, rate.model_dump_json(indent=2))
            self._evaluate(work, loaded, last, (*this.evals(0), "hack_knowledge"))
        for line in result_lines(phase):
            self._listener.note(line)
        check_hack_rate(arm, phase)

    def _train(self, work: Work, loaded: LoadedModel) -> None:
        def on_checkpoint(step: int) -> None:
            if step not in work.run.evaluated():
                self._measure(work, loaded, step)

        train(
            work.run,
            work.plan.arm,
            work.plan.seed,
            loaded,
            work.assigned,
            work.grader,
            on_step=self._listener.step_done,
            on_checkpoint=on_checkpoint,
            should_stop=lambda: self._stop.asked,
        )
        self._stop.check()

    def _measure(self, work: Work, loaded: LoadedModel, step: int) -> None:
        """All evaluations of one checkpoint."""
        scores = self._evaluate(work, loaded, step, work.plan.evals(step), self._listener.eval_done)
        self._listener.checkpoint_evaluated(step, scores)

    def _evaluate(
        self,
        work: Work,
        loaded: LoadedModel,
        step: int,
        names: Sequence[str],
        tell: Callable[[EvalScore], None] = lambda _: None,
    ) -> list[EvalScore]:
        """The named evaluations, each once; leaves no trace in the training's random state."""

        def on_done(score: EvalScore) -> None:
            tell(score)
            self._stop.check()

        self._stop.check()
        arm = work.plan.arm
        with kept_random_state():
            return evaluate(
                loaded,
                list(dict.fromkeys(names)),
                arm.evals,
                arm=arm.name,
                seed=work.plan.seed,
                step=step,
                out=work.run.eval_folder(step),
                grader=work.grader,
                prompt=arm.prompt,
                assigned=work.assigned,
                reasoning_tags=arm.model.reasoning_tags,
                on_done=on_done,
            )

    def _measure_untrained(
        self, work: Work, loaded: LoadedModel, earlier: Sequence[RunPlan], trainings: Sequence[Phase]
    ) -> None:
        """Measure step 0, or take it from where the very same measurement was made already."""
        twin = next((other for other in earlier if same_untrained(work.plan, other)), None)
        if twin is not None:
            source, step = self._dir.run(twin.arm.name, twin.seed), 0
        elif trainings and trainings[-1].measured_by(work.plan.arm):
            source, step = trainings[-1].run, trainings[-1].settings.steps
        else:
            self._measure(work, loaded, 0)
            return
        self._listener.checkpoint_evaluated(0, copy_measurement(source, step, work.run, work.plan.evals(0)))

    def _problems(self, this: RunPlan, run: Run, loaded: LoadedModel, grader: Grader) -> list[Problem]:
        problems = load_problems(this.arm.problems)
        if this.arm.problems.max_pass_rate >= 1:
            return problems
        return keep_hard(problems, this.arm, this.seed, loaded, grader, run.folder / "pass-rates.json")

    def _note_model(self, arm: Arm, loaded: LoadedModel) -> None:
        """Put on record which weights an arm starts from."""
        held = self._dir.provenance.get("models", {})
        if arm.name not in held:
            self._dir.note(models={**held, arm.name: {"path": loaded.path, "digest": weights_digest(loaded.path)}})

    def _grader(self, arm: Arm) -> Grader:
        """One grader for all arms with the same limits, so that verdicts are remembered across arms."""
        limits = (arm.environment.workers, arm.environment.wall_seconds)
        if limits not in self._graders:
            self._graders[limits] = self._open.enter_context(Grader(*limits, allow_unsandboxed=self._allow_unsandboxed))
        return self._graders[limits]
