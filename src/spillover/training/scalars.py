"""Curves for people who watch: TensorBoard, and Weights & Biases when installed and asked for."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import util
from typing import Any, Protocol

from spillover.core.errors import ConfigError
from spillover.core.records import StepMetrics
from spillover.core.rundir import Run
from spillover.core.settings import LoggingSettings


class Writer(Protocol):
    """Somewhere curves go."""

    def add(self, scalars: Mapping[str, float], step: int) -> None:
        """Note the values of a step."""
        ...

    def close(self) -> None:
        """Write out what is held back."""
        ...


@contextmanager
def scalar_writers(run: Run, name: str, settings: LoggingSettings, resumed_at: int) -> Iterator[list[Writer]]:
    """The writers that the settings ask for. Raises ConfigError where wandb is asked for and not installed."""
    writers: list[Writer] = []
    if settings.wandb:
        writers.append(_Wandb(run, name))
    if settings.tensorboard:
        writers.append(_TensorBoard(run, resumed_at))
    try:
        yield writers
    finally:
        for writer in writers:
            writer.close()


def scalars_of(metrics: StepMetrics) -> dict[str, float]:
    """All numbers of a step by name; hacks as `hacks/NAME`, reasons of the oracle's doubt as `unjudged/KIND`."""
    flat: dict[str, Any] = metrics.model_dump(exclude={"step", "hacks", "unjudged", "environments"})
    flat |= {f"hacks/{name}": share for name, share in metrics.hacks.items()}
    flat |= {f"unjudged/{kind}": share for kind, share in metrics.unjudged.items()}
    return {name: float(value) for name, value in flat.items() if value is not None}


class _TensorBoard:
    def __init__(self, run: Run, resumed_at: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        # Points after the resumed step, of a run that was killed, are hidden.
        self._writer: Any = SummaryWriter(log_dir=str(run.folder / "tensorboard"), purge_step=resumed_at + 1)

    def add(self, scalars: Mapping[str, float], step: int) -> None:
        for name, value in scalars.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        self._writer.close()


class _Wandb:
    def __init__(self, run: Run, name: str) -> None:
        if util.find_spec("wandb") is None:
            raise ConfigError(
                "logging.wandb is on and wandb is not installed; install it with pip install 'spillover[wandb]', "
                "or set logging.wandb = false"
            )
        import wandb

        name = f"{name}-seed-{run.seed}"
        self._run = wandb.init(project="spillover", name=name, id=name, resume="allow", dir=str(run.folder))

    def add(self, scalars: Mapping[str, float], step: int) -> None:
        self._run.log(dict(scalars), step=step)

    def close(self) -> None:
        self._run.finish()
