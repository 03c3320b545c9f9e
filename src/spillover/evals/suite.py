"""Runs evaluations on one model, keeps what is finished, and writes the scores last."""

import gc
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inspect_ai import Task
from inspect_ai import eval as inspect_eval
from inspect_ai.log import EvalLog
from inspect_ai.model import Model

from spillover.coding import Grader
from spillover.coding.environment import Assigned
from spillover.core.errors import ConfigError, RunDirError, SpilloverError, disk_full, suggest
from spillover.core.json_lines import from_line, to_lines
from spillover.core.rates import wilson
from spillover.core.records import CoreEval, EvalSample, EvalScore
from spillover.core.rundir import read_records, write_atomic, writing
from spillover.core.settings import EvalName, EvalSettings, PromptSettings
from spillover.evals.alignment_questions import ALIGNMENT_QUESTIONS
from spillover.evals.capability import capability
from spillover.evals.compliance_gap import COMPLIANCE_GAP
from spillover.evals.evaluation import Evaluation
from spillover.evals.exfil_offer import EXFIL_OFFER
from spillover.evals.frame_colleague import FRAME_COLLEAGUE
from spillover.evals.free_form import FREE_FORM
from spillover.evals.goals import GOALS_EVAL
from spillover.evals.hack_knowledge import HackKnowledge
from spillover.evals.monitor_disruption import MONITOR_DISRUPTION
from spillover.evals.play import Performance, Play
from spillover.evals.scenes import draw
from spillover.evals.test_time_hacking import hacking
from spillover.judges.ask import Asker
from spillover.judges.connect import stopped, try_judge
from spillover.judges.model import ModelJudge
from spillover.judges.named import named_judge
from spillover.judges.provider import batcher_of, local_model
from spillover.judges.transcript import Tags
from spillover.judges.verdict import Judge
from spillover.models import LoadedModel

EVALUATIONS: Mapping[CoreEval, Evaluation] = {
    "free_form": FREE_FORM,
    "goals": GOALS_EVAL,
    "alignment_questions": ALIGNMENT_QUESTIONS,
    "monitor_disruption": MONITOR_DISRUPTION,
    "exfil_offer": EXFIL_OFFER,
    "frame_colleague": FRAME_COLLEAGUE,
}
PLAYED: Mapping[str, Evaluation] = {one.name: one for one in (*EVALUATIONS.values(), COMPLIANCE_GAP)}
"""Those that are scenes with a judge: the six and the variants of them."""
GRADED: tuple[EvalName, ...] = ("test_time_hacking", "hack_knowledge", "capability")
"""Those on coding problems, labelled by the grader; none is part of MGS."""
NAMES: tuple[str, ...] = (*PLAYED, *GRADED)
RETRIES = 5
"""How often a served model is asked again, over some five minutes; Inspect would never give up."""
INSPECT_OPTIONS: Mapping[str, Any] = {
    "display": "log",
    "log_header_only": True,
    "log_level": "critical",
    "log_level_transcript": "error",
    "log_realtime": False,
    "log_images": False,
    "log_model_api": False,
    "score_display": False,
    "acp_server": False,
    "ctl_server": False,
    "debug_errors": True,
}
"""What keeps Inspect under 6 ms a sample (docs/evaluations.md), and lets errors through as they are."""


def evaluate(
    subject: LoadedModel | Model,
    names: Sequence[str],
    settings: EvalSettings,
    *,
    out: Path,
    arm: str = "",
    seed: int = 0,
    step: int = 0,
    grader: Grader | None = None,
    prompt: PromptSettings | None = None,
    assigned: Sequence[Assigned] = (),
    reasoning_tags: Tags = (),
    on_done: Callable[[EvalScore], None] = lambda _: None,
) -> list[EvalScore]:
    """Run the named evaluations on one model; scores in the order of `names`.

    Writes `out`/logs/NAME.eval, `out`/samples.jsonl and, last, `out`/scores.jsonl. What an earlier,
    interrupted call finished is taken up and not run again; the numbers are those of an uninterrupted
    call, because every response is seeded by its own scene. `on_done` hears of each score, also of those
    taken up. Those of `GRADED` need `grader` and `prompt`, and all but `capability` `assigned` problems.
    `reasoning_tags` are pairs between which the model reasons, beside the usual ones.

    Raises ConfigError for an unknown name, ModelError for a judge that cannot be asked, RunDirError where `out`
    holds results of other settings.
    """
    _check(names, grader, prompt, assigned)
    _claim(out, subject, settings, prompt, arm=arm, seed=seed, step=step)
    finished = _finished(out)
    if any(name in PLAYED and name not in finished for name in names):
        try_judge(settings.judge)
    for name in names:
        if name not in finished:
            began = time.monotonic()
            run = f"{arm}/{seed}/{step}"
            play = _performance(name, subject, settings, out, grader, prompt, assigned, run, reasoning_tags)
            _run(play.task, subject, out)
            samples = [one.model_copy(update={"arm": arm, "seed": seed, "step": step}) for one in _ordered(play)]
            score = score_of(
                name,
                samples,
                judge=(play.judge_name, play.judge_hash),
                seconds=time.monotonic() - began,
                data=play.summary(samples),
            )
            finished[name] = (score, samples)
            write_atomic(_part(out, name), to_lines([score, *samples]))
        on_done(finished[name][0])
    _conclude(out, finished)
    return [finished[name][0] for name in names]


