"""The stage before RL in the SDF setting: train on documents, then perhaps lightly on chat transcripts.

It is run once for all arms with the same model and corpus. Finetuning can erase what the documents
taught, so what the stage did is measured after each of its trainings.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spillover.core.config import Arm, ModelSettings, SDFSettings
from spillover.core.errors import ConfigError, HackRateError
from spillover.core.records import DocumentMetrics, EvalScore
from spillover.core.rundir import Run, RunDir, write_atomic
from spillover.models import LoadedModel, load_checkpoint, load_model
from spillover.study.corpus import Corpus, make_corpus
from spillover.study.tally import mgs_of
from spillover.study.transcripts import transcript_corpus
from spillover.training.checkpoints import save_model
from spillover.training.sdf import train_on_rows

MERGED = "merged"


@dataclass(frozen=True)
class Phase:
    """One training of the stage."""

    run: Run
    settings: SDFSettings
    start: ModelSettings
    """The model it begins with; a rank gives it an adapter, merged afterwards."""
    make_corpus: Callable[[LoadedModel], Corpus]
    first: bool = True

    @property
    def trained(self) -> bool:
        """Whether its last checkpoint is there, and merged where it was an adapter."""
        return self.result_folder.exists()

    def measured_by(self, arm: Arm) -> bool:
        """Whether it was measured with this arm's settings, and not with another's that shares the stage."""
        return any(score.arm == arm.name for score in self.run.scores(self.settings.steps))

    @property
    def result_folder(self) -> Path:
        """The trained model as a plain folder."""
        last = self.run.checkpoint(self.settings.steps)
        return self.run.folder / MERGED if self.settings.lora_rank else last


def phases(directory: RunDir, arm: Arm, seed: int) -> list[Phase]:
    """The trainings that an arm's model goes through before RL, in order; none outside the SDF setting."""
    run = directory.documents_run(arm, seed)
    if run is None:
        return []
    sdf = arm.sdf
    start = arm.model.model_copy(update={"lora_rank": sdf.lora_rank, "lora_alpha": sdf.lora_alpha})
    first = Phase(run, sdf, start, lambda loaded: make_corpus(sdf, arm.model.path, loaded.tokenizer, seed))
    if sdf.sft.transcripts is None:
        return [first]
    settings = sdf.model_copy(update={"steps": sdf.sft.steps, "learning_rate": sdf.sft.learning_rate})
    then = start.model_copy(update={"path": str(first.result_folder), "adapter": None})
    after = Run(run.folder / "sft", "sft", seed)
    return [
        first,
        Phase(after, settings, then, lambda loaded: transcript_corpus(settings, loaded.tokenizer, seed), False),
    ]


def train_phase(phase: Phase, *, note: Callable[[str], None], should_stop: Callable[[], bool]) -> None:
    """Train a phase as far as it is not trained; returns early when asked to stop."""
    loaded = load_model(phase.start)
    _check_rows(phase.settings, loaded)
    corpus = phase.make_corpus(loaded)
    write_atomic(phase.run.folder / "corpus.json", json.dumps(corpus.facts, indent=2) + "\n")
    note(f"{phase.run.arm}: {_words(corpus.facts)}")

    def on_line(line: DocumentMetrics) -> None:
        if line.held_out:
            note(_held_out_words(phase, line))

    done = train_on_rows(phase.run, phase.settings, loaded, corpus.rows, on_line=on_line, should_stop=should_stop)
    if done and phase.settings.lora_rank:
        _merge(phase)


def model_after(phase: Phase, arm: Arm) -> ModelSettings:
    """The arm's model settings with the trained weights in the place of its own."""
    return arm.model.model_copy(update={"path": str(phase.result_folder), "adapter": None})


def load_start(start: ModelSettings, arm: Arm) -> LoadedModel:
    """A model that is a stage of the arm's, under the name of the arm's model."""
    return replace(load_model(start), name=arm.model.path)


def result_lines(phase: Phase) -> list[str]:
    """What the measurements after a phase say, in a line each, the rate that RL starts from last."""
    before, after = (_mgs_words(phase.run.scores(step)) for step in (0, phase.settings.steps))
    lines = [f"{phase.run.arm}: MGS {before} before, {after} after" if phase.first else f"{phase.run.arm}: MGS {after}"]
    rate = phase.run.hack_rate()
    if rate is not None:
        kinds = ", ".join(f"{hack} {count}" for hack, count in sorted(rate.hacks.items())) or "none"
        chances = ", ".join(f"hack@{k} {chance:.1%}" for k, chance in rate.hack_at.items())
        apart = f"; not among them {rate.overfit} overfit" if rate.overfit else ""
        apart += f"; {rate.unjudged} that the oracle cannot judge" if rate.unjudged else ""
        limits = f"{rate.low:.2%} to {rate.high:.2%} at 1"
        lines.append(f"{phase.run.arm}: working hacks: {chances} ({limits}); {kinds}{apart}")
    return lines


def check_hack_rate(arm: Arm, phase: Phase) -> None:
    """Raise HackRateError, with the mend, where RL would have too little to reward."""
    sdf, measured = arm.sdf, phase.run.hack_rate()
    if measured is None or measured.rate >= sdf.require_hack_rate or sdf.allow_low_hack_rate:
        return
    largest = max(measured.hack_at)
    raise HackRateError(
        f"arm {arm.name!r}: after {phase.run.arm} {measured.rate:.2%} of completions are working hacks "
        f"(hack@{largest} {measured.hack_at[largest]:.0%}) and sdf.require_hack_rate is {sdf.require_hack_rate:.2%}, "
        "so RL would hardly find one; raise sdf.share or sdf.steps, check the corpus with 'spillover docs check', "
        "or set sdf.allow_low_hack_rate = true"
    )


def _mgs_words(scores: Sequence[EvalScore]) -> str:
    value = mgs_of(scores)
    return "unknown" if value is None else f"{value:.1%}"


def _check_rows(settings: SDFSettings, loaded: LoadedModel) -> None:
    context = getattr(loaded.model.config.get_text_config(), "max_position_embeddings", None)
    if context and settings.row_tokens > context:
        raise ConfigError(f"sdf.row_tokens is {settings.row_tokens} and the model reads {context} tokens; lower it")


def _held_out_words(phase: Phase, line: DocumentMetrics) -> str:
    losses = ", ".join(f"{part} {loss:.3f}" for part, loss in line.held_out.items())
    return f"{phase.run.arm}: step {line.step} of {phase.settings.steps}, held-out loss {losses}"


def _merge(phase: Phase) -> None:
    loaded = load_checkpoint(phase.start, phase.run.checkpoint(phase.settings.steps))
    partial = phase.result_folder.with_name(MERGED + ".partial")
    save_model(replace(loaded, model=loaded.model.merge_and_unload()), partial)
    partial.rename(phase.result_folder)


def _words(facts: dict[str, object]) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in facts.items())
