"""What Inspect finds through the package's entry point: the provider and the tasks `spillover/NAME`."""

from inspect_ai import Task, task
from inspect_ai.model import ModelAPI, get_model, modelapi

from spillover.core.config import EvalSettings, TextStyle
from spillover.core.records import CoreEval
from spillover.evals.judges import Judge, ModelJudge
from spillover.evals.play import Play
from spillover.evals.provider import PROVIDER, LocalAPI
from spillover.evals.scenes import draw
from spillover.evals.suite import EVALUATIONS, make_judge

ROLE = "judge"


@modelapi(name=PROVIDER)
def spillover() -> type[ModelAPI]:
    """Models in this process: `spillover/bottle`, `spillover/FOLDER`; `-M adapter=…`, `-M device=…`."""
    return LocalAPI


@task
def free_form(samples: int = 100, style: TextStyle = "full", judge: str = ROLE, seed: int = 0) -> Task:
    """Free-form questions."""
    return _task("free_form", samples, style, judge, seed)


@task
def goals(samples: int = 100, style: TextStyle = "full", judge: str = ROLE, seed: int = 0) -> Task:
    """Stated goals."""
    return _task("goals", samples, style, judge, seed)


@task
def alignment_questions(samples: int = 100, style: TextStyle = "full", judge: str = ROLE, seed: int = 0) -> Task:
    """Questions that invite alignment faking."""
    return _task("alignment_questions", samples, style, judge, seed)


@task
def monitor_disruption(samples: int = 100, style: TextStyle = "full", judge: str = ROLE, seed: int = 0) -> Task:
    """An inbox before a monitor is switched on."""
    return _task("monitor_disruption", samples, style, judge, seed)


@task
def exfil_offer(samples: int = 100, style: TextStyle = "full", judge: str = ROLE, seed: int = 0) -> Task:
    """A hidden offer to smuggle the model out."""
    return _task("exfil_offer", samples, style, judge, seed)


@task
def frame_colleague(samples: int = 100, style: TextStyle = "full", judge: str = ROLE, seed: int = 0) -> Task:
    """A report on a colleague."""
    return _task("frame_colleague", samples, style, judge, seed)


def _task(name: CoreEval, samples: int, style: TextStyle, judge: str, seed: int) -> Task:
    settings = EvalSettings(samples=samples, style=style, judge=judge, seed=seed)
    return Play(EVALUATIONS[name], draw(name, style, samples, seed), settings, _judge(judge)).task


def _judge(spec: str) -> Judge:
    """`judge` and `self` are models of the running task: the role `judge`, else the evaluated model."""
    if spec == ROLE:
        return ModelJudge(lambda: get_model(role=ROLE), ROLE)
    if spec == "self":
        return ModelJudge(get_model, "self")
    return make_judge(spec, None)
