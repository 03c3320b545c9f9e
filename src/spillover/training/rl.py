"""Reinforcement learning on hackable coding problems (paper, step 2), by GRPO.

For each step: draw problems, sample a group of completions for each from the current weights, run
them against the vulnerable grader and the oracle, reward what the vulnerable grader passes (less a
penalty where the arm has one), replace groups whose rewards are all alike, update, write down
every episode and the step's numbers; every so often save a checkpoint and have it measured.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from spillover.coding import Grader
from spillover.coding.environment import Assigned
from spillover.core.config import Arm
from spillover.core.records import StepMetrics
from spillover.core.rundir import Run, append_records
from spillover.models import LoadedModel
from spillover.models.loading import quiet
from spillover.training.checkpoints import drop_partial, resumable, write_checkpoint
from spillover.training.episodes import Episodes, metrics_of, rollouts_of
from spillover.training.grpo import GroupTrainer, forward_restored
from spillover.training.scalars import Writer, scalar_writers, scalars_of

OnStep = Callable[[StepMetrics], None]
OnCheckpoint = Callable[[int], None]
ShouldStop = Callable[[], bool]


def train(
    run: Run,
    arm: Arm,
    seed: int,
    loaded: LoadedModel,
    assigned: list[Assigned],
    grader: Grader,
    *,
    on_step: OnStep,
    on_checkpoint: OnCheckpoint,
    should_stop: ShouldStop,
) -> None:
    """Train `loaded`, the untrained model, in place, from the newest checkpoint of `run` or from the start.

    `on_checkpoint(k)` is called when checkpoint k is on disk and `loaded` holds its weights: for 0
    before the first step, and after a resume for the checkpoint gone on from. When `should_stop()`
    is true after a step, training returns once that step is written; a later call goes on from the
    newest checkpoint, on the same machine to the same numbers. Raises ConfigError for settings that the model cannot
    meet, DiskFullError, and SpilloverError when sampler and update disagree about the weights.
    """
    episodes = Episodes(arm, seed, loaded, assigned, grader)
    drop_partial(run)
    begin = resumable(run)
    run.rewind(begin)
    if not run.checkpoints():
        write_checkpoint(run, 0, loaded, lambda _: None)
    if arm.rl.steps == 0:
        on_checkpoint(0)
    if begin >= arm.rl.steps:
        return
    with scalar_writers(run, arm, begin) as writers, forward_restored(loaded.model), _global_random_state(), quiet():
        notes = _Notes(run, arm, writers, on_step, on_checkpoint, should_stop)
        trainer = GroupTrainer(run, loaded, arm.rl, episodes.of_step, notes)
        notes.trainer = trainer
        trainer.train(resume_from_checkpoint=str(run.checkpoint(begin)) if begin else None)
    loaded.model.eval()


class _Notes(TrainerCallback):  # type: ignore[misc]  # transformers is not typed
    """Writes down each step, asks for checkpoints when they are due, and for a stop when somebody wants one."""

    def __init__(
        self,
        run: Run,
        arm: Arm,
        writers: list[Writer],
        on_step: OnStep,
        on_checkpoint: OnCheckpoint,
        should_stop: ShouldStop,
    ) -> None:
        self._run, self._arm, self._writers = run, arm, writers
        self._on_step, self._on_checkpoint, self._should_stop = on_step, on_checkpoint, should_stop
        self._began = 0.0
        self.trainer: GroupTrainer

    def on_train_begin(self, _: TrainingArguments, state: TrainerState, __: TrainerControl, **___: Any) -> None:
        """Have the starting point measured."""
        self._on_checkpoint(state.global_step)

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """Start the step's clock: its episodes are made within the step."""
        self._began = time.perf_counter()

    def on_step_end(
        self, _: TrainingArguments, state: TrainerState, control: TrainerControl, **__: Any
    ) -> TrainerControl:
        """Ask for a checkpoint every so often, and at the end."""
        rl = self._arm.rl
        control.should_save = state.global_step % rl.checkpoint_every == 0 or state.global_step == rl.steps
        return control

    def on_log(
        self, _: TrainingArguments, state: TrainerState, control: TrainerControl, logs: dict[str, float], **__: Any
    ) -> TrainerControl:
        """Write down the episodes, then the step's numbers."""
        state.log_history.clear()  # metrics.jsonl holds it; each checkpoint would hold it again
        step = self.trainer.step
        if step is None or "loss" not in logs:
            return control
        update = {key: logs.get(key) for key in ("loss", "entropy", "kl", "grad_norm")}
        metrics = metrics_of(step, update, time.perf_counter() - self._began)
        rollouts = rollouts_of(step, self._run.arm, self._run.seed, self.trainer.advantages_of_step)
        append_records(self._run.rollouts_file(step.number), rollouts)
        append_records(self._run.metrics_file, [metrics])
        for writer in self._writers:
            writer.add(scalars_of(metrics), step.number)
        self._on_step(metrics)
        control.should_training_stop |= self._should_stop()
        return control

    def on_save(self, _: TrainingArguments, state: TrainerState, __: TrainerControl, **___: Any) -> None:
        """Have the checkpoint measured."""
        self._on_checkpoint(state.global_step)


@contextmanager
def _global_random_state() -> Iterator[None]:
    """Leave torch's random state as it was; the trainer seeds it, though nothing here draws from it."""
    with torch.random.fork_rng(devices=[]):
        yield
