"""What can be checked before anything heavy is loaded."""

import re
from pathlib import Path

from spillover.core.config import Study
from spillover.core.errors import ConfigError, ModelError, suggest
from spillover.core.rundir import RunDir, free_bytes
from spillover.sandbox import isolation
from spillover.study.live import Listener

BUILT_IN = ("bottle", "bottle-naive", "smollm2")
HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]*/[\w.-]+$")
LITTLE_SPACE = 1 << 30


def open_run(study: Study, out: Path, *, resume: bool, allow_unsandboxed: bool) -> RunDir:
    """Check what the study needs, then start or reopen its run directory.

    Raises IsolationError, ModelError or RunDirError; nothing is written before the first two are ruled out.
    """
    layers = "none, allowed by the user" if allow_unsandboxed else str(isolation())
    check_models(study)
    check_documents(study)
    try_judges(study)
    directory = RunDir.start(out, study, resume=resume)
    directory.note(isolation=layers)
    return directory


def check_models(study: Study) -> None:
    """Raise ModelError for a model or adapter that is neither built in, nor a folder, nor like a hub's id."""
    for arm in study.arms:
        for key, path in (("model.path", arm.model.path), ("model.adapter", arm.model.adapter)):
            if path is None or (path in BUILT_IN and key == "model.path"):
                continue
            if not Path(path).is_dir() and not HUB_ID.match(path):
                near = "" if "/" in path else suggest(path, BUILT_IN)
                raise ModelError(f"arm {arm.name!r}, key {key!r}: there is no folder {path!r}{near}; correct the path")


def check_documents(study: Study) -> None:
    """Raise ConfigError for files of documents or transcripts that are not there."""
    for arm in study.arms:
        sdf = arm.sdf
        for key, path in (("sdf.documents", sdf.documents), ("sdf.sft.transcripts", sdf.sft.transcripts)):
            if sdf.corpus != "none" and path is not None and not path.is_file():
                raise ConfigError(f"arm {arm.name!r}, key {key!r}: there is no file {str(path)!r}; correct the path")


def try_judges(study: Study) -> None:
    """Ask every served judge for a word. Raises ModelError, one line with what to do, where one does not answer."""
    names = {name for arm in study.arms for name in (arm.evals.judge, arm.reward.penalty.model) if name and "/" in name}
    for name in sorted(names):
        from spillover.judges.connect import try_judge

        try_judge(name)


def is_local(study: Study) -> bool:
    """Whether all models, problems and judges are on this machine, so that no hub need be asked."""
    return all(
        (arm.model.path in BUILT_IN or Path(arm.model.path).is_dir())
        and (arm.model.adapter is None or Path(arm.model.adapter).is_dir())
        and arm.problems.source.partition(":")[0] in ("generated", "humaneval", "jsonl")
        and arm.evals.judge in ("rules", "self")
        and arm.reward.penalty.model in (None, "self")
        and not arm.sdf.background.startswith("hf:")
        for arm in study.arms
    )


def warn_of_little_space(out: Path, listener: Listener) -> None:
    """Say so when the disk that takes the run is nearly full."""
    free = free_bytes(out)
    if free < LITTLE_SPACE:
        listener.note(f"only {free / 1e6:.0f} MB are free where {out} is; checkpoints may not fit")
