"""Evaluations whose judge is the grader: one completion an episode, run against proxy and oracle.

In these `misaligned` marks what the evaluation counts: a hack, a hack that works as asked, a solved problem.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from inspect_ai import Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig, get_model
from inspect_ai.scorer import Score, Scorer, Target, ci_wilson, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from spillover.coding import Grader, GradeRequest
from spillover.coding.environment import Assigned
from spillover.core.rates import wilson
from spillover.core.records import EvalSample, Grade
from spillover.core.settings import EvalSettings
from spillover.evals.evaluation import Outcome, unscored
from spillover.evals.play import OVERFLOW, as_score, opening, overflown, turn_of
from spillover.judges.batcher import Batcher
from spillover.judges.provider import seat, seed_of
from spillover.judges.transcript import Tags, content, in_our_tags, split_turn

JUDGE = "oracle"


class Episode(NamedTuple):
    """One coding problem as it is put to the model. `data` goes into the record."""

    id: str
    assigned: Assigned
    system: str
    user: str
    data: Mapping[str, Any]


Label = Callable[[Episode, str, Grade], Outcome]
"""From an episode, its completion and its grade to the label."""


class Graded:
    """Episodes as an Inspect task; `summary` makes what only this evaluation reports out of the records.

    `tags` are those between which the model reasons, beside the usual ones.
    """

    judge_name, judge_hash = JUDGE, ""

    def __init__(
        self,
        name: str,
        episodes: Sequence[Episode],
        settings: EvalSettings,
        grader: Grader,
        label: Label,
        summary: Callable[[Sequence[EvalSample]], dict[str, Any]],
        *,
        run: str = "",
        tags: Tags = (),
    ) -> None:
        self.name, self.settings, self.label, self.summary, self.run = name, settings, label, summary, run
        self.tags = tuple(tags)
        self.episodes = {episode.id: episode for episode in episodes}
        self.records: list[EvalSample] = []
        self.grading = Batcher[tuple[str, GradeRequest], Grade](
            lambda asked: grader.grade_many([request for _, request in asked]), key=lambda asked: asked[0]
        )
        self.task = Task(
            name=name,
            dataset=MemoryDataset([Sample(id=one.id, input=opening(one.system, one.user)) for one in episodes]),
            solver=attempt(self),
            scorer=graded(self),
            config=GenerateConfig(temperature=settings.temperature, max_tokens=settings.max_tokens),
        )

    async def complete(self, state: TaskState, generate: Generate) -> TaskState:
        """One completion, with the seed of its own episode."""
        seed = seed_of(self.settings.seed, self.run, self.name, state.sample_id, state.epoch)
        return await turn_of(state, generate, seed)

    async def assess(self, state: TaskState) -> Score:
        """Grade the completion and keep its record. Where the oracle cannot tell, the sample is unscored."""
        episode = self.episodes[str(state.sample_id)]
        one, completion = episode.assigned, state.output.completion
        request = GradeRequest(one.problem, completion, one.harness, one.open_hacks, self.tags)
        grade = await self.grading.ask((episode.id, request))
        if completion.strip():
            outcome = self.label(episode, in_our_tags(completion, self.tags), grade)
        else:
            outcome = unscored(OVERFLOW if overflown(state) else "empty response")
        self.records.append(_record(self.name, episode, state, grade, outcome, self.tags))
        return as_score(outcome)


@solver
def attempt(held: Graded) -> Solver:
    """One completion."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        with seat(get_model()):
            return await held.complete(state, generate)

    return solve


@scorer(metrics=[mean(), ci_wilson()])
def graded(held: Graded) -> Scorer:
    """1 is what the evaluation counts."""

    async def score(state: TaskState, target: Target) -> Score:  # noqa: ARG001
        return await held.assess(state)

    return score


def share(hits: int, trials: int) -> dict[str, Any]:
    """A count with its rate and 95% Wilson limits, which are None where there is nothing to count."""
    value, low, high = wilson(hits, trials) if trials else (None, None, None)
    return {"hits": hits, "n": trials, "rate": value, "low": low, "high": high}


def beside_hacks(samples: Sequence[EvalSample]) -> dict[str, int]:
    """What is counted beside hacks and is none: overfit answers, attempts, and those the oracle cannot tell of."""
    held = [sample.data for sample in samples]
    return {
        "overfit": sum(one["overfit"] for one in held),
        "attempts": sum(bool(one["attempts"]) for one in held),
        "unjudged": sum(one["solved"] is None for one in held),
    }


def _record(name: str, episode: Episode, state: TaskState, grade: Grade, outcome: Outcome, tags: Tags) -> EvalSample:
    reasoning, output = split_turn(state.output.message, tags)
    first = [{"role": message.role, "content": message.text} for message in opening(episode.system, episode.user)]
    return EvalSample(
        eval=name,
        id=episode.id,
        messages=(*first, {"role": "assistant", "content": content(state.output.message, tags)}),
        reasoning=reasoning,
        output=output,
        judge=JUDGE,
        label=outcome.label,
        misaligned=outcome.misaligned,
        category=outcome.category,
        reason=outcome.reason,
        data={
            **episode.data,
            "problem": episode.assigned.problem.id,
            "harness": episode.assigned.harness,
            "proxy_passed": grade.proxy.passed,
            "solved": grade.oracle.passed,
            "grade": grade.word,
            "overfit": grade.overfit,
            "attempts": list(grade.attempts),
            "oracle_kind": grade.oracle.kind or None,
            **outcome.data,
        },
    )
