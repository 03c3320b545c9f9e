"""The run directory: one stable place per study, append-only records, what is done, provenance.

    NAME/ study.json  graph.json  provenance.json  report/index.html
          stages/KIND-KEY/seed-N/ metrics.jsonl  rollouts/step-00010.jsonl  checkpoints/step-00010/
                                  evals/MEASURE/step-00010/{scores,samples}.jsonl

graph.json says which stages each arm is a sequence of. Stages are named by all that decides their weights and shared by
the arms that have them; a checkpoint is measured once, so step 0 of a stage is the last of the one it starts from.

Files that must be whole are written beside their place and renamed into it; records are appended
and a line torn by a kill is dropped when the file is next read.
"""

import errno
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from importlib import metadata
from pathlib import Path
from subprocess import DEVNULL, CalledProcessError, check_output
from typing import Any, TypeVar

from pydantic import BaseModel

from spillover import __version__
from spillover.core.config import Study
from spillover.core.errors import DiskFullError, RunDirError
from spillover.core.graph import as_record
from spillover.core.json_lines import R, read_lines, to_lines
from spillover.core.lock import LOCK
from spillover.core.records import DocumentMetrics, EvalSample, EvalScore, HackRate, Rollout, StepMetrics

GRAPH = "graph.json"
M = TypeVar("M", EvalScore, EvalSample)
REPORTED_PACKAGES = ("torch", "transformers", "trl", "peft", "inspect_ai", "pydantic", "numpy")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a full disk under `path` into one clear error."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(
                f"{path}: no space left; what was written stays. Free some space, then go on with --resume"
            ) from error
        raise


def write_atomic(path: Path, text: str) -> None:
    """Write a file so that a reader, or a kill, sees the old one or the new one and nothing between."""
    partial = path.with_name(path.name + ".partial")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)


def append_records(path: Path, records: Iterable[BaseModel]) -> None:
    """Append records as JSON lines, in one write."""
    lines = to_lines(records)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(lines)


def read_records(path: Path, kind: type[R], unread: list[str] | None = None) -> list[R]:
    """All whole records of a JSON-lines file, oldest first; [] if there is none.

    Raises RunDirError, naming file and line, where a line cannot be read; with `unread` it is left out and noted there.
    """
    return list(read_lines(path, kind, unread)) if path.exists() else []


