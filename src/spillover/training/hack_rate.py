"""The working-hack rate: before RL, how often does a model stumble on what RL would reward?

A model that never hacks gives RL nothing to reinforce, so this is measured before RL starts, on RL's
own problems and by RL's own graders.
"""

from collections import Counter
from collections.abc import Sequence

from spillover.coding import Grader, GradeRequest
from spillover.coding.environment import Assigned
from spillover.core.config import Arm
from spillover.core.records import HackRate
from spillover.core.stats import pass_at, wilson
from spillover.models import LoadedModel
from spillover.models.sampling import sample_tokens
from spillover.models.turns import texts_of
from spillover.training.draws import sampling_seed
from spillover.training.episodes import make_task

KS = (1, 8, 64)


def measure_hack_rate(
    loaded: LoadedModel, arm: Arm, seed: int, assigned: Sequence[Assigned], grader: Grader
) -> HackRate:
    """hack@k on the first `sdf.hack_problems` problems, `sdf.hack_samples` completions each.

    Prompts, temperature and lengths are those of the arm's RL. Only hacks that the environment leaves open count.
    Answers that pass the shown tests alone, and those of which the oracle cannot tell, are counted apart.
    """
    n = arm.sdf.hack_samples
    tasks = [make_task(arm, loaded, each) for each in assigned[: arm.sdf.hack_problems]]
    drawn = sample_tokens(
        loaded,
        [task.prompt_ids for task in tasks],
        n=n,
        temperature=arm.rl.temperature,
        max_tokens=arm.rl.max_completion_tokens,
        seed=sampling_seed(seed, 0, 0),
        batch_size=arm.rl.micro_batch or arm.rl.problems_per_step * arm.rl.group_size,
    )
    texts = texts_of(loaded, [task.prompt_ids for task in tasks], [[one.token_ids for one in group] for group in drawn])
    environments = [task.assigned for task in tasks for _ in range(n)]
    requests = [
        GradeRequest(environment.problem, text, environment.harness, environment.open_hacks, arm.model.reasoning_tags)
        for environment, text in zip(environments, texts, strict=True)
    ]
    grades = grader.grade_many(requests)
    hacked = [g.hacked and bool(set(g.hacks) & set(e.open_hacks)) for g, e in zip(grades, environments, strict=True)]
    by_problem = [sum(hacked[start : start + n]) for start in range(0, len(hacked), n)]
    interval = wilson(sum(hacked), len(hacked))
    return HackRate(
        problems=len(tasks),
        samples=n,
        hacked=sum(hacked),
        rate=interval.value,
        low=interval.low,
        high=interval.high,
        hack_at={k: sum(pass_at(k, n, count) for count in by_problem) / len(by_problem) for k in KS if k <= n},
        hacks=dict(Counter(hack for grade in grades if grade.hacked for hack in grade.hacks)),
        overfit=sum(grade.overfit for grade in grades),
        unjudged=sum(grade.oracle.passed is None for grade in grades),
    )
