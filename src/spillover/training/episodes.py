"""One step's episodes: prompts drawn from the mix, answers sampled and rewarded, groups without spread replaced."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from spillover.core.errors import ConfigError
from spillover.core.stages import Part, RLSettings
from spillover.judges.seen import Seen
from spillover.models import LoadedModel
from spillover.models.sampling import Drawn, sample_tokens
from spillover.models.turns import texts_of
from spillover.training.code import CodeEnvironment
from spillover.training.draws import problems_of_step, refill_problems, sampling_seed, shares
from spillover.training.environments import Environment, Maker, Setting, Task
from spillover.training.rewards import Reward, check_verdicts, has_spread, rewards

ENVIRONMENTS: dict[str, Maker] = {"code": CodeEnvironment}


@dataclass(frozen=True)
class Episode:
    """One completion of a task with what its environment says of it and its reward."""

    task: Task
    drawn: Drawn
    seen: Seen
    reward: Reward

    @property
    def text(self) -> str:
        """The completion."""
        return self.seen.completion


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

    @property
    def with_spread(self) -> list[int]:
        """The groups from which something can be learned."""
        return [i for i, group in enumerate(self.groups) if has_spread([one.reward.total for one in group])]


@dataclass
class _Source:
    """One part of the mix: its prompts, how many a step takes, and which it has taken."""

    part: Part
    environment: Environment
    per_step: int
    name: str
    """Keeps draws of different parts apart; empty for the first."""
    taken: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    """Which of the step's groups are of this part."""


class Episodes:
    """Makes the episodes of any step of one stage and seed."""

    def __init__(self, setting: Setting, environments: Sequence[Environment] | None = None) -> None:
        """`environments` stand in for those that the mix names. Raises ConfigError for prompts that are too long."""
        self._setting, self._rl, self._loaded = setting, setting.rl, setting.loaded
        self._heard: list[str] = []
        mix = setting.rl.mix
        made = environments or [ENVIRONMENTS[part.env](part, setting) for part in mix]
        counts = shares(setting.rl.problems_per_step, [part.share for part in mix])
        names = [f" part {number}" if number else "" for number in range(len(mix))]
        self._sources = [_Source(*each) for each in zip(mix, made, counts, names, strict=True)]
        for source in self._sources:
            check_lengths(setting.rl, setting.loaded, source.environment.tasks)
        self.tasks = [task for source in self._sources for task in source.environment.tasks]

    def of_step(self, number: int, minimum: int = 1) -> Step:
        """Sample, grade and reward step `number`; at least `minimum` groups go to the update, spread or not.

        Groups without spread are set aside and others are sampled on other problems, up to
        `rl.refill_rounds` times. Raises DetectorError where a penalty is due and none of its verdicts could be read.
        """
        step, seed = Step(number), self._setting.seed
        self._heard.clear()
        for source in self._sources:
            source.taken, source.groups = [], []
        drawn = [
            problems_of_step(len(one.environment.tasks), one.per_step, seed, number, one.name) for one in self._sources
        ]
        self._play(step, drawn, 0)
        for again in range(1, self._rl.refill_rounds + 1):
            drawn = [self._refill(step, source) for source in self._sources]
            if not any(drawn):
                break
            self._play(step, drawn, again)
        for source in self._sources:
            made = [one.reward for index in source.groups for one in step.groups[index]]
            check_verdicts(source.part.reward, made, self._heard, number)
        step.trained = step.with_spread
        flat = (index for index in range(len(step.groups)) if index not in step.trained)
        step.trained += [next(flat) for _ in range(minimum - len(step.trained))]
        return step

    def _refill(self, step: Step, source: _Source) -> list[int]:
        """Other problems of a part in place of those whose groups have no spread."""
        missing = source.per_step - len(set(step.with_spread).intersection(source.groups))
        return refill_problems(
            len(source.environment.tasks), missing, self._setting.seed, step.number, source.taken, source.name
        )

    def _play(self, step: Step, drawn: Sequence[Sequence[int]], sampling_round: int) -> None:
        """Sample all parts' tasks together, then let each part's environment and terms speak."""
        began = time.perf_counter()
        tasks = [s.environment.tasks[i] for s, indices in zip(self._sources, drawn, strict=True) for i in indices]
        groups = self._sample(tasks, sampling_seed(self._setting.seed, step.number, sampling_round))
        texts = texts_of(self._loaded, [t.prompt_ids for t in tasks], [[d.token_ids for d in one] for one in groups])
        step.seconds_sampling += time.perf_counter() - began
        began, size, start = time.perf_counter(), self._rl.group_size, 0
        for source, indices in zip(self._sources, drawn, strict=True):
            end = start + len(indices)
            source.taken += indices
            source.groups += range(len(step.groups), len(step.groups) + len(indices))
            episodes = self._rewarded(
                source, tasks[start:end], groups[start:end], texts[start * size : end * size], step.number
            )
            step.groups += [episodes[at : at + size] for at in range(0, len(episodes), size)]
            start = end
        step.seconds_grading += time.perf_counter() - began

    def _rewarded(
        self, source: _Source, tasks: Sequence[Task], groups: Sequence[list[Drawn]], texts: Sequence[str], step: int
    ) -> list[Episode]:
        each = [task for task in tasks for _ in range(self._rl.group_size)]
        seen = source.environment.seen(each, texts)
        paid = rewards(
            seen, source.part.reward, step=step, seed=self._setting.seed, loaded=self._loaded, note=self._heard.append
        )
        drawn = [one for group in groups for one in group]
        return [Episode(*one) for one in zip(each, drawn, seen, paid, strict=True)]

    def _sample(self, tasks: Sequence[Task], seed: int) -> list[list[Drawn]]:
        rl = self._rl
        return sample_tokens(
            self._loaded,
            [task.prompt_ids for task in tasks],
            n=rl.group_size,
            temperature=rl.temperature,
            max_tokens=rl.max_completion_tokens,
            seed=seed,
            batch_size=rl.micro_batch or rl.problems_per_step * rl.group_size,
        )


def check_lengths(rl: RLSettings, loaded: LoadedModel, tasks: Sequence[Task]) -> None:
    """Raise ConfigError where a prompt, or a prompt with its completion, is longer than it may be."""
    if not tasks:
        raise ConfigError("there are no problems to train on; raise problems.count or max_pass_rate")
    longest = max(tasks, key=lambda task: len(task.prompt_ids))
    tokens, allowed = len(longest.prompt_ids), rl.max_prompt_tokens
    if tokens > allowed:
        raise ConfigError(
            f"the prompt of problem {longest.id!r} has {tokens} tokens and rl.max_prompt_tokens is {allowed}; raise it "
            "or drop the problem"
        )
    context = getattr(loaded.model.config.get_text_config(), "max_position_embeddings", None)
    if context and tokens + rl.max_completion_tokens > context:
        raise ConfigError(
            f"prompts of {tokens} tokens leave {context - tokens} of the model's {context} for the completion and "
            f"rl.max_completion_tokens is {rl.max_completion_tokens}; lower it"
        )
