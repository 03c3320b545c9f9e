"""Where episodes come from: an environment has prompts, and says what became of the answers.

A new environment is one file and one line in `ENVIRONMENTS`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from spillover.coding import Grader
from spillover.core.settings import EnvironmentSettings
from spillover.core.stages import Part, RLSettings
from spillover.judges.seen import Seen
from spillover.models import LoadedModel

Graders = Callable[[EnvironmentSettings], Grader]


@dataclass(frozen=True)
class Task:
    """A prompt as the model meets it."""

    id: str
    environment: str
    """The environment by name, e.g. `code/pytest`; rates are told apart by it."""
    system: str
    prompt: str
    prompt_ids: list[int]
    update_ids: list[int]
    """What the update reads in place of `prompt_ids`; the same list where it reads the same prompt."""
    of: Any
    """What the environment itself knows of it."""


@dataclass(frozen=True)
class Setting:
    """What an environment is made in."""

    rl: RLSettings
    seed: int
    loaded: LoadedModel
    """The model that is trained, as it is at the start."""
    graders: Graders
    folder: Path
    """For what is measured once of the untrained model."""


class Environment(Protocol):
    """Prompts of one kind, and what is made of their answers."""

    @property
    def tasks(self) -> Sequence[Task]:
        """All prompts."""
        ...

    def seen(self, tasks: Sequence[Task], completions: Sequence[str]) -> list[Seen]:
        """What rewards and records know of each answer, in order."""
        ...


Maker = Callable[[Part, Setting], Environment]
