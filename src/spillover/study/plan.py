"""What a study will do, worked out from its settings alone: each training once, each checkpoint measured once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spillover.core.config import Arm, Study
from spillover.core.graph import BASE_KIND, Node, label, measure_key, resolve
from spillover.core.stages import At, RLSettings, RowSettings, StageSettings

HACK_KNOWLEDGE = "hack_knowledge"
Place = tuple[str, int]
"""A stage by its key, and a step of it."""


@dataclass(frozen=True)
class Unit:
    """One training of one seed, or the base model; on behalf of the first arm that has it."""

    node: Node
    seed: int
    arm: Arm
    arms: tuple[str, ...]
    """All arms that have it, in the study's order."""
    forks: tuple[At, ...]
    """Places at which other stages start from it."""
    measured: "tuple[Measurement, ...]"

    @property
    def label(self) -> str:
        """`ARM/SEED`, with the stage where it is not the arm's last or only one."""
        of = "" if self.node.kind == "rl" and len(self.arm.stages) == 1 else f" {self.node.kind}"
        return f"{self.arm.name}/{self.seed}{of}"

    @property
    def evals(self) -> int:
        """Evaluations over all its checkpoints."""
        return sum(len(one.names) for one in self.measured)


@dataclass(frozen=True)
class Measurement:
    """One checkpoint measured with the settings of one arm, and of all arms whose settings measure alike."""

    arm: Arm
    step: int
    names: tuple[str, ...]


def plan(study: Study) -> list[Unit]:
    """All trainings of a study, each after those that it needs."""
    arms = resolve(study)
    asked = {arm.name: list(_asked(arm, arms[arm.name])) for arm in study.arms}
    units: dict[tuple[str, int], Unit] = {}
    for arm in study.arms:
        for seed in study.seeds:
            for node in _line(arms[arm.name]):
                if (node.key, seed) not in units:
                    units[node.key, seed] = _unit(study, arms, node, seed, asked)
    return list(units.values())


def checkpoint_steps(stage: StageSettings) -> tuple[int, ...]:
    """The steps of an arm's last stage that are measured: every checkpoint of RL, start and end of the others."""
    if isinstance(stage, RLSettings):
        return tuple(sorted({*range(0, stage.steps + 1, stage.checkpoint_every), stage.steps}))
    return (0, stage.steps)


def describe(study: Study) -> list[str]:
    """The graph and the work in it, one line per arm and training, for `--dry-run`."""
    units = plan(study)
    arms = resolve(study)
    lines = [
        f"arm {name}: {' -> '.join([_start(nodes[0]), *(node.key for node in nodes)])}" for name, nodes in arms.items()
    ]
    lines += [_described(unit) for unit in units if unit.seed == study.seeds[0]]
    trainings = [unit for unit in units if unit.node.kind != BASE_KIND]
    rollouts = sum(_rollouts(unit.node.stage) * unit.node.steps for unit in trainings)
    samples = sum(unit.arm.evals.count(name) for unit in units for one in unit.measured for name in one.names)
    runs = len(study.arms) * len(study.seeds)
    return [
        *lines,
        f"in all: {runs} runs of {len(study.arms)} arms in {len(trainings)} trainings, {rollouts:,} rollouts, "
        f"{samples:,} evaluated responses",
    ]


def _start(node: Node) -> str:
    assert node.start is not None
    return node.start.key if str(node.at) == "last" else f"{node.start.key}@{node.at}"


def _line(nodes: Sequence[Node]) -> Iterable[Node]:
    """The trainings that an arm needs in order, those of other arms whose checkpoints or rollouts it takes included."""
    for node in nodes:
        for used in node.uses:
            yield from _line(tuple(used.line()))
        yield from node.line()


def _asked(arm: Arm, nodes: Sequence[Node]) -> Iterable[tuple[Place, tuple[str, ...]]]:
    """The checkpoints that an arm has measured: all of its last stage, and the ends of those before it."""
    last = nodes[-1]
    steps = checkpoint_steps(last.stage)
    for step in steps:
        final = arm.evals.final_names if step in (steps[0], steps[-1]) else ()
        yield _place(last, step), tuple(dict.fromkeys((*arm.evals.names, *final)))
    for node in nodes:
        more = (HACK_KNOWLEDGE,) if node.kind == "documents" else ()
        yield _place(node, 0), arm.evals.names
        yield _place(node, node.steps), (*arm.evals.names, *more)


def _place(node: Node, step: int) -> Place:
    """Where a checkpoint is measured: step 0 where the stage starts from. A trigger's step is known later only."""
    if step or node.start is None:
        return node.key, step
    if node.at.share is not None:
        return node.key, 0
    return _place(node.start, node.start.steps if node.at.step is None else node.at.step)


def _unit(
    study: Study,
    arms: dict[str, tuple[Node, ...]],
    node: Node,
    seed: int,
    asked: dict[str, list[tuple[Place, tuple[str, ...]]]],
) -> Unit:
    having = [arm for arm in study.arms if node.key in {one.key for last in arms[arm.name] for one in last.line()}]
    using = [arm for arm in study.arms for last in arms[arm.name] if node.key in {one.key for one in last.uses}]
    forks = {
        str(one.at): one.at
        for nodes in arms.values()
        for one in nodes
        if one.start is not None and one.start.key == node.key and (one.at.step is not None or one.at.share is not None)
    }
    having = having or using
    measured: dict[tuple[str, int], Measurement] = {}
    for arm in study.arms:
        for (key, step), names in asked[arm.name]:
            if key == node.key:
                place = (measure_key(arm), step)
                held = measured.get(place, Measurement(arm, step, ()))
                measured[place] = Measurement(held.arm, step, tuple(dict.fromkeys((*held.names, *names))))
    by_step = tuple(measured[place] for place in sorted(measured, key=lambda place: place[1]))
    return Unit(node, seed, having[0], tuple(arm.name for arm in having), tuple(forks.values()), by_step)


def _described(unit: Unit) -> str:
    node = unit.node
    work = ""
    if isinstance(node.settings, RLSettings):
        work = f"{node.steps} steps of {_rollouts(node.settings)} rollouts; "
    elif isinstance(node.settings, RowSettings):
        work = f"{node.steps} steps of {node.settings.rows_per_step} rows of {node.settings.row_tokens} tokens; "
    steps = ", ".join(dict.fromkeys(str(one.step) for one in unit.measured))
    forks = "".join(f"; saved for a fork at {at}" for at in unit.forks)
    head = f"{node.key} ({label(node)}; {', '.join(unit.arms)})"
    return f"{head}: {work}{unit.evals} evaluations at steps {steps or 'none'}{forks}"


def _rollouts(stage: StageSettings) -> int:
    return stage.problems_per_step * stage.group_size if isinstance(stage, RLSettings) else 0
