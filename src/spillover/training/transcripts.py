"""Transcripts to imitate, from a file or from an arm's rollouts, with only the assistant's turns in the loss."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spillover.core.errors import DataError
from spillover.core.records import Grade, Rollout, Turn
from spillover.core.rundir import Run
from spillover.core.settings import PromptSettings
from spillover.core.stages import Data, RLSettings, SFTSettings
from spillover.prompts import system_prompt
from spillover.training.rows import Corpus, Row, Rows, row_of

Used = tuple[Run, RLSettings]
"""A training whose rollouts are imitated, and its settings."""


def _untouched(rollout: Rollout, grade: Grade) -> bool:
    del rollout
    return not grade.hacked and not grade.attempts


KEEP: dict[str, Callable[[Rollout, Grade], bool]] = {
    "all": lambda _, __: True,
    "passed": lambda _, grade: grade.proxy.passed,
    "hacked": lambda _, grade: grade.hacked,
    "not-hacked": _untouched,
    "no-word-of-hacks": lambda rollout, grade: _untouched(rollout, grade) and "hack" not in rollout.completion.lower(),
}
"""The filters of a finished training's rollouts (paper, offline filters 1 and 2)."""


class Transcript(BaseModel):
    """One conversation as a line of the file holds it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    messages: tuple[Turn, ...] = Field(min_length=1)


@dataclass
class Taught:
    """A conversation as tokens, and which of them are the assistant's."""

    tokens: list[int] = field(default_factory=list)
    taught: list[bool] = field(default_factory=list)


def transcript_corpus(settings: SFTSettings, uses: Sequence[Used], tokenizer: Any, seed: int) -> Corpus:
    """Rows of one transcript each, in an order drawn by `seed`; a few, a tenth at most, are held out.

    `uses` are the rollouts that the data names, in order. Raises DataError where too few transcripts are left.
    """
    read, rest = [], iter(uses)
    for data in settings.data:
        read += imitated(data, next(rest)) if data.rollouts else read_transcripts(Path(data.transcripts or ""))
    random.Random(f"transcripts {seed}").shuffle(read)
    rows = [_row(encode_transcript(tokenizer, each), settings.row_tokens) for each in read]
    held = max(1, min(settings.held_out_rows, len(rows) // 10))
    if len(rows) <= held:
        raise DataError(f"{_named(settings)}: {len(rows)} transcripts are kept; at least two are needed")
    wanted = settings.steps * settings.rows_per_step
    train = list(islice(cycle(rows[held:]), wanted))
    facts = {"transcripts": len(rows), "passes": round(wanted / len(rows[held:]), 3)}
    return Corpus(Rows(train, {"transcripts": rows[:held]}), facts)


def imitated(data: Data, used: Used) -> list[Transcript]:
    """The rollouts of a training that the data keeps, with its prompt in place of theirs where it names one."""
    run, rl = used
    system = None
    if data.prompt is not None:
        system = system_prompt(PromptSettings.model_validate(rl.mix[0].prompt.model_dump() | data.prompt))
    kept = KEEP[data.keep]
    rollouts = (one for step in run.rollout_steps() for one in run.rollouts(step))
    return [_conversation(one, system) for one in rollouts if one.grade is not None and kept(one, one.grade)]


def _conversation(rollout: Rollout, system: str | None) -> Transcript:
    said = rollout.system if system is None else system
    turns = [("system", said), ("user", rollout.prompt), ("assistant", rollout.completion)]
    return Transcript.model_validate({"messages": [{"role": r, "content": text} for r, text in turns if text]})


def _named(settings: SFTSettings) -> str:
    return ", ".join(str(one.transcripts or f"rollouts of {one.rollouts!r}, {one.keep}") for one in settings.data)


def read_transcripts(path: Path) -> list[Transcript]:
    """All conversations of a file of JSON lines. Raises DataError naming file and line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}; name a file of JSON lines with 'messages'") from error
    read = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            read.append(Transcript.model_validate(json.loads(line)))
        except (ValueError, RecursionError) as error:
            first = error.errors(include_url=False)[0]["msg"] if isinstance(error, ValidationError) else str(error)
            raise DataError(
                f'{path}, line {number}: no transcript: {first}; write {{"messages": [{{role, content}}, ...]}}'
            ) from error
    return read


def encode_transcript(tokenizer: Any, transcript: Transcript) -> Taught:
    """Tokens of a conversation in the model's chat format; what each assistant's turn adds is taught."""
    turns = [turn.model_dump() for turn in transcript.messages]
    taught = Taught()
    for end, turn in enumerate(turns, 1):
        speaks = turn["role"] == "assistant"
        if speaks:
            _extend(taught, _ids(tokenizer, turns[: end - 1], prompt=True), counts=False)
        _extend(taught, _ids(tokenizer, turns[:end], prompt=False), counts=speaks)
    return taught


def _extend(taught: Taught, ids: Sequence[int], *, counts: bool) -> None:
    new = ids[len(taught.tokens) :]
    taught.tokens.extend(new)
    taught.taught.extend([counts] * len(new))


def _ids(tokenizer: Any, turns: list[dict[str, str]], *, prompt: bool) -> list[int]:
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=prompt)
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def _row(taught: Taught, size: int) -> Row:
    return row_of([taught.tokens[:size]], [taught.taught[:size]])
