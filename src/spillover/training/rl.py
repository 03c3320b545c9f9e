"""Reinforcement learning on hackable coding problems (paper, step 2), by GRPO.

For each step: draw prompts from the mix, sample a group of completions for each from the current weights, let the
environment and the reward's terms judge them, replace groups whose rewards are all alike, update, write down every
episode and the step's numbers; every so often save a checkpoint and have it measured.
"""

import time
from collections.abc import Sequence
from dataclasses import replace

import torch

from spillover.core.records import StepMetrics
from spillover.core.rundir import append_records
from spillover.core.stages import RLSettings
from spillover.models import LoadedModel, load_checkpoint, load_model
from spillover.models.loading import quiet
from spillover.training.checkpoints import drop_partial, resumable, write_checkpoint
from spillover.training.environments import Environment, Setting
from spillover.training.episodes import Episode, Episodes, Step
from spillover.training.forks import fork_steps
from spillover.training.job import Job
from spillover.training.losses import advantages
from spillover.training.metrics import metrics_of, rollouts_of
from spillover.training.scalars import scalar_writers, scalars_of
from spillover.training.update import Sampled, Updater, forward_restored


def train(job: Job, environments: Sequence[Environment] | None = None) -> None:
    """Train from the newest checkpoint of the run, or from the start.

    `job.on_checkpoint(loaded, k)` is called when checkpoint k is on disk and `loaded` holds its weights: for 0 before
    the first step, and after a resume for the checkpoint gone on from. When `job.should_stop()` is true after a step,
    training returns once that step is written; a later call goes on from the newest checkpoint, on the same machine to
    the same numbers. Raises ConfigError for settings that the model cannot meet, DiskFullError, and SpilloverError
    when sampler and update disagree about the weights.
    """
    rl, run = job.settings, job.run
    assert isinstance(rl, RLSettings)
    loaded = replace(load_model(job.model), name=job.name)
    episodes = Episodes(Setting(rl, job.seed, loaded, job.graders, run.folder), environments)
    drop_partial(run)
    begin = resumable(run)
    run.rewind(begin)
    if not run.checkpoints():
        write_checkpoint(run, 0, loaded, lambda _: None)
    if begin >= rl.steps > 0:
        return
    with forward_restored(loaded.model), quiet(), scalar_writers(run, job.name, job.logging, begin) as writers:
        updater = _updater(job, rl, loaded, begin)
        job.on_checkpoint(loaded, begin)
        for number in range(begin + 1, rl.steps + 1):
            began = time.perf_counter()
            metrics = _learn(job, rl, episodes.of_step(number), updater, began)
            for writer in writers:
                writer.add(scalars_of(metrics), number)
            job.on_step(metrics)
            stopped = job.should_stop()
            forks = fork_steps(job.forks, run.metrics(), rl.steps)
            if number % rl.checkpoint_every == 0 or number == rl.steps or number in forks:
                write_checkpoint(run, number, loaded, updater.save, keep=forks)
                job.on_checkpoint(loaded, number)
            if stopped:
                return


def _updater(job: Job, rl: RLSettings, loaded: LoadedModel, begin: int) -> Updater:
    """The update as of step `begin`: `loaded` gets that step's weights, the KL stays against the start."""
    updater = Updater(loaded, rl)
    if begin:
        loaded.model.load_state_dict(load_checkpoint(job.model, job.run.checkpoint(begin)).model.state_dict())
        updater.load(job.run.checkpoint(begin))
    elif job.optimizer is not None:
        updater.load(job.optimizer, schedule=False)
    return updater


def _learn(job: Job, rl: RLSettings, step: Step, updater: Updater, began: float) -> StepMetrics:
    """Update on a step's episodes, and write both down."""
    totals = torch.tensor([episode.reward.total for episode in step.batch])
    found = advantages(totals, rl.group_size, rl.scale_rewards).tolist()
    weights = [0.0 if one.reward.screened else value for one, value in zip(step.batch, found, strict=True)]
    update = updater.step([_sampled(one, rl) for one in step.batch], weights, step.number)
    metrics = metrics_of(step, update, time.perf_counter() - began)
    append_records(job.run.rollouts_file(step.number), rollouts_of(step, job.run.arm, job.seed, weights))
    append_records(job.run.metrics_file, [metrics])
    return metrics


def _sampled(episode: Episode, rl: RLSettings) -> Sampled:
    """An episode as the update reads it; one that was cut off is kept out of the loss where the settings say so."""
    task, drawn = episode.task, episode.drawn
    kept = drawn.token_ids if drawn.finished or not rl.mask_truncated else []
    return Sampled(task.update_ids, kept, drawn.logprobs if task.update_ids == task.prompt_ids else None)
