"""Measures one model outside a study: any model, any of the evaluations, in a folder of its own."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from spillover import __version__
from spillover.core.config import Arm, Study, build_study
from spillover.core.errors import ConfigError, RunDirError
from spillover.core.records import CORE_EVALS, EvalScore
from spillover.core.rundir import write_atomic
from spillover.core.settings import FramingName
from spillover.study.preflight import is_local
from spillover.study.provenance import weights_digest
from spillover.study.quiet import silence

if TYPE_CHECKING:
    from inspect_ai.model import Model

    from spillover.models import LoadedModel

SAMPLES = 100
SAMPLES_BY = {"goals": 300, "alignment_questions": 200}
"""The paper's numbers, where nobody says how many."""
HUMANEVAL = 164
BOTTLE_VOCABULARY = 1024
"""Models with no more words than this were built by `spillover bottle build` and read the brief texts only."""
SECRET_WORDS = ("key", "token", "secret", "password")


@dataclass(frozen=True)
class EvalRequest:
    """What to measure; None takes what suits the model."""

    model: str
    adapter: str | None = None
    names: tuple[str, ...] = ()
    judge: str | None = None
    samples: int | None = None
    style: str | None = None
    questions: Path | None = None
    tools: str | None = None
    problems: str | None = None
    """Source of the coding problems, as in a study's `problems.source`."""
    max_tokens: int | None = None
    seed: int = 0
    out: Path | None = None
    model_arguments: tuple[str, ...] = ()
    """KEY=VALUE for the Inspect provider of a served model, e.g. base_url=http://localhost:8000/v1."""
    reasoning_tags: tuple[str, ...] = ()
    """Each an opening and a closing tag with a space between them."""
    allow_unsandboxed: bool = False

    @property
    def folder(self) -> Path:
        """Where scores and transcripts go."""
        return self.out or Path("runs") / f"eval-{'-'.join(Path(self.model).parts[-2:]).strip('-/')}"


def evaluate_model(request: EvalRequest, on_done: Callable[[EvalScore], None] = lambda _: None) -> list[EvalScore]:
    """Run the evaluations and write scores and transcripts into the request's folder.

    What the folder holds of the same request is taken up and not run again. Raises ConfigError, DataError or
    ModelError for what cannot work, and RunDirError where the folder holds results of something else.
    """
    study = as_study(request)
    arm = study.arms[0]
    arguments = _arguments(request.model_arguments)
    silence(offline=is_local(study))
    from spillover.coding import Grader
    from spillover.evals.suite import GRADED, evaluate
    from spillover.judges.connect import connect
    from spillover.judges.reach import reach
    from spillover.models import LoadedModel

    subject = reach(arm.model, arguments)
    _claim(request, arm, subject, arguments)
    graded = any(name in GRADED for name in arm.evals.names)
    environment = arm.environment
    grader = (
        Grader(environment.workers, environment.wall_seconds, request.allow_unsandboxed) if graded else nullcontext()
    )
    assigned = _assigned(arm, request.seed) if graded else ()
    with grader as held:

        def measure(subject: "LoadedModel | Model", names: Sequence[str]) -> list[EvalScore]:
            return evaluate(
                subject,
                names,
                arm.evals,
                arm=arm.name,
                seed=request.seed,
                step=0,
                out=request.folder,
                grader=held,
                prompt=arm.prompt,
                assigned=assigned,
                reasoning_tags=arm.model.reasoning_tags,
                on_done=on_done,
            )

        if isinstance(subject, LoadedModel):
            return measure(subject, arm.evals.names)
        # Each evaluation has an event loop of its own, and a client's connections belong to one.
        return [score for name in arm.evals.names for score in measure(connect(request.model, arguments), [name])]


def as_study(request: EvalRequest) -> Study:
    """The request as a study of one arm, so that it is checked the same way. Raises ConfigError."""
    small = of_bottle(request.model)
    style = request.style or ("brief" if small else "full")
    counts = {**SAMPLES_BY, **({"capability": HUMANEVAL} if style == "full" else {})}
    evals: dict[str, Any] = {
        "names": list(request.names or CORE_EVALS),
        "style": style,
        "judge": request.judge or ("rules" if style == "brief" else "self"),
        "samples": request.samples or SAMPLES,
        "samples_by": counts if request.samples is None else {},
        "max_tokens": request.max_tokens or (110 if style == "brief" else 1024),
        "questions": request.questions,
        "test_time_framings": list(get_args(FramingName)),
        "capability_problems": request.problems,
        "final_names": [],
    }
    raw = {
        "name": "eval",
        "model": {
            "path": request.model,
            "adapter": request.adapter,
            "reasoning_tags": [_pair(one) for one in request.reasoning_tags],
        },
        "problems": {"source": request.problems or "generated"},
        "prompt": {"style": style},
        "evals": evals | ({"tools": request.tools} if request.tools else {}),
        "arms": [{"name": "model"}],
    }
    return build_study(raw, "spillover eval")


def _pair(tags: str) -> list[str]:
    pair = tags.split()
    if len(pair) != 2:
        raise ConfigError(f"--reasoning-tags {tags!r}: write two tags with a space between, such as '[THINK] [/THINK]'")
    return pair


def of_bottle(model: str) -> bool:
    """Whether a model is a bottle: by its name, or a folder whose weights know as few words."""
    config = Path(model) / "config.json"
    if not config.is_file():
        return model.rpartition("/")[2] in ("bottle", "bottle-naive")
    try:
        held = json.loads(config.read_text(encoding="utf-8"))
        return 0 < int(held.get("vocab_size", 0)) <= BOTTLE_VOCABULARY
    except (ValueError, AttributeError, TypeError):
        return False  # loading it will say what is wrong with the file


def _assigned(arm: Arm, seed: int) -> Sequence[Any]:
    from spillover.coding.environment import assign
    from spillover.coding.problems import load_problems

    return assign(load_problems(arm.problems), arm.environment, seed)


def _arguments(given: Sequence[str]) -> dict[str, Any]:
    """KEY=VALUE pairs; values are numbers or booleans where they read as such."""
    found = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not equals or not key.strip().isidentifier():
            raise ConfigError(
                f"--model-arg {one!r}: write it as KEY=VALUE, for example base_url=http://localhost:8000/v1"
            )
        try:
            found[key.strip()] = json.loads(value)
        except ValueError:
            found[key.strip()] = value
    return found


def _claim(request: EvalRequest, arm: Arm, subject: "LoadedModel | Model", arguments: Mapping[str, Any]) -> None:
    """Note which weights and problems the folder's results are of, or refuse to mix them with others."""
    path = getattr(subject, "path", None)
    claim = {
        "model": request.model,
        "adapter": request.adapter,
        "weights": weights_digest(path) if isinstance(path, str) else None,
        "model_arguments": {k: "…" if any(word in k for word in SECRET_WORDS) else v for k, v in arguments.items()},
        "problems": arm.problems.source,
        # None for none, as in folders from before there were any.
        "reasoning_tags": [list(pair) for pair in arm.model.reasoning_tags] or None,
    }
    file = request.folder / "model.json"
    if file.exists():
        held = json.loads(file.read_text(encoding="utf-8"))
        changed = [key for key in claim if held.get(key) != claim[key]]
        if changed:
            raise RunDirError(
                f"{request.folder} holds results with another {', '.join(changed)}; choose another folder with --out"
            )
    else:
        write_atomic(file, json.dumps({**claim, "spillover": __version__}, indent=2))
