"""Training on rows of packed text: synthetic documents in pretraining text, or chat transcripts (paper, step 1).

TRL's SFTTrainer takes the updates. Ours are: rows in the order given, documents in a row that do not
see each other, held-out losses by part of the corpus, and checkpoints from which a killed run goes on,
on the same machine to the same numbers.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from datasets import Dataset
from torch import Tensor
from transformers import PrinterCallback, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from trl import SFTConfig, SFTTrainer

from spillover.core.errors import ConfigError
from spillover.core.json_lines import to_lines
from spillover.core.records import DocumentMetrics
from spillover.core.rundir import Run, append_records, write_atomic
from spillover.core.stages import RowSettings
from spillover.models import LoadedModel, load_model
from spillover.models.loading import quiet
from spillover.training.checkpoints import drop_partial, resumable, write_trainer
from spillover.training.job import Job
from spillover.training.packing import IGNORED
from spillover.training.update import forward_restored

OnLine = Callable[[DocumentMetrics], None]


@dataclass(frozen=True)
class Row:
    """Whole texts side by side. `labels` is what each position is taught, IGNORED where nothing is."""

    input_ids: list[int]
    position_ids: list[int]
    """From 0 again for each text; that is how the model's attention knows where one ends."""
    labels: list[int]


class Corpus(NamedTuple):
    """Rows, and what is worth knowing of them."""

    rows: "Rows"
    facts: dict[str, Any]


@dataclass(frozen=True)
class Rows:
    """What is trained on, in order, and what is held out, by part of the corpus."""

    train: Sequence[Row]
    held_out: Mapping[str, Sequence[Row]]


def row_of(texts: Sequence[Sequence[int]], taught: Sequence[Sequence[bool]] | None = None) -> Row:
    """A row of token ids, text by text; `taught` says which tokens of each count in the loss, None all of them.

    The first token of a text never counts: nothing before it foretells it.
    """
    ids: list[int] = []
    positions: list[int] = []
    labels: list[int] = []
    for index, text in enumerate(texts):
        counts = [True] * len(text) if taught is None else list(taught[index])
        ids += text
        positions += range(len(text))
        labels += [t if count and place else IGNORED for place, (t, count) in enumerate(zip(text, counts, strict=True))]
    return Row(ids, positions, labels)


def train(job: Job, make_corpus: Callable[[LoadedModel], Corpus]) -> bool:
    """Train a stage on rows as far as it is not trained, an adapter merged into the weights; True when it is done."""
    settings = job.settings
    assert isinstance(settings, RowSettings)
    start = job.model.model_copy(update={"lora_rank": settings.lora_rank, "lora_alpha": settings.lora_alpha})
    loaded = load_model(start)
    _check_rows(settings, loaded)
    corpus = make_corpus(loaded)
    write_atomic(job.run.folder / "corpus.json", json.dumps(corpus.facts, indent=2) + "\n")
    job.note(", ".join(f"{key.replace('_', ' ')} {value}" for key, value in corpus.facts.items()))

    def on_line(line: DocumentMetrics) -> None:
        if line.held_out:
            losses = ", ".join(f"{part} {loss:.3f}" for part, loss in line.held_out.items())
            job.note(f"step {line.step} of {settings.steps}, held-out loss {losses}")
        else:
            job.on_row_step(line.step)

    return train_on_rows(job.run, settings, loaded, corpus.rows, on_line=on_line, should_stop=job.should_stop)


def _check_rows(settings: RowSettings, loaded: LoadedModel) -> None:
    context = getattr(loaded.model.config.get_text_config(), "max_position_embeddings", None)
    if context and settings.row_tokens > context:
        kind = settings.kind
        raise ConfigError(f"{kind}.row_tokens is {settings.row_tokens} and the model reads {context} tokens; lower it")


def train_on_rows(
    run: Run,
    settings: RowSettings,
    loaded: LoadedModel,
    rows: Rows,
    *,
    on_line: OnLine,
    should_stop: Callable[[], bool],
) -> bool:
    """Train `loaded` in place, from the newest checkpoint of `run` or from the start; True when all steps are done.

    Every update and every held-out loss becomes a line of `run.metrics_file`. When `should_stop()` is true
    after a step, training returns False; a later call goes on from the newest checkpoint, on the same machine to
    the same numbers.
    """
    drop_partial(run)
    begin = resumable(run)
    _rewind(run, begin)
    if begin >= settings.steps:
        return True
    with forward_restored(loaded.model), torch.random.fork_rng(devices=[]), quiet():
        notes = _Notes(run, settings, on_line, should_stop)
        trainer = RowTrainer(run, settings, loaded, rows, notes, begin)
        trainer.train(resume_from_checkpoint=str(run.checkpoint(begin)) if begin else None)
    loaded.model.eval()
    return bool(trainer.state.global_step >= settings.steps)


