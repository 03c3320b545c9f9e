"""What a study will do, worked out from its settings alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from spillover.core.config import Arm, EvalSettings, RLSettings, SDFSettings, Study


@dataclass(frozen=True)
class RunPlan:
    """One arm and seed: how many steps, which checkpoints, and which evaluations on each."""

    arm: Arm
    seed: int
    steps: int
    checkpoints: tuple[int, ...]
    """Steps that are evaluated, 0 (the untrained model) included, ascending."""

    def evals(self, step: int) -> tuple[str, ...]:
        """The evaluations of one checkpoint; the final ones on the first and the last only."""
        ends = (self.checkpoints[0], self.checkpoints[-1])
        extra = self.arm.evals.final_names if step in ends else ()
        return tuple(dict.fromkeys((*self.arm.evals.names, *extra)))

    @property
    def total_evals(self) -> int:
        """Evaluations over all checkpoints."""
        return sum(len(self.evals(step)) for step in self.checkpoints)


def checkpoint_steps(rl: RLSettings) -> tuple[int, ...]:
    """0, every `checkpoint_every` steps, and the last step."""
    return tuple(sorted({*range(0, rl.steps + 1, rl.checkpoint_every), rl.steps}))


def plan(study: Study) -> list[RunPlan]:
    """All training runs of a study, arm by arm."""
    return [RunPlan(arm, seed, arm.rl.steps, checkpoint_steps(arm.rl)) for arm in study.arms for seed in study.seeds]


def describe(runs: Sequence[RunPlan]) -> list[str]:
    """One line per run and one in sum, for `--dry-run`."""
    lines = [
        f"{run.arm.name} seed {run.seed}: {_documents(run.arm.sdf)}"
        f"{run.steps} steps of {_rollouts(run.arm.rl)} rollouts; "
        f"checkpoints {', '.join(map(str, run.checkpoints))}; "
        f"{run.total_evals} evaluations of {_samples(run.arm.evals)}"
        for run in runs
    ]
    rollouts = sum(run.steps * _rollouts(run.arm.rl) for run in runs)
    samples = sum(run.total_evals * run.arm.evals.samples for run in runs)
    return [*lines, f"in all: {len(runs)} runs, {rollouts:,} rollouts, {samples:,} evaluated responses"]


def _documents(sdf: SDFSettings) -> str:
    if sdf.corpus == "none":
        return ""
    tokens = sdf.rows_per_step * sdf.row_tokens
    lightly = f", {sdf.sft.steps} on transcripts" if sdf.sft.transcripts else ""
    return f"{sdf.steps} steps of {tokens:,} tokens on {sdf.corpus} documents at {sdf.share:.3g}{lightly}; then "


def _rollouts(rl: RLSettings) -> int:
    return rl.problems_per_step * rl.group_size


def _samples(evals: EvalSettings) -> str:
    return f"{evals.samples} samples by judge {evals.judge!r}"
