"""Arms that start from the same model share one measurement of it."""

from spillover.core.records import EvalScore
from spillover.core.rundir import Run, write_atomic
from spillover.study.plan import RunPlan


def same_untrained(this: RunPlan, other: RunPlan) -> bool:
    """Whether step 0 of two runs is the same measurement: same model, seed, questions and judge.

    The framing an arm trains under is not part of it: no evaluation uses it. The rest of the prompt,
    the problems and the environment are, since test-time hacking is measured with them.
    """
    return _identity(this) == _identity(other)


def copy_untrained(source: Run, target: Run) -> list[EvalScore]:
    """Copy step 0 under the target's arm name, the scores last; transcripts stay with the source."""
    samples = [s.model_copy(update={"arm": target.arm}) for s in source.samples(0)]
    scores = [s.model_copy(update={"arm": target.arm}) for s in source.scores(0)]
    folder = target.eval_folder(0)
    write_atomic(folder / "samples.jsonl", "".join(s.model_dump_json() + "\n" for s in samples))
    write_atomic(folder / "scores.jsonl", "".join(s.model_dump_json() + "\n" for s in scores))
    return scores


def _identity(run: RunPlan) -> tuple[object, ...]:
    arm = run.arm
    prompt = arm.prompt.model_copy(update={"framing": "none"})
    return (run.seed, run.evals(0), arm.model, arm.evals, prompt, arm.problems, arm.environment)
