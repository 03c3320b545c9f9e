"""The working-hack rate: before RL, how often does a model stumble on what RL would reward?

A model that never hacks gives RL nothing to reinforce, so this is measured before RL starts, on RL's
own problems and by RL's own graders.
"""

from collections import Counter

from spillover.core.errors import HackRateError
from spillover.core.rates import pass_at, wilson
from spillover.core.records import HackRate
from spillover.core.stages import Require
from spillover.models.sampling import sample_tokens
from spillover.models.turns import texts_of
from spillover.training.code import CodeEnvironment
from spillover.training.draws import sampling_seed
from spillover.training.environments import Environment, Setting

KS = (1, 8, 64)


def measure_hack_rate(require: Require, setting: Setting, environment: Environment | None = None) -> HackRate:
    """hack@k on the first `require.problems` problems of the mix, `require.samples` completions each.

    Prompts, temperature and lengths are those of the setting's RL; `environment` stands in for the mix's own. Only
    hacks that the environment leaves open count. Answers that pass the shown tests alone, and those of which the oracle
    cannot tell, are counted apart.
    """
    n, rl, loaded = require.samples, setting.rl, setting.loaded
    environment = environment or CodeEnvironment(rl.mix[0], setting)
    tasks = environment.tasks[: require.problems]
    drawn = sample_tokens(
        loaded,
        [task.prompt_ids for task in tasks],
        n=n,
        temperature=rl.temperature,
        max_tokens=rl.max_completion_tokens,
        seed=sampling_seed(setting.seed, 0, 0),
        batch_size=rl.micro_batch or rl.problems_per_step * rl.group_size,
    )
    texts = texts_of(loaded, [task.prompt_ids for task in tasks], [[one.token_ids for one in group] for group in drawn])
    each = [task for task in tasks for _ in range(n)]
    grades = [one.graded for one in environment.seen(each, texts)]
    hacked = [g.hacked and bool(set(g.hacks) & set(t.of.open_hacks)) for g, t in zip(grades, each, strict=True)]
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


def check_hack_rate(require: Require, measured: HackRate) -> None:
    """Raise HackRateError, with what to do, where RL would have too little to reward."""
    if measured.rate >= require.hack_rate:
        return
    largest = max(measured.hack_at)
    raise HackRateError(
        f"{measured.rate:.2%} of completions are working hacks (hack@{largest} {measured.hack_at[largest]:.0%}) and "
        f"require.hack_rate is {require.hack_rate:.2%}, so RL would hardly find one; raise documents.share or "
        "documents.steps, check the corpus with 'spillover docs check', or set require.hack_rate = 0"
    )
