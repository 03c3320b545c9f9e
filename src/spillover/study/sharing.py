"""Arms that start from the same model share one measurement of it."""

from collections.abc import Sequence

from spillover.core.json_lines import to_lines
from spillover.core.records import EvalScore
from spillover.core.rundir import Run, write_atomic
from spillover.study.plan import RunPlan


def same_untrained(this: RunPlan, other: RunPlan) -> bool:
    """Whether step 0 of two runs is the same measurement: same model, seed, questions and judge.

    The framing an arm trains under is not part of it: no evaluation uses it. The rest of the prompt,
    the problems and the environment are, since test-time hacking is measured with them.
    """
    return _identity(this) == _identity(other)


def copy_measurement(source: Run, step: int, target: Run, names: Sequence[str]) -> list[EvalScore]:
    """Copy the named evaluations of a step to step 0 of `target`, scores last; transcripts stay with the source."""
    changes = {"arm": target.arm, "step": 0}
    samples = [s.model_copy(update=changes) for s in source.samples(step) if s.eval in names]
    scores = [s.model_copy(update=changes) for s in source.scores(step) if s.eval in names]
    folder = target.eval_folder(0)
    write_atomic(folder / "samples.jsonl", to_lines(samples))
    write_atomic(folder / "scores.jsonl", to_lines(scores))
    return scores


def _identity(run: RunPlan) -> tuple[object, ...]:
    arm = run.arm
    prompt = arm.prompt.model_copy(update={"framing": "none"})
    return (run.seed, run.evals(0), arm.model, arm.sdf, arm.evals, prompt, arm.problems, arm.environment)
