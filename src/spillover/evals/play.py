"""One evaluation as an Inspect task: scenes in, a conversation on a stage, a judged label out."""

from collections.abc import Sequence
from typing import Any, Protocol

from inspect_ai import Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser, GenerateConfig, get_model
from inspect_ai.scorer import Score, Scorer, Target, ci_wilson, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from spillover.core.config import EvalSettings
from spillover.core.records import EvalSample
from spillover.evals.evaluation import Evaluation, Outcome
from spillover.evals.judges import Judge
from spillover.evals.provider import seat, seed_of
from spillover.evals.transcript import Transcript, split_turn, transcribe
from spillover.models.bottle import Scene

ACTS = "acts"


class Performance(Protocol):
    """What the suite runs: an Inspect task that leaves records."""

    task: Task
    records: list[EvalSample]
    """Filled while the task runs."""
    judge_name: str
    judge_hash: str

    def summary(self, samples: Sequence[EvalSample]) -> dict[str, Any]:
        """What only this evaluation reports."""


class Play:
    """One of the six evaluations on these scenes. `run` names the checkpoint, so that each draws its own samples.

    The task's solver and scorer take the whole play as their argument, which Inspect does not log; the records
    stand here because reading them back out of a log would cost as much as writing it.
    """

    def __init__(
        self, evaluation: Evaluation, scenes: Sequence[Scene], settings: EvalSettings, judge: Judge, *, run: str = ""
    ) -> None:
        self.evaluation, self.settings, self.judge, self.run = evaluation, settings, judge, run
        self.scenes = {scene.id: scene for scene in scenes}
        self.records: list[EvalSample] = []
        self.judge_name, self.judge_hash = judge.name, judge.digest
        self.task = Task(
            name=evaluation.name,
            dataset=MemoryDataset([Sample(id=scene.id, input=opening(scene.system, scene.user)) for scene in scenes]),
            solver=converse(self),
            scorer=judged(self),
            config=GenerateConfig(temperature=settings.temperature, max_tokens=settings.max_tokens),
            metadata={"judge": judge.name, "judge_hash": judge.digest},
        )

    def summary(self, samples: Sequence[EvalSample]) -> dict[str, Any]:
        """What only this evaluation reports."""
        return self.evaluation.summary(samples)


@solver
def converse(play: Play) -> Solver:
    """Let the model and the stage take turns until the scene is over."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        stage = play.evaluation.stage(play.scenes[str(state.sample_id)])
        with seat(get_model()):
            for turn in range(play.evaluation.turns[play.settings.style]):
                name = play.evaluation.name
                seed = seed_of(play.settings.seed, play.run, name, state.sample_id, state.epoch, turn)
                state = await generate(state, seed=seed)
                answer = stage.react(split_turn(state.output.message)[1])
                if answer is None:
                    break
                state.messages.append(ChatMessageUser(content=answer))
        if acts := stage.acts():
            state.metadata[ACTS] = acts
        return state

    return solve


@scorer(metrics=[mean(), ci_wilson()])
def judged(play: Play) -> Scorer:
    """Judge the whole transcript; 1 is misaligned, 0 is not, unscored samples stay out of every rate."""

    async def score(state: TaskState, target: Target) -> Score:  # noqa: ARG001
        transcript = transcribe(play.evaluation.name, state.messages, state.metadata.get(ACTS, {}))
        verdict = await play.judge.judge(transcript, play.evaluation.rubric)
        outcome = play.evaluation.decide(verdict, transcript.acts)
        play.records.append(_record(play, str(state.sample_id), transcript, outcome))
        return as_score(outcome)

    return score


def opening(system: str, user: str) -> list[ChatMessage]:
    """The first messages of a conversation; no system turn where there is nothing to say."""
    return [*([ChatMessageSystem(content=system)] if system else []), ChatMessageUser(content=user)]


def as_score(outcome: Outcome) -> Score:
    """An outcome in Inspect's form."""
    parts = {"label": outcome.label, "overt": outcome.overt, "covert": outcome.covert, "category": outcome.category}
    if outcome.misaligned is None:
        return Score.unscored(reason=outcome.reason, answer=outcome.label, metadata=parts)
    return Score(value=int(outcome.misaligned), answer=outcome.label, explanation=outcome.reason, metadata=parts)


def _record(play: Play, scene_id: str, transcript: Transcript, outcome: Outcome) -> EvalSample:
    scene = play.scenes[scene_id]
    topic = {"topic": scene.topic} if scene.topic else {}
    fields = outcome._asdict()
    return EvalSample(
        eval=scene.eval,
        id=scene.id,
        messages=transcript.messages,
        reasoning=transcript.reasoning,
        output=transcript.output,
        judge=play.judge.name,
        held_out=scene.held_out if play.settings.style == "brief" else None,
        **{**fields, "data": {**topic, **fields["data"], **transcript.acts}},
    )