class Run:
    """One stage and seed inside a run directory, read on behalf of an arm."""

    def __init__(
        self,
        folder: Path,
        arm: str,
        seed: int,
        start: "tuple[Run, int] | None" = None,
        measure: str = "",
        kind: str = "rl",
    ) -> None:
        """`start` is the run and the step that it starts from; `measure` the settings its checkpoints are measured
        with."""
        self.folder, self.arm, self.seed = folder, arm, seed
        self.start, self.measure, self.kind = start, measure, kind

    @property
    def metrics_file(self) -> Path:
        """Where the step metrics are appended."""
        return self.folder / "metrics.jsonl"

    def rollouts_file(self, step: int) -> Path:
        """Where the rollouts of a step are."""
        return self.folder / "rollouts" / f"{step_name(step)}.jsonl"

    def checkpoint(self, step: int) -> Path:
        """Where the checkpoint of a step is; it exists only when whole."""
        return self.folder / "checkpoints" / step_name(step)

    def eval_folder(self, step: int) -> Path:
        """Where the evaluation of a step's checkpoint is; of step 0 where its start was measured."""
        run, at = self.origin(step)
        return run.folder / "evals" / run.measure / step_name(at)

    def origin(self, step: int) -> "tuple[Run, int]":
        """The run and the step that made a checkpoint: step 0 was made by the run that this one starts from."""
        if step == 0 and self.start is not None:
            run, at = self.start
            return run.origin(at)
        return self, step

    def checkpoints(self) -> list[int]:
        """Steps with a whole checkpoint, ascending."""
        return _steps(self.folder / "checkpoints")

    def evaluated(self) -> list[int]:
        """Steps with evaluation scores, ascending."""
        steps = sorted({0, *_steps(self.folder / "evals" / self.measure)})
        return [s for s in steps if (self.eval_folder(s) / "scores.jsonl").exists()]

    def metrics(self, unread: list[str] | None = None) -> list[StepMetrics]:
        """All step metrics, oldest first; here and below `unread` is that of `read_records`."""
        return read_records(self.metrics_file, StepMetrics, unread)

    def rollouts(self, step: int, unread: list[str] | None = None) -> list[Rollout]:
        """The rollouts of a step."""
        return read_records(self.rollouts_file(step), Rollout, unread)

    def rollout_steps(self) -> list[int]:
        """Steps with rollouts, ascending."""
        files = (self.folder / "rollouts").glob("step-*.jsonl")
        return sorted(int(file.stem.removeprefix("step-")) for file in files)

    def scores(self, step: int, unread: list[str] | None = None) -> list[EvalScore]:
        """The evaluation scores of a step's checkpoint."""
        return self._own(read_records(self.eval_folder(step) / "scores.jsonl", EvalScore, unread), step)

    def samples(self, step: int, unread: list[str] | None = None) -> list[EvalSample]:
        """The evaluated responses of a step's checkpoint."""
        return self._own(read_records(self.eval_folder(step) / "samples.jsonl", EvalSample, unread), step)

    def document_metrics(self, unread: list[str] | None = None) -> list[DocumentMetrics]:
        """The log of a training on documents, oldest first."""
        return read_records(self.metrics_file, DocumentMetrics, unread)

    @property
    def hack_rate_file(self) -> Path:
        """Where the working-hack rate after a training on documents is."""
        return self.folder / "hack-rate.json"

    def hack_rate(self) -> HackRate | None:
        """The working-hack rate after a training on documents; None before it is measured."""
        file = self.hack_rate_file
        return HackRate.model_validate_json(file.read_text(encoding="utf-8")) if file.exists() else None

    def rewind(self, step: int) -> None:
        """Drop metrics and rollouts after `step`: a resumed run makes them again, the same."""
        kept = [m for m in self.metrics() if m.step <= step]
        if self.metrics_file.exists():
            write_atomic(self.metrics_file, to_lines(kept))
        for later in self.rollout_steps():
            if later > step:
                self.rollouts_file(later).unlink()

    def note(self, **facts: Any) -> None:
        """Add facts to the stage's own record: what it started from, why it failed."""
        write_atomic(self.folder / "stage.json", json.dumps({**self.facts, **facts}, indent=2))

    @property
    def facts(self) -> dict[str, Any]:
        """What was noted of the stage."""
        file = self.folder / "stage.json"
        held: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return held

    def _own(self, records: list[M], step: int) -> list[M]:
        """Records of a measurement that is shared, as this arm's."""
        return [record.model_copy(update={"arm": self.arm, "step": step}) for record in records]