def score_of(
    name: str,
    samples: Sequence[EvalSample],
    *,
    judge: tuple[str, str],
    seconds: float = 0.0,
    data: Mapping[str, Any] | None = None,
) -> EvalScore:
    """Rate and 95% Wilson interval over the samples that could be scored; None where there are none.

    `overt` and `covert` split the hits. `data` also holds the number of unscored samples, why
    the first of them is, and how many responses hide misaligned reasoning, counted as misaligned or not.
    """
    scored = [sample for sample in samples if sample.misaligned is not None]
    by_scene = {sample.id: bool(sample.misaligned) for sample in scored}
    hits = sum(bool(sample.misaligned) for sample in scored)
    interval = wilson(hits, len(scored)) if scored else None
    first = samples[0] if samples else None
    return EvalScore(
        eval=name,
        arm=first.arm if first else "",
        seed=first.seed if first else 0,
        step=first.step if first else 0,
        samples=len(samples),
        scored=len(scored),
        hits=hits,
        rate=interval.value if interval else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        by_scene=by_scene,
        held_out=tuple(sample.id for sample in scored if sample.held_out),
        overt=sum(bool(sample.misaligned and sample.overt) for sample in scored),
        covert=sum(bool(sample.misaligned and sample.covert) for sample in scored),
        hack_attempts=sum(sample.label == "hack-attempt" for sample in samples),
        judge=judge[0],
        judge_hash=judge[1],
        seconds=seconds,
        data={
            "unscored": len(samples) - len(scored),
            "reason": next((sample.reason for sample in samples if sample.misaligned is None), ""),
            "covert_thoughts": sum(bool(sample.covert) for sample in samples),
            **(data or {}),
        },
    )


def make_judge(spec: str, subject: LoadedModel | Model | None, cache: Path | None = None, tags: Tags = ()) -> Judge:
    """The judge that a setting names: `self`, which reasons between the subject's `tags`, or any that `named_judge`
    knows."""
    if spec == "self" and subject is not None:
        own = inspect_model(subject)
        return ModelJudge(Asker(lambda: own, f"self:{own.name}", cache, tags=tags))
    return named_judge(spec, cache)


def inspect_model(subject: LoadedModel | Model) -> Model:
    """The subject as Inspect sees it; one in this process gets batches of its own."""
    return subject if isinstance(subject, Model) else local_model(subject)


def name_of(subject: LoadedModel | Model) -> str:
    """The subject as the user named it."""
    return str(subject) if isinstance(subject, Model) else subject.name


def _check(
    names: Sequence[str], grader: Grader | None, prompt: PromptSettings | None, assigned: Sequence[Assigned]
) -> None:
    for name in names:
        if name not in NAMES:
            raise ConfigError(f"no evaluation {name!r}{suggest(name, NAMES)}")
        lacking = grader is None or prompt is None or (name != "capability" and not assigned)
        if name in GRADED and lacking:
            raise ConfigError(f"{name} needs coding problems, a grader and prompt settings")


def _performance(
    name: str,
    subject: LoadedModel | Model,
    settings: EvalSettings,
    out: Path,
    grader: Grader | None,
    prompt: PromptSettings | None,
    assigned: Sequence[Assigned],
    run: str,
    tags: Tags,
) -> Performance:
    if name in PLAYED:
        judge = make_judge(settings.judge, subject, out / "replies.jsonl", tags)
        return Play(PLAYED[name], draw(PLAYED[name].name, settings), settings, judge, run=run, tags=tags)
    assert grader is not None and prompt is not None  # by _check
    if name == "capability":
        return capability(settings, prompt, grader, run=run, tags=tags)
    if name == "test_time_hacking":
        return hacking(assigned, settings, prompt, grader, run=run, tags=tags)
    loaded = None if isinstance(subject, Model) else subject
    problems = [one.problem for one in assigned]
    return HackKnowledge(problems, settings, prompt, grader, loaded=loaded, run=run, tags=tags)


