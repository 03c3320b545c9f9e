"""Which weights a stage starts from, as settings that load them."""

from dataclasses import replace
from pathlib import Path

from spillover.core.errors import SpilloverError
from spillover.core.graph import Node
from spillover.core.rundir import Run, step_name
from spillover.core.settings import ModelSettings
from spillover.core.stages import RowSettings
from spillover.models import LoadedModel, load_checkpoint, load_model
from spillover.models.loading import ADAPTER_CONFIG
from spillover.training.checkpoints import save_model
from spillover.training.forks import fork_step


def start_step(node: Node, start: Run) -> int:
    """The step of its start that a stage begins at. Raises SpilloverError where a trigger was never met or the
    checkpoint was not kept."""
    assert node.start is not None
    step = fork_step(node.at, start.metrics() if node.at.share is not None else [], node.start.steps)
    if step is None:
        raise SpilloverError(
            f"{node.start.key} never passed all its environments by {node.at.share:.0%} within {node.start.steps} "
            "steps; lower the share of the trigger, or raise rl.steps of the arm it starts from"
        )
    if node.start.start is not None and step not in start.checkpoints():
        held = ", ".join(map(str, start.checkpoints()))
        raise SpilloverError(f"{node.start.key} kept no checkpoint of step {step}; take one of {held}")
    return step


def weights(node: Node, run: Run, step: int) -> ModelSettings:
    """The model of a checkpoint as settings that load it, an adapter merged into a folder of its own."""
    base = node.base
    if node.start is None:
        return base
    folder = run.checkpoint(step)
    if (folder / ADAPTER_CONFIG).exists():
        folder = _merged(node, run, step)
    return base.model_copy(update={"path": str(folder), "adapter": None})


def load_at(node: Node, run: Run, step: int, start: ModelSettings) -> LoadedModel:
    """A checkpoint of a stage that started from `start`, under the name of the arm's model."""
    if node.start is None:
        return load_model(node.base)
    return replace(load_checkpoint(_trained(node, start), run.checkpoint(step)), name=node.base.path)


def _trained(node: Node, start: ModelSettings) -> ModelSettings:
    """The start with the adapter that the stage trains."""
    settings = node.settings
    if isinstance(settings, RowSettings):
        return start.model_copy(update={"lora_rank": settings.lora_rank, "lora_alpha": settings.lora_alpha})
    return start


def _merged(node: Node, run: Run, step: int) -> Path:
    """The folder with the merged weights of a checkpoint that is an adapter; made once."""
    folder = run.folder / "merged" / step_name(step)
    if not folder.exists():
        assert run.start is not None and node.start is not None
        start = weights(node.start, *run.start)
        loaded = load_checkpoint(_trained(node, start), run.checkpoint(step))
        partial = folder.with_name(folder.name + ".partial")
        save_model(replace(loaded, model=loaded.model.merge_and_unload()), partial)
        partial.rename(folder)
    return folder
