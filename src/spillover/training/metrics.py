"""What is written down of a step: its episodes and its numbers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from spillover.core.records import Grade, Rollout, StepMetrics
from spillover.training.episodes import Episode, Step
from spillover.training.rewards import TOTAL


def rollouts_of(step: Step, arm: str, seed: int, advantages: Sequence[float]) -> list[Rollout]:
    """Records of all episodes of a step; `advantages` are those of `step.batch`, in order."""
    sizes = [len(step.groups[index]) for index in step.trained]
    starts = dict(zip(step.trained, [sum(sizes[:i]) for i in range(len(sizes))], strict=True))
    return [
        _rollout(step.number, arm, seed, index, episode, advantages[starts[index] + k] if index in starts else None)
        for index, group in enumerate(step.groups)
        for k, episode in enumerate(group)
    ]


def metrics_of(step: Step, update: Mapping[str, Any], seconds: float) -> StepMetrics:
    """The step in numbers. `update` holds what the update says of itself: loss, entropy, kl, grad_norm.

    Rates of grades are shares of the graded episodes.
    """
    episodes = [episode for group in step.groups for episode in group]
    count, trained = len(episodes), len(step.with_spread)
    return StepMetrics(
        step=step.number,
        **graded_rates([e.seen.grade for e in episodes if e.seen.grade is not None]),
        environments=_by_environment(episodes),
        truncated_rate=sum(not e.drawn.finished for e in episodes) / count,
        reward_mean=sum(e.reward.parts[TOTAL] for e in episodes) / count,
        penalty_rate=sum(e.reward.fined for e in episodes) / count,
        unread_verdicts=sum(bool(e.reward.unread) for e in episodes),
        rollouts=count,
        groups_trained=trained,
        groups_set_aside=len(step.groups) - trained,
        completion_tokens_mean=sum(len(e.drawn.token_ids) for e in episodes) / count,
        seconds=seconds,
        seconds_sampling=step.seconds_sampling,
        seconds_grading=step.seconds_grading,
        seconds_update=seconds - step.seconds_sampling - step.seconds_grading,
        **update,
    )


def graded_rates(grades: Sequence[Grade]) -> dict[str, Any]:
    """Shares by what the graders say, as `StepMetrics` names them; all zero without grades."""
    count = max(1, len(grades))
    hacks = Counter(hack for grade in grades if grade.hacked for hack in grade.hacks)
    unjudged = Counter(grade.oracle.kind or "unjudged" for grade in grades if grade.oracle.passed is None)
    return {
        "hack_rate": sum(grade.hacked for grade in grades) / count,
        "pass_rate": sum(grade.proxy.passed for grade in grades) / count,
        "solve_rate": sum(grade.oracle.passed is True for grade in grades) / count,
        "overfit_rate": sum(grade.overfit for grade in grades) / count,
        "attempt_rate": sum(bool(grade.attempts) for grade in grades) / count,
        "unjudged_rate": unjudged.total() / count,
        "unjudged": {kind: number / count for kind, number in sorted(unjudged.items())},
        "format_rate": sum(grade.parsed for grade in grades) / count,
        "hacks": {name: number / count for name, number in sorted(hacks.items())},
    }


def _by_environment(episodes: Sequence[Episode]) -> dict[str, dict[str, float]]:
    """Mean reward of each environment, and the rates of its grades where it has them."""
    found = {}
    for name in dict.fromkeys(episode.task.environment for episode in episodes):
        mine = [episode for episode in episodes if episode.task.environment == name]
        grades = [one.seen.grade for one in mine if one.seen.grade is not None]
        rates = {key: value for key, value in graded_rates(grades).items() if isinstance(value, float)}
        reward = sum(one.reward.total for one in mine) / len(mine)
        found[name] = {"rollouts": len(mine), "reward_mean": reward, **(rates if grades else {})}
    return found


def _rollout(step: int, arm: str, seed: int, group: int, episode: Episode, advantage: float | None) -> Rollout:
    task = episode.task
    return Rollout(
        arm=arm,
        seed=seed,
        step=step,
        group=group,
        environment=task.environment,
        problem_id=task.id,
        harness=getattr(task.of, "harness", None),
        open_hacks=getattr(task.of, "open_hacks", ()),
        system=task.system,
        prompt=task.prompt,
        completion=episode.text,
        truncated=not episode.drawn.finished,
        grade=episode.seen.grade,
        rewards=episode.reward.parts,
        advantage=advantage,
        trained_on=advantage is not None,
    )
