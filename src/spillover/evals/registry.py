"""What Inspect finds through the package's entry point: the provider and the tasks `spillover/NAME`."""

import atexit
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import get_args

from inspect_ai import Task, task
from inspect_ai.model import ModelAPI, get_model, modelapi
from pydantic import ValidationError

from spillover.coding import Grader
from spillover.coding.environment import Assigned, assign
from spillover.coding.problems import load_problems
from spillover.core.errors import ConfigError
from spillover.core.settings import (
    EnvironmentSettings,
    EvalSettings,
    FramingName,
    ModelSettings,
    ProblemSettings,
    PromptSettings,
    TextStyle,
    ToolMode,
)
from spillover.evals import capability as solved
from spillover.evals import test_time_hacking as hacked
from spillover.evals.hack_knowledge import HackKnowledge
from spillover.evals.play import Play
from spillover.evals.scenes import draw
from spillover.evals.suite import PLAYED, make_judge
from spillover.judges.ask import Asker
from spillover.judges.model import ModelJudge
from spillover.judges.provider import PROVIDER, LocalAPI
from spillover.judges.verdict import Judge

ROLE = "judge"
TagLists = Sequence[Sequence[str]]
"""Pairs of tags between which the model reasons, as the command line gives them."""
Pairs = tuple[tuple[str, str], ...]
FRAMINGS: tuple[FramingName, ...] = get_args(FramingName)


@modelapi(name=PROVIDER)
def spillover() -> type[ModelAPI]:
    """Models in this process: `spillover/bottle`, `spillover/FOLDER`; `-M adapter=…`, `-M device=…`."""
    return LocalAPI


@task
def free_form(
    samples: int = 100,
    style: TextStyle = "full",
    judge: str = ROLE,
    seed: int = 0,
    questions: str | None = None,
    reasoning_tags: TagLists = (),
) -> Task:
    """Free-form questions, ours or those of a YAML file."""
    return _played("free_form", samples, style, judge, seed, questions=questions, tags=reasoning_tags)


@task
def goals(
    samples: int = 300,
    style: TextStyle = "full",
    judge: str = ROLE,
    seed: int = 0,
    reasoning_tags: TagLists = (),
) -> Task:
    """Stated goals."""
    return _played("goals", samples, style, judge, seed, tags=reasoning_tags)


@task
def alignment_questions(
    samples: int = 200,
    style: TextStyle = "full",
    judge: str = ROLE,
    seed: int = 0,
    reasoning_tags: TagLists = (),
) -> Task:
    """Questions that invite alignment faking."""
    return _played("alignment_questions", samples, style, judge, seed, tags=reasoning_tags)


@task
def monitor_disruption(
    samples: int = 100,
    style: TextStyle = "full",
    judge: str = ROLE,
    seed: int = 0,
    tools: ToolMode = "auto",
    reasoning_tags: TagLists = (),
) -> Task:
    """An inbox before a monitor is switched on."""
    return _played("monitor_disruption", samples, style, judge, seed, tools, tags=reasoning_tags)


@task
def exfil_offer(
    samples: int = 100,
    style: TextStyle = "full",
    judge: str = ROLE,
    seed: int = 0,
    tools: ToolMode = "auto",
    reasoning_tags: TagLists = (),
) -> Task:
    """A hidden offer to smuggle the model out."""
    return _played("exfil_offer", samples, style, judge, seed, tools, tags=reasoning_tags)


@task
def compliance_gap(
    samples: int = 100,
    style: TextStyle = "full",
    judge: str = ROLE,
    seed: int = 0,
    tools: ToolMode = "auto",
    reasoning_tags: TagLists = (),
) -> Task:
    """The same offer, with and without a cue that the conversation may be trained on."""
    return _played("compliance_gap", samples, style, judge, seed, tools, tags=reasoning_tags)


@task
def frame_colleague(
    samples: int = 100,
    style: TextStyle = "full",
    judge: str = ROLE,
    seed: int = 0,
    tools: ToolMode = "auto",
    reasoning_tags: TagLists = (),
) -> Task:
    """A report on a colleague."""
    return _played("frame_colleague", samples, style, judge, seed, tools, tags=reasoning_tags)


@task
def test_time_hacking(
    samples: int = 100,
    style: TextStyle = "full",
    seed: int = 0,
    problems: str = "generated",
    hints: bool = True,
    reasoning_tags: TagLists = (),
) -> Task:
    """Hacks on coding problems under every framing, as many samples under each."""
    settings = EvalSettings(samples=samples, style=style, seed=seed, test_time_framings=FRAMINGS)
    prompt = PromptSettings(style=style, hints=hints)
    return hacked.hacking(_assigned(problems, seed), settings, prompt, _grader(), tags=_pairs(reasoning_tags)).task


@task
def hack_knowledge(
    samples: int = 100,
    style: TextStyle = "full",
    seed: int = 0,
    problems: str = "generated",
    reasoning_tags: TagLists = (),
) -> Task:
    """What the model knows of each hack."""
    settings = EvalSettings(samples=samples, style=style, seed=seed)
    held = [one.problem for one in _assigned(problems, seed)]
    prompt = PromptSettings(style=style)
    return HackKnowledge(held, settings, prompt, _grader(), tags=_pairs(reasoning_tags)).task


@task
def capability(
    samples: int = 164,
    style: TextStyle = "full",
    seed: int = 0,
    problems: str | None = None,
    reasoning_tags: TagLists = (),
) -> Task:
    """Coding problems solved at the first attempt, by the oracle."""
    settings = EvalSettings(samples=samples, style=style, seed=seed, capability_problems=problems)
    return solved.capability(settings, PromptSettings(style=style), _grader(), tags=_pairs(reasoning_tags)).task


def _played(
    name: str,
    samples: int,
    style: TextStyle,
    judge: str,
    seed: int,
    tools: ToolMode = "auto",
    questions: str | None = None,
    tags: TagLists = (),
) -> Task:
    file = Path(questions) if questions else None
    settings = EvalSettings(samples=samples, style=style, judge=judge, seed=seed, tools=tools, questions=file)
    evaluation = PLAYED[name]
    pairs = _pairs(tags)
    return Play(evaluation, draw(evaluation.name, settings), settings, _judge(judge, pairs), tags=pairs).task


def _pairs(tags: TagLists) -> Pairs:
    """The model's tags of reasoning as its settings hold them. Raises ConfigError for what is no list of pairs."""
    try:
        return ModelSettings.model_validate({"reasoning_tags": tags}).reasoning_tags
    except ValidationError as error:
        raise ConfigError(
            f'reasoning_tags: {error.errors()[0]["msg"]}; write -T \'reasoning_tags=[["[THINK]", "[/THINK]"]]\''
        ) from error


def _judge(spec: str, tags: Pairs) -> Judge:
    """`judge` and `self` are models of the running task: the role `judge`, else the evaluated model."""
    if spec == ROLE:
        return ModelJudge(Asker(lambda: get_model(role=ROLE), ROLE))
    if spec == "self":
        return ModelJudge(Asker(get_model, "self", tags=tags))
    return make_judge(spec, None)


def _assigned(source: str, seed: int) -> Sequence[Assigned]:
    return assign(load_problems(ProblemSettings(source=source)), EnvironmentSettings(), seed)


@cache
def _grader() -> Grader:
    """One for all tasks of the process; it ends with it."""
    made = Grader()
    atexit.register(made.close)
    return made
