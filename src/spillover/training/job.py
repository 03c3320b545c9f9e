"""One stage of one seed, and what its training needs to know."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from spillover.core.records import StepMetrics
from spillover.core.rundir import Run
from spillover.core.settings import LoggingSettings, ModelSettings
from spillover.core.stages import At, StageSettings
from spillover.models import LoadedModel
from spillover.training.environments import Graders


def _ignored(*_: object) -> None:
    pass


@dataclass(frozen=True)
class Job:
    """What is trained, from where, and who is told. Nothing here knows of arms."""

    run: Run
    settings: StageSettings
    model: ModelSettings
    """The model that it starts from."""
    name: str
    """What that model is called."""
    graders: Graders
    logging: LoggingSettings = field(default_factory=LoggingSettings)
    optimizer: Path | None = None
    """A checkpoint whose optimizer is taken over."""
    forks: tuple[At, ...] = ()
    """Places at which other stages start: they are saved, with their optimizer."""
    on_step: Callable[[StepMetrics], None] = _ignored
    on_row_step: Callable[[int], None] = _ignored
    on_checkpoint: Callable[[LoadedModel, int], None] = _ignored
    """Told of a checkpoint that is on disk, with the model in memory that holds its weights."""
    note: Callable[[str], None] = _ignored
    should_stop: Callable[[], bool] = field(default=lambda: False)

    @property
    def seed(self) -> int:
        """The seed."""
        return self.run.seed