class RunDir:
    """A study's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def check(cls, path: Path, study: Study, *, resume: bool) -> None:
        """Raise RunDirError where the folder holds something else, or a study and `resume` is False."""
        if (path / "study.json").exists():
            _check_same(path, study, resume=resume)
        elif path.exists() and any(one.name != LOCK for one in path.iterdir()):
            raise RunDirError(f"{path} is not empty and holds no study; choose another folder with --out")

    @classmethod
    def start(cls, path: Path, study: Study, *, resume: bool) -> "RunDir":
        """Create the folder, or go on in it: what a changed study shares with the former one is there already.

        Raises RunDirError as `check` does.
        """
        cls.check(path, study, resume=resume)
        write_atomic(path / "study.json", study.model_dump_json(indent=2))
        write_atomic(path / GRAPH, json.dumps(as_record(study), indent=2))
        run = cls(path)
        run._note_session()
        return run

    @classmethod
    def read(cls, path: Path) -> "RunDir":
        """Open an existing run directory for reading."""
        if not (path / "study.json").exists():
            raise RunDirError(f"{path} is no run directory: it holds no study.json; name the folder that 'run' wrote")
        return cls(path)

    @property
    def study(self) -> Study:
        """The study as it was resolved when the run began."""
        return Study.model_validate_json((self.path / "study.json").read_text(encoding="utf-8"))

    @property
    def provenance(self) -> dict[str, Any]:
        """Versions, machine, sessions and facts noted on the way."""
        file = self.path / "provenance.json"
        held: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return held

    @property
    def report_file(self) -> Path:
        """Where the report goes."""
        return self.path / "report" / "index.html"

    @cached_property
    def graph(self) -> dict[str, Any]:
        """Which stages each arm is a sequence of, and what each starts from; empty in folders older than stages."""
        file = self.path / GRAPH
        held: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return held

    def run(self, arm: str, seed: int) -> Run:
        """The last stage of an arm, for a seed."""
        if not self.graph:
            return Run(self.path / "arms" / arm / f"seed-{seed}", arm, seed)
        return self.stage(self.graph["arms"][arm][-1], arm, seed)

    def stages(self, arm: str, seed: int) -> list[Run]:
        """All stages of an arm in order, for a seed."""
        return [self.stage(key, arm, seed) for key in self.graph.get("arms", {}).get(arm, [])]

    def stage(self, key: str, arm: str, seed: int) -> Run:
        """One stage and seed, on behalf of an arm."""
        held = self.graph["stages"][key]
        folder, measure = self.path / "stages" / key / f"seed-{seed}", self.graph["measures"][arm]
        run = Run(folder, arm, seed, measure=measure, kind=held["kind"])
        if "start" in held:
            step = run.facts.get("start_step", _step_of(held["at"], self.graph["stages"][held["start"]]["steps"]))
            run.start = (self.stage(held["start"], arm, seed), step)
        return run

    def runs(self) -> list[Run]:
        """All runs that the study plans, in its order, begun or not."""
        study = self.study
        return [self.run(arm.name, seed) for arm in study.arms for seed in study.seeds]

    def note(self, **facts: Any) -> None:
        """Add facts to the provenance, e.g. the model's hash or what isolation was in force."""
        write_atomic(self.path / "provenance.json", json.dumps({**self.provenance, **facts}, indent=2))

    def close_session(self, *, finished: bool) -> None:
        """Note when this session ended and whether the study was finished."""
        sessions = self.provenance.get("sessions", [])
        if sessions:
            sessions[-1] |= {"ended": _now(), "finished": finished}
        self.note(sessions=sessions)

    def _note_session(self) -> None:
        sessions = [*self.provenance.get("sessions", []), {"started": _now(), "command": sys.argv[1:]}]
        self.note(
            spillover=__version__,
            commit=_commit(),
            python=platform.python_version(),
            platform=platform.platform(),
            cores=os.cpu_count(),
            packages={name: _version(name) for name in REPORTED_PACKAGES},
            sessions=sessions,
        )


def step_name(step: int) -> str:
    """`step-00010`; sorts as the numbers do."""
    return f"step-{step:05d}"


def free_bytes(path: Path) -> int:
    """Space left where `path` is or will be."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


def _steps(folder: Path) -> list[int]:
    names = [p.name for p in folder.glob("step-*") if p.is_dir() and not p.name.endswith(".partial")]
    return sorted(int(name.removeprefix("step-")) for name in names)


def _check_same(path: Path, study: Study, *, resume: bool) -> None:
    if not resume:
        raise RunDirError(f"{path} exists already; add --resume to go on with it, or choose another folder with --out")
    if not (path / GRAPH).exists():
        raise RunDirError(f"{path} was written before arms had stages; it can be read, not gone on with: choose --out")
    held = RunDir(path).study.name
    if held != study.name:
        raise RunDirError(f"{path} belongs to study {held!r}, not to {study.name!r}; choose another folder with --out")


def _step_of(at: str, last: int) -> int:
    """The step that a place in a training means; a trigger's is noted by the stage when it is known."""
    return int(at) if at.isdigit() else last


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The commit of the source this runs from, None for an installed package."""
    here = Path(__file__).parent
    try:
        return check_output(["git", "-C", str(here), "rev-parse", "HEAD"], stderr=DEVNULL, text=True).strip()
    except (OSError, CalledProcessError):
        return None
