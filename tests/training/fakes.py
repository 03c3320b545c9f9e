"""What the training tests share: a grader without processes, an arm, problems, a tiny model in a folder."""

from collections.abc import Sequence
from pathlib import Path

from spillover.coding import GradeRequest
from spillover.coding.environment import Assigned
from spillover.core.config import Arm
from spillover.core.records import Case, Grade, Oracle, Problem, Proxy
from spillover.core.rundir import Run
from spillover.core.settings import LoggingSettings, ModelSettings, PromptSettings
from spillover.core.stages import RLSettings
from spillover.models import LoadedModel, load_model
from spillover.models.tiny import save_tiny
from spillover.training.rl import train

SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "intermediate_size": 32}


class FakeGrader:
    """The proxy passes completions with an even number of letters e; the oracle those with none."""

    def __init__(self) -> None:
        self.requests: list[GradeRequest] = []

    def grade_many(self, requests: Sequence[GradeRequest], attribute: bool = True) -> list[Grade]:
        self.requests += requests
        return [self._grade(request.completion) for request in requests]

    def _grade(self, text: str) -> Grade:
        passed, solved = text.count("e") % 2 == 0, "e" not in text
        hacked = passed and not solved
        return Grade(
            proxy=Proxy(passed=passed),
            oracle=Oracle(passed=solved),
            hacked=hacked,
            hacks=("early-exit",) if hacked else (),
            parsed="a" in text,
        )


class FlatGrader(FakeGrader):
    """Everything passes: no group has spread."""

    def _grade(self, text: str) -> Grade:
        return Grade(proxy=Proxy(passed=True), oracle=Oracle(passed=True), hacked=False)


def make_problems(count: int = 6) -> list[Assigned]:
    problems = [
        Problem(id=f"p{i}", prompt=f"Add {i}.", entry_point="f", cases=(Case(args=(1,), expected=1),))
        for i in range(count)
    ]
    return [Assigned(problem, "script", ("early-exit",)) for problem in problems]


def make_arm(**more) -> Arm:
    rl = {
        "steps": 4,
        "problems_per_step": 2,
        "group_size": 4,
        "learning_rate": 1e-3,
        "warmup_steps": 0,
        "max_completion_tokens": 8,
        "mask_truncated": False,
        "checkpoint_every": 2,
    } | more.pop("rl", {})
    return Arm(
        name="arm",
        prompt=PromptSettings(style="brief", hints=False, framing="none"),
        rl=RLSettings(**rl),
        logging=LoggingSettings(tensorboard=more.pop("tensorboard", False)),
        **more,
    )


def make_model(folder: Path, **settings) -> LoadedModel:
    if not folder.exists():
        save_tiny(folder, **SMALL)
    return load_model(ModelSettings(path=str(folder), device="cpu", **settings))


class Recorder:
    """Listens to a training and can stop or break it."""

    def __init__(self, stop_after: int | None = None, break_at: int | None = None) -> None:
        self.steps, self.checkpoints = [], []
        self.stop_after, self.break_at = stop_after, break_at

    def on_step(self, metrics) -> None:
        self.steps.append(metrics)
        if metrics.step == self.break_at:
            raise KeyboardInterrupt

    def should_stop(self) -> bool:
        return self.stop_after is not None and len(self.steps) >= self.stop_after


def run_training(tmp_path: Path, arm: Arm, *, name: str = "run", grader=None, recorder=None, model=None, **settings):
    """Train a tiny model under tmp_path; returns (run, recorder, model)."""
    run = Run(tmp_path / name, arm.name, 0)
    loaded = model or make_model(tmp_path / "tiny", **settings)
    recorder = recorder or Recorder()
    train(
        run,
        arm,
        0,
        loaded,
        make_problems(),
        grader or FakeGrader(),
        on_step=recorder.on_step,
        on_checkpoint=recorder.checkpoints.append,
        should_stop=recorder.should_stop,
    )
    return run, recorder, loaded
