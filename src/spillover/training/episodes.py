"""One step's episodes: problems drawn, completions sampled, graded and rewarded, flat groups replaced."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from spillover.coding import Grader, GradeRequest
from spillover.coding.environment import Assigned
from spillover.core.config import Arm
from spillover.core.errors import ConfigError, DetectorError
from spillover.core.records import Grade, Rollout, StepMetrics
from spillover.judges.detectors import Seen, make_detector
from spillover.models import LoadedModel
from spillover.models.sampling import Drawn, encode_chat, sample_tokens
from spillover.models.turns import texts_of
from spillover.prompts import problem_message, system_prompt
from spillover.training.draws import problems_of_step, refill_problems, sampling_seed
from spillover.training.rewards import has_spread, reward

MENDS = {
    "model": "name a judge that answers yes or no in reward.penalty.model, or set reward.penalty.detector to static",
    "oracle": "take problems of which the oracle can tell, or set reward.penalty.detector to static",
}
"""What to do where a detector could tell nothing."""


@dataclass(frozen=True)
class Task:
    """An environment as the model meets it."""

    assigned: Assigned
    system: str
    prompt: str
    prompt_ids: list[int]


@dataclass(frozen=True)
class Episode:
    """One completion of a task with its grade and its reward by component."""

    task: Task
    drawn: Drawn
    text: str
    grade: Grade
    flagged: bool | None
    rewards: dict[str, float]


@dataclass
class Step:
    """All groups of one step in the order they were sampled, and which of them the update sees."""

    number: int
    groups: list[list[Episode]] = field(default_factory=list)
    trained: list[int] = field(default_factory=list)
    seconds_sampling: float = 0.0
    seconds_grading: float = 0.0

    @property
    def batch(self) -> list[Episode]:
        """The episodes of the update, group by group."""
        return [episode for index in self.trained for episode in self.groups[index]]


class Episodes:
    """Makes the episodes of any step of one arm and seed."""

    def __init__(self, arm: Arm, seed: int, loaded: LoadedModel, assigned: Sequence[Assigned], grader: Grader) -> None:
        self._arm, self._seed, self._loaded, self._grader = arm, seed, loaded, grader
        self._unread: list[str] = []
        self._detect = make_detector(arm.reward.penalty, loaded, self._unread.append)
        self.tasks = [make_task(arm, loaded, each) for each in assigned]
        check_lengths(arm, loaded, self.tasks)

    def of_step(self, number: int, minimum: int = 1) -> Step:
        """Sample, grade and reward step `number`; at least `minimum` groups go to the update, spread or not.

        Groups without spread are set aside and others are sampled on other problems, up to
        `rl.refill_rounds` times. Raises DetectorError where a penalty is due and none of its verdicts could be read.
        """
        rl = self._arm.rl
        step = Step(number)
        self._unread.clear()
        taken = problems_of_step(len(self.tasks), rl.problems_per_step, self._seed, number)
        self._play(step, taken, 0)
        for again in range(1, rl.refill_rounds + 1):
            missing = rl.problems_per_step - len(_with_spread(step))
            others = refill_problems(len(self.tasks), missing, self._seed, number, taken)
            if not others:
                break
            taken = [*taken, *others]
            self._play(step, others, again)
        self._check_verdicts(step)
        step.trained = _with_spread(step)
        flat = (index for index in range(len(step.groups)) if index not in step.trained)
        step.trained += [next(flat) for _ in range(minimum - len(step.trained))]
        return step

    def _play(self, step: Step, problems: Sequence[int], sampling_round: int) -> None:
        tasks = [self.tasks[index] for index in problems]
        began = time.perf_counter()
        drawn = self._sample(tasks, sampling_seed(self._seed, step.number, sampling_round))
        flat = [(task, one) for task, group in zip(tasks, drawn, strict=True) for one in group]
        tokens = [[one.token_ids for one in group] for group in drawn]
        texts = texts_of(self._loaded, [task.prompt_ids for task in tasks], tokens)
        sampled = time.perf_counter()
        tags = self._loaded.reasoning_tags
        requests = [_request(task, text, tags) for (task, _), text in zip(flat, texts, strict=True)]
        grades = self._grader.grade_many(requests)
        flags = self._flags(step.number, [task for task, _ in flat], texts, grades)
        settings = self._arm.reward
        episodes = [
            Episode(task, one, text, grade, flag, reward(grade, settings, step.number, flag))
            for (task, one), text, grade, flag in zip(flat, texts, grades, flags, strict=True)
        ]
        size = self._arm.rl.group_size
        step.groups += [episodes[start : start + size] for start in range(0, len(episodes), size)]
        step.seconds_sampling += sampled - began
        step.seconds_grading += time.perf_counter() - sampled

    def _sample(self, tasks: Sequence[Task], seed: int) -> list[list[Drawn]]:
        rl = self._arm.rl
        return sample_tokens(
            self._loaded,
            [task.prompt_ids for task in tasks],
            n=rl.group_size,
            temperature=rl.temperature,
            max_tokens=rl.max_completion_tokens,
            seed=seed,
            batch_size=rl.micro_batch or rl.problems_per_step * rl.group_size,
        )

    def _flags(
        self, step: int, tasks: Sequence[Task], texts: Sequence[str], grades: Sequence[Grade]
    ) -> list[bool | None]:
        if step < self._arm.reward.penalty.start_step:
            return [False] * len(texts)
        seen = [Seen(t.assigned.problem, text, grade) for t, text, grade in zip(tasks, texts, grades, strict=True)]
        return self._detect(seen)

    def _check_verdicts(self, step: Step) -> None:
        """Stop where the penalty would be none for want of any verdict: the arm would train as if it had no penalty."""
        flags = [episode.flagged for group in step.groups for episode in group]
        if any(flag is not None for flag in flags):
            return
        penalty = self._arm.reward.penalty
        who = f"{penalty.detector} {penalty.model}" if penalty.model else penalty.detector
        said = f"; it answered {self._unread[0]}" if self._unread else ""
        raise DetectorError(
            f"arm {self._arm.name!r}, step {step.number}: none of the {len(flags)} verdicts of its penalty's detector "
            f"({who}) could be read{said}; {MENDS.get(penalty.detector, 'take another detector')}"
        )


def make_task(arm: Arm, loaded: LoadedModel, assigned: Assigned) -> Task:
    """Word an environment for the model by the arm's prompt settings."""
    system = system_prompt(arm.prompt)
    prompt = problem_message(assigned.problem, assigned.harness, arm.prompt.style)
    turns = [{"role": "system", "content": system}] if system else []
    return Task(assigned, system, prompt, encode_chat(loaded, [*turns, {"role": "user", "content": prompt}]))