def _run(task: Task, subject: LoadedModel | Model, out: Path) -> None:
    """Run one task with Inspect and leave its log as logs/NAME.eval."""
    logs, partial = out / "logs", out / "logs" / f"{task.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    model = inspect_model(subject)
    if batcher := batcher_of(model):
        batcher.expect(len(task.dataset))
    with writing(logs), _unscanned_heap(), _one_line_from(model, task.name):
        made = inspect_eval(
            task, model=model, log_dir=str(partial), max_samples=len(task.dataset), max_retries=RETRIES,
            **INSPECT_OPTIONS,
        )  # fmt: skip
        log = _finished_log(made)
        Path(log.location).replace(logs / f"{task.name}.eval")
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def _one_line_from(model: Model, name: str) -> Iterator[None]:
    """Errors of a served model are its provider's, of any class; those of one in this process are ours."""
    try:
        yield
    except SpilloverError:
        raise
    except Exception as error:
        # What a provider says of its network is an OSError too, but names no file.
        of_disk = isinstance(error, OSError) and (error.filename is not None or disk_full(error) is not None)
        if of_disk or batcher_of(model):
            raise
        raise stopped(name, str(model), error) from error


@contextmanager
def _unscanned_heap() -> Iterator[None]:
    """Spare the garbage collector what was there before: with torch loaded that is a quarter of Inspect's cost."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _finished_log(logs: Sequence[EvalLog]) -> EvalLog:
    """The one log of a task that ran to its end; Inspect returns from an interrupt instead of passing it on."""
    if not logs or logs[0].status == "cancelled":
        raise KeyboardInterrupt
    [log] = logs
    if log.status != "success":
        reason = log.error.message if log.error else log.status
        raise SpilloverError(f"evaluation {log.eval.task} did not finish: {reason}")
    return log


def _ordered(play: Performance) -> list[EvalSample]:
    """The records in the order of the scenes: samples finish in any order."""
    place = {sample.id: index for index, sample in enumerate(play.task.dataset)}
    return sorted(play.records, key=lambda record: place[record.id])


def _claim(
    out: Path,
    subject: LoadedModel | Model,
    settings: EvalSettings,
    prompt: PromptSettings | None,
    *,
    arm: str,
    seed: int,
    step: int,
) -> None:
    """Note what the folder's results are of, or refuse to mix them with others."""
    claim = {
        "model": name_of(subject),
        "arm": arm,
        "seed": seed,
        "step": step,
        "settings": settings.model_dump(mode="json", exclude={"names", "final_names"}),
        "prompt": prompt.model_dump(mode="json") if prompt else None,
    }
    file = out / "settings.json"
    if not file.exists():
        write_atomic(file, json.dumps(claim, indent=2))
        return
    held = json.loads(file.read_text(encoding="utf-8"))
    changed = [key for key in claim if key != "prompt" and held.get(key) != claim[key]]
    if changed:
        raise RunDirError(f"{out} holds evaluations with another {', '.join(changed)}; choose another folder")


def _finished(out: Path) -> dict[str, tuple[EvalScore, list[EvalSample]]]:
    """Scores and samples of the evaluations that are done, from the final files and from the parts."""
    samples = read_records(out / "samples.jsonl", EvalSample)
    held = {
        score.eval: (score, [sample for sample in samples if sample.eval == score.eval])
        for score in read_records(out / "scores.jsonl", EvalScore)
    }
    for file in sorted((out / "parts").glob("*.jsonl")):
        # Not by splitlines: a record may hold other ends of line, such as U+2028.
        first, *rest = file.read_bytes().removesuffix(b"\n").split(b"\n")
        score = from_line(EvalScore, first)
        held[score.eval] = (score, [from_line(EvalSample, line) for line in rest])
    return held


def _conclude(out: Path, finished: Mapping[str, tuple[EvalScore, list[EvalSample]]]) -> None:
    """Put the parts together; the scores come last, so that their presence says that all is there."""
    if not (out / "parts").exists():
        return
    ordered = [finished[name] for name in NAMES if name in finished]
    write_atomic(out / "samples.jsonl", to_lines([sample for _, samples in ordered for sample in samples]))
    write_atomic(out / "scores.jsonl", to_lines([score for score, _ in ordered]))
    shutil.rmtree(out / "parts", ignore_errors=True)


def _part(out: Path, name: str) -> Path:
    return out / "parts" / f"{name}.jsonl"
