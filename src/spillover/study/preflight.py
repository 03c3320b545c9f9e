"""What can be checked before anything heavy is loaded."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from spillover.core.config import Arm, Study
from spillover.core.errors import ConfigError, ModelError, suggest
from spillover.core.graph import resolve
from spillover.core.lock import locked
from spillover.core.rundir import RunDir, free_bytes
from spillover.core.settings import ProblemSettings, PromptSettings
from spillover.core.stages import DocumentSettings, RLSettings, SFTSettings
from spillover.sandbox import isolation
from spillover.study.live import Listener
from spillover.training.rewards import TERMS

BUILT_IN = ("bottle", "bottle-naive", "smollm2")
HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]*/[\w.-]+$")
LOCAL_PROBLEMS = ("generated", "humaneval", "jsonl")
ENVIRONMENT_NAMES = ("code", "chat")
LITTLE_SPACE = 1 << 30


@contextmanager
def open_run(study: Study, out: Path, *, resume: bool, allow_unsandboxed: bool) -> Iterator[RunDir]:
    """Check what the study needs, then start or reopen its run directory, and hold it against other processes.

    Raises UserError; nothing is written before the study and the isolation are checked.
    """
    layers = "none, allowed by the user" if allow_unsandboxed else str(isolation())
    check_study(study)
    check_available(study)
    try_judges(study)
    RunDir.check(out, study, resume=resume)
    with locked(out):
        directory = RunDir.start(out, study, resume=resume)
        directory.note(isolation=layers)
        yield directory


def check_study(study: Study) -> None:
    """Raise UserError for names and files that are not there; nothing is loaded."""
    resolve(study)
    for arm in study.arms:
        check_model(arm)
        for number, stage in enumerate(arm.stages, 1):
            where = f"arm {arm.name!r}, stage {number} ({stage.kind})"
            if isinstance(stage, DocumentSettings | SFTSettings):
                check_files(where, stage)
            if isinstance(stage, RLSettings):
                check_mix(where, stage)


def check_model(arm: Arm) -> None:
    """Raise ModelError for a model or adapter that is neither built in, nor a folder, nor like a hub's id."""
    for key, path in (("model.path", arm.model.path), ("model.adapter", arm.model.adapter)):
        if path is None or (path in BUILT_IN and key == "model.path"):
            continue
        if not _findable(path):
            near = "" if "/" in path else suggest(path, BUILT_IN)
            raise ModelError(f"arm {arm.name!r}, key {key!r}: there is no folder {path!r}{near}; correct the path")


def _findable(path: str) -> bool:
    return Path(path).is_dir() or bool(HUB_ID.match(path))


def check_files(where: str, stage: DocumentSettings | SFTSettings) -> None:
    """Raise ConfigError for files of documents or transcripts that are not there."""
    named = [("documents", stage.documents)] if isinstance(stage, DocumentSettings) else []
    if isinstance(stage, SFTSettings):
        named = [(f"data[{number}].transcripts", one.transcripts) for number, one in enumerate(stage.data)]
    for key, path in named:
        if path is not None and not path.is_file():
            raise ConfigError(f"{where}, key {key!r}: there is no file {str(path)!r}; correct the path")


def check_mix(where: str, stage: RLSettings) -> None:
    """Raise ConfigError for environments and terms of the reward that do not exist, or cannot go together."""
    for number, part in enumerate(stage.mix):
        if part.env not in ENVIRONMENT_NAMES:
            raise ConfigError(
                f"{where}, key 'mix[{number}].env': no environment {part.env!r}{suggest(part.env, ENVIRONMENT_NAMES)}"
            )
        for term in part.reward:
            if term.kind not in TERMS:
                raise ConfigError(f"{where}, key 'reward': no term {term.kind!r}{suggest(term.kind, TERMS)}")
    for named in (stage.update_prompt, *(one.prompt.model_dump() for one in stage.mix)):
        try:
            PromptSettings.model_validate(named or {})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise ConfigError(f"{where}, key 'update_prompt.{first['loc'][0]}': {first['msg']}") from error


def check_available(study: Study) -> None:
    """Raise ConfigError for what a study file may name and nothing here can run yet."""
    for arm in study.arms:
        for part in (part for stage in arm.stages if isinstance(stage, RLSettings) for part in stage.mix):
            for term in part.reward:
                if term.kind == "preference" and not (term.model and _findable(term.model)):
                    raise ConfigError(
                        f"arm {arm.name!r}: the reward's term 'preference' needs the key 'model', a folder or a hub's "
                        f"id of a sequence classifier with one label, got {term.model!r}"
                    )
            if part.env == "chat":
                raise ConfigError(f"arm {arm.name!r}: the environment 'chat' cannot be run yet; leave it out")


def try_judges(study: Study) -> None:
    """Ask every served judge for a word. Raises ModelError, one line with what to do, where one does not answer."""
    asked = [name for arm in study.arms for name in (arm.evals.judge, *_models(arm, "model-hack"))]
    for name in sorted({name for name in asked if name and "/" in name}):
        from spillover.judges.connect import try_judge

        try_judge(name)


def is_local(study: Study) -> bool:
    """Whether all models, problems and judges are on this machine, so that no hub need be asked."""
    return all(
        (arm.model.path in BUILT_IN or Path(arm.model.path).is_dir())
        and (arm.model.adapter is None or Path(arm.model.adapter).is_dir())
        and all(one.source.partition(":")[0] in LOCAL_PROBLEMS for one in _problems(arm))
        and arm.evals.judge in ("rules", "self")
        and all(model in (None, "self") or Path(model).is_dir() for model in _models(arm, *TERMS))
        and not any(isinstance(one, DocumentSettings) and one.background.startswith("hf:") for one in arm.stages)
        for arm in study.arms
    )


def _models(arm: Arm, *kinds: str) -> list[str | None]:
    """The models that the rewards of an arm ask in terms of these kinds."""
    mixes = [part for stage in arm.stages if isinstance(stage, RLSettings) for part in stage.mix]
    return [term.model for part in mixes for term in part.reward if term.kind in kinds]


def _problems(arm: Arm) -> list[ProblemSettings]:
    mixes = [part.problems for stage in arm.stages if isinstance(stage, RLSettings) for part in stage.mix]
    return [arm.problems, *mixes]


def warn_of_little_space(out: Path, listener: Listener) -> None:
    """Say so when the disk that takes the run is nearly full."""
    free = free_bytes(out)
    if free < LITTLE_SPACE:
        listener.note(f"only {free / 1e6:.0f} MB are free where {out} is; checkpoints may not fit")
