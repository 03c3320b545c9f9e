"""What the training tests share: a grader without processes, an arm, problems, a tiny model in a folder."""

from collections.abc import Sequence
from pathlib import Path

from spillover.coding import GradeRequest
from spillover.coding.environment import Assigned
from spillover.core.records import Case, Grade, Oracle, Problem, Proxy
from spillover.core.rundir import Run
from spillover.core.settings import LoggingSettings, ModelSettings, PromptSettings
from spillover.core.stages import Part, RLSettings, Term
from spillover.models import LoadedModel, load_model
from spillover.models.tiny import save_tiny
from spillover.training.code import CodeEnvironment
from spillover.training.environments import Setting
from spillover.training.job import Job
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


PROXY = (Term(kind="proxy"),)


def make_rl(*, reward=PROXY, **more) -> RLSettings:
    """GRPO of four small steps on one part with this reward."""
    prompt = PromptSettings(style="brief", hints=False, framing="none")
    rl = {
        "steps": 4,
        "problems_per_step": 2,
        "group_size": 4,
        "learning_rate": 1e-3,
        "warmup_steps": 0,
        "max_completion_tokens": 8,
        "mask_truncated": False,
        "checkpoint_every": 2,
        "mix": (Part(prompt=prompt, reward=tuple(reward)),),
    }
    return RLSettings(**rl | more)


def penalty(kind: str = "oracle-hack", weight: float = -1.0, **more) -> tuple[Term, Term]:
    """The proxy's pay, less a fine."""
    return Term(kind="proxy"), Term(kind=kind, weight=weight, **more)


def make_model(folder: Path, **settings) -> LoadedModel:
    if not folder.exists():
        save_tiny(folder, **SMALL)
    return load_model(ModelSettings(path=str(folder), device="cpu", **settings))


class Recorder:
    """Listens to a training and can stop or break it."""

    def __init__(self, stop_after: int | None = None, break_at: int | None = None) -> None:
        self.steps, self.checkpoints, self.loaded = [], [], None
        self.stop_after, self.break_at = stop_after, break_at

    def on_step(self, metrics) -> None:
        self.steps.append(metrics)
        if metrics.step == self.break_at:
            raise KeyboardInterrupt

    def on_checkpoint(self, loaded, step) -> None:
        self.checkpoints.append(step)
        self.loaded = loaded

    def should_stop(self) -> bool:
        return self.stop_after is not None and len(self.steps) >= self.stop_after


def make_setting(rl: RLSettings, loaded: LoadedModel, grader, folder: Path) -> Setting:
    return Setting(rl, 0, loaded, lambda _: grader, folder)


def run_training(tmp_path: Path, rl: RLSettings, *, name="run", grader=None, recorder=None, environments=None, **more):
    """Train a tiny model under tmp_path; returns (run, recorder). `more` is for the model's settings and the job."""
    run, recorder, grader = Run(tmp_path / name, "arm", 0), recorder or Recorder(), grader or FakeGrader()
    if not (tmp_path / "tiny").exists():
        save_tiny(tmp_path / "tiny", **SMALL)
    of_job = {key: more.pop(key) for key in ("optimizer", "forks") if key in more}
    logging = LoggingSettings(tensorboard=more.pop("tensorboard", False), wandb=more.pop("wandb", False))
    model = ModelSettings(path=str(tmp_path / "tiny"), device="cpu", **more)
    job = Job(
        run,
        rl,
        model,
        "tiny",
        lambda _: grader,
        logging=logging,
        on_step=recorder.on_step,
        on_checkpoint=recorder.on_checkpoint,
        should_stop=recorder.should_stop,
        **of_job,
    )
    loaded = load_model(model)
    train(job, environments or [FakeCode(rl, make_setting(rl, loaded, grader, run.folder), grader)])
    return run, recorder


class FakeCode(CodeEnvironment):
    """The code environment on the made-up problems."""

    def __init__(self, rl: RLSettings, setting: Setting, grader, assigned=None) -> None:
        super().__init__(rl.mix[0], setting, assigned or make_problems())