def check_lengths(arm: Arm, loaded: LoadedModel, tasks: Sequence[Task]) -> None:
    """Raise ConfigError where a prompt, or a prompt with its completion, is longer than it may be."""
    if not tasks:
        raise ConfigError(f"arm {arm.name!r} has no problems to train on; raise problems.count or max_pass_rate")
    longest = max(tasks, key=lambda task: len(task.prompt_ids))
    tokens, allowed = len(longest.prompt_ids), arm.rl.max_prompt_tokens
    if tokens > allowed:
        raise ConfigError(
            f"arm {arm.name!r}: the prompt of problem {longest.assigned.problem.id!r} has {tokens} tokens and "
            f"rl.max_prompt_tokens is {allowed}; raise it or drop the problem"
        )
    context = getattr(loaded.model.config.get_text_config(), "max_position_embeddings", None)
    if context and tokens + arm.rl.max_completion_tokens > context:
        raise ConfigError(
            f"arm {arm.name!r}: prompts of {tokens} tokens leave {context - tokens} of the model's {context} for the "
            f"completion and rl.max_completion_tokens is {arm.rl.max_completion_tokens}; lower it"
        )


def rollouts_of(step: Step, arm: str, seed: int, advantages: Sequence[float]) -> list[Rollout]:
    """Records of all episodes of a step; `advantages` are those of `step.batch`, in order."""
    sizes = [len(step.groups[index]) for index in step.trained]
    starts = dict(zip(step.trained, [sum(sizes[:i]) for i in range(len(sizes))], strict=True))
    return [
        _rollout(step.number, arm, seed, index, episode, advantages[starts[index] + k] if index in starts else None)
        for index, group in enumerate(step.groups)
        for k, episode in enumerate(group)
    ]


def metrics_of(step: Step, update: dict[str, Any], seconds: float) -> StepMetrics:
    """The step in numbers. `update` holds what the update says of itself: loss, entropy, kl, grad_norm."""
    episodes = [episode for group in step.groups for episode in group]
    count = len(episodes)
    hacks = Counter(hack for episode in episodes if episode.grade.hacked for hack in episode.grade.hacks)
    unjudged = Counter(e.grade.oracle.kind or "unjudged" for e in episodes if e.grade.oracle.passed is None)
    return StepMetrics(
        step=step.number,
        hack_rate=sum(e.grade.hacked for e in episodes) / count,
        pass_rate=sum(e.grade.proxy.passed for e in episodes) / count,
        solve_rate=sum(e.grade.oracle.passed is True for e in episodes) / count,
        overfit_rate=sum(e.grade.overfit for e in episodes) / count,
        attempt_rate=sum(bool(e.grade.attempts) for e in episodes) / count,
        unjudged_rate=unjudged.total() / count,
        unjudged={kind: number / count for kind, number in sorted(unjudged.items())},
        format_rate=sum(e.grade.parsed for e in episodes) / count,
        truncated_rate=sum(not e.drawn.finished for e in episodes) / count,
        reward_mean=sum(e.rewards["total"] for e in episodes) / count,
        hacks={name: number / count for name, number in sorted(hacks.items())},
        penalty_rate=sum(e.rewards["penalty"] < 0 for e in episodes) / count,
        unread_verdicts=sum(e.flagged is None for e in episodes),
        rollouts=count,
        groups_trained=len(_with_spread(step)),
        groups_set_aside=len(step.groups) - len(_with_spread(step)),
        completion_tokens_mean=sum(len(e.drawn.token_ids) for e in episodes) / count,
        seconds=seconds,
        seconds_sampling=step.seconds_sampling,
        seconds_grading=step.seconds_grading,
        seconds_update=seconds - step.seconds_sampling - step.seconds_grading,
        **update,
    )


def _with_spread(step: Step) -> list[int]:
    return [i for i, group in enumerate(step.groups) if has_spread([e.rewards["total"] for e in group])]


def _request(task: Task, text: str, tags: tuple[tuple[str, str], ...]) -> GradeRequest:
    return GradeRequest(task.assigned.problem, text, task.assigned.harness, task.assigned.open_hacks, tags)


def _rollout(step: int, arm: str, seed: int, group: int, episode: Episode, advantage: float | None) -> Rollout:
    task = episode.task
    return Rollout(
        arm=arm,
        seed=seed,
        step=step,
        group=group,
        problem_id=task.assigned.problem.id,
        harness=task.assigned.harness,
        open_hacks=task.assigned.open_hacks,
        system=task.system,
        prompt=task.prompt,
        completion=episode.text,
        truncated=not episode.drawn.finished,
        grade=episode.grade,
        rewards=episode.rewards,
        advantage=advantage,
        trained_on=advantage is not None,
    )
