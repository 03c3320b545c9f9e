"""A study as a graph of trainings: what each starts from, and a key that says all that decides its weights.

Equal keys are one training and one measurement, whichever arms ask for them.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from spillover.core.config import Arm, Study
from spillover.core.errors import ConfigError, suggest
from spillover.core.settings import ModelSettings
from spillover.core.stages import BASE, PREVIOUS, At, Data, DocumentSettings, RLSettings, SFTSettings, StageSettings

NOT_WEIGHTS = {"from", "require", "checkpoint_every", "evaluate_every", "workers", "device"}
"""Keys, at any depth, that change nothing in the trained weights."""
BASE_KIND = "model"


@dataclass(frozen=True)
class Node:
    """One training, or the base model that it all begins with."""

    settings: ModelSettings | StageSettings
    start: "Node | None" = None
    at: At = field(default_factory=At)
    """The checkpoint of `start`."""
    uses: "tuple[Node, ...]" = ()
    """Trainings whose rollouts are imitated."""

    @property
    def stage(self) -> StageSettings:
        """The settings of a training."""
        assert isinstance(self.settings, StageSettings)
        return self.settings

    @property
    def kind(self) -> str:
        """`model` for the base model, else the kind of the stage."""
        return self.settings.kind if isinstance(self.settings, StageSettings) else BASE_KIND

    @property
    def steps(self) -> int:
        """The last step."""
        return self.settings.steps if isinstance(self.settings, StageSettings) else 0

    @property
    def base(self) -> ModelSettings:
        """The model that the chain of trainings begins with."""
        if self.start is not None:
            return self.start.base
        assert isinstance(self.settings, ModelSettings)
        return self.settings

    @cached_property
    def key(self) -> str:
        """`KIND-HASH`, a content address: the settings, the start with its checkpoint, and files that are read."""
        held = _deciding(self.settings.model_dump(mode="json"))
        begun = [self.start.key, str(self.at)] if self.start else []
        parts = [held, begun, [node.key for node in self.uses], [_digest(path) for path in _files(self.settings)]]
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
        return f"{self.kind}-{digest[:8]}"

    def line(self) -> "Iterator[Node]":
        """The base model, then every training up to this one."""
        if self.start is not None:
            yield from self.start.line()
        yield self


def resolve(study: Study) -> dict[str, tuple[Node, ...]]:
    """Arm -> its trainings in order. Raises ConfigError for unknown arms, circles and checkpoints that will not be."""
    return _Resolver(study).arms()


class _Resolver:
    """Resolves arms as other arms ask for them."""

    def __init__(self, study: Study) -> None:
        self._arms = {arm.name: arm for arm in study.arms}
        self._done: dict[str, tuple[Node, ...]] = {}
        self._open: list[str] = []

    def arms(self) -> dict[str, tuple[Node, ...]]:
        return {name: self._nodes(name) for name in self._arms}

    def _nodes(self, name: str) -> tuple[Node, ...]:
        if name in self._open:
            raise ConfigError(f"arms start from each other in a circle: {' -> '.join([*self._open, name])}")
        if name not in self._done:
            self._open.append(name)
            nodes: list[Node] = []
            for number, stage in enumerate(self._arms[name].stages):
                nodes.append(self._node(self._arms[name], number, stage, nodes))
            self._open.pop()
            self._done[name] = tuple(nodes)
        return self._done[name]

    def _node(self, arm: Arm, number: int, stage: StageSettings, before: list[Node]) -> Node:
        start, at = Node(arm.model), At()
        if stage.fork:
            start, at = self._fork(arm, stage, *stage.fork)
        elif stage.start == PREVIOUS and before:
            start = before[-1]
        elif stage.start not in (PREVIOUS, BASE):
            raise AssertionError(stage.start)
        if stage.optimizer == "kept" and not stage.kind == start.kind == "rl":
            raise ConfigError(
                f"arm {arm.name!r}, stage {number + 1}: optimizer 'kept' is for RL that starts from RL, and this is "
                f'{stage.kind!r} from {start.kind!r}; write optimizer = "fresh"'
            )
        data = stage.data if isinstance(stage, SFTSettings) else ()
        return Node(stage, start, at, tuple(self._rollouts(arm, one) for one in data if one.rollouts))

    def _fork(self, arm: Arm, stage: StageSettings, name: str, at: At) -> tuple[Node, At]:
        start = self._named(arm, "from", name)[-1]
        where = f"arm {arm.name!r}, key 'from': {stage.start!r}"
        if at.step is not None and at.step > start.steps:
            raise ConfigError(f"{where}: arm {name!r} ends at step {start.steps}; name an earlier one")
        if at.share is not None and start.kind != "rl":
            raise ConfigError(f"{where}: arm {name!r} ends with a stage of kind {start.kind!r}; name a step")
        return start, At() if at.step == start.steps else at

    def _rollouts(self, arm: Arm, data: Data) -> Node:
        found = [node for node in self._named(arm, "rollouts", str(data.rollouts)) if node.kind == "rl"]
        if not found:
            raise ConfigError(f"arm {arm.name!r}, key 'rollouts': arm {data.rollouts!r} has no stage of kind 'rl'")
        return found[-1]

    def _named(self, arm: Arm, key: str, name: str) -> tuple[Node, ...]:
        if name not in self._arms:
            raise ConfigError(f"arm {arm.name!r}, key {key!r}: no arm {name!r}{suggest(name, self._arms)}")
        return self._nodes(name)


def measure_key(arm: Arm) -> str:
    """What decides the numbers of a measurement, the weights apart; which evaluations are asked for is no part of it.

    The framing an arm trains under is none either: no evaluation uses it.
    """
    parts = [
        arm.evals.model_dump(mode="json", exclude={"names", "final_names"}),
        arm.prompt.model_dump(mode="json", exclude={"framing"}),
        arm.problems.model_dump(mode="json"),
        arm.environment.model_dump(mode="json", exclude={"workers"}),
        [list(pair) for pair in arm.model.reasoning_tags],
        [_digest(path) for path in (arm.prompt.texts, arm.evals.questions) if path],
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:8]


def as_record(study: Study) -> dict[str, Any]:
    """The graph as a run directory keeps it: arms as sequences of keys, and of each key its kind and its start."""
    arms = resolve(study)
    nodes = {node.key: node for line in arms.values() for last in line for node in last.line()}
    return {
        "arms": {name: [node.key for node in line] for name, line in arms.items()},
        "measures": {arm.name: measure_key(arm) for arm in study.arms},
        "stages": {key: _record(node) for key, node in nodes.items()},
    }


def label(node: Node) -> str:
    """A training in a few words."""
    settings = node.settings
    if isinstance(settings, DocumentSettings):
        return f"{settings.corpus} documents at {settings.share:.3g} of the tokens"
    if isinstance(settings, SFTSettings):
        return "transcripts"
    if isinstance(settings, RLSettings):
        return "RL"
    return settings.path if isinstance(settings, ModelSettings) else settings.kind


def _deciding(held: Any) -> Any:
    """Settings without those that decide nothing."""
    if isinstance(held, dict):
        return {key: _deciding(value) for key, value in held.items() if key not in NOT_WEIGHTS}
    return [_deciding(one) for one in held] if isinstance(held, list) else held


def _record(node: Node) -> dict[str, Any]:
    start = {"start": node.start.key, "at": str(node.at)} if node.start else {}
    return {"kind": node.kind, "label": label(node), "steps": node.steps, **start}


def _files(settings: ModelSettings | StageSettings) -> list[Path]:
    if isinstance(settings, DocumentSettings):
        return [settings.documents] if settings.documents else []
    if isinstance(settings, SFTSettings):
        return [one.transcripts for one in settings.data if one.transcripts]
    if isinstance(settings, RLSettings):
        return [part.prompt.texts for part in settings.mix if part.prompt.texts]
    return []


def texts_digests(stage: StageSettings) -> dict[str, str]:
    """The user's files of wording that a stage's prompts are made with, and the SHA-256 of what each holds."""
    return {str(path): _digest(path) for path in _files(stage)} if isinstance(stage, RLSettings) else {}


def _digest(path: Path) -> str:
    """What a file holds; a file that is not there is found missing before the study starts."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