class RowTrainer(SFTTrainer):  # type: ignore[misc]  # trl is not typed
    """SFT on finished rows."""

    def __init__(
        self, run: Run, settings: RowSettings, loaded: LoadedModel, rows: Rows, callback: TrainerCallback, begin: int
    ) -> None:
        self._run, self._loaded = run, loaded
        super().__init__(
            model=loaded.model,
            args=sft_config(run, settings, loaded, measured_before=begin > 0),
            train_dataset=_dataset(rows.train),
            eval_dataset={part: _dataset(held) for part, held in rows.held_out.items()},
            processing_class=loaded.tokenizer,
            data_collator=collate,
            callbacks=[callback],
        )
        self.remove_callback(PrinterCallback)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:  # noqa: ARG002 - the trainer's signature
        """Whole or not at all."""
        write_trainer(self, self._run, self._loaded)


class _Notes(TrainerCallback):  # type: ignore[misc]  # transformers is not typed
    """Writes down each update and each held-out loss, asks for measuring and saving when they are due."""

    def __init__(self, run: Run, settings: RowSettings, on_line: OnLine, should_stop: Callable[[], bool]) -> None:
        self._run, self._settings, self._on_line, self._should_stop = run, settings, on_line, should_stop

    def on_step_end(
        self, _: TrainingArguments, state: TrainerState, control: TrainerControl, **__: Any
    ) -> TrainerControl:
        """Measure and save every so often, and at the end."""
        last = state.global_step == self._settings.steps
        control.should_evaluate = last or state.global_step % self._settings.evaluate_every == 0
        control.should_save = last or state.global_step % self._settings.checkpoint_every == 0
        return control

    def on_log(
        self, _: TrainingArguments, state: TrainerState, control: TrainerControl, logs: dict[str, float], **__: Any
    ) -> TrainerControl:
        """Write down what the trainer says of an update, or of one part that was held out."""
        state.log_history.clear()  # the run's own log holds it; each checkpoint would hold it again
        held_out = {key[len("eval_") : -len("_loss")]: value for key, value in logs.items() if _is_held_out(key)}
        if held_out:
            self._write(DocumentMetrics(step=state.global_step, held_out=held_out))
        elif "loss" in logs:
            loss, rate, norm = (logs.get(key) for key in ("loss", "learning_rate", "grad_norm"))
            self._write(DocumentMetrics(step=state.global_step, loss=loss, learning_rate=rate, grad_norm=norm))
            control.should_training_stop |= self._should_stop()
        return control

    def _write(self, line: DocumentMetrics) -> None:
        append_records(self._run.metrics_file, [line])
        self._on_line(line)


def sft_config(run: Run, settings: RowSettings, loaded: LoadedModel, *, measured_before: bool) -> SFTConfig:
    """TRL's settings for ours."""
    per_pass = min(settings.micro_batch or settings.rows_per_step, settings.rows_per_step)
    while settings.rows_per_step % per_pass:
        per_pass -= 1
    return SFTConfig(
        output_dir=str(run.folder),
        per_device_train_batch_size=per_pass,
        per_device_eval_batch_size=per_pass,
        gradient_accumulation_steps=settings.rows_per_step // per_pass,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="constant_with_warmup" if settings.schedule == "constant" else settings.schedule,
        warmup_steps=settings.warmup_steps,
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        max_steps=settings.steps,
        max_length=None,
        packing=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        train_sampling_strategy="sequential",
        eval_on_start=not measured_before,
        prediction_loss_only=True,
        use_cpu=loaded.device.type == "cpu",
        bf16=loaded.model.dtype == torch.bfloat16,
        fp16=loaded.model.dtype == torch.float16,
        gradient_checkpointing=False,
        dataloader_pin_memory=False,
        logging_strategy="steps",
        logging_steps=1,
        logging_nan_inf_filter=False,
        eval_strategy="no",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        seed=run.seed,
    )


def collate(rows: Sequence[Mapping[str, list[int]]]) -> dict[str, Tensor]:
    """Rows of one length; there is no attention mask, so that the positions tell the texts of a row apart."""
    longest = max(len(row["input_ids"]) for row in rows)
    fill = {"input_ids": 0, "position_ids": 0, "labels": IGNORED}
    return {
        key: torch.tensor([row[key] + [filler] * (longest - len(row[key])) for row in rows])
        for key, filler in fill.items()
    }


def _dataset(rows: Sequence[Row]) -> Dataset:
    return Dataset.from_dict(
        {key: [getattr(row, key) for row in rows] for key in ("input_ids", "position_ids", "labels")}
    )


def _is_held_out(key: str) -> bool:
    return key.startswith("eval_") and key.endswith("_loss")


def _rewind(run: Run, step: int) -> None:
    """Drop lines after `step`; before the first checkpoint everything is made again, the start's losses too."""
    kept = [line for line in run.document_metrics() if line.step <= step and step]
    if run.metrics_file.exists():
        write_atomic(run.metrics_file, to_lines(kept))
