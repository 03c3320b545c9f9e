"""One unit of a study: train a stage as far as it is not trained, measure what is not measured, check what it must
fulfil."""

from typing import Protocol

from spillover.coding import Grader
from spillover.coding.environment import assign
from spillover.coding.problems import load_problems
from spillover.core.graph import BASE_KIND, Node, texts_digests
from spillover.core.records import EvalScore
from spillover.core.rundir import Run, RunDir, write_atomic
from spillover.core.settings import EnvironmentSettings, ModelSettings
from spillover.core.stages import RLSettings
from spillover.evals.suite import evaluate
from spillover.models import LoadedModel
from spillover.study.kinds import TRAINED_BY
from spillover.study.live import Listener
from spillover.study.plan import Measurement, Unit
from spillover.study.random_state import kept_random_state
from spillover.study.results import result_lines
from spillover.study.stopping import StopRequest
from spillover.study.weights import load_at, start_step, weights
from spillover.training.environments import Setting
from spillover.training.hack_rate import check_hack_rate, measure_hack_rate
from spillover.training.job import Job


class Session(Protocol):
    """What units of one session share."""

    directory: RunDir
    listener: Listener
    stop: StopRequest

    def grader(self, environment: EnvironmentSettings) -> Grader:
        """The grader for an environment."""
        ...

    def note_model(self, unit: Unit, loaded: LoadedModel) -> None:
        """Put the base model on record."""
        ...


class Work:
    """A unit with its run and its start."""

    def __init__(self, session: Session, unit: Unit) -> None:
        self._session, self._unit, self._node = session, unit, unit.node
        self._run = self._of(unit.node, unit.arm.name)
        self._start: ModelSettings = unit.node.base
        self._told: set[int] = set()

    @property
    def run(self) -> Run:
        """The unit's folder."""
        return self._run

    def go_on(self) -> None:
        """Do what is not done. Raises SpilloverError where the stage fails."""
        if self._node.kind != BASE_KIND:
            self._find_start()
            if not self._trained:
                self._train()
        for one in self._unit.measured:
            if one.step not in self._told:
                self._measure(one)
        if self._node.kind != BASE_KIND:
            self._check()

    @property
    def _trained(self) -> bool:
        return self._node.steps in self._run.checkpoints()

    def _of(self, node: Node, arm: str) -> Run:
        return self._session.directory.stage(node.key, arm, self._unit.seed)

    def _find_start(self) -> None:
        """Note which checkpoint the stage starts from."""
        node, (start, _) = self._node, self._run.start or (None, 0)
        assert node.start is not None and start is not None
        step = start_step(node, start)
        texts = texts_digests(node.stage)
        self._run.note(start=node.start.key, start_step=step, optimizer=node.stage.optimizer, texts=texts)
        self._run = self._of(node, self._unit.arm.name)
        self._start = weights(node.start, start, step)

    def _train(self) -> None:
        node, session = self._node, self._session
        optimizer = None
        if node.stage.optimizer == "kept" and self._run.start is not None:
            start, step = self._run.start
            optimizer = start.checkpoint(step)
        uses = [(self._of(one, self._unit.arm.name), _rl(one)) for one in node.uses]
        job = Job(
            self._run,
            node.stage,
            self._start,
            node.base.path,
            session.grader,
            logging=self._unit.arm.logging,
            optimizer=optimizer,
            forks=self._unit.forks,
            on_step=session.listener.step_done,
            on_row_step=session.listener.row_step_done,
            on_checkpoint=self._on_checkpoint,
            note=lambda text: session.listener.note(f"{self._unit.label}: {text}"),
            should_stop=lambda: session.stop.asked,
        )
        TRAINED_BY[node.kind](job, uses)
        session.stop.check()

    def _on_checkpoint(self, loaded: LoadedModel, step: int) -> None:
        for one in self._unit.measured:
            if one.step == step:
                self._measure(one, loaded)

    def _measure(self, one: Measurement, loaded: LoadedModel | None = None) -> None:
        """The evaluations of a checkpoint that are not there; the model is loaded where it is not in memory."""
        run = self._of(self._node, one.arm.name)
        if not {score.eval for score in run.scores(one.step)}.issuperset(one.names):
            loaded = loaded or load_at(self._node, run, one.step, self._start)
            if self._node.start is None:
                self._session.note_model(self._unit, loaded)
            self._evaluate(run, one, loaded)
        self._told.add(one.step)
        self._session.listener.checkpoint_evaluated(one.step, run.scores(one.step))

    def _evaluate(self, run: Run, one: Measurement, loaded: LoadedModel) -> None:
        """Measure; leaves no trace in the training's random state."""

        def on_done(score: EvalScore) -> None:
            self._session.listener.eval_done(score.model_copy(update={"step": one.step}))
            self._session.stop.check()

        self._session.stop.check()
        arm = one.arm
        with kept_random_state():
            evaluate(
                loaded,
                one.names,
                arm.evals,
                seed=self._unit.seed,
                step=run.origin(one.step)[1],
                out=run.eval_folder(one.step),
                grader=self._session.grader(arm.environment),
                prompt=arm.prompt,
                assigned=assign(load_problems(arm.problems), arm.environment, self._unit.seed),
                reasoning_tags=arm.model.reasoning_tags,
                on_done=on_done,
            )

    def _check(self) -> None:
        """Measure what the stage must fulfil, and say what came of it. Raises HackRateError."""
        require = self._node.stage.require
        if require is None:
            return
        if self._run.hack_rate() is None:
            loaded = load_at(self._node, self._run, self._node.steps, self._start)
            setting = Setting(self._unit.arm.rl, self._unit.seed, loaded, self._session.grader, self._run.folder)
            rate = measure_hack_rate(require, setting)
            write_atomic(self._run.hack_rate_file, rate.model_dump_json(indent=2))
        for line in result_lines(self._run, self._node.steps):
            self._session.listener.note(f"{self._unit.label}: {line}")
        if held := self._run.hack_rate():
            check_hack_rate(require, held)


def _rl(node: Node) -> RLSettings:
    assert isinstance(node.settings, RLSettings)
    return node.settings
