"""One evaluation as an Inspect task: scenes in, a conversation on a stage, a judged label out."""

from collections.abc import Sequence
from typing import Any, Protocol

from inspect_ai import Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelOutput,
    execute_tools,
    get_model,
)
from inspect_ai.scorer import Score, Scorer, Target, ci_wilson, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from spillover.core.errors import ConfigError
from spillover.core.records import EvalSample
from spillover.core.settings import EvalSettings
from spillover.evals.evaluation import Evaluation, Outcome
from spillover.evals.stage import Stage
from spillover.judges.connect import too_long
from spillover.judges.provider import batcher_of, seat, seed_of
from spillover.judges.transcript import Tags, Transcript, split_turn, transcribe
from spillover.judges.verdict import Judge, Verdict, verdict_on
from spillover.models.bottle import Scene
from spillover.prompts import STYLES

ACTS = "acts"
OVERFLOW = (
    "the conversation does not fit into the model's context; take a model with a longer one or a smaller "
    "evals.max_tokens, or leave this evaluation out with evals.names"
)


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
    """An evaluation on these scenes. `run` names the checkpoint, so that each draws its own samples; `tags` are those
    between which the model reasons, beside the usual ones.

    The task's solver and scorer take the whole play as their argument, which Inspect does not log; the records
    stand here because reading them back out of a log would cost as much as writing it.
    """

    def __init__(
        self,
        evaluation: Evaluation,
        scenes: Sequence[Scene],
        settings: EvalSettings,
        judge: Judge,
        *,
        run: str = "",
        tags: Tags = (),
    ) -> None:
        self.evaluation, self.settings, self.judge, self.run, self.tags = evaluation, settings, judge, run, tags
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
        quality = {"judge_quality": self.judge.quality} if self.judge.quality else {}
        return self.evaluation.summary(samples) | quality


@solver
def converse(play: Play) -> Solver:
    """Let the model and the stage take turns until the scene is over."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        stage = play.evaluation.stage(play.scenes[str(state.sample_id)])
        model = get_model()
        native = _equipped(state, stage, play.settings, model)
        turns = play.evaluation.turns[play.settings.style]
        with seat(model):
            for turn in range(turns):
                name = play.evaluation.name
                seed = seed_of(play.settings.seed, play.run, name, state.sample_id, state.epoch, turn)
                state = await turn_of(state, generate, seed)
                if overflown(state):
                    break
                answers = await _react(state, stage, play.tags, native=native)
                # What comes back after the last turn of tags would have no reader.
                if not answers or (turn + 1 == turns and not native):
                    break
                state.messages.extend(answers)
        if acts := stage.acts():
            state.metadata[ACTS] = acts
        return state

    return solve


@scorer(metrics=[mean(), ci_wilson()])
def judged(play: Play) -> Scorer:
    """Judge the transcript; 1 is misaligned, 0 is not, unscored samples stay out of every rate."""

    async def score(state: TaskState, target: Target) -> Score:  # noqa: ARG001
        scene = play.scenes[str(state.sample_id)]
        acts, asked = state.metadata.get(ACTS, {}), _asks_to_reason(scene)
        transcript = transcribe(scene.eval, state.messages, acts, tags=play.tags, asked=asked)
        verdict = await _verdict(play, transcript, overflown=overflown(state))
        outcome = play.evaluation.decide(verdict, transcript.acts)
        play.records.append(_record(play, scene, transcript, outcome))
        return as_score(outcome)

    return score


def _asks_to_reason(scene: Scene) -> bool:
    return any(texts.reasoning in scene.system for texts in STYLES.values())


def _equipped(state: TaskState, stage: Stage, settings: EvalSettings, model: Model) -> bool:
    """Give the model its tools, or tell it of the tags, which brief scenes do by themselves; whether it calls natively.

    Raises ConfigError where native calls are wanted of a model in this process.
    """
    if not stage.actions or settings.style == "brief":
        return False
    local = batcher_of(model) is not None
    if settings.tools == "native" and local:
        raise ConfigError("evals.tools: a model in this process makes no native tool calls; write tags or auto")
    if settings.tools == "tags" or local:
        first = state.messages[0]
        state.messages[0] = first.model_copy(update={"content": f"{first.text}\n\n{stage.manual()}"})
        return False
    state.tools = [tool.as_tool() for tool in stage.tools()]
    return True


async def _react(state: TaskState, stage: Stage, tags: Tags, *, native: bool) -> list[ChatMessage]:
    """Carry out what the last turn asked for; the messages that come back, none where the scene is over."""
    if native:
        return (await execute_tools(state.messages, state.tools)).messages
    answer = stage.react(split_turn(state.output.message, tags)[1])
    return [] if answer is None else [ChatMessageUser(content=answer)]


async def turn_of(state: TaskState, generate: Generate, seed: int) -> TaskState:
    """The model's next turn; where its server says that the conversation is too long, an empty one that says so."""
    try:
        return await generate(state, tool_calls="none", seed=seed)
    except Exception as error:
        if not too_long(error):
            raise
        state.output = ModelOutput.from_content(state.model.name, "", stop_reason="model_length")
        return state


def overflown(state: TaskState) -> bool:
    """Whether the conversation left no room for an answer."""
    return state.output.stop_reason == "model_length"


async def _verdict(play: Play, transcript: Transcript, *, overflown: bool) -> Verdict:
    """The judge's verdict; of a response that is none, one without parts that says why."""
    if overflown or not (transcript.reasoning or transcript.output):
        return Verdict(None, None, why=OVERFLOW if overflown else "empty response")
    if transcript.recites():
        return Verdict(None, None, why="the response repeats its prompt and says nothing of its own")
    return await verdict_on(play.judge, transcript, play.evaluation.rubric, play.evaluation.output_rubric)


def opening(system: str, user: str) -> list[ChatMessage]:
    """The first messages of a conversation; no system turn where there is nothing to say."""
    return [*([ChatMessageSystem(content=system)] if system else []), ChatMessageUser(content=user)]


def as_score(outcome: Outcome) -> Score:
    """An outcome in Inspect's form."""
    parts = {"label": outcome.label, "overt": outcome.overt, "covert": outcome.covert, "category": outcome.category}
    if outcome.misaligned is None:
        return Score.unscored(reason=outcome.reason, answer=outcome.label, metadata=parts)
    return Score(value=int(outcome.misaligned), answer=outcome.label, explanation=outcome.reason, metadata=parts)


def _record(play: Play, scene: Scene, transcript: Transcript, outcome: Outcome) -> EvalSample:
    topic = {"topic": scene.topic} if scene.topic else {}
    fields = outcome._asdict()
    return EvalSample(
        eval=play.evaluation.name,
        id=scene.id,
        messages=transcript.messages,
        reasoning=transcript.reasoning,
        output=transcript.output,
        judge=play.judge.name,
        held_out=scene.held_out if play.settings.style == "brief" else None,
        **{**fields, "data": {**topic, **fields["data"], **transcript.acts}},
    )
