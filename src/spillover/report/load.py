"""What a run directory holds, read once: the study, its runs with metrics and scores, and how far they came."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from spillover.core.config import Arm, Study
from spillover.core.rates import Scores, final_steps
from spillover.core.records import StepMetrics
from spillover.core.rundir import Run, RunDir
from spillover.core.stages import RLSettings

REFERENCE_NAME = "baseline"
BOTTLES = ("bottle", "bottle-naive")


@dataclass(frozen=True)
class SeedRun:
    """One arm and seed: its metrics and, by step, the scores of its evaluated checkpoints."""

    run: Run
    metrics: tuple[StepMetrics, ...]
    scores: Mapping[int, Scores]

    @property
    def arm(self) -> str:
        """The arm's name."""
        return self.run.arm

    @property
    def seed(self) -> int:
        """The seed."""
        return self.run.seed

    @property
    def last_step(self) -> int:
        """The last RL step with metrics; 0 if none."""
        return max((m.step for m in self.metrics), default=0)

    def final_steps(self) -> list[int]:
        """The checkpoints that its final figures rest on."""
        return final_steps(self.scores)

    def final_scores(self) -> list[Scores]:
        """Their scores."""
        return [self.scores[step] for step in self.final_steps()]


@dataclass(frozen=True)
class Results:
    """A run directory in memory, rollouts and transcripts left on disk."""

    study: Study
    provenance: dict[str, Any]
    runs: tuple[SeedRun, ...]
    directory: RunDir
    unread: list[str] = field(default_factory=list)
    """Lines that could not be read and are left out; it grows as rollouts and transcripts are read."""

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The study's arms, in its order."""
        return self.study.arms

    def of(self, arm: str) -> tuple[SeedRun, ...]:
        """The runs of one arm, by seed."""
        return tuple(run for run in self.runs if run.arm == arm)

    def reference(self) -> str:
        """The arm that others are compared with: the one named `baseline`, else the first."""
        names = [arm.name for arm in self.arms]
        return REFERENCE_NAME if REFERENCE_NAME in names else names[0]

    def max_step(self) -> int:
        """The last step that any run reached, in training or evaluation."""
        return max((max([run.last_step, *run.scores]) for run in self.runs), default=0)

    def final_steps(self) -> list[int]:
        """Every step that some run's final figures rest on."""
        return sorted({step for run in self.runs for step in run.final_steps()})

    def from_bottle(self) -> bool:
        """Whether any model of the study is the built-in organism."""
        noted = "organism" in self.provenance or "organism" in str(self.provenance.get("model", ""))
        return noted or any(arm.model.path in BOTTLES for arm in self.arms)


def load(path: Path) -> Results:
    """Read a run directory. Raises RunDirError where `path` is none."""
    directory = RunDir.read(path)
    unread: list[str] = []
    runs = tuple(_seed_run(run, unread) for run in directory.runs())
    return Results(directory.study, directory.provenance, runs, directory, unread)


def unfinished(results: Results) -> list[str]:
    """What the study plans and the run directory does not hold yet, one line per run."""
    lines = []
    for arm in results.arms:
        for run in results.of(arm.name):
            name = f"{run.arm}, seed {run.seed}"
            if failed := run.run.facts.get("failed"):
                lines.append(f"{name}: failed: {failed}")
            elif run.last_step < arm.steps and arm.steps not in run.scores:
                lines.append(f"{name}: step {run.last_step} of {arm.steps}")
            elif arm.steps not in run.scores:
                lines.append(f"{name}: last checkpoint (step {arm.steps}) not evaluated")
    return lines


def wall_seconds(provenance: dict[str, Any]) -> tuple[float, int]:
    """Seconds of all closed sessions together, and how many sessions were never closed (killed or running)."""
    total, open_ended = 0.0, 0
    for session in provenance.get("sessions", []):
        if "ended" in session:
            spent = datetime.fromisoformat(session["ended"]) - datetime.fromisoformat(session["started"])
            total += spent.total_seconds()
        else:
            open_ended += 1
    return total, open_ended


def flat_settings(arm: Arm) -> dict[str, str]:
    """All settings of an arm as dotted keys, name and description left out; those of a stage under its kind."""
    flat = dict(_flatten(arm.model_dump(mode="json", exclude={"name", "about", "stages"})))
    kinds = [stage.kind for stage in arm.stages]
    for number, stage in enumerate(arm.stages):
        name = stage.kind if kinds.count(stage.kind) == 1 else f"{stage.kind} {number + 1}"
        held = stage.model_dump(mode="json", exclude={"kind", "mix"})
        flat |= {f"{name}.{key}": value for key, value in _flatten(held)}
        for index, part in enumerate(stage.mix if isinstance(stage, RLSettings) else ()):
            own = dict(_flatten(part.model_dump(mode="json")))
            flat |= {f"{name}.mix[{index}].{key}": value for key, value in own.items() if flat.get(key) != value}
    return flat


def differing(arms: tuple[Arm, ...]) -> dict[str, list[str]]:
    """Setting -> its value in each arm, for the settings that are not the same in all arms."""
    columns = [flat_settings(arm) for arm in arms]
    keys = dict.fromkeys(key for column in columns for key in column)
    rows = {key: [column.get(key, "") for column in columns] for key in keys}
    return {key: values for key, values in rows.items() if len(set(values)) > 1}


def _seed_run(run: Run, unread: list[str]) -> SeedRun:
    scores = {step: {score.eval: score for score in run.scores(step, unread)} for step in run.evaluated()}
    metrics = run.metrics(unread) if run.kind == "rl" else []
    return SeedRun(run, tuple(sorted(metrics, key=lambda m: m.step)), scores)


def _flatten(value: Any, at: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for key, held in value.items() for pair in _flatten(held, f"{at}.{key}".strip("."))]
    if isinstance(value, list):
        return [(at, ", ".join(_in_a_list(item) for item in value))]
    return [(at, "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value))]


def _in_a_list(item: Any) -> str:
    """An item of a list; of a table only what it sets, e.g. a reward's term."""
    if not isinstance(item, dict):
        return str(item)
    return " ".join(f"{key} {value}" for key, value in item.items() if value)
