"""Checkpoints that are whole or not there: written beside their place, then renamed into it."""

import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from spillover.core.errors import DiskFullError
from spillover.core.rundir import Run, writing
from spillover.models.loading import LoadedModel, quiet

OPTIMIZER = "optimizer.pt"
TRAINER_STATE = "trainer_state.json"
FULL_DISK = ("No space left", "os error 28", "file write failed", "failed writing file")
"""How torch and safetensors say ENOSPC, which they do not raise as an OSError."""


def write_checkpoint(
    run: Run, step: int, loaded: LoadedModel, more: Callable[[Path], None], keep: Collection[int] = ()
) -> None:
    """Save model and tokenizer, then what `more` adds; optimizer state stays in the newest checkpoint, and in those
    of the steps `keep`."""
    folder = run.checkpoint(step)
    partial = folder.with_name(folder.name + ".partial")
    with _disk_errors(folder):
        drop_partial(run)
        partial.mkdir(parents=True)
        save_model(loaded, partial)
        more(partial)
        partial.rename(folder)
    for earlier in run.checkpoints():
        if earlier < step and earlier not in keep:
            (run.checkpoint(earlier) / OPTIMIZER).unlink(missing_ok=True)


def write_trainer(trainer: Any, run: Run, loaded: LoadedModel) -> None:
    """A transformers trainer's checkpoint: model, tokenizer, optimizer, schedule, random states and trainer state."""

    def more(folder: Path) -> None:
        trainer._save_optimizer_and_scheduler(str(folder))
        trainer._save_rng_state(str(folder))
        trainer.state.save_to_json(str(folder / TRAINER_STATE))

    write_checkpoint(run, trainer.state.global_step, loaded, more)


def save_model(loaded: LoadedModel, folder: Path) -> None:
    """Write the weights (of a LoRA: the adapter) and the tokenizer in the libraries' standard form."""
    # Otherwise peft asks the hub whether the vocabulary grew.
    options = {"save_embedding_layers": False} if hasattr(loaded.model, "peft_config") else {}
    with quiet():
        loaded.model.save_pretrained(folder, **options)
        loaded.tokenizer.save_pretrained(folder)


def resumable(run: Run) -> int:
    """The newest step from which training can go on; 0 where it has to begin."""
    return max((step for step in run.checkpoints() if (run.checkpoint(step) / OPTIMIZER).exists()), default=0)


def drop_partial(run: Run) -> None:
    """Remove what a kill left half written."""
    for left in (run.folder / "checkpoints").glob("*.partial"):
        shutil.rmtree(left)


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    with writing(path):
        try:
            yield
        except (RuntimeError, SafetensorError) as error:
            if not any(words in str(error) for words in FULL_DISK):
                raise
            raise DiskFullError(
                f"{path}: no space left; what was written stays. Free some space, then go on with --resume"
            ) from error
