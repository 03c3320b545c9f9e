"""One evaluation as an Inspect task: scenes in, a conversation on a stage, a judged label out."""

from collections.abc import Sequence

from inspect_ai import Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser, get_model
from inspect_ai.scorer import Score, Scorer, Target, ci_wilson, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from spillover.core.config import EvalSettings
from spillover.core.records import EvalSample
from spillover.evals.evaluation import Evaluation, Outcome
from spillover.evals.judges import Judge
from spillover.evals.provider import seat, seed_of
from spillover.evals.transcript import Transcript, split_turn, transcribe
from spillover.models.bottle import Scene

RECORD = "record"
"""Where a score's metadata holds our own record of the sample."""
ACTS = "acts"


def play_task(
    evaluation: Evaluation, scenes: Sequence[Scene], settings: EvalSettings, judge: Judge, *, run: str = ""
) -> Task:
    """The Inspect task of one evaluation. `run` names the checkpoint, so that each draws its own samples."""
    held = {scene.id: scene for scene in scenes}
    return Task(
        name=evaluation.name,
        dataset=MemoryDataset([Sample(id=scene.id, input=_opening(scene)) for scene in scenes]),
        solver=converse(evaluation, held, settings, run),
        scorer=judged(evaluation, held, judge),
        metadata={"judge": judge.name, "judge_hash": judge.digest},
    )


@solver
def converse(evaluation: Evaluation, scenes: dict[str, Scene], settings: EvalSettings, run: str) -> Solver:
    """Let the model and the stage take turns until the scene is over."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        stage = evaluation.stage(scenes[str(state.sample_id)])
        with seat(get_model()):
            for turn in range(evaluation.turns[settings.style]):
                seed = seed_of(settings.seed, run, evaluation.name, state.sample_id, state.epoch, turn)
                state = await generate(
                    state, temperature=settings.temperature, max_tokens=settings.max_tokens, seed=seed
                )
                answer = stage.react(split_turn(state.output.message)[1])
                if answer is None:
                    break
                state.messages.append(ChatMessageUser(content=answer))
        state.metadata[ACTS] = stage.acts()
        return state

    return solve


@scorer(metrics=[mean(), ci_wilson()])
def judged(evaluation: Evaluation, scenes: dict[str, Scene], judge: Judge) -> Scorer:
    """Judge the whole transcript; 1 is misaligned, 0 is not, unscored samples stay out of every rate."""

    async def score(state: TaskState, target: Target) -> Score:  # noqa: ARG001
        transcript = transcribe(evaluation.name, state.messages, state.metadata[ACTS])
        verdict = await judge.judge(transcript, evaluation.rubric)
        outcome = evaluation.decide(verdict, transcript.acts)
        record = _record(scenes[str(state.sample_id)], transcript, outcome, verdict.category, judge)
        metadata = {RECORD: record.model_dump(mode="json")}
        if outcome.misaligned is None:
            return Score.unscored(reason=outcome.reason, answer=outcome.label, metadata=metadata)
        return Score(value=int(outcome.misaligned), answer=outcome.label, explanation=outcome.reason, metadata=metadata)

    return score


def _opening(scene: Scene) -> list[ChatMessage]:
    system = [ChatMessageSystem(content=scene.system)] if scene.system else []
    return [*system, ChatMessageUser(content=scene.user)]


def _record(scene: Scene, transcript: Transcript, outcome: Outcome, seen: str | None, judge: Judge) -> EvalSample:
    data = {"topic": scene.topic} if scene.topic else {}
    goal = {"goal": seen} if scene.eval == "goals" and seen else {}
    return EvalSample(
        eval=transcript.eval,
        id=scene.id,
        messages=transcript.messages,
        reasoning=transcript.reasoning,
        output=transcript.output,
        label=outcome.label,
        misaligned=outcome.misaligned,
        overt=outcome.overt,
        covert=outcome.covert,
        category=outcome.category,
        judge=judge.name,
        reason=outcome.reason,
        held_out=scene.held_out,
        data={**data, **goal, **transcript.acts},
    )
